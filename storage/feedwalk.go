package storage

import (
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// maxPageBytes bounds the statements and attachments of a page. One item always
// goes, however large.
const maxPageBytes = 4 << 20

// walk is one page in the making.
type walk struct {
	d     *door
	v     *rows.View
	o     *policies.Org
	c     policies.Caller
	now   policies.Micros
	at    position
	limit int

	items    []Item
	bytes    int
	more     bool
	again    bool            // the window is at its end, and another has to follow: see [position.Over]
	ruling   policies.Ruling // of the page
	forms    policies.Ruling // on reading the forms of the record in hand; no action: not asked yet
	withheld []withheld

	// ends are the records that this page delivers something of: the last statement of
	// each that the caller can read, for its receipt.
	ends map[policies.RecordID]Receipt

	// last is where the caller's device ended, by the index of what ended it: it receives
	// the organisation's record as far as that, and nothing else. -1 while it is in force.
	last int64

	// restored is where this history begins; -1 in a service that was never put back.
	restored int64
}

// withheld is a record that the tables let through and a rule did not.
type withheld struct {
	record policies.RecordID
	family rows.Named
	ruling policies.Ruling
	over   bool // the caller's access has ended: from here on the tables say so too, and who joins again begins anew
}

// faults counts what tables and rules do not agree on. That a certificate has ended is
// the rules' alone to know: such a device goes on when it is renewed.
func (w *walk) faults() int {
	if !inForce(w.o, w.c, w.now) {
		return 0
	}
	return len(w.withheld)
}

func (w *walk) run() error {
	members, err := w.v.Memberships(w.c.Staff)
	if err == nil {
		w.restored, err = w.v.Restored()
	}
	if err != nil {
		return err
	}
	if w.at.Head < 0 {
		if w.at.Head, err = w.v.LastIndex(); err != nil {
			return err
		}
	}
	if w.last, err = w.endOfDevice(); err != nil {
		return err
	}
	if w.last >= 0 {
		w.at.Head = min(w.at.Head, w.last)
		members = slices.DeleteFunc(members, func(m rows.Member) bool { return m.Record != policies.RecordID(w.o.ID) })
	}
	for _, s := range w.scopes(members) {
		if w.at.Record != "" && w.order(s.record) < w.at.Record {
			continue
		}
		if err := w.scope(s); err != nil {
			return err
		}
		if w.more {
			return nil
		}
		w.at.Record, w.at.Index = "", -1
	}
	if w.last < 0 {
		if err := w.own(); err != nil || w.more {
			return err
		}
	}
	done := w.at.Head
	if w.at.Full {
		done = w.at.Done // what was withheld must still arrive once it is allowed
	}
	w.again = w.at.Over
	past, was := w.at.Past, w.at.Was
	w.at = position{History: w.at.History, Done: max(done, w.at.Done), Head: -1, Index: -1, Never: w.at.Next, Missed: w.at.Held}
	if w.at.Done < 0 {
		w.at.Past, w.at.Was = past, was
	}
	return nil
}

// endOfDevice is the index of the statement that ended the caller's device, or its person;
// -1 while both are in force. A device forgets nothing on our word, so it receives that
// statement, and what it takes to see who signed it. Nobody learns more by that than the
// device could have fetched before it ended.
func (w *walk) endOfDevice() (int64, error) {
	d := w.o.Devices[w.c.Device]
	if d == nil || d.Staff != w.c.Staff {
		return -1, nil
	}
	end := int64(-1)
	for _, id := range []policies.StatementID{d.Revoked, w.o.Staff[d.Staff].Revoked} {
		if id.IsZero() {
			continue
		}
		st, ok, err := w.v.Statement(id)
		if err != nil {
			return -1, err
		}
		if ok && (end < 0 || st.Index < end) {
			end = st.Index
		}
	}
	return end, nil
}

// scope is one record as this caller stands to it at the pinned head.
type scope struct {
	record policies.RecordID
	from   int64 // deliver what is above this; -1 for all
	reset  bool  // access is new: forget the mirror first
	drop   bool  // access ended
	until  int64 // with drop: the change that ended it
	held   bool  // the device that asks has the record, as of Done
}

// order is the walk's order of records: the organisation's first, since families
// are judged under it, then families by ID.
func (w *walk) order(record policies.RecordID) string {
	if record == policies.RecordID(w.o.ID) {
		return "0"
	}
	return "1" + record.String()
}

// scopes says, record by record in the walk's order, what happened to the caller's
// access in (Done, Head]. Memberships come by record and time; the last one that
// began by the head counts.
func (w *walk) scopes(members []rows.Member) []scope {
	var out []scope
	held, before := map[policies.RecordID]bool{}, map[policies.RecordID]bool{}
	for i, m := range members {
		if m.Since > w.at.Head {
			continue
		}
		before[m.Record] = before[m.Record] || w.before(m)
		if m.Since <= w.at.Done && (m.Until < 0 || m.Until > w.at.Done) {
			held[m.Record] = true
		}
		if i+1 < len(members) && members[i+1].Record == m.Record && members[i+1].Since <= w.at.Head {
			continue
		}
		over := m.Until >= 0 && m.Until <= w.at.Head && w.last < 0
		missed := slices.Contains(w.at.Missed, m.Record.Short())
		has := held[m.Record] && !missed && !slices.Contains(w.at.Never, m.Record.Short())
		switch {
		case !over && (m.Since > w.at.Done || missed):
			out = append(out, scope{record: m.Record, from: -1, reset: true, held: has})
		case !over:
			out = append(out, scope{record: m.Record, from: w.at.Done, held: has})
		case before[m.Record]:
			out = append(out, scope{record: m.Record, drop: true, until: m.Until, from: -1, reset: true, held: true})
		case m.Until > w.at.Done:
			out = append(out, scope{record: m.Record, drop: true, until: m.Until, from: w.at.Done, held: has})
		}
	}
	slices.SortFunc(out, func(a, b scope) int { return strings.Compare(w.order(a.record), w.order(b.record)) })
	return out
}

// before reports whether a device that begins its feed anew, because the service was put
// back, may hold a record that its person has no longer. It has it as it was in another
// history, where nothing that it is told now has a place: it is sent again first. How far
// it had come its last cursor says, if that was of a history that this one goes on from.
func (w *walk) before(m rows.Member) bool {
	since := w.restored - 1
	if w.at.Past != "" {
		since = -1
		for _, r := range w.o.Restorations {
			if r.Log.Origin == Origin(w.o.ID, w.at.Past) {
				since = min(w.at.Was, r.Log.Size-1)
			}
		}
	}
	return w.at.Done < 0 && m.Since < w.restored && (m.Until < 0 || m.Until > since)
}

// ended hands over a record that the caller receives no longer. A device forgets nothing
// on our word: with it goes the statement that ended the access, which stands in the log
// where the access ends. There is none where a date has passed, and none here where
// somebody's desk went; that one is in the organisation's record.
func (w *walk) ended(s scope) error {
	item := Item{Kind: ItemDropScope, Place: Place{Record: s.record}}
	why, err := w.v.Statements(s.record, s.until-1, s.until, 1)
	if err != nil {
		return err
	}
	if len(why) == 1 && why[0].Class == policies.Control {
		item.ID, item.Place, item.Statement = why[0].ID, place(why[0]), why[0].Raw
		w.bytes += len(item.Statement)
	}
	w.items = append(w.items, item)
	return nil
}

// lapsed delivers a record to whose date has passed as if it ended here. That it did is
// told in the next window: the tables do not say so yet.
func (w *walk) lapsed(s scope) error {
	w.at.Over = true
	if !s.held && len(w.at.Next) < maxNever {
		w.at.Next = append(w.at.Next, s.record.Short())
	}
	s.from, s.until = w.at.Done, w.at.Head+1
	return w.farewell(s)
}

// farewell delivers a record up to where the caller's access ended: what nobody may hide,
// and nothing beside it. Somebody may have been taken off a team, then off the viewer list,
// and been a deputy until the last of it. A device that was away has heard of none, and
// would not believe the last alone.
func (w *walk) farewell(s scope) error {
	if !s.held {
		return nil
	}
	from := s.from
	if w.at.Record == w.order(s.record) && w.at.Index != unbegun {
		from = w.at.Index
	} else if s.reset {
		w.items = append(w.items, Item{Kind: ItemResetScope, Place: Place{Record: s.record}})
	}
	for {
		most := w.most()
		statements, err := w.v.Statements(s.record, from, s.until-1, most) // the last goes with the drop
		if err != nil {
			return err
		}
		for _, st := range statements {
			if len(w.items) >= w.limit || w.bytes > maxPageBytes {
				w.more, w.at.Record, w.at.Index = true, w.order(s.record), from
				return nil
			}
			item := Item{Kind: ItemStatement, ID: st.ID, Place: place(st)}
			if st.Class == policies.Control {
				item.Statement = st.Raw
			}
			w.bytes += len(item.Statement) + 256
			w.items = append(w.items, item)
			from = st.Index
			if err := w.ending(st, item.Statement != nil); err != nil {
				return err
			}
		}
		if len(statements) < most {
			return nil
		}
	}
}

// unbegun is the index of a position at a record of which nothing was delivered.
const unbegun = -2

// scope delivers one record's changes.
func (w *walk) scope(s scope) error {
	if w.o.Ended[policies.FamilyID(s.record)] != nil { // the organisation's record says so, which goes first
		if s.drop && s.held {
			w.items = append(w.items, Item{Kind: ItemDropScope, Place: Place{Record: s.record}})
		}
		return nil
	}
	if s.drop {
		if err := w.farewell(s); err != nil || w.more {
			return err
		}
		return w.ended(s)
	}
	f, ok, err := w.allowed(s)
	if err != nil || !ok {
		if n := len(w.withheld); err == nil && w.withheld[n-1].over {
			return w.lapsed(s)
		}
		if err == nil {
			w.at.hold(s.record.Short(), s.record == policies.RecordID(w.o.ID))
		}
		return err
	}
	from, first := s.from, len(w.items)
	begun := w.at.Record == w.order(s.record) && w.at.Index != unbegun
	if begun {
		from = w.at.Index
	} else if s.reset {
		w.items = append(w.items, Item{Kind: ItemResetScope, Place: Place{Record: s.record}})
	}
	for {
		all, last, err := w.v.Changes(s.record, from, w.at.Head, w.most(), max(1, maxPageBytes-w.bytes))
		if err != nil {
			return err
		}
		if room := len(w.items) + len(all); room > cap(w.items) {
			w.items = slices.Grow(w.items, max(len(all), min(w.limit+1, 4*room)-len(w.items))) // a page of many is not copied as it grows
		}
		for _, c := range all {
			if len(w.items) >= w.limit || w.bytes > maxPageBytes {
				w.cut(s, begun, first, from)
				return nil
			}
			if c.Late {
				w.attached(f, c)
			} else if err := w.deliver(f, c); err != nil {
				return err
			}
			from = c.Index
		}
		if last {
			return nil
		}
	}
}

// cut ends the page inside a record. One that is sent again begins with a page of its
// own: a device replaces what it has of a record only by all of it, and would else have
// to hold page after page until one happens to end with a record.
func (w *walk) cut(s scope, begun bool, first int, from int64) {
	w.more = true
	w.at.Record, w.at.Index = w.order(s.record), from
	if s.reset && !begun && first > 0 {
		w.items, w.at.Index = w.items[:first], unbegun
	}
}

// most is how many changes to ask for. One more than fits tells whether the page ends inside
// this record; when some of them are not for this caller, even that one may not fill the page.
func (w *walk) most() int { return max(1, w.limit-len(w.items)+1) }

// allowed asks the rule, once per record and page.
func (w *walk) allowed(s scope) (*policies.Family, bool, error) {
	record := s.record
	var f *policies.Family
	about := rows.Named{}
	if record != policies.RecordID(w.o.ID) {
		var err error
		if f, err = w.v.Family(policies.FamilyID(record)); err != nil {
			return nil, false, err
		}
		about = family(policies.FamilyID(record))
	}
	ruling := w.d.cfg.Bundle.Decide(policies.Request{Caller: w.c, Action: policies.ActPull, Now: w.now}, w.o, f)
	if w.last >= 0 {
		ruling = policies.Ruling{Allowed: true, Action: policies.ActPull, Rules: []string{policies.DropRule}, Bundle: ruling.Bundle}
	}
	if !ruling.Allowed {
		w.withheld = append(w.withheld, withheld{record, about, ruling, w.over(f)})
		return nil, false, nil
	}
	w.ruling, w.forms = together(w.ruling, ruling), policies.Ruling{}
	return f, true, nil
}

// together is the ruling on a page: every rule that let something of it through.
func together(page, more policies.Ruling) policies.Ruling {
	page.Allowed, page.Action, page.Bundle = true, policies.ActPull, more.Bundle
	page.Rules = append(slices.Clone(page.Rules), more.Rules...)
	slices.Sort(page.Rules)
	page.Rules = slices.Compact(page.Rules)
	return page
}

// may reports whether the caller has an attachment. A signed form is read under a
// rule of its own, once for each record of a page, and the page's event names it.
func (w *walk) may(f *policies.Family, id policies.StatementID, kind policies.Kind, name string) bool {
	if !policies.MayReceive(w.o, f, w.c.Staff, kind, name, w.now) {
		return false
	}
	if withheldKey(f, id, kind, name) {
		return false
	}
	if kind == "recovery.use" && !f.Asked(id, w.c.Staff) {
		return false
	}
	if kind != "consent.sign" {
		return true
	}
	if w.forms.Action == "" {
		w.forms = w.d.cfg.Bundle.Decide(policies.Request{Caller: w.c, Action: policies.ActReadForm, Now: w.now}, w.o, f)
		if w.forms.Allowed {
			w.ruling = together(w.ruling, w.forms)
		}
	}
	return w.forms.Allowed
}

// over reports whether the caller was a viewer of this family, and is none now. Dates are
// seen to before a pull; where that could not be written, this one ends the access, and
// the next one tells the device to forget the record.
func (w *walk) over(f *policies.Family) bool {
	return f != nil && !f.Receives(w.o, w.c.Staff, w.now) && !slices.Contains(w.o.Desks(w.now), w.c.Staff)
}

func (w *walk) deliver(f *policies.Family, c rows.Change) error {
	st := c.Statement
	item := Item{Kind: ItemStatement, ID: st.ID, Place: place(st)}
	if policies.MaySee(f, w.c.Staff, st.Class, w.now) {
		item.Statement = st.Raw
		for _, a := range c.Beside {
			if w.may(f, st.ID, st.Kind, a.Name) && !stale(f, st.ID, a.Name) {
				item.Attachments = append(item.Attachments, Attachment(a))
				w.bytes += len(a.Body)
			}
		}
	}
	w.bytes += len(item.Statement) + 256
	w.items = append(w.items, item)
	return w.ending(st, item.Statement != nil)
}

// ending notes how far a record has come. Where the caller may not read the last
// statement, its leaf would tell them what it is: then an earlier one stands for it.
func (w *walk) ending(st rows.Statement, readable bool) error {
	if w.ends == nil {
		w.ends = map[policies.RecordID]Receipt{}
	}
	if readable {
		w.ends[st.Record] = Receipt{Place: place(st)}
		return nil
	}
	if _, ok := w.ends[st.Record]; ok {
		return nil
	}
	last, ok, err := w.v.LastControl(st.Record, st.Index)
	if ok {
		w.ends[st.Record] = Receipt{Place: place(last)}
	}
	return err
}

// stale: a clip's key for a key of the family that was replaced before the clip came.
func stale(f *policies.Family, id policies.StatementID, name string) bool {
	return f != nil && f.StaleHeader(policies.ClipID(id), name)
}

// attached delivers an attachment that came after its statement, to whom it is for.
func (w *walk) attached(f *policies.Family, c rows.Change) {
	to, a := c.Statement, c.Beside[0]
	if !policies.MaySee(f, w.c.Staff, to.Class, w.now) || !w.may(f, to.ID, to.Kind, a.Name) || stale(f, to.ID, a.Name) {
		return
	}
	record := policies.RecordID(w.o.ID)
	if f != nil {
		record = policies.RecordID(f.ID)
	}
	w.bytes += len(a.Body) + 256
	w.items = append(w.items, Item{
		Kind: ItemAttached, ID: to.ID, Place: Place{Record: record, Index: c.Index}, Attachments: []Attachment{Attachment(a)},
	})
}

// ownScope comes after every record in the walk: what a person's own feed has.
const ownScope = "2"

// own delivers what became of statements of the caller's that had waited. Those that were
// accepted stand in their record too, if the caller receives that.
func (w *walk) own() error {
	from := w.at.Done
	if w.at.Record == ownScope {
		from = w.at.Index
	}
	for {
		most := w.most()
		list, err := w.v.Outcomes(w.c.Staff, from, w.at.Head, most)
		if err != nil {
			return err
		}
		for _, o := range list {
			if len(w.items) >= w.limit || w.bytes > maxPageBytes {
				w.more, w.at.Record, w.at.Index = true, ownScope, from
				return nil
			}
			w.items = append(w.items, Item{Kind: ItemOutcome, ID: o.Statement, Place: Place{Index: o.Index}, Err: refusedFor(o)})
			w.bytes, from = w.bytes+256, o.Index
		}
		if len(list) < most {
			w.at.Record, w.at.Index = "", -1
			return nil
		}
	}
}
