package attune

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// pageFold is the fold of one page, in its transaction.
type pageFold struct {
	m        *Mirror
	tx       *sql.Tx
	org      *policies.Org                          // copy; nil until org.root
	families map[policies.FamilyID]*policies.Family // copies of those touched; nil when forgotten
	past     past

	pulled  int                 // statements
	given   int                 // clips' keys that came for this person
	dropped []policies.FamilyID // that this person may no longer see

	refused  []Outcome // of what had waited at the service
	accepted bool      // something that had waited: it is pushed once more, for its receipt

	again    map[policies.RecordID]bool // sent again from the beginning
	touched  map[policies.RecordID]bool // has statements here, which the log must prove before any of it is kept
	hidden   map[policies.RecordID]bool // and the last of them is one that this person may not read
	noCause  error                      // families that the server would have forgotten without one
	told     policies.Micros            // the server's time
	unread   unread                     // what this program cannot read
	stops    map[policies.RecordID][]stopping
	outdated bool            // the feed itself cannot be read any more: see endings.go
	gone     bool            // something was deleted, and must leave the disk
	wiped    bool            // this device was revoked: its person's keys leave it too
	receipts int             // words that were queued that something is gone
	heard    policies.Micros // a colleague's last word: see heard.go
	behind   bool            // a family's date has passed by that, and not by the clock here
}

// report adds what the page brought, once it is kept.
func (p *pageFold) report(r *Report) {
	r.Pulled += p.pulled
	r.Given += p.given
	r.Dropped = append(r.Dropped, p.dropped...)
	r.Refused = append(r.Refused, p.refused...)
	r.settled = r.settled || p.accepted
	r.receipts += p.receipts
}

// take folds one item of the feed.
func (p *pageFold) take(item wire.Item) error {
	switch item.Kind {
	case wire.ItemStatement:
		p.pulled++
		p.touched[item.Place.Record], p.hidden[item.Place.Record] = true, item.Statement == ""
		return p.accept(item)
	case wire.ItemAttached:
		return p.attach(item)
	case wire.ItemResetScope:
		return p.restart(item.Place.Record)
	case wire.ItemDropScope:
		return p.drop(item)
	case wire.ItemOutcome:
		return p.outcome(item)
	}
	return untrusted(fmt.Sprintf("The feed holds an item of an unknown kind, %q.", item.Kind), nil)
}

// accept verifies one item and folds it: signature, place, head, possibility.
func (p *pageFold) accept(item wire.Item) error {
	s, err := p.verify(item)
	if err != nil {
		return err
	}
	if item.Place.Record == policies.RecordID(p.m.d.me.Org) {
		err = p.foldOrg(s, item)
	} else {
		err = p.foldFamily(s, item)
	}
	if err != nil {
		return err
	}
	return p.keep(s, item)
}

// verify returns the zero statement for an item of which only the digest may be
// seen. Control statements are never hidden: a server that hides one hides,
// perhaps, a withdrawal.
func (p *pageFold) verify(item wire.Item) (policies.Statement, error) {
	var none policies.Statement
	if item.Statement == "" {
		if item.Place.Class != policies.Content || len(item.Attachments) > 0 {
			return none, lied(CodeHidden, ofItem(item), nil, "The server hides statement %s, which nobody may hide.", item.ID.Short())
		}
		return none, nil
	}
	s, err := statement.VerifyKept([]byte(item.Statement), p.key)
	if err != nil {
		return none, refused(item, err)
	}
	row, ok := policies.RowOf(s.Kind)
	if !ok { // it may be passed over, or its record would have stopped
		row.Class = policies.Content
		p.unread.meet(s.Kind)
	}
	switch founds := s.Kind == policies.KindRoot || s.Kind == policies.KindFamilyOpen; {
	case s.ID != item.ID:
		return none, refused(item, errors.New("it is another statement than the feed says"))
	case row.Class != item.Place.Class:
		return none, refused(item, errors.New("it is not of the class that the feed says"))
	case !founds && s.Record != item.Place.Record:
		return none, refused(item, errors.New("it belongs to another record"))
	}
	for _, a := range item.Attachments {
		if !ok {
			break // keep takes none of them
		}
		if err := checkFixed(s, a.Name, a.Body); err != nil {
			return none, swapped(item, s, a)
		}
	}
	return s, nil
}

func (p *pageFold) foldOrg(s policies.Statement, item wire.Item) error {
	switch {
	case p.org == nil:
		o, err := policies.NewOrg(s)
		if err != nil {
			return refused(item, err)
		}
		if o.ID != p.m.d.me.Org {
			return lied(CodeOtherService, ofItem(item), nil, "This is not the service that the invitation came from.")
		}
		p.org = o
	case item.Statement == "":
		return lied(CodeHidden, ofItem(item), nil, "The server hides a statement of the organisation, %s.", item.ID.Short())
	default:
		if item.Place.OrgHead != p.org.Head {
			return broken(item, "it does not follow what this device holds")
		}
		if err := p.beginsHistory(s, item); err != nil {
			return err
		}
		if err := applyOrPass(p.org, s, item.Place.At); err != nil {
			return refused(item, err)
		}
	}
	return stands(item, p.org.Head, p.org.Count)
}

// beginsHistory refuses the word that the service was put back where it stands in the midst
// of a history that this device knows: a service would recover for ever by it, and never
// have to take back what it was to forget.
func (p *pageFold) beginsHistory(s policies.Statement, item wire.Item) error {
	said, ok := s.Body.(*policies.ServiceRestored)
	if !ok {
		return nil
	}
	before, err := recall(p.tx)
	if err != nil {
		return err
	}
	if said.Log.Size != item.Place.Index || before.Size > 0 && before.Size <= item.Place.Index {
		return refused(item, errors.New("it is not the first row of its history"))
	}
	return nil
}

// foldFamily folds under the organisation as it was when the server accepted the
// statement: somebody revoked since could still sign then.
func (p *pageFold) foldFamily(s policies.Statement, item wire.Item) error {
	if p.org == nil {
		return broken(item, "the organisation's record has not come first")
	}
	f := p.family(policies.FamilyID(item.Place.Record))
	under, err := p.past.org(p.org, item.Place.OrgHead)
	if err != nil {
		return lied(CodeBroken, ofItem(item), err, "The server left something out of record %s, or changed its order.", item.Place.Record.Short())
	}
	if err := p.inOrder(item); err != nil {
		return err
	}
	again := cameAgain(under, item.Place.At)
	if again {
		under = under.Before(item.Place.At)
	}
	switch {
	case f == nil && policies.RecordID(s.ID) != item.Place.Record:
		return broken(item, "a family's record begins with its opening")
	case f == nil:
		if err := p.m.d.store.recallFloor(p.tx, item.Place.Record); err != nil {
			return err
		}
		if f, _, err = policies.NewFamily(under, s, item.Place.At); err != nil {
			return refused(item, err)
		}
		p.families[f.ID] = f
	case item.Statement == "":
		f.Head = policies.NextHead(f.Head, item.Place.Class, item.ID, item.Place.OrgHead)
		f.Count++
		// It may be the session that a clip names. Without something in its place the
		// clip, which nobody may hide, could not be folded.
		id := policies.SessionID(item.ID)
		f.Sessions[id] = &policies.Session{ID: id}
	case !again && f.Unseated(under, s, item.Place.At):
		return refused(item, errors.New("its author was not on the family's team when the server took it"))
	case s.Body == policies.Unread{}:
		if err := f.Pass(under, s); err != nil {
			return refused(item, err)
		}
	default:
		changes, err := f.Apply(under, s, item.Place.At)
		if err != nil {
			return refused(item, err)
		}
		if err := p.dropHeaders(f, changes.Left); err != nil {
			return err
		}
	}
	return stands(item, f.Head, f.Count)
}

// applyOrPass folds a statement of the organisation's record.
func applyOrPass(o *policies.Org, s policies.Statement, at policies.Micros) error {
	if (s.Body == policies.Unread{}) {
		return o.Pass(s)
	}
	if cameAgain(o, at) {
		_, err := o.ApplyBefore(s, at)
		return err
	}
	_, err := o.Apply(s, at)
	return err
}

// cameAgain: the service had accepted a statement before it was put back, and took it
// again while it recovered. Its author may have been revoked since: restrictions are
// taken first.
func cameAgain(o *policies.Org, at policies.Micros) bool {
	put, recovering := o.Recovering()
	return recovering && at < put.At
}

// key finds a signing key in the organisation as folded so far.
func (p *pageFold) key(kid policies.KeyID) (policies.PublicKey, bool) {
	if p.org == nil {
		return policies.PublicKey{}, false
	}
	return p.org.Key(kid)
}

// family is a copy of the family's state to fold into, nil before its opening.
func (p *pageFold) family(id policies.FamilyID) *policies.Family {
	if f, ok := p.families[id]; ok {
		return f
	}
	f, ok := p.m.Family(id)
	if ok {
		f = f.Clone()
		p.families[id] = f
	}
	return f
}

// stands compares where the fold arrived with where the feed says it is. A
// statement left out, added or reordered anywhere before shows here.
func stands(item wire.Item, head policies.Digest, count int64) error {
	if head != item.Place.Head || count != item.Place.Position {
		return broken(item, fmt.Sprintf("the chain of its record is broken at position %d", count))
	}
	return nil
}

func refused(item wire.Item, err error) error {
	return lied(CodeForged, ofItem(item), err, "The server sent statement %s, which does not hold.", item.ID.Short())
}

// swapped: a form, title or label is not the one that its statement names.
func swapped(item wire.Item, s policies.Statement, a wire.Attachment) error {
	shows := ofItem(item)
	shows.Got = a.Name + " " + policies.DigestOf(a.Body).String()
	return lied(CodeAttachment, shows, nil, "%q beside statement %s is not what the statement names.", a.Name, s.ID.Short())
}

// broken: what was sent does not continue what this device holds. Something was left
// out, added, or put in another order.
func broken(item wire.Item, why string) *Error {
	return lied(CodeBroken, ofItem(item), errors.New(why), "The server left something out of record %s, or changed its order.", item.Place.Record.Short())
}

func marshal(state any) (string, error) {
	b, err := json.Marshal(state)
	return string(b), err
}
