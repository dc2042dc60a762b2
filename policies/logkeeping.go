package policies

import (
	"strings"
	"time"
)

// LogKeeping says until when the events about a family are kept in the access log under
// a pack, and why: the class "access_log". Whatever holds any film of the family holds its
// log as well, for who looked at the film is evidence too. Where the pack counts from the
// case's closing, that is the closing of the record here.
//
// Source: DESIGN §9; UK GDPR Art 5(1)(e).
func (f *Family) LogKeeping(o *Org, p Pack, now Micros, where *time.Location) Forecast {
	class, ok := p.Class(AccessLog)
	if !ok {
		return Forecast{Class: AccessLog, Standing: StandUndecided, Reasons: []string{"The service's figures say nothing of the access log; the IG lead decides. Until then it is kept."}}
	}
	c := CourseOf(f, now, where)
	if c.Events[OnCaseClosed].IsZero() {
		c.Events[OnCaseClosed] = c.Events[OnInvolvementEnded]
	}
	c.Held = f.heldAtAll(o, p, now)
	return p.forecast(class, c)
}

// heldAtAll reports whether anything holds anything of the family.
func (f *Family) heldAtAll(o *Org, p Pack, now Micros) bool {
	for id := range f.Holds {
		if f.HoldState(id, p, now) == HoldStands {
			return true
		}
	}
	for _, r := range f.Requests {
		if r.Closed == nil {
			return true
		}
	}
	return f.InCourt() || o.AnyServiceHold()
}

// AnyServiceHold reports whether everything of the service is held.
func (o *Org) AnyServiceHold() bool {
	for _, h := range o.ServiceHolds() {
		if h.Stands() {
			return true
		}
	}
	return false
}

// StaffLogKeeping says until when an event about no family is kept: what staff and the
// service did of other kinds. Of "access_log" and "security_log" the longest period that
// needs no family to apply stands, from the day of the event.
func (p Pack) StaffLogKeeping(o *Org, on Day) Forecast {
	f := Forecast{Class: AccessLog, Standing: StandDated}
	for _, name := range []ClassName{AccessLog, SecurityLog} {
		class, _ := p.Class(name)
		for _, k := range append(append([]KeepRule(nil), class.Keep...), class.Minimum...) {
			if len(k.When) > 0 || triggers[k.After].maybe {
				continue
			}
			if end := on.Plus(k.Value); f.Until.Before(end) {
				f.Until, f.Reasons = end, nil
				f.say(k.Value.String() + " from the event: " + strings.TrimSuffix(k.Source, "."))
			}
		}
	}
	switch {
	case o.AnyServiceHold():
		f.Standing, f.Until = StandHeld, Day{}
		f.say("Everything of the service is held")
	case f.Until.IsZero():
		f.Standing = StandUndecided
		f.say("No rule of this pack fits; the IG lead decides. Until then it is kept")
	}
	return f
}
