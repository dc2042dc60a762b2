package policies

import (
	"cmp"
	"slices"
	"time"
)

// The law gives a month to answer what a person asks, and lets the clock be moved for
// named reasons only. Each of them is a step that an IG officer records; until when an
// answer is due is worked out from the steps, in the order of their days.
//
// Weekends and public holidays move nothing: the day is never later than the law's.
//
// Source: UK GDPR Art 12(3) and 12A (Data (Use and Access) Act 2025 s 76); ICO, right
// of access, "How long do we have to comply?"; for complaints DPA 2018 s 164A.

// RequestClock is the body of request.clock: the clock of a request is moved, or a
// complaint acknowledged.
type RequestClock struct {
	Request StatementID `json:"request"`
	Step    ClockStep   `json:"step"`
	On      string      `json:"on"` // the day on which they were told or asked, or their answer came
}

// ClockStep is what moves the clock, and why.
type ClockStep string

// The steps.
const (
	ExtendComplex    ClockStep = "extend_complex" // two further months: the request is complex
	ExtendMany       ClockStep = "extend_many"    // two further months: the person made many
	PauseIdentity    ClockStep = "pause_identity" // asked who they are
	PauseClarify     ClockStep = "pause_clarify"  // asked what they mean
	ResumeClock      ClockStep = "resume"         // their answer came
	AcknowledgeClock ClockStep = "acknowledge"    // the complaint was acknowledged
)

// ClockSteps lists every ClockStep.
func ClockSteps() []ClockStep {
	return []ClockStep{ExtendComplex, ExtendMany, PauseIdentity, PauseClarify, ResumeClock, AcknowledgeClock}
}

// ClockMove is a step as the record keeps it.
type ClockMove struct {
	ID   StatementID `json:"id"`
	Step ClockStep   `json:"step"`
	On   string      `json:"on"`
	By   StaffID     `json:"by"`
	At   Micros      `json:"at"`
}

// further is what an extension adds. Source: UK GDPR Art 12A(3).
func further() Period { return Period{Months: 2} }

// Check implements [Body].
func (b RequestClock) Check() error {
	var c checks
	named(&c, "the request", b.Request)
	word(&c, "step", b.Step, ClockSteps())
	c.day("the day of the step", b.On)
	return c.err
}

// moveClock looks at nothing but the request itself, so that steps taken on two devices
// are both kept; which of them count, [LegalRequest.Clock] says.
func moveClock(f *Family, _ *Org, a act[RequestClock]) (Changes, error) {
	r := f.Requests[a.Said.Request]
	switch {
	case r == nil:
		return Changes{}, missing("the request", a.Said.Request)
	case !r.Kind.knows(a.Said.Step):
		return Changes{}, notPossible("the clock of this kind of request (%s) has no such step (%s)", plainWord(r.Kind), plainWord(a.Said.Step))
	case a.Said.On < r.ReceivedOn:
		return Changes{}, notPossible("the step is dated %s, before the request came", a.Said.On)
	case a.Said.On > a.Now.plus(Skew+summerTime).day():
		return Changes{}, notPossible("the step is dated %s, which is still to come", a.Said.On)
	}
	r.Moves = append(r.Moves, ClockMove{ID: a.ID, Step: a.Said.Step, On: a.Said.On, By: a.By.Staff, At: min(a.At, a.Now)})
	slices.SortFunc(r.Moves, func(x, y ClockMove) int {
		return cmp.Or(cmp.Compare(x.On, y.On), cmp.Compare(x.At, y.At), cmp.Compare(x.ID.String(), y.ID.String()))
	})
	return Changes{}, nil
}

// knows reports whether the law has this step for what was asked: only a request to see
// waits for clarification, a complaint is acknowledged, a court's notice has no clock.
func (k RequestKind) knows(s ClockStep) bool {
	switch k {
	case AccessRequest:
		return s != AcknowledgeClock
	case ErasureRequest, RectificationRequest:
		return s != AcknowledgeClock && s != PauseClarify
	case Complaint:
		return s == AcknowledgeClock
	}
	return false
}

// Clock is how the clock of a request stands.
type Clock struct {
	Until        Day       // the last day to answer; zero where there is none, or while it is stopped
	TellBy       Day       // the last day to tell of an extension
	Stopped      ClockStep // what is waited for; "" while it runs
	StoppedOn    Day
	Extended     bool
	Acknowledged bool
	Late         bool // an extension was told too late, and does not count
}

// Clock works out how the clock stands. What is asked to know who somebody is starts it
// anew on the day of their answer; the days for which clarification is awaited do not
// count. The day of the answer counts again: at most a day earlier than the law.
func (r *LegalRequest) Clock(p Pack) Clock {
	on, err := ParseDay(r.ReceivedOn)
	if err != nil {
		return Clock{}
	}
	var c Clock
	if r.Kind == Complaint {
		c.Acknowledged = len(r.Moves) > 0
		if days := p.Clocks.Complaint.Value; days > 0 && !c.Acknowledged {
			c.Until = on.Plus(Period{Days: days})
		}
		return c
	}
	if months := p.Clocks.Request.Value; months > 0 && r.Kind.knows(ResumeClock) {
		return r.answerClock(on, Period{Months: months})
	}
	return c
}

// answerClock runs through the steps of a request that is to be answered.
func (r *LegalRequest) answerClock(start Day, month Period) Clock {
	var c Clock
	waited := 0
	tellBy := func() Day { return start.Plus(month).Plus(Period{Days: waited}) }
	for _, m := range r.Moves {
		day, err := ParseDay(m.On)
		if err != nil {
			continue
		}
		switch m.Step {
		case ExtendComplex, ExtendMany:
			if c.Stopped == "" && tellBy().Before(day) {
				c.Late = true
			} else {
				c.Extended = true
			}
		case PauseIdentity, PauseClarify:
			if c.Stopped == "" && !answerUntil(start, month, waited, c.Extended).Before(day) {
				c.Stopped, c.StoppedOn = m.Step, day
			}
		case ResumeClock:
			switch c.Stopped {
			case PauseIdentity:
				start, waited = day, 0
			case PauseClarify:
				waited += int(day.noon().Sub(c.StoppedOn.noon()) / (24 * time.Hour))
			}
			c.Stopped, c.StoppedOn = "", Day{}
		}
	}
	if c.Stopped == "" {
		c.TellBy, c.Until = tellBy(), answerUntil(start, month, waited, c.Extended)
	}
	return c
}

// answerUntil is the last day to answer. One period of three months, not one month
// and then two: 31 January ends with 30 April.
func answerUntil(start Day, month Period, waited int, extended bool) Day {
	if extended {
		month.Months += further().Months
	}
	return start.Plus(month).Plus(Period{Days: waited})
}
