package policies

import "strings"

// planned is what the schedule says of a clip, without what holds it and what anybody in it
// asked for. Of the packs whose dates still stand the latest date counts.
func (f *Family) planned(c *Clip, t Terms) (out Forecast) {
	if t.Unknown {
		return Forecast{Class: c.ClassOf(), Standing: StandUndecided, Then: FateReview, Reasons: []string{unknownFigures}}
	}
	packs := []Pack{t.Pack}
	for _, old := range t.Older {
		if old.binds(c) {
			packs = append(packs, old.Pack)
		}
	}
	for i, p := range packs {
		class, ok := p.Class(c.ClassOf())
		if !ok && i > 0 {
			continue // it said nothing of this film
		}
		if !ok {
			class = RetentionClass{Class: c.ClassOf(), Then: FateReview}
		}
		course := f.course([]*Clip{c}, c.People, t.Now, t.Where)
		next := Forecast{Class: class.Class, Standing: StandDated, Then: class.Then}
		next.schedule(class, course)
		next.minimum(class, course)
		if i == 0 {
			out = next
		} else {
			out = out.careful(next)
		}
	}
	return out
}

// careful is a forecast held against that of older figures which still bind: what keeps
// longer counts, and where one of them has a person look, one looks.
func (f Forecast) careful(older Forecast) Forecast {
	first := f.Then != FateDestroy || older.Then != FateDestroy
	if f.Standing == StandDated && (older.Standing != StandDated || f.Until.Before(older.Until)) {
		older.say("Figures that the service adopted before keep it longer, and a change moves nothing earlier by itself")
		f = older
	}
	if first && f.Then == FateDestroy {
		f.Then = FateReview
		f.say("By figures that the service adopted before a person looks at it first")
	}
	return f
}

// bySchedule is what becomes of film that nobody asked about. It is true where its time is
// over and somebody let it go.
func (f *Family) bySchedule(c *Clip, planned Forecast, t Terms, x *Fated) bool {
	for _, text := range planned.Reasons {
		x.say(ScheduleRule, text)
	}
	switch planned.Standing {
	case StandWaiting:
		x.State = FateWaiting
		return false
	case StandUndecided:
		x.State = FateLook
		return f.looked(c, planned, t, x)
	}
	over := planned.Until.After(t.Where)
	x.Due = over
	if t.Now < over {
		x.State, x.Date = FateKept, over
		return false
	}
	x.State = FateDue
	if planned.Then != FateDestroy {
		x.State = FateLook
	}
	return f.looked(c, planned, t, x)
}

// looked is whether a person let film go whose time is over, or a standing authorisation of
// its class did; that one not where a person is to look, and not against somebody's decision
// to keep it.
func (f *Family) looked(c *Clip, planned Forecast, t Terms, x *Fated) bool {
	decided := f.keptSince(c)
	if a := f.appraised(t.Org, c.ID); a != nil && a.At >= decided {
		again, _ := ParseDay(a.Again)
		upto, _ := ParseDay(a.Until)
		switch {
		case a.Outcome == KeepOn && t.Now < again.After(t.Where):
			x.State, x.Date, x.Due = FateKept, again.After(t.Where), 0
			x.say(AppraisedRule, "Somebody looked at it on "+a.At.day()+": it is kept, and looked at again on "+a.Again+".")
			return false
		case a.Outcome == LetGo && upto.Before(planned.Until):
			x.say(AppraisedRule, "Somebody let it go on "+a.At.day()+", when its time was over earlier; they have to look again.")
		case a.Outcome == LetGo:
			x.State, x.Ground, x.Authority = FateReady, BySchedule, []StatementID{a.ID}
			x.say(AppraisedRule, "Somebody looked at it on "+a.At.day()+", and let it go.")
			return true
		}
	}
	if x.State == FateDue && decided == 0 && x.Class.Working() {
		if by := t.standing(x.Class); len(by) > 0 {
			x.State, x.Ground, x.Authority = FateReady, BySchedule, by
			x.say(AppraisedRule, "A standing authorisation lets film of this class go: "+strings.ToLower(x.Class.String())+".")
			return true
		}
	}
	if x.State == FateDue {
		x.say(AppraisedRule, "Its time is over, and nobody has authorised that it goes.")
	} else {
		x.say(AppraisedRule, "A person looks at it, and decides whether it goes.")
	}
	return false
}

// keptSince is when a head of service last decided that film which somebody in it asked to
// be destroyed is kept; 0 where nobody did.
func (f *Family) keptSince(c *Clip) (last Micros) {
	for _, s := range f.asked(c, func(string, string) {}) {
		if d := f.Decisions[s.ID]; d != nil && d.Outcome == Keep {
			last = max(last, d.At)
		}
	}
	return last
}
