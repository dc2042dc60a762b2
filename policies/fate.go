package policies

import (
	"slices"
)

// FateState is where a clip stands between filming and its end.
type FateState string

// The states, in the order in which one stands before another.
const (
	FateGone       FateState = "destroyed"
	FateDestroying FateState = "destroying" // ordered; nothing comes back
	FateHeld       FateState = "held"
	FateKept       FateState = "kept"    // until its date, or by a decision
	FateWaiting    FateState = "waiting" // the date counts from what has not happened
	FateClock      FateState = "clock"   // asked to be destroyed, and the service's days run
	FateLook       FateState = "review"  // a person looks and decides
	FateDue        FateState = "due"     // its time is over, and nobody has authorised it
	FateReady      FateState = "ready"   // and somebody has: it is marked next
	FateGrace      FateState = "grace"   // marked; nobody watches
	FateGo         FateState = "destroy" // marked, and the grace is over
)

// Fated is what becomes of a clip, with every reason. Nothing is destroyed by it.
type Fated struct {
	Class     ClassName      `json:"class"`
	State     FateState      `json:"state"`
	Date      Micros         `json:"date"`      // the next instant at which time alone changes the state; 0 for none
	Until     Day            `json:"until"`     // the last day that the schedule keeps it; "" where it has none
	Ground    DisposalGround `json:"ground"`    // why it goes; "" while nothing lets it
	Due       Micros         `json:"due"`       // since when it may, or will be able to; 0 where unknown
	Authority []StatementID  `json:"authority"` // on whose word
	Mark      StatementID    `json:"mark"`      // that counts; zero for none
	Reasons   []Reason       `json:"reasons"`   // sentences, each with the rule or the source it comes from
}

// ends reports whether film may go by this, now or after its grace.
func (x Fated) ends() bool {
	return slices.Contains([]FateState{FateReady, FateGrace, FateGo}, x.State)
}

// Waits reports whether film waits for a person to look, or to authorise it.
func (x Fated) Waits() bool { return x.State == FateDue || x.State == FateLook }

// Grace is the last instant of the days between a mark at this time and the destruction: of
// film whose time is over the pack's, so that a mistake can be noticed; none where the
// family waits for it, whose clock has run before.
func (x Fated) Grace(p Pack, marked Micros) Micros {
	if x.Ground != BySchedule {
		return marked
	}
	return marked + Micros(p.Clocks.Grace.Value)*24*Hour
}

// Fate says what becomes of a clip, and false for one that the record does not have.
//
// What stands first decides: that it is gone, or going; a hold; the statutory minimum of
// its class; what somebody in it asked for, or a head of service decided; its schedule; and
// otherwise it is kept. Everything that acts on film, or tells of it, reads this.
//
// Source: DESIGN §9, precedence; policies.md §2.
func (f *Family) Fate(id ClipID, t Terms) (Fated, bool) {
	c := f.Clips[id]
	if c == nil {
		return Fated{}, false
	}
	x := Fated{Class: c.ClassOf()}
	if f.gone(c, &x) {
		return x, true
	}
	x = f.live(c, t, x)
	if at := t.Org.planned(t.Now); at != 0 && x.Mark.IsZero() {
		x.Date = earlier(x.Date, at)
	}
	return x, true
}

// gone is of film that does not come back.
func (f *Family) gone(c *Clip, x *Fated) bool {
	if c.Destroying.IsZero() {
		return false
	}
	x.State, x.Mark, x.Due = FateDestroying, c.Mark, c.DestroyingAt
	if m := f.Marks[c.Mark]; m != nil {
		x.Ground, x.Authority, x.Due = m.Ground, slices.Clone(m.Authority), m.Due
	}
	if c.Disposed != nil {
		x.State = FateGone
		x.say(GoneRule, "It was destroyed on "+c.Disposed.At.day()+". Backups may hold it until "+c.Disposed.Backup+".")
		return true
	}
	x.say(GoneRule, "It is being destroyed since "+c.DestroyingAt.day()+". Nothing stops that any more.")
	return true
}

func (f *Family) live(c *Clip, t Terms, x Fated) Fated {
	holds := f.HeldBy(t.Org, c.ID, t.Pack, t.Now)
	asked := f.Destruction(t.Org, c.ID, t.Pack, t.Now)
	planned := f.planned(c, t)
	if planned.Standing == StandDated {
		x.Until = planned.Until
	}
	if len(holds) > 0 {
		x.State, x.Date = FateHeld, f.lapses(c.ID, t)
		x.Reasons = holds
		return x
	}
	if least := f.least(c, t); least != nil {
		*least = Fated{Class: x.Class, State: least.State, Date: least.Date, Until: x.Until, Reasons: least.Reasons}
		return *least
	}
	if f.byPeople(c, asked, t, &x) || f.bySchedule(c, planned, t, &x) {
		f.marked(c, t, &x)
	}
	return x
}

func (x *Fated) say(rule, text string) { x.Reasons = append(x.Reasons, Reason{rule, text}) }

// lapses is when the next provisional hold of a clip lapses by itself; 0 for none.
func (f *Family) lapses(id ClipID, t Terms) (next Micros) {
	for hold, h := range f.Holds {
		if c := f.Clips[id]; c != nil && h.Provisional && h.Covers(c) && f.HoldState(hold, t.Pack, t.Now) == HoldStands {
			if at := h.At.workingDays(t.Pack.Clocks.ProvisionalHold); at != 0 {
				next = earlier(next, at+1)
			}
		}
	}
	return next
}

// least is the statutory minimum of a clip's class while it is not over: nobody's wish and
// no decision goes before it. Nil where there is none.
func (f *Family) least(c *Clip, t Terms) *Fated {
	class, ok := t.Pack.Class(c.ClassOf())
	if !ok || len(class.Minimum) == 0 {
		return nil
	}
	var said Forecast
	until, waiting, _ := said.latest(class.Minimum, f.course([]*Clip{c}, c.People, t.Now, t.Where))
	x := Fated{State: FateWaiting}
	if len(waiting) == 0 {
		x.State, x.Date = FateKept, until.After(t.Where)
		if until.IsZero() || t.Now >= x.Date {
			return nil
		}
	}
	for _, text := range said.Reasons {
		x.say(MinimumRule, text)
	}
	x.say(MinimumRule, "The law's minimum stands before everything but a hold.")
	return &x
}

// byPeople is what people asked for and decided. It is false where nobody did, or where
// what they asked for does not end in destruction, so that the schedule goes on.
func (f *Family) byPeople(c *Clip, asked Destruction, t Terms, x *Fated) bool {
	x.Reasons = append(x.Reasons, asked.Reasons...)
	class, _ := t.Pack.Class(x.Class)
	ordered := f.Decisions[StatementID(c.ID)]
	switch asked.Destiny {
	case DestinyNone, DestinyHeld, DestinyKept:
		return false
	case DestinyClock:
		x.State, x.Date, x.Due = FateClock, asked.From, asked.From
	case DestinyAwaits:
		x.State, x.Due = FateLook, asked.From
	case DestinyDestroy:
		x.State, x.Due = FateReady, asked.From
		x.Ground, x.Authority = f.wordFor(t.Org, c)
		if class.Withdrawal == FateReview && x.Ground == ByWithdrawal && !f.ordered(x.Authority) {
			x.State, x.Ground, x.Authority = FateLook, "", nil
			x.say(WithdrawnRule, "By the service's policy the head of service decides whether it goes. "+class.Source)
		}
	}
	if ordered == nil && class.Withdrawal == FateRestrict {
		x.State, x.Date, x.Due, x.Ground, x.Authority = "", 0, 0, "", nil
		x.say(WithdrawnRule, "By the service's policy it is kept unseen until its date. "+class.Source)
		return false
	}
	return true
}

// wordFor is the ground on which film that people asked about goes, and their words: every
// withdrawal that stands with what confirmed it, or the order of the head of service.
func (f *Family) wordFor(o *Org, c *Clip) (ground DisposalGround, by []StatementID) {
	for _, s := range f.asked(c, func(string, string) {}) {
		confirmed := false
		add := func(id StatementID) {
			if !slices.Contains(by, id) && len(by) < MaxAuthority-1 {
				by, confirmed = append(by, id), true
			}
		}
		if d := f.Decisions[s.ID]; d != nil && d.Outcome == Destroy && f.knewHolds(o, c.ID, d.Knew) {
			add(d.ID)
		}
		for _, a := range sorted(f.Authorised) {
			if a.Of == s.ID && f.knewHolds(o, c.ID, a.Knew) {
				add(a.ID)
			}
		}
		if confirmed {
			by = append(by, s.ID)
		}
	}
	if len(by) > 0 {
		return ByWithdrawal, by
	}
	if d := f.Decisions[StatementID(c.ID)]; d != nil && d.Outcome == Destroy {
		return ByDecision, []StatementID{d.ID}
	}
	return "", nil
}

// ordered reports whether a head of service's decision is among these words.
func (f *Family) ordered(words []StatementID) bool {
	for _, d := range f.Decisions {
		if slices.Contains(words, d.ID) {
			return true
		}
	}
	return false
}

// marked says how far film is that may go.
func (f *Family) marked(c *Clip, t Terms, x *Fated) {
	if x.State != FateReady {
		return
	}
	x.Date = t.Now
	m := f.Marked(t.Org, c.ID)
	if m == nil || m.Ground != x.Ground {
		return
	}
	x.Mark, x.State, x.Date = m.ID, FateGrace, m.Until+1
	if t.Now > m.Until {
		x.State, x.Date = FateGo, t.Now
		x.say(MarkRule, "It was marked on "+m.At.day()+", and the days to notice a mistake are over.")
		return
	}
	x.say(MarkRule, "It was marked on "+m.At.day()+". Nobody watches it, and it goes after "+m.Until.day()+".")
}
