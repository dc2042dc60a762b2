package policies

import (
	"slices"
)

// A hold keeps film from being destroyed, whoever asked for that and whatever the
// schedule says. It gives nobody the right to watch. An open request, a complaint, a
// notice from a court and the court flag hold at once, without anybody having to think
// of it.
//
// Holds are restrictions on disposal: an authorisation to destroy that does not name a
// hold as known does not count, also after the hold was released.
//
// Source: DESIGN §5 and §9, precedence; Inquiries Act 2005 s 35; domain notes §3.3.

// Hold is a legal hold as the record keeps it.
type Hold struct {
	ID          StatementID `json:"id"`
	Provisional bool        `json:"provisional"`
	Clips       []ClipID    `json:"clips"`
	Sessions    []SessionID `json:"sessions"` // and every clip of these, whenever it comes
	People      []PersonID  `json:"people"`   // and every clip that shows one of these
	Reason      HoldReason  `json:"reason"`   // of a provisional one
	Kind        HoldKind    `json:"kind"`     // of one that was placed
	ReviewOn    string      `json:"review_on"`
	Confirms    StatementID `json:"confirms"`
	By          StaffID     `json:"by"`
	At          Micros      `json:"at"` // of acceptance: what lapses is counted from there
}

// HoldProvisional is the body of hold.provisional, a restriction: any practitioner of
// the team may keep film from being destroyed for some days.
// It is about clips, visits and people; with none of them about the whole family.
type HoldProvisional struct {
	Clips    []ClipID    `json:"clips"`
	Sessions []SessionID `json:"sessions"`
	People   []PersonID  `json:"people"`
	Reason   HoldReason  `json:"reason"`
}

// HoldPlace is the body of hold.place, a restriction, about what a [HoldProvisional] is
// about. It lasts until it is released, and is looked at again.
type HoldPlace struct {
	Clips    []ClipID    `json:"clips"`
	Sessions []SessionID `json:"sessions"`
	People   []PersonID  `json:"people"`
	Kind     HoldKind    `json:"kind"`
	ReviewOn string      `json:"review_on"` // "2026-11-20"; "": by the pack's clock
	Confirms StatementID `json:"confirms"`  // a hold that it takes the place of, or was looked at again with it; may be empty
}

// HoldRelease is the body of hold.release.
type HoldRelease struct {
	Hold StatementID `json:"hold"`
}

// HoldReason is why a practitioner asks for film to be kept for now.
type HoldReason string

// HoldReasons lists every HoldReason.
func HoldReasons() []HoldReason {
	return []HoldReason{"safeguarding", "police_may_ask", "court_may_ask", "complaint_made", "family_asked"}
}

// HoldKind is what a hold is for.
type HoldKind string

// HoldKinds lists every HoldKind.
func HoldKinds() []HoldKind {
	return []HoldKind{"court", "police", "inquiry", "complaint", "subject_access", "safeguarding"}
}

// MaxHeldClips bounds the list of one hold; for more there is the whole family.
const MaxHeldClips = 50

// Check implements [Body].
func (b HoldProvisional) Check() error {
	var c checks
	c.held(b.Clips, b.Sessions, b.People)
	word(&c, "reason", b.Reason, HoldReasons())
	return c.err
}

// Check implements [Body].
func (b HoldPlace) Check() error {
	var c checks
	c.held(b.Clips, b.Sessions, b.People)
	word(&c, "kind of hold", b.Kind, HoldKinds())
	c.reviewOn(b.ReviewOn)
	return c.err
}

func (c *checks) held(clips []ClipID, sessions []SessionID, people []PersonID) {
	distinct(c, "clips to be held", clips, 0, MaxHeldClips)
	distinct(c, "visits to be held", sessions, 0, MaxHeldClips)
	distinct(c, "people whose film is held", people, 0, MaxPeople)
}

func (c *checks) reviewOn(day string) {
	if day != "" {
		c.day("the day on which the hold is looked at again", day)
	}
}

// Check implements [Body].
func (b HoldRelease) Check() error {
	var c checks
	named(&c, "the hold", b.Hold)
	return c.err
}

func (f *Family) disposalSubject() Subject          { return subject("disposal", f.ID) }
func clipDisposalSubject(c ClipID) Subject          { return subject("disposal.clip", c) }
func sessionDisposalSubject(s SessionID) Subject    { return subject("disposal.session", s) }
func personDisposalSubject(person PersonID) Subject { return subject("disposal.person", person) }

// held lists what a hold on a clip may be about.
func (f *Family) held(clip ClipID) []Subject {
	list := []Subject{f.disposalSubject(), clipDisposalSubject(clip)}
	if c := f.Clips[clip]; c != nil {
		list = append(list, sessionDisposalSubject(c.Session))
		for _, p := range c.People {
			list = append(list, personDisposalSubject(p))
		}
	}
	return list
}

// knewHolds reports whether an author who knew these statements knew every hold that
// there ever was on a clip, and on all of the service.
func (f *Family) knewHolds(o *Org, clip ClipID, knew []StatementID) bool {
	return f.answeredAll(f.held(clip), knew) && known(o.everHeld(), knew)
}

// provisionalHold is taken before the clips that it names have arrived.
func provisionalHold(f *Family, _ *Org, a act[HoldProvisional]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	return f.hold(&Hold{ID: a.ID, Provisional: true, Clips: b.Clips, Sessions: b.Sessions, People: b.People, Reason: b.Reason, By: a.By.Staff, At: a.Now})
}

func placeHold(f *Family, _ *Org, a act[HoldPlace]) (Changes, error) {
	b := a.Said
	return f.hold(&Hold{ID: a.ID, Clips: b.Clips, Sessions: b.Sessions, People: b.People, Kind: b.Kind, ReviewOn: b.ReviewOn, Confirms: b.Confirms, By: a.By.Staff, At: a.Now})
}

// hold keeps a hold, with lists of its own. A clip that comes later is held all the same.
func (f *Family) hold(h *Hold) (Changes, error) {
	h.Clips, h.Sessions, h.People = append([]ClipID{}, h.Clips...), append([]SessionID{}, h.Sessions...), append([]PersonID{}, h.People...)
	put(&f.Holds, h.ID, h)
	if h.whole() {
		f.restrict(f.disposalSubject(), h.ID)
	}
	for _, c := range h.Clips {
		f.restrict(clipDisposalSubject(c), h.ID)
	}
	for _, s := range h.Sessions {
		f.restrict(sessionDisposalSubject(s), h.ID)
	}
	for _, p := range h.People {
		f.restrict(personDisposalSubject(p), h.ID)
	}
	return Changes{}, nil
}

// releaseHold refuses a release by whoever placed the hold: what keeps evidence is not
// one person's to take away. The IG officer releases a practitioner's, the head of
// service the IG officer's.
func releaseHold(f *Family, _ *Org, a act[HoldRelease]) (Changes, error) {
	h := f.Holds[a.Said.Hold]
	if h == nil {
		return Changes{}, missing("the hold", a.Said.Hold)
	}
	if h.By == a.By.Staff {
		return Changes{}, notPossible("nobody releases a hold that they placed themselves; ask the head of service or the IG officer")
	}
	if old := f.Released[h.ID]; old.IsZero() || compareID(a.ID, old) < 0 {
		put(&f.Released, h.ID, a.ID)
	}
	return Changes{}, nil
}

// HoldState is what people call the state of a hold.
type HoldState string

// The states.
const (
	HoldStands    HoldState = "stands"
	HoldLapsed    HoldState = "lapsed"    // provisional, and its days are over
	HoldConfirmed HoldState = "confirmed" // provisional, and another stands in its place
	HoldReleased  HoldState = "released"
)

// HoldState is the state of a hold at a time; "" for one that the record does not
// have. While the pack's figure is not known a provisional hold does not lapse.
func (f *Family) HoldState(id StatementID, p Pack, now Micros) HoldState {
	h := f.Holds[id]
	if h == nil {
		return ""
	}
	if !f.Released[id].IsZero() {
		return HoldReleased
	}
	if !h.Provisional {
		return HoldStands
	}
	confirmed := false
	for _, other := range f.Holds {
		if other.Confirms == id && f.Released[other.ID].IsZero() {
			return HoldConfirmed
		}
		confirmed = confirmed || other.Confirms == id
	}
	if confirmed {
		return HoldReleased // with every hold in its place
	}
	if lapse := h.At.workingDays(p.Clocks.ProvisionalHold); lapse != 0 && now > lapse {
		return HoldLapsed
	}
	return HoldStands
}

// Covers reports whether a hold is about a clip.
func (h *Hold) Covers(c *Clip) bool {
	return h.whole() || slices.Contains(h.Clips, c.ID) || slices.Contains(h.Sessions, c.Session) || c.shows(h.People)
}

// whole reports whether a hold is about the whole family.
func (h *Hold) whole() bool { return len(h.Clips)+len(h.Sessions)+len(h.People) == 0 }

// HeldBy lists what keeps a clip from being destroyed now, each as a sentence; none for a
// clip that the record does not have.
func (f *Family) HeldBy(o *Org, id ClipID, p Pack, now Micros) []Reason {
	var out []Reason
	say := func(text string) { out = append(out, Reason{HeldRule, text}) }
	c := f.Clips[id]
	if c == nil {
		return nil
	}
	for _, h := range sorted(f.Holds) {
		if !h.Covers(c) || f.HoldState(h.ID, p, now) != HoldStands {
			continue
		}
		if h.Provisional {
			say("A practitioner asked on " + h.At.day() + " for it to be kept for now (" + plainWord(h.Reason) + ").")
		} else {
			say("A legal hold of " + h.At.day() + " keeps it (" + plainWord(h.Kind) + ").")
		}
	}
	for _, r := range sorted(f.Requests) {
		if r.Closed == nil {
			say("A request of " + r.ReceivedOn + " is open (" + plainWord(r.Kind) + ").")
		}
	}
	if f.InCourt() {
		say("The family is before a court.")
	}
	for _, h := range o.ServiceHolds() {
		if h.Stands() {
			say("Everything of the service is held since " + h.At.day() + " (" + plainWord(h.Kind) + ").")
		}
	}
	return out
}

// The matters of holds: one that nobody has confirmed, and one that is to be looked at
// again.
const (
	HoldWaits   MatterKind = "hold"
	HoldReviews MatterKind = "hold.review"
)

func holdsWaiting(f *Family, _ *Org, p Pack, now Micros) []Matter {
	var out []Matter
	for id, h := range f.Holds {
		switch {
		case f.HoldState(id, p, now) != HoldStands:
		case h.Provisional:
			out = append(out, Matter{
				Kind: HoldWaits, Of: id.String(), Since: h.At, Due: h.At.workingDays(p.Clocks.ProvisionalHold), For: []Role{IGOfficer},
				Text: "A practitioner asked for film to be kept for now (" + plainWord(h.Reason) + "). It lapses by itself.",
				Do:   "Place a hold in its place, or release it.",
			})
		case !f.lookedAtAgain(id):
			out = append(out, holdReview(id, h.Kind, h.At, h.ReviewOn, p, now)...)
		}
	}
	return out
}

// lookedAtAgain reports whether a later hold carries this one on.
func (f *Family) lookedAtAgain(id StatementID) bool {
	for _, h := range f.Holds {
		if h.Confirms == id {
			return true
		}
	}
	return false
}

// holdAhead is how long before its day a review is on a desk.
const holdAhead = 14 * 24 * Hour

// holdReview is the matter of a hold whose review comes near: on the day that was said
// when it was placed, and never later than by the pack's clock.
//
// Source: UK GDPR Art 5(1)(e): a hold that nobody looks at becomes an archive.
func holdReview(id StatementID, kind HoldKind, placed Micros, on string, p Pack, now Micros) []Matter {
	day := ReviewDay(placed, on, p)
	if due := day.end(); !day.IsZero() && now > due-holdAhead {
		return []Matter{{
			Kind: HoldReviews, Of: id.String(), Since: due - holdAhead, Due: due, For: []Role{IGOfficer},
			Text: "A hold of " + placed.day() + " (" + plainWord(kind) + ") is to be looked at again.",
			Do:   "Place it again in its own place, with a new day, or have the head of service release it.",
		}}
	}
	return nil
}
