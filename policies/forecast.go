package policies

import (
	"fmt"
	"slices"
	"strings"
)

// Course is what is known of one family's work: the days on which things
// happened, and what was stated. It is all that a retention date depends on.
type Course struct {
	Events    map[Trigger]Day // no birthdays: they follow from Born
	Born      Day             // of the youngest child in the film; [LastOfMonth] when only the month is known
	Stated    []Case          // of [Stated]
	Held      bool            // a legal hold, an open request, a complaint
	Withdrawn Day             // when consent was withdrawn, no day when it was not
}

// Standing is where an object stands under a pack.
type Standing string

// The standings, the strongest first: a hold stands before a minimum, a minimum
// before a withdrawal, a withdrawal before the schedule.
const (
	StandHeld      Standing = "held"      // nobody destroys it, whatever the dates say
	StandWaiting   Standing = "waiting"   // something that the date counts from has not happened
	StandUndecided Standing = "undecided" // no rule of the pack fits, or the rule is that a person decides
	StandDated     Standing = "dated"
)

// Forecast is what a pack says about one class in one course of work.
//
// It is a forecast and no order: nothing destroys by it. [Family.Fate] adds what people
// asked for and decided, their authorisation, and the grace.
type Forecast struct {
	Class    ClassName `json:"class"`
	Standing Standing  `json:"standing"`
	Until    Day       `json:"until"`   // the last day that it is kept; "" unless dated
	Then     Fate      `json:"then"`    // from the day after
	Stopped  bool      `json:"stopped"` // withdrawn: nobody watches, from that day
	Reasons  []string  `json:"reasons"` // sentences, each with its source
}

// Forecast says for every class of the pack until when it is kept, and why.
func (p Pack) Forecast(c Course) []Forecast {
	out := make([]Forecast, len(p.Retention))
	for i, class := range p.Retention {
		out[i] = p.forecast(class, c)
	}
	return out
}

func (p Pack) forecast(class RetentionClass, c Course) Forecast {
	f := Forecast{Class: class.Class, Standing: StandDated, Then: class.Then}
	f.schedule(class, c)
	if class.Class.IsFilm() && !c.Withdrawn.IsZero() {
		f.withdraw(class, c, p.Clocks.Withdrawal)
	}
	f.minimum(class, c)
	f.hold(class, c, p.Clocks.HoldReview)
	if f.Standing != StandDated {
		f.Until = Day{}
	}
	return f
}

// schedule is the latest date of the rules that apply; while one of them waits,
// there is none.
func (f *Forecast) schedule(class RetentionClass, c Course) {
	until, waiting, fits := f.latest(class.Keep, c)
	if class.SummaryGate && c.Events[OnSummaryFiled].IsZero() && !slices.Contains(waiting, OnSummaryFiled) {
		waiting = append(waiting, OnSummaryFiled)
	}
	switch {
	case !fits:
		f.Standing = StandUndecided
		f.say("No rule of this pack fits; the IG lead decides. Until then it is kept")
	case len(waiting) > 0:
		f.Standing = StandWaiting
		for _, t := range waiting {
			f.say("The date is not known before " + t.String())
		}
	default:
		f.Until = until
	}
}

// latest works out every rule that applies.
func (f *Forecast) latest(rules []KeepRule, c Course) (until Day, waiting []Trigger, fits bool) {
	for _, k := range rules {
		if !c.applies(k) {
			continue
		}
		from := c.on(k.After)
		if from.IsZero() && triggers[k.After].maybe {
			continue // it may never happen, and other rules decide
		}
		fits = true
		if from.IsZero() {
			waiting = append(waiting, k.After)
			continue
		}
		end := from.Plus(k.Value)
		f.say(fmt.Sprintf("%s (%s): %s. %s", sentence(k.String()), from, end, strings.TrimSuffix(k.Source, ".")))
		if until.Before(end) {
			until = end
		}
	}
	return until, waiting, fits
}

// withdraw puts a withdrawal in the place of the schedule.
func (f *Forecast) withdraw(class RetentionClass, c Course, clock Figure) {
	f.Stopped = true
	switch class.Withdrawal {
	case FateDestroy:
		f.Standing, f.Then, f.Until = StandDated, FateDestroy, c.Withdrawn.WorkingDays(clock.Value)
		f.Reasons = nil // the schedule decides nothing any more
		f.say(fmt.Sprintf("Consent was withdrawn on %s: %d working days for a second person to confirm it. %s", c.Withdrawn, clock.Value, strings.TrimSuffix(clock.Source, ".")))
	case FateReview:
		f.Standing, f.Then = StandUndecided, FateReview
		f.say("Consent was withdrawn: nobody watches, and a person decides whether it is kept")
	default:
		f.say("Consent was withdrawn: nobody watches, and it is kept until its date")
	}
}

// minimum moves a date that is too early to the end of what the law asks.
func (f *Forecast) minimum(class RetentionClass, c Course) {
	if f.Standing != StandDated {
		return
	}
	least, waiting, _ := f.latest(class.Minimum, c)
	switch {
	case len(waiting) > 0:
		f.Standing = StandWaiting
		f.say("The law's minimum counts from " + waiting[0].String())
	case f.Until.Before(least):
		f.Until, f.Then = least, class.Then
		f.say("The minimum stands before everything but a hold")
	}
}

func (f *Forecast) hold(class RetentionClass, c Course, look Figure) {
	court := class.Class.IsFilm() && slices.Contains(c.Stated, IfInCourt) && c.Events[OnProceedingsEnded].IsZero()
	if !c.Held && !court {
		return
	}
	f.Standing = StandHeld
	if c.Held {
		f.say("It is held: nothing is destroyed")
	} else {
		f.say("It is before a court: nothing is destroyed")
	}
	f.say(fmt.Sprintf("The hold is looked at every %s. %s", count(look.Value, "month"), strings.TrimSuffix(look.Source, ".")))
}

func (f *Forecast) say(s string) { f.Reasons = append(f.Reasons, s+".") }

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// on is the day on which a trigger happened, or will for a birthday.
func (c Course) on(t Trigger) Day {
	if years := t.Birthday(); years > 0 {
		if c.Born.IsZero() {
			return Day{}
		}
		return c.Born.Birthday(years)
	}
	return c.Events[t]
}

func (c Course) applies(k KeepRule) bool {
	for _, w := range k.When {
		if !c.is(w) {
			return false
		}
	}
	return true
}

// is works out the cases that follow from dates, and looks up those that were
// stated. Where the dates do not say yet, the rule that keeps longer applies:
// somebody not known to be dead lives, and while involvement goes on a child is
// taken both for seventeen at its end and for younger.
func (c Course) is(w Case) bool {
	child := !c.Born.IsZero()
	end, died := c.Events[OnInvolvementEnded], c.Events[OnDeath]
	open := end.IsZero()
	seventeen := child && !open && !end.Before(c.Born.Birthday(17)) && end.Before(c.Born.Birthday(18))
	young := child && !died.IsZero() && died.Before(c.Born.Birthday(18))
	stated := func(w Case) bool { return slices.Contains(c.Stated, w) }
	switch w {
	case IfChild:
		return child
	case IfAdultsOnly:
		return !child
	case IfSeventeenAtEnd:
		return seventeen || child && open
	case IfYoungerAtEnd:
		return child && !seventeen
	case IfDiedUnder18:
		return young
	case IfLivedTo18:
		return child && !young
	case IfNoPlan:
		return child && !stated(IfLookedAfter) && !stated(IfChildInNeed) && !stated(IfProtection)
	}
	return stated(w)
}
