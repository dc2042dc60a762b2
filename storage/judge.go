package storage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// judge is one batch in one transaction.
type judge struct {
	d   *door
	tx  *rows.Tx
	c   policies.Caller
	now policies.Micros

	// then is when a statement that comes again was accepted before; 0 for any other.
	then policies.Micros

	// The states as folded so far; clones, written back by keep.
	org      *policies.Org
	orgDirty bool
	families map[policies.FamilyID]*policies.Family
	dirty    map[policies.FamilyID]bool

	// copied are keys with one number too many: what follows under them in this batch must
	// not take numbers that the other copy will give out.
	copied map[policies.PublicKey]bool

	reckonAll bool // something was said by which film of any family may be kept longer or shorter

	last map[policies.PublicKey]int64 // the highest number that a key has used, of keys that were asked about

	logged int64                      // the index of the last event of a statement that was not accepted
	waits  bool                       // something may wait for what is accepted
	opened map[policies.RecordID]bool // records that somebody came to know since it was last looked at what waits
}

func newJudge(d *door, tx *rows.Tx, c policies.Caller) (*judge, error) {
	o, err := d.org.read(tx)
	if err != nil {
		return nil, err
	}
	waits, err := tx.AnyWaiting()
	if err != nil {
		return nil, err
	}
	return &judge{d: d, tx: tx, c: c, now: d.now(), org: o, waits: waits,
		families: map[policies.FamilyID]*policies.Family{}, dirty: map[policies.FamilyID]bool{},
		copied: map[policies.PublicKey]bool{}, last: map[policies.PublicKey]int64{}, opened: map[policies.RecordID]bool{}}, nil
}

// time is when a statement counts as accepted.
func (j *judge) time() policies.Micros { return cmp.Or(j.then, j.now) }

// under is the organisation under which a family's statement is folded.
func (j *judge) under() *policies.Org {
	if j.then > 0 {
		return j.org.Before(j.then)
	}
	return j.org
}

// keep writes back the states that changed.
func (j *judge) keep() error {
	if j.orgDirty {
		if err := j.tx.PutOrg(j.org); err != nil {
			return err
		}
		if err := j.d.due.org(j.tx, j.org); err != nil {
			return err
		}
		if j.reckonAll {
			if err := j.tx.ReckonAll(); err != nil {
				return err
			}
		}
	}
	for id := range j.dirty {
		if err := j.tx.PutFamily(j.families[id]); err != nil {
			return err
		}
		if err := j.d.due.family(j.tx, j.org, j.families[id]); err != nil {
			return err
		}
		if err := j.tx.Reckon(policies.RecordID(id)); err != nil {
			return err
		}
		if err := j.d.holds(j.tx, j.org, j.families[id]); err != nil {
			return err
		}
	}
	return nil
}

// family reads a family's state as it stands in this batch, nil if unknown.
func (j *judge) family(id policies.FamilyID) (*policies.Family, error) {
	if f, ok := j.families[id]; ok {
		return f, nil
	}
	f, err := j.tx.Family(id)
	if f != nil {
		j.families[id] = f
	}
	return f, err
}

// judge rules on one statement of a push, and then on what had waited for it. The error
// is for the batch; a refusal is in the result, and its event is committed with the rest.
func (j *judge) judge(s policies.Statement, sealed Sealed) (Result, error) {
	known, err := j.tx.Known(s.ID)
	if err != nil {
		return Result{}, err
	}
	if known || j.waits {
		if r, ok, err := j.again(s, sealed); ok || err != nil {
			return r, err
		}
		if r, ok, err := j.told(s.ID); ok || err != nil {
			return r, err
		}
	}
	key, row, unable := j.signer(s)
	if unable != nil && !errors.Is(unable, statement.ErrUnknownKind) {
		return j.refuse(s, unable)
	}
	refusal, err := j.number(s, key, row)
	if err != nil {
		return Result{}, err
	}
	if refusal != nil {
		return j.refuse(s, refusal) // which says nothing about the statement
	}
	var r Result
	if unable != nil { // a later program's: what its device says next must not miss it
		r, err = j.refuse(s, unable)
	} else {
		r, err = j.first(s, sealed, row)
	}
	if err != nil || r.Deferred {
		return r, err
	}
	if err := j.tell(s, r, -1); err != nil {
		return r, err
	}
	return r, j.revisit(s)
}

// first rules on a statement that was not ruled on before.
func (j *judge) first(s policies.Statement, sealed Sealed, row policies.Row) (Result, error) {
	if err := matches(s, sealed.Attachments); err != nil {
		return j.refuse(s, err)
	}
	if s.At > j.now+maxAhead && !row.Restriction {
		return j.refuse(s, fmt.Errorf("%w: it says %s", ErrClock, s.At.Time().Format(time.DateTime)))
	}
	return j.rule(s, sealed, row)
}

// maxAhead is how far ahead of the server an author's clock may be: a wrong time zone, and
// some more. What says more than once is ordered by its author's time, so that a change
// from next year would win over every later one until then.
const maxAhead = 24 * policies.Hour

// rule asks the fold and the rules, and writes what follows from it. What rests on
// something that has not arrived waits.
func (j *judge) rule(s policies.Statement, sealed Sealed, row policies.Row) (Result, error) {
	missing, err := j.missing(s, row)
	if err != nil {
		return Result{}, err
	}
	if missing != nil {
		return j.wait(s, sealed, row, missing)
	}
	next, refusal, err := j.fold(s)
	if err != nil {
		return Result{}, err
	}
	if missing, err = j.awaited(s, refusal); missing != nil || err != nil {
		if err != nil {
			return Result{}, err
		}
		return j.wait(s, sealed, row, missing)
	}
	if refusal == nil {
		refusal, err = j.here(s, sealed.Attachments, next)
	}
	if err != nil {
		return Result{}, err
	}
	if refusal != nil {
		return j.refuse(s, refusal)
	}
	late, err := j.late(s)
	if err != nil {
		return Result{}, err
	}
	if !late.Allowed {
		return j.deny(s, late)
	}
	ruling, err := j.decide(s, next)
	if err != nil {
		return Result{}, err
	}
	if !ruling.Allowed {
		return j.deny(s, ruling)
	}
	if len(late.Rules) > 0 {
		ruling.Rules = append(slices.Clone(ruling.Rules), late.Rules...) // the log shows that it came so
	}
	return j.accept(s, sealed, next, row, ruling)
}

// again answers a statement that was accepted before. Its author may bring loose
// attachments that were made since; what lies there already stays.
func (j *judge) again(s policies.Statement, sealed Sealed) (Result, bool, error) {
	stored, ok, err := j.tx.Statement(s.ID)
	if !ok || err != nil {
		return Result{}, false, err
	}
	if refused, err := j.attach(s, stored.Record, sealed); refused.Err != nil || err != nil {
		return refused, true, err
	}
	if err := j.note(stored, sealed.Attachments); err != nil { // a duplicate is an acknowledgement, too
		return Result{}, true, err
	}
	return Result{ID: s.ID, Duplicate: true, Receipt: &Receipt{Place: place(stored)}}, true, nil
}

func place(s rows.Statement) Place {
	return Place{Record: s.Record, Position: s.Position, Class: s.Class, Head: s.Head, OrgHead: s.OrgHead, At: s.At, Index: s.Index}
}

func (j *judge) signer(s policies.Statement) (policies.PublicKey, policies.Row, error) {
	key, ok := j.org.Key(s.Signer)
	if !ok {
		return key, policies.Row{}, fmt.Errorf("%w: nobody here has the key %s", policies.ErrSigner, s.Signer.Short())
	}
	row, ok := policies.RowOf(s.Kind)
	if !ok {
		return key, row, statement.ErrUnknownKind
	}
	return key, row, nil
}

// number takes a statement's number, and refuses a clone and a gap; a gap not in a
// service that was put back not long ago, which does not know what it had refused. Restrictions are
// taken at any number: neither a lost statement nor a copied device must hold up a
// withdrawal. What a copied device had said is taken from the one that goes on with its
// work, as it was signed: the person's own key has said so, in the record, where everybody
// sees that there was a copy.
func (j *judge) number(s policies.Statement, key policies.PublicKey, row policies.Row) (refusal, err error) {
	if j.org.Carries(j.c.Device, policies.DeviceID(s.Signer)) {
		return nil, nil // and takes none from the copy that goes on under the old certificate
	}
	last, known := j.last[key]
	if !known {
		if last, err = j.tx.LastNumber(key); err != nil {
			return nil, err
		}
		j.last[key] = last
	}
	var used policies.StatementID
	var ok bool
	if s.N <= last {
		if used, ok, err = j.tx.Number(key, s.N); err != nil {
			return nil, err
		}
	}
	switch {
	case !row.Restriction && (ok && used != s.ID || j.copied[key]):
		j.copied[key] = true
		return ErrNumberUsed, nil
	case ok:
		return nil, nil // refused before, as its author knows, and asked again
	}
	if !row.Restriction && s.N > last+1 && !j.lenient() {
		return fmt.Errorf("%w: number %d follows %d", ErrGap, s.N, last), nil
	}
	return nil, j.use(key, s)
}

// use marks a statement's number as used.
func (j *judge) use(key policies.PublicKey, s policies.Statement) error {
	if last, known := j.last[key]; known {
		j.last[key] = max(last, s.N)
	}
	return j.tx.PutNumber(key, s.N, s.ID)
}

// lenientFor is how long after a service was put back it forgives gaps in the numbers of
// devices, whose refused statements it forgot: for longer than a sick leave. A device that
// comes later goes on as another.
const lenientFor = 90 * 24 * policies.Hour

// lenient reports whether gaps are forgiven.
func (j *judge) lenient() bool {
	last, recovering := j.org.Recovering()
	return recovering || !last.ID.IsZero() && j.now < last.At+lenientFor
}

// folded is the state that a statement leads to.
type folded struct {
	record  policies.RecordID
	org     *policies.Org    // for an organisation statement
	family  *policies.Family // for a family statement
	before  *policies.Family // as it was; nil for family.open
	author  policies.Author
	changes policies.Changes
}

// fold applies the statement to clones. A family that does not exist and one that
// the author has nothing to do with are refused alike.
func (j *judge) fold(s policies.Statement) (next folded, refusal, err error) {
	next.author, _ = j.org.Signer(s.Signer)
	switch {
	case s.Kind == policies.KindRoot:
		return next, fmt.Errorf("%w: the service is founded already", policies.ErrNotPossible), nil
	case s.Kind == policies.KindFamilyOpen:
		next.family, next.changes, refusal = policies.NewFamily(j.under(), s, j.time())
		next.record = policies.RecordID(s.ID)
		return next, refusal, nil
	case s.Record == policies.RecordID(j.org.ID):
		next.record, next.org = s.Record, j.org.Clone()
		if j.then > 0 {
			next.changes, refusal = next.org.ApplyBefore(s, j.then)
		} else {
			next.changes, refusal = next.org.Apply(s, j.now)
		}
		return next, refusal, nil
	}
	next.record = s.Record
	if refusal := j.wasEnded(s.Record); refusal != nil {
		return next, refusal, nil
	}
	if next.before, err = j.family(policies.FamilyID(s.Record)); err != nil {
		return next, nil, err
	}
	under := j.under()
	if next.before == nil || !policies.MayKnow(under, next.before, next.author, s.Kind) {
		return next, ErrNotFound, nil
	}
	next.family = next.before.Clone()
	next.changes, refusal = next.family.Apply(under, s, j.time())
	return next, refusal, nil
}

// decide asks the rules. While the organisation is being founded none are
// adopted, and the fold alone decides.
func (j *judge) decide(s policies.Statement, next folded) (policies.Ruling, error) {
	if j.org.Policy.Adopted.IsZero() {
		return policies.Ruling{Allowed: true, Rules: []string{policies.FoundingRule}, Action: policies.Action(s.Kind)}, nil
	}
	f := next.before
	if f == nil {
		f = next.family
	}
	return j.d.cfg.Bundle.Decide(policies.Request{
		Caller: j.author(next.author), Action: policies.Action(s.Kind), Statement: &s, Now: j.now,
	}, j.org, f), nil
}

// author is who signed, as the one who asks. A person's own key has no device: there it
// is the one from which its person brings the statement, if it is theirs.
func (j *judge) author(a policies.Author) policies.Caller {
	if a.Signer == policies.SignPerson && a.Staff == j.c.Staff {
		a.Device = j.c.Device
	}
	return policies.Caller{Staff: a.Staff, Device: a.Device, Server: a.Signer == policies.SignServer, Request: j.c.Request, Address: j.c.Address}
}

// accept writes the event, the statement and what it changed.
func (j *judge) accept(s policies.Statement, sealed Sealed, next folded, row policies.Row, ruling policies.Ruling) (Result, error) {
	p := Place{Record: next.record, Class: row.Class, OrgHead: j.org.Head, At: j.time()}
	if next.org != nil {
		p.Position, p.Head = next.org.Count, next.org.Head
	} else {
		p.Position, p.Head = next.family.Count, next.family.Head
	}
	ev := j.event(s, next, accesslog.Done, ruling)
	ev.Accepted = &accesslog.Acceptance{
		Statement: accesslog.Digest(s.ID), Class: int(p.Class), Position: p.Position,
		Head: accesslog.Digest(p.Head), OrgHead: accesslog.Digest(p.OrgHead),
	}
	if j.then > 0 {
		ev.Range = fmt.Sprintf("accepted before, at %d", j.then)
	}
	index, leaf, err := j.tx.Log(ev)
	if err != nil {
		return Result{}, err
	}
	p.Index = index
	stored := rows.Statement{
		ID: s.ID, Record: p.Record, Position: p.Position, Class: p.Class, Kind: s.Kind,
		Raw: sealed.Statement, Head: p.Head, OrgHead: p.OrgHead, At: p.At, Index: p.Index,
	}
	err = j.tx.PutStatement(stored)
	var keys []Attachment
	for _, a := range sealed.Attachments {
		if next.forViewer(s, a.Name) {
			keys = append(keys, a)
			continue
		}
		err = errors.Join(err, j.tx.PutAttachment(s.ID, rows.Attachment(a)))
	}
	if err != nil {
		return Result{}, err
	}
	if err := j.change(next, index); err != nil {
		return Result{}, err
	}
	if err := j.attachKeys(s, next, keys); err != nil {
		return Result{}, err
	}
	if err := j.handOver(s, next, ruling); err != nil {
		return Result{}, err
	}
	if err := j.note(stored, sealed.Attachments); err != nil {
		return Result{}, err
	}
	return Result{ID: s.ID, Receipt: &Receipt{Place: p, Leaf: leaf}}, nil
}

// refuse logs what was impossible. No rule was asked.
func (j *judge) refuse(s policies.Statement, why error) (Result, error) {
	err := j.log(s, accesslog.Refused, policies.Ruling{})
	return Result{ID: s.ID, Err: why}, err
}

func (j *judge) deny(s policies.Statement, ruling policies.Ruling) (Result, error) {
	err := j.log(s, accesslog.Denied, ruling)
	return Result{ID: s.ID, Err: &DeniedError{Ruling: ruling}}, err
}

// log writes the event of a statement that was not accepted, but counts what a stranger
// sent, and what one device sends beyond a minute's events. What waited has its event in
// any case: its author's feed has the answer under the event's number.
func (j *judge) log(s policies.Statement, outcome string, ruling policies.Ruling) (err error) {
	by, known := j.org.Signer(s.Signer)
	if !known && j.c.Staff.IsZero() {
		j.d.floods.stranger(j.c.Address, "statement")
		return nil
	}
	ev := j.event(s, folded{record: s.Record, author: by}, outcome, ruling)
	if outcome != accesslog.Deferred {
		waited := false
		if j.waits {
			if waited, err = j.tx.Waits(s.ID); err != nil {
				return err
			}
		}
		if key := cmp.Or(j.c.Device.String(), s.Signer.String()); !waited && !j.d.floods.denied(key, ev.Subject, ev.Action, j.now) {
			return nil
		}
	}
	j.logged, _, err = j.tx.Log(ev)
	return err
}
