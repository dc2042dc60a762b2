package policies

import (
	"cmp"
	"slices"
)

// A viewer list says who outside the practitioner team may watch: a supervisor, a
// peer, often of another employer. Three things make somebody a viewer of a clip,
// and each ends it alone: everyone in the clip named them on a form in force, a
// practitioner put them on the list until a date, and for somebody of another
// organisation the head of service has countersigned that.
//
// A viewer never holds the family's key. For each clip a device of the team writes
// one key for them: the list is the list of those keys.

// Listing is one entry of a family's viewer list.
type Listing struct {
	ID      StatementID   `json:"id"` // viewer.add
	By      StaffID       `json:"by"`
	At      Micros        `json:"at"`
	Staff   StaffID       `json:"staff"`
	Purpose Purpose       `json:"purpose"`
	Until   Micros        `json:"until"`
	Knew    []StatementID `json:"knew"`
	Signed  StatementID   `json:"signed"` // the head of service's countersign; zero while there is none
}

// ViewerAdd is the body of viewer.add.
//
// Source: NICE NG26, concerns about filming (b): who could view the video, and
// when; Caldicott principle 4.
type ViewerAdd struct {
	Staff   StaffID `json:"staff"`
	Purpose Purpose `json:"purpose"`
	Until   Micros  `json:"until"`
}

// ViewerRemove is the body of viewer.remove, a restriction: this person watches
// nothing of the family any more, for whatever purpose.
type ViewerRemove struct {
	Staff StaffID `json:"staff"`
}

// Countersign is the body of countersign: a head of service agrees to what
// somebody else stated. Only a viewer.add is countersigned.
type Countersign struct {
	Of StatementID `json:"of"`
}

// MaxViewing bounds one entry of the list. The service's figure is far shorter,
// thirty days in the packs; it is renewed by a new entry.
const MaxViewing = MaxCertificateLife

// Check implements [Body].
func (b ViewerAdd) Check() error {
	var c checks
	named(&c, "the viewer", b.Staff)
	word(&c, "purpose", b.Purpose, Purposes())
	c.instant("the end of a viewer's time", b.Until)
	return c.err
}

// Check implements [Body].
func (b ViewerRemove) Check() error {
	var c checks
	named(&c, "the viewer", b.Staff)
	return c.err
}

// Check implements [Body].
func (b Countersign) Check() error {
	var c checks
	named(&c, "what is countersigned", b.Of)
	return c.err
}

func (b ViewerAdd) subjects(*Family) []Subject { return []Subject{viewerSubject(b.Staff)} }

func addViewer(f *Family, o *Org, a act[ViewerAdd]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	p := o.Staff[a.Said.Staff]
	switch {
	case p == nil:
		return Changes{}, missing("the viewer", a.Said.Staff)
	case p.Role == IGOfficer || p.Role == Operator:
		return Changes{}, notPossible("an IG officer or operator never watches film")
	case p.ID == a.By.Staff: // they would go on watching when they are taken off the team
		return Changes{}, notPossible("nobody puts themselves on the viewer list; ask a colleague of the team")
	case !p.Active(a.Now) || !p.HasPowers():
		return Changes{}, notPossible("this viewer is not confirmed, or no longer certified; ask a registrar")
	}
	if err := ends("the viewing", a.Said.Until, a.Now, Micros(MaxViewing.Microseconds())); err != nil {
		return Changes{}, err
	}
	was := f.Receives(o, p.ID, a.Now)
	put(&f.Viewers, a.ID, &Listing{
		ID: a.ID, By: a.By.Staff, At: min(a.At, a.Now), Staff: p.ID, Purpose: a.Said.Purpose, Until: a.Said.Until, Knew: knew(a.Statement),
	})
	return f.received(o, p.ID, was, a.Now), nil
}

// countersign adds a head of service's word to an entry of the list. Of several,
// the one with the lowest id is kept, so that the order of arrival does not matter.
func countersign(f *Family, o *Org, a act[Countersign]) (Changes, error) {
	l := f.Viewers[a.Said.Of]
	if l == nil {
		return Changes{}, missing("the entry of the viewer list", a.Said.Of)
	}
	if l.By == a.By.Staff {
		return Changes{}, notPossible("nobody countersigns their own statement")
	}
	was := f.Receives(o, l.Staff, a.Now)
	if l.Signed.IsZero() || compareID(a.ID, l.Signed) < 0 {
		l.Signed = a.ID
	}
	return f.received(o, l.Staff, was, a.Now), nil
}

// removeViewer ends what this person may watch, whether or not they are on the
// list yet.
func removeViewer(f *Family, o *Org, a act[ViewerRemove]) (Changes, error) {
	if a.By.Role == Practitioner && !a.By.Deputy {
		if err := f.teamed(a.By); err != nil {
			return Changes{}, err
		}
	}
	who := a.Said.Staff
	f.restrict(viewerSubject(who), a.ID)
	if f.Receives(o, who, a.Now) {
		return Changes{}, nil // on the team
	}
	// Also when their date has passed already: their keys are still there.
	return Changes{Left: []StaffID{who}}, nil
}

// stands reports whether an entry counts, but for its date: it knew every removal,
// and is countersigned where its viewer works for somebody else.
func (f *Family) stands(o *Org, l *Listing) bool {
	p := o.Staff[l.Staff]
	return p != nil && f.answered(viewerSubject(l.Staff), l.Knew) && (!p.Outside || !l.Signed.IsZero())
}

// Listed reports whether a person is on the viewer list now, for whatever purpose.
// They receive the family's control statements until their date: else a
// withdrawal is the one thing that would not reach them.
func (f *Family) Listed(o *Org, who StaffID, now Micros) bool {
	return f.anyListing(func(l *Listing) bool { return l.Staff == who && now < l.Until && f.stands(o, l) })
}

// ListedFor reports whether a person is on the viewer list now for one purpose,
// and whether a head of service has countersigned one such entry.
func (f *Family) ListedFor(who StaffID, purpose Purpose, now Micros) (listed, signed bool) {
	for _, l := range f.Viewers {
		if l.Staff == who && l.Purpose == purpose && now < l.Until && f.answered(viewerSubject(who), l.Knew) {
			listed, signed = true, signed || !l.Signed.IsZero()
		}
	}
	return listed, signed
}

// Receives reports whether a person receives this family's record now: the team,
// and everyone on the viewer list.
func (f *Family) Receives(o *Org, who StaffID, now Micros) bool {
	return f.TeamAt(who, now) || f.Listed(o, who, now)
}

func (f *Family) anyListing(is func(*Listing) bool) bool {
	for _, l := range f.Viewers {
		if is(l) {
			return true
		}
	}
	return false
}

// received says whether a person began or ceased to receive the record. That a
// viewer's date has passed is no statement's doing: see [Family.Endings].
func (f *Family) received(o *Org, who StaffID, was bool, now Micros) Changes {
	switch is := f.Receives(o, who, now); {
	case is && !was:
		return Changes{Joined: []StaffID{who}}
	case was && !is:
		return Changes{Left: []StaffID{who}}
	}
	return Changes{}
}

// MayView reports whether a person outside the team may watch a clip for a purpose
// now: named by everyone in it, on the list, countersigned where that is needed,
// the purpose agreed to by everyone in it, and the film not stopped by the head of
// service. It is what a team's device asks before it writes a key, and says nothing of
// certificates: see [Staff.Active].
func (f *Family) MayView(o *Org, who StaffID, id ClipID, purpose Purpose, now Micros) bool {
	p := o.Staff[who]
	listed, signed := f.ListedFor(who, purpose, now)
	return p != nil && p.Role != IGOfficer && p.Role != Operator && listed && (signed || !p.Outside) &&
		f.FilmPermitted(o, id, now) && f.NamedViewer(who, id, purpose, now) && len(f.ClipConsented(id, purpose, now)) == 0
}

// ViewUntil is the end of what an entry of the list allows of a clip, as it stands
// now: of the list, and of every form that names the viewer. Zero when it allows
// nothing.
func (f *Family) ViewUntil(o *Org, l Listing, id ClipID, now Micros) Micros {
	p, c := o.Staff[l.Staff], f.Clips[id]
	if c == nil || !p.Active(now) || f.ListingState(o, l, now) != ListingOpen || !f.MayView(o, l.Staff, id, l.Purpose, now) {
		return 0
	}
	until := l.Until
	for _, person := range c.People {
		whole, _ := f.CurrentConsent(person, now)
		form, _ := f.DecidingForm(person, l.Purpose, now)
		for _, v := range form.Viewers {
			if v.Staff == l.Staff && v.Purpose == l.Purpose {
				until = min(until, v.Until, form.Until, whole.Until)
			}
		}
	}
	return until
}

// Named reports whether the consent in force of anybody in the family names a
// person for a purpose.
func (f *Family) Named(who StaffID, purpose Purpose, now Micros) bool {
	for p := range f.People {
		if form, ok := f.DecidingForm(p, purpose, now); ok && form.names(who, purpose, now) {
			return true
		}
	}
	return false
}

// Admits reports whether a person may have a key to a clip of their own: whether
// there is a purpose for which they may watch it.
func (f *Family) Admits(o *Org, who StaffID, id ClipID, now Micros) bool {
	return slices.ContainsFunc(Purposes(), func(p Purpose) bool { return f.MayView(o, who, id, p, now) })
}

// Listings is the viewer list, the oldest entries first, with those that ended or
// were removed.
func (f *Family) Listings() []Listing {
	return listed(f.Viewers, func(a, b Listing) int { return cmp.Or(cmp.Compare(a.Until, b.Until), compareID(a.ID, b.ID)) })
}

// ListingState is what people call the state of an entry.
type ListingState string

// The states.
const (
	ListingWaits   ListingState = "waits" // for the head of service's countersign
	ListingOpen    ListingState = "open"
	ListingEnded   ListingState = "ended"
	ListingRemoved ListingState = "removed"
)

// ListingState is the state of an entry at a time.
func (f *Family) ListingState(o *Org, l Listing, now Micros) ListingState {
	switch {
	case !f.answered(viewerSubject(l.Staff), l.Knew):
		return ListingRemoved
	case now >= l.Until:
		return ListingEnded
	case !f.stands(o, &l):
		return ListingWaits
	}
	return ListingOpen
}

// CountersignWaits is the matter of a viewer of another organisation for whom the
// head of service has not signed.
const CountersignWaits MatterKind = "countersign"

func countersignsWaiting(f *Family, o *Org, p Pack, now Micros) []Matter {
	var out []Matter
	for id, l := range f.Viewers {
		if f.ListingState(o, *l, now) == ListingWaits {
			out = append(out, Matter{
				Kind: CountersignWaits, Of: id.String(), Since: l.At, Due: l.At.workingDays(p.Clocks.Reminder), For: []Role{HeadOfService},
				Text: "Somebody of another organisation is on the viewer list and waits for your signature.",
				Do:   "Countersign it, or take them off the list.",
			})
		}
	}
	return out
}
