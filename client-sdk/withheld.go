package attune

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// To put a service back is also a way to be rid of a withdrawal. It is told from an honest
// restore by what an honest service does, and not by what this one says of itself: once an
// IG officer has signed that the recovery is over, a restriction that is proved, and that
// by the fold of everything here is possible, is taken. Whether the answer is a refusal, or
// that it must wait, or nothing that says anything, makes no difference.
//
// Of what the service cannot help nobody is accused: its subject may not be back, because
// an IG officer ended the recovery before, or because whoever stated it was revoked or left
// the team since.

// patience is how long a service may be unable to take anything, for want of room or
// because it is broken, before what it does not take is held against it.
const patience = 7 * 24 * time.Hour

// recoversFor is how long a recovery may last before it is a matter of its own: every device
// that is in use has met the service by then.
const recoversFor = 7 * 24 * time.Hour

// settingRecovers is µs of this device's clock when it first met a service that was put back
// and has not recovered since; "" when it works as ever.
const settingRecovers = "recovers"

// untaken is what was brought again, and what the service said instead of taking it.
type untaken struct {
	lostOne
	said          wire.Result
	before, after mark
}

// newestPut is the last time that the service was put back, as far as this device was
// shown proof; zero for never.
func (d *desk) newestPut() (id policies.StatementID, err error) {
	text, err := setting(d.store.db, settingRestored)
	if all := strings.Fields(text); err == nil && len(all) > 0 {
		err = id.UnmarshalText([]byte(all[len(all)-1]))
	}
	return id, err
}

// recovered reports whether the record says, signed by an IG officer, that the service has
// recovered since it was put back last.
func (d *desk) recovered() (bool, error) {
	put, err := d.newestPut()
	org := d.mirror.Org()
	if err != nil || org == nil || put.IsZero() {
		return false, err
	}
	at := slices.IndexFunc(org.Restorations, func(r policies.Restoration) bool { return r.ID == put })
	_, recovering := org.Recovering()
	return at >= 0 && !recovering, nil
}

// withheld is called when a feed has come to its end, and holds the service to what it was
// brought before that: what it should have taken, by the state before it was asked and by
// the state now, and has not; and what it proved that it took, and leaves out.
func (b *returner) withheld() error {
	if err := b.d.noteRecovery(); err != nil {
		return err
	}
	if err := b.unshown(); err != nil || len(b.expected) == 0 {
		return err
	}
	still, err := b.due()
	if err != nil {
		return err
	}
	var told error
	for _, u := range b.untaken {
		if !b.expected[u.id] || !still[u.id] {
			continue
		}
		since, err := b.since(u.id)
		if err != nil {
			return err
		}
		if unsettled(&Error{Code: u.said.Code}) && b.d.now().Sub(since) < patience {
			continue
		}
		told = errors.Join(told, lied(CodeRolledBack, ofReceipt(u.again.Sealed.Statement, u.said).with(u.before.note, u.after.note, nil),
			errors.New("an IG officer signed that the service has recovered, and it does not take what stopped something"),
			"The service was put back, and does not take back statement %s, which stopped something.", u.id.Short()))
	}
	return told
}

// since is when the service was first brought something that it should take and did not.
func (b *returner) since(id policies.StatementID) (at time.Time, err error) {
	var micros int64
	err = b.d.store.must(func(tx *sql.Tx) error {
		return tx.QueryRow(`INSERT INTO withheld (id, since) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET since = since RETURNING since`,
			id.String(), b.d.now().UnixMicro()).Scan(&micros)
	})
	return time.UnixMicro(micros), err
}

// unshown: what the service gave a receipt for is in what it sends, and so is the word that
// it was put back.
func (b *returner) unshown() error {
	put, err := b.d.newestPut()
	if err != nil {
		return err
	}
	org := b.d.mirror.Org()
	if !put.IsZero() && !slices.ContainsFunc(org.Restorations, func(r policies.Restoration) bool { return r.ID == put }) {
		return lied(CodeUnshown, exhibit{ID: put.String(), Record: policies.RecordID(org.ID)}, nil, "The service proved that it was put back, and leaves that out of what it sends.")
	}
	cut, err := readUnread(b.d.store.db)
	if err != nil {
		return err
	}
	for _, l := range b.taken {
		var record policies.RecordID
		var there bool
		err := errors.Join(record.UnmarshalText([]byte(l.record)),
			b.d.store.db.QueryRow(`SELECT EXISTS (SELECT 1 FROM lost WHERE id = $1 AND code = 'taken')`, l.id.String()).Scan(&there))
		if err != nil {
			return err
		}
		if there && !cut.stopped(record) && (&feed{b.d}).received(record) {
			return lied(CodeUnshown, exhibit{ID: l.id.String(), Record: record, Statement: l.again.Sealed.Statement}, nil,
				"The server took statement %s, proved that it did, and leaves it out of what it sends.", l.id.Short())
		}
	}
	return nil
}

// due are the restrictions that an honest service takes if it is brought now all that this
// device keeps for it: those that are proved, and possible by the fold of the mirror and of
// what else is proved, as of now. None while it recovers.
func (b *returner) due() (map[policies.StatementID]bool, error) {
	over, err := b.d.recovered()
	if err != nil || !over {
		return nil, err
	}
	var any bool
	if err := b.d.store.db.QueryRow(`SELECT EXISTS (SELECT 1 FROM lost WHERE code <> 'taken')`).Scan(&any); err != nil || !any {
		return nil, err
	}
	proved, err := b.proved()
	if err != nil || len(proved) == 0 {
		return nil, err
	}
	ahead, err := setting(b.d.store.db, settingAhead)
	if err != nil {
		return nil, err
	}
	off, _ := strconv.ParseInt(ahead, 10, 64) // none, when never told
	cut, err := readUnread(b.d.store.db)
	if err != nil {
		return nil, err
	}
	f := lostFold{org: b.d.mirror.Org().Clone(), now: policies.At(b.d.now()) - policies.Micros(off)}
	if f.families, err = b.d.back(); err != nil {
		return nil, err
	}
	due := map[policies.StatementID]bool{}
	for after := (lostAt{leaf: -1}); ; {
		batch, err := b.batch(after)
		if err != nil || len(batch) == 0 {
			return due, err
		}
		for _, l := range batch {
			after = lostAt{l.leaf, l.id.String()}
			var record policies.RecordID
			if err := record.UnmarshalText([]byte(l.record)); err != nil {
				return nil, err
			}
			if proved[l.id] && !cut.stopped(record) && f.takes(l.again.Sealed) {
				due[l.id] = l.stops
			}
		}
	}
}

// proved are the statements whose evidence leads here to where it does at the service: to
// the record as both have it.
func (b *returner) proved() (map[policies.StatementID]bool, error) {
	var names []string
	err := each(b.d.store.db, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM lost_proofs`)
	if err != nil {
		return nil, err
	}
	out := map[policies.StatementID]bool{}
	for _, name := range names {
		e, ok, err := b.evidence(name)
		if err != nil {
			return nil, err
		}
		leaf, bad := accesslog.Decode([]byte(e.Leaf))
		if !ok || bad != nil || leaf.Accepted == nil || len(e.Links) > wire.MaxAgainLinks {
			continue
		}
		out[policies.StatementID(leaf.Accepted.Statement)] = true
		leads, err := b.leads(e, leaf.Accepted)
		if err != nil {
			return nil, err
		}
		for _, l := range e.Links {
			if leads {
				out[l.ID] = true
			}
		}
	}
	return out, nil
}

// leads reports whether the links of some evidence go on from the record as it is here.
func (b *returner) leads(e wire.Evidence, to *accesslog.Acceptance) (bool, error) {
	var head policies.Digest
	if first := to.Position - int64(len(e.Links)); first > 1 {
		var text string
		err := b.d.store.db.QueryRow(`SELECT head FROM statements WHERE record = $1 AND position = $2`, e.Record.String(), first-1).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		if err = errors.Join(err, head.UnmarshalText([]byte(text))); err != nil {
			return false, err
		}
	}
	for _, l := range e.Links {
		head = policies.NextHead(head, l.Class, l.ID, l.OrgHead)
	}
	return policies.NextHead(head, policies.Class(to.Class), policies.StatementID(to.Statement), policies.Digest(to.OrgHead)) == policies.Digest(to.Head), nil
}

// lostFold folds what the service forgot over the mirror, as the service would: by the
// same questions, in the same order. It only ever takes less.
type lostFold struct {
	org      *policies.Org
	families map[policies.FamilyID]*policies.Family // copies
	now      policies.Micros                        // the service's time
}

func (l *lostFold) takes(sealed wire.Sealed) bool {
	s, err := trustedBy(sealed.Statement, l.org)
	if err != nil || !complete(s, sealed.Attachments) {
		return false
	}
	switch {
	case s.Kind == policies.KindFamilyOpen:
		f, _, err := policies.NewFamily(l.org, s, l.now)
		if err == nil && l.families[policies.FamilyID(s.ID)] == nil {
			l.families[f.ID] = f
		}
		return err == nil
	case s.Record == policies.RecordID(l.org.ID):
		_, err := l.org.Apply(s, l.now)
		return err == nil
	}
	f := l.families[policies.FamilyID(s.Record)]
	by, _ := l.org.Signer(s.Signer)
	if f == nil || s.Kind == "link.create" || !policies.MayKnow(l.org, f, by, s.Kind) || f.Unseated(l.org, s, l.now) {
		return false // of links the service looks at more than a fold does
	}
	_, err = f.Apply(l.org, s, l.now)
	return err == nil
}

// back are copies of the families that the service has, and proved, since it was put back. The
// mirror goes on holding those that it does not have yet.
func (d *desk) back() (map[policies.FamilyID]*policies.Family, error) {
	out := map[policies.FamilyID]*policies.Family{}
	err := each(d.store.db, func(r *sql.Rows) error {
		var text string
		var id policies.FamilyID
		if err := r.Scan(&text); err != nil {
			return err
		}
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return err
		}
		if f, ok := d.mirror.Family(id); ok {
			out[id] = f.Clone()
		}
		return nil
	}, `SELECT record FROM records WHERE proven <> ''`)
	return out, err
}

// complete reports whether everything that a statement names lies beside it.
func complete(s policies.Statement, there []wire.Attachment) bool {
	b, ok := s.Body.(policies.Attached)
	if !ok {
		return true
	}
	names := map[string]bool{}
	for _, a := range there {
		names[a.Name] = checkFixed(s, a.Name, a.Body) == nil
	}
	return !slices.ContainsFunc(b.Attachments(), func(a policies.Attachment) bool { return !names[a.Name] })
}

// noteRecovery forgets since when the service recovers, once it has, and what proved
// what it has again.
func (d *desk) noteRecovery() error {
	since, err := setting(d.store.db, settingRecovers)
	if err != nil || since == "" {
		return err
	}
	over, err := d.recovered()
	if err != nil || !over {
		return err
	}
	return d.store.must(func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM lost_proofs WHERE NOT EXISTS (SELECT 1 FROM lost)`); err != nil {
			return err
		}
		return set(tx, settingRecovers, "")
	})
}

// recoversSince is when this device first met the service as it was put back, or when the
// service says that it was, whichever is earlier; zero when it works as ever.
func (d *desk) recoversSince() (since time.Time, err error) {
	text, err := setting(d.store.db, settingRecovers)
	if err != nil {
		return since, err
	}
	if text != "" {
		micros, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return since, fmt.Errorf("setting %s: %w", settingRecovers, err)
		}
		since = time.UnixMicro(micros)
	}
	if put, recovering := d.mirror.Org().Recovering(); recovering && (since.IsZero() || put.At.Time().Before(since)) {
		since = put.At.Time()
	}
	return since, nil
}
