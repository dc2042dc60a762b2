package policies

import (
	"slices"
	"time"
)

// A public inquiry may ask that nothing at all be destroyed. A hold on the service keeps
// all film of all families, also of those whose records begin later, until the head of
// service releases it. It is about disposal only: it stops no work, and gives nobody the
// right to watch.
//
// Source: Inquiries Act 2005 s 35; domain notes §3.3, statutory inquiries can freeze
// disposal.

// ServiceHold is a hold on everything of the service, as its record keeps it.
type ServiceHold struct {
	ID         StatementID `json:"id"` // service.hold
	Kind       HoldKind    `json:"kind"`
	ReviewOn   string      `json:"review_on"`
	Confirms   StatementID `json:"confirms"`
	By         StaffID     `json:"by"`
	At         Micros      `json:"at"`
	Released   StatementID `json:"released"` // service.release; zero while it stands
	ReleasedAt Micros      `json:"released_at"`
}

// ServiceHoldPlace is the body of service.hold, a restriction.
type ServiceHoldPlace struct {
	Kind     HoldKind    `json:"kind"`
	ReviewOn string      `json:"review_on"` // "2026-11-20"; "": by the pack's clock
	Confirms StatementID `json:"confirms"`  // an earlier one that was looked at again; may be empty
}

// ServiceRelease is the body of service.release.
type ServiceRelease struct {
	Hold StatementID `json:"hold"`
}

// Check implements [Body].
func (b ServiceHoldPlace) Check() error {
	var c checks
	word(&c, "kind of hold", b.Kind, HoldKinds())
	c.reviewOn(b.ReviewOn)
	return c.err
}

// Check implements [Body].
func (b ServiceRelease) Check() error {
	var c checks
	named(&c, "the hold", b.Hold)
	return c.err
}

func holdService(o *Org, a act[ServiceHoldPlace]) (Changes, error) {
	b, standing := a.Said, 0
	for _, h := range o.HeldAll {
		if h.Stands() {
			standing++
		}
	}
	if standing >= MaxStanding { // whoever lets film be destroyed must name each
		return Changes{}, notPossible("%d holds keep everything of the service, and one more would keep no more", standing)
	}
	put(&o.HeldAll, a.ID, &ServiceHold{ID: a.ID, Kind: b.Kind, ReviewOn: b.ReviewOn, Confirms: b.Confirms, By: a.By.Staff, At: a.Now})
	return Changes{Dates: true}, nil
}

// releaseService is for a head of service, who is never the IG officer that placed it:
// a role may have changed since, and then it takes somebody else all the same.
func releaseService(o *Org, a act[ServiceRelease]) (Changes, error) {
	h := o.HeldAll[a.Said.Hold]
	switch {
	case h == nil:
		return Changes{}, missing("the hold", a.Said.Hold)
	case !h.Stands():
		return Changes{}, notPossible("this hold was released before")
	case h.By == a.By.Staff:
		return Changes{}, notPossible("nobody releases a hold that they placed themselves; ask another head of service")
	}
	h.Released, h.ReleasedAt = a.ID, a.Now
	return Changes{Dates: true}, nil
}

// Stands reports whether it was not released.
func (h *ServiceHold) Stands() bool { return h.Released.IsZero() }

// ServiceHolds lists every hold on the service that there ever was, in the order of their
// numbers; none without a record.
func (o *Org) ServiceHolds() []*ServiceHold {
	if o == nil {
		return nil
	}
	return sorted(o.HeldAll)
}

// everHeld names every hold on the service that there ever was: who lets film be
// destroyed must have known of each, also of one that was released since.
func (o *Org) everHeld() (ids []StatementID) {
	for _, h := range o.ServiceHolds() {
		ids = append(ids, h.ID)
	}
	return ids
}

// LookedAgain reports whether a later hold carries this one on.
func (o *Org) LookedAgain(id StatementID) bool {
	return slices.ContainsFunc(o.ServiceHolds(), func(h *ServiceHold) bool { return h.Confirms == id })
}

func serviceHoldReviews(o *Org, p Pack, now Micros) []Matter {
	var out []Matter
	for _, h := range o.ServiceHolds() {
		if h.Stands() && !o.LookedAgain(h.ID) {
			out = append(out, holdReview(h.ID, h.Kind, h.At, h.ReviewOn, p, now)...)
		}
	}
	return out
}

// ReviewDay is the day on which a hold is looked at again: the one that was said when it
// was placed, and never later than by the pack's clock; no day while that is not known.
func ReviewDay(placed Micros, on string, p Pack) (day Day) {
	if p.Clocks.HoldReview.Value == 0 {
		return day
	}
	day = DayOf(placed, time.UTC).Plus(Period{Months: p.Clocks.HoldReview.Value})
	if said, err := ParseDay(on); err == nil && said.Before(day) {
		return said
	}
	return day
}
