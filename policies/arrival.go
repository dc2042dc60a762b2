package policies

import "slices"

// A recording that was made lawfully by everything its author could know can meet a
// stop on its way: somebody withdrew on Tuesday, and the tablet that filmed on Monday
// syncs on Wednesday. Nobody's film is taken in over that, and nobody's work is thrown
// away over it: the clip waits for the head of service, who sees what was filmed when
// and of whom, and never the film.
//
// Source: DESIGN §5, filming gate.

// Arrival is how the film of a clip stands on its way to the service.
type Arrival string

// The arrivals.
const (
	ArrivalOpen    Arrival = "open"              // nothing stands in its way
	ArrivalAwaits  Arrival = "awaiting_decision" // stopped by what its author could not know
	ArrivalTaken   Arrival = "taken"             // so it was, and the head of service lets it in
	ArrivalDestroy Arrival = "destroy"           // and the head of service has it destroyed
	ArrivalShut    Arrival = "shut"              // unlawful by what its author knew
)

// Lawful reports whether a clip was filmed within an approval and with everyone's
// consent, by everything that this record knows.
func (f *Family) Lawful(o *Org, c *Clip) (approved, consented bool) {
	_, approved = f.ApprovalCovers(o, c.Approval, c.By, c.Captured)
	return approved, len(f.CaptureConsented(c.People, c.Kind, c.Captured)) == 0
}

// LawfulThen is [Family.Lawful] by the restrictions that the clip's author named as
// known, and no others.
func (f *Family) LawfulThen(o *Org, c *Clip) (approved, consented bool) {
	return f.asKnown(c.Knew).Lawful(o.asKnown(c.Knew), c)
}

// asKnown is the family as somebody saw it who knew these restrictions only. It shares
// everything else with the original and is only asked, never folded.
func (f *Family) asKnown(knew []StatementID) *Family {
	n := *f
	n.Restrictions = make(map[Subject][]StatementID, len(f.Restrictions))
	for subject, list := range f.Restrictions {
		for _, r := range list {
			if slices.Contains(knew, r) {
				n.Restrictions[subject] = append(n.Restrictions[subject], r)
			}
		}
	}
	return &n
}

// Arrival is how a clip stands; "" for one that the record does not have. A decision
// to let it in counts for as long as nothing else has stopped it: whoever decided did
// not know of that.
func (f *Family) Arrival(o *Org, id ClipID) Arrival {
	c := f.Clips[id]
	if c == nil {
		return ""
	}
	return f.ArrivalOf(o, c)
}

// ArrivalOf is [Family.Arrival] of a clip that may not be in the record yet.
func (f *Family) ArrivalOf(o *Org, c *Clip) Arrival {
	d := f.Decisions[StatementID(c.ID)]
	if d != nil && d.Outcome == Destroy {
		return ArrivalDestroy
	}
	late := o.lateStop(c)
	if approved, consented := f.Lawful(o, c); approved && consented && len(late) == 0 {
		return ArrivalOpen
	}
	if approved, consented := f.LawfulThen(o, c); !approved || !consented {
		return ArrivalShut
	}
	if d != nil && f.answeredAll(f.clipSubjects(c), d.Knew) && known(append(late, o.stopsOf(c.By, f.Programme)...), d.Knew) {
		return ArrivalTaken
	}
	return ArrivalAwaits
}

func known(stops, knew []StatementID) bool {
	return !slices.ContainsFunc(stops, func(r StatementID) bool { return !slices.Contains(knew, r) })
}

func (f *Family) answeredAll(subjects []Subject, knew []StatementID) bool {
	return !slices.ContainsFunc(subjects, func(s Subject) bool { return !f.answered(s, knew) })
}

// clipSubjects is what a clip is a permission on: those in it, the request that it
// rests on, and filming in this family.
func (f *Family) clipSubjects(c *Clip) []Subject {
	list := []Subject{f.filmingSubject(), requestSubject(c.Approval)}
	for _, p := range c.People {
		list = append(list, personSubject(p))
		for _, purpose := range c.needs(FilmAndUse) {
			list = append(list, purposeSubject(p, purpose))
		}
	}
	return list
}

func (b ClipAdd) subjects(f *Family) []Subject {
	return f.clipSubjects(&Clip{Kind: b.Kind, People: b.People, Approval: b.Approval})
}

// ClipWaits is the matter of a clip that awaits a decision.
const ClipWaits MatterKind = "clip"

// clipsWaiting lists the clips that the head of service decides on, without film: it
// has not arrived.
func clipsWaiting(f *Family, o *Org, p Pack, _ Micros) []Matter {
	var out []Matter
	for id, c := range f.Clips {
		if !c.Stored.IsZero() || f.ArrivalOf(o, c) != ArrivalAwaits {
			continue
		}
		text := "A clip was filmed before a stop was known, or sent after it. Its film has not been taken in."
		if !c.Late.IsZero() {
			text = "A clip came from a device that had been revoked; it says that it was filmed before. Its film has not been taken in."
		}
		out = append(out, Matter{
			Kind: ClipWaits, Of: id.String(), Since: c.Added, Due: c.Added.workingDays(p.Clocks.Withdrawal), For: []Role{HeadOfService},
			Text: text,
			Do:   "Decide whether the film is taken in or destroyed.",
		})
	}
	return out
}
