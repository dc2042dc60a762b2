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
	Clips       []ClipID    `json:"clips"`  // empty: the whole family
	Reason      HoldReason  `json:"reason"` // of a provisional one
	Kind        HoldKind    `json:"kind"`   // of one that was placed
	Confirms    StatementID `json:"confirms"`
	By          StaffID     `json:"by"`
	At          Micros      `json:"at"` // of acceptance: what lapses is counted from there
}

// HoldProvisional is the body of hold.provisional, a restriction: any practitioner of
// the team may keep film from being destroyed for some days.
type HoldProvisional struct {
	Clips  []ClipID   `json:"clips"` // empty: the whole family
	Reason HoldReason `json:"reason"`
}

// HoldPlace is the body of hold.place, a restriction. It lasts until it is released.
type HoldPlace struct {
	Clips    []ClipID    `json:"clips"`
	Kind     HoldKind    `json:"kind"`
	Confirms StatementID `json:"confirms"` // a hold.provisional that it takes the place of; may be empty
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
	distinct(&c, "clips to be held", b.Clips, 0, MaxHeldClips)
	word(&c, "reason", b.Reason, HoldReasons())
	return c.err
}

// Check implements [Body].
func (b HoldPlace) Check() error {
	var c checks
	distinct(&c, "clips to be held", b.Clips, 0, MaxHeldClips)
	word(&c, "kind of hold", b.Kind, HoldKinds())
	return c.err
}

// Check implements [Body].
func (b HoldRelease) Check() error {
	var c checks
	named(&c, "the hold", b.Hold)
	return c.err
}

func (f *Family) disposalSubject() Subject { return subject("disposal", f.ID) }
func clipDisposalSubject(c ClipID) Subject { return subject("disposal.clip", c) }
func (f *Family) held(clip ClipID) []Subject {
	return []Subject{f.disposalSubject(), clipDisposalSubject(clip)}
}

// provisionalHold is taken before the clips that it names have arrived.
func provisionalHold(f *Family, _ *Org, a act[HoldProvisional]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	f.hold(&Hold{ID: a.ID, Provisional: true, Clips: append([]ClipID{}, a.Said.Clips...), Reason: a.Said.Reason, By: a.By.Staff, At: a.Now})
	return Changes{}, nil
}

func placeHold(f *Family, _ *Org, a act[HoldPlace]) (Changes, error) {
	f.hold(&Hold{ID: a.ID, Clips: append([]ClipID{}, a.Said.Clips...), Kind: a.Said.Kind, Confirms: a.Said.Confirms, By: a.By.Staff, At: a.Now})
	return Changes{}, nil
}

func (f *Family) hold(h *Hold) {
	put(&f.Holds, h.ID, h)
	if len(h.Clips) == 0 {
		f.restrict(f.disposalSubject(), h.ID)
	}
	for _, c := range h.Clips {
		f.restrict(clipDisposalSubject(c), h.ID)
	}
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
func (h *Hold) Covers(id ClipID) bool { return len(h.Clips) == 0 || slices.Contains(h.Clips, id) }

// HeldBy lists what keeps a clip from being destroyed now, each as a sentence.
func (f *Family) HeldBy(id ClipID, p Pack, now Micros) []Reason {
	var out []Reason
	say := func(text string) { out = append(out, Reason{HeldRule, text}) }
	for _, h := range sorted(f.Holds) {
		if !h.Covers(id) || f.HoldState(h.ID, p, now) != HoldStands {
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
	return out
}

// HoldWaits is the matter of a provisional hold that nobody has confirmed.
const HoldWaits MatterKind = "hold"

func holdsWaiting(f *Family, _ *Org, p Pack, now Micros) []Matter {
	var out []Matter
	for id, h := range f.Holds {
		if h.Provisional && f.HoldState(id, p, now) == HoldStands {
			out = append(out, Matter{
				Kind: HoldWaits, Of: id.String(), Since: h.At, Due: h.At.workingDays(p.Clocks.ProvisionalHold), For: []Role{IGOfficer},
				Text: "A practitioner asked for film to be kept for now (" + plainWord(h.Reason) + "). It lapses by itself.",
				Do:   "Place a hold in its place, or release it.",
			})
		}
	}
	return out
}
