package policies

import (
	"cmp"
	"slices"
)

// A withdrawal stops all use at once. That its film may then be destroyed takes three
// things more: the service's clock has run, somebody other than who recorded the
// withdrawal has made sure that it came from the family, and nothing holds the film.
// Until then the film waits, and after a while it is on more people's desks; nothing is
// ever destroyed because nobody looked.
//
// Source: DESIGN §5, withdrawal; UK GDPR Art 17(1)(b) and 17(3).

// Stop is a withdrawal or a carer's press on "Ask us to stop", as far as disposal needs
// it: about whom, and who took it down.
type Stop struct {
	ID     StatementID `json:"id"`
	People []PersonID  `json:"people"`
	By     StaffID     `json:"by"` // zero for the server
	At     Micros      `json:"at"` // of acceptance: the clock gives the service time to find a reason
}

// DisposalAuthorise is the body of disposal.authorise: a second person made sure that
// a withdrawal came from whom it names.
type DisposalAuthorise struct {
	Of       StatementID `json:"of"` // consent.withdraw or consent.suspend
	Identity Identity    `json:"identity"`
}

// Identity is how somebody made sure of a person.
type Identity string

// Identities lists every Identity.
func Identities() []Identity {
	return []Identity{"met_in_person", "rang_known_number", "document_seen", "known_to_service"}
}

// Authorisation is a disposal.authorise as the record keeps it.
type Authorisation struct {
	ID       StatementID   `json:"id"`
	Of       StatementID   `json:"of"`
	Identity Identity      `json:"identity"`
	By       StaffID       `json:"by"`
	At       Micros        `json:"at"`
	Knew     []StatementID `json:"knew"`
}

// Check implements [Body].
func (b DisposalAuthorise) Check() error {
	var c checks
	named(&c, "the withdrawal", b.Of)
	word(&c, "how the person was made sure of", b.Identity, Identities())
	return c.err
}

func (b DisposalAuthorise) subjects(f *Family) []Subject { return f.disposalOf(b.Of) }

// disposalOf is what an authorisation to destroy after a withdrawal is a permission on.
func (f *Family) disposalOf(stop StatementID) []Subject {
	s := f.Stops[stop]
	if s == nil {
		return nil
	}
	list := []Subject{f.disposalSubject()}
	for id, c := range f.Clips {
		if c.shows(s.People) {
			list = append(list, f.held(id)...)
		}
	}
	return list
}

func (c *Clip) shows(people []PersonID) bool {
	return slices.ContainsFunc(c.People, func(p PersonID) bool { return slices.Contains(people, p) })
}

// noteStop keeps who took a withdrawal down, beside the restriction that it is.
func (f *Family) noteStop(id StatementID, people []PersonID, by StaffID, accepted Micros) {
	put(&f.Stops, id, &Stop{ID: id, People: slices.Clone(people), By: by, At: accepted})
}

func authoriseDisposal(f *Family, _ *Org, a act[DisposalAuthorise]) (Changes, error) {
	s := f.Stops[a.Said.Of]
	if s == nil {
		return Changes{}, missing("the withdrawal", a.Said.Of)
	}
	if s.By == a.By.Staff {
		return Changes{}, notPossible("nobody confirms a withdrawal that they recorded themselves; ask a colleague or the head of service")
	}
	if s.By.IsZero() && a.By.Role == Practitioner { // the family's key opens its links too
		return Changes{}, notPossible("this was asked on the page of a link, which the team can open too: record that they withdraw, or ask the head of service to confirm it")
	}
	put(&f.Authorised, a.ID, &Authorisation{ID: a.ID, Of: s.ID, Identity: a.Said.Identity, By: a.By.Staff, At: min(a.At, a.Now), Knew: knew(a.Statement)})
	return f.touched(slices.Clone(s.People)), nil
}

// Destiny is what is to become of a clip's film.
type Destiny string

// The destinies. Only the last lets anything be destroyed.
const (
	DestinyNone    Destiny = ""                  // nobody has asked for it to be destroyed
	DestinyKept    Destiny = "kept"              // the head of service decided so, on a ground
	DestinyHeld    Destiny = "held"              // asked for, and held
	DestinyClock   Destiny = "clock"             // asked for, and the clock runs
	DestinyAwaits  Destiny = "awaiting_decision" // asked for, the clock has run, nobody confirmed it
	DestinyDestroy Destiny = "may_be_destroyed"
)

// Destruction is what is to become of a clip, with every reason.
type Destruction struct {
	Destiny Destiny
	From    Micros // the first instant at which it may be destroyed; zero where none is known
	Reasons []Reason
}

// Destruction says whether the film of a clip may be destroyed now, and if not, what
// stands in the way. It looks at what families and people asked for; what a schedule
// says is another question: [Forecast]; [Family.Fate] puts both in their order.
func (f *Family) Destruction(o *Org, id ClipID, p Pack, now Micros) Destruction {
	c := f.Clips[id]
	if c == nil {
		return Destruction{}
	}
	var out Destruction
	say := func(rule, text string) { out.Reasons = append(out.Reasons, Reason{rule, text}) }
	asked, allowed, kept := f.asked(c, say), false, false
	var soonest, sooner Micros // of all, and of those that were confirmed
	for _, s := range asked {
		clock := s.At.workingDays(o.withdrawal(p, s.At, now))
		if clock == 0 {
			say(ClockRule, "The service's clock for withdrawals is not known here; sync first.")
			continue
		}
		d, sure := f.Decisions[s.ID], f.confirmed(o, s, c)
		switch {
		case d != nil && d.Outcome == Keep:
			kept = true
			say(DecidedRule, "The head of service decided on "+d.At.day()+" to keep it ("+plainWord(d.Ground)+"). Nobody watches it.")
			continue
		case !sure:
			say(SecondRule, "Nobody but who recorded it has confirmed that the family asked for it, knowing of every hold.")
		}
		if now <= clock {
			say(ClockRule, "Until "+clock.day()+" the service looks for a reason to keep it.")
		}
		soonest = earlier(soonest, clock+1)
		if sure {
			sooner = earlier(sooner, clock+1)
		}
		allowed = allowed || sure && now > clock
	}
	if out.From = soonest; sooner != 0 {
		out.From = sooner
	}
	if d := f.Decisions[StatementID(id)]; d != nil && d.Outcome == Destroy && c.Stored.IsZero() { // of film that waits outside
		asked = append(asked, &Stop{ID: d.Of})
		if f.knewHolds(o, id, d.Knew) {
			allowed, out.From = true, d.At
			say(DecidedRule, "The head of service ordered on "+d.At.day()+" that it be destroyed ("+plainWord(d.Ground)+").")
		} else {
			say(SecondRule, "The head of service ordered that it be destroyed without knowing of a hold.")
		}
	}
	if len(asked) == 0 {
		return Destruction{}
	}
	holds := f.HeldBy(o, id, p, now)
	out.Reasons = append(out.Reasons, holds...)
	switch {
	case kept:
		out.Destiny, out.From = DestinyKept, 0
	case len(holds) > 0:
		out.Destiny = DestinyHeld
	case allowed:
		out.Destiny = DestinyDestroy
	case now < out.From:
		out.Destiny = DestinyClock
	default:
		out.Destiny = DestinyAwaits
	}
	return out
}

// earlier is the earlier of two instants, of which zero is none.
func earlier(a, b Micros) Micros {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// asked lists the withdrawals that stand against a clip, the oldest first.
func (f *Family) asked(c *Clip, say func(rule, text string)) []*Stop {
	var out []*Stop
	for _, p := range c.People {
		for _, w := range f.Restrictions[personSubject(p)] {
			if s := f.Stops[w]; s != nil && !slices.Contains(out, s) && !f.agreedToFilmSince(p, w) {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Stop) int { return cmp.Or(cmp.Compare(a.At, b.At), compareID(a.ID, b.ID)) })
	for _, s := range out {
		say(WithdrawnRule, "Somebody in it asked on "+s.At.day()+" for it to stop. Nobody watches it.")
	}
	return out
}

// agreedToFilmSince reports whether a form answers a withdrawal with a yes to film.
func (f *Family) agreedToFilmSince(p PersonID, w StatementID) bool {
	for _, c := range f.Consents {
		if c.Covers(p) && c.Says(FilmAndUse) && f.settles(c, w, p) {
			return true
		}
	}
	return false
}

// confirmed reports whether a second person stands behind a withdrawal, for this clip:
// by an authorisation, or the head of service's decision, that knew of every hold on it.
func (f *Family) confirmed(o *Org, s *Stop, c *Clip) bool {
	if d := f.Decisions[s.ID]; d != nil && d.Outcome == Destroy && f.knewHolds(o, c.ID, d.Knew) {
		return true
	}
	for _, a := range f.Authorised {
		if a.Of == s.ID && f.knewHolds(o, c.ID, a.Knew) {
			return true
		}
	}
	return false
}

func (f *Family) anyFilm(people []PersonID) bool {
	for _, c := range f.Clips {
		if c.shows(people) {
			return true
		}
	}
	return false
}

// Settled reports whether nothing is left to be done about a withdrawal but to wait or
// to destroy: for every clip that it is about it was confirmed, or decided on, or a
// later form answered it.
func (f *Family) Settled(o *Org, stop StatementID) bool {
	s := f.Stops[stop]
	if s == nil {
		return true
	}
	if d := f.Decisions[stop]; d != nil && d.Outcome == Keep {
		return true
	}
	for _, c := range f.Clips {
		if slices.Contains(f.asked(c, func(string, string) {}), s) && !f.confirmed(o, s, c) {
			return false
		}
	}
	return true
}

// WithdrawalWaits is the matter of a withdrawal that nobody has confirmed.
const WithdrawalWaits MatterKind = "withdrawal"

// withdrawalsWaiting begins with the team, who can talk with the family. A carer's own
// press has a matter of its own.
func withdrawalsWaiting(f *Family, o *Org, p Pack, _ Micros) []Matter {
	var out []Matter
	for id, s := range f.Stops {
		if f.Suspended[id] != nil || f.Settled(o, id) {
			continue
		}
		out = append(out, Matter{
			Kind: WithdrawalWaits, Of: id.String(), Since: s.At, Due: s.At.workingDays(p.Clocks.Withdrawal), For: []Role{Practitioner},
			Text: "Somebody withdrew. Nobody watches the film, and it is not destroyed before somebody confirms it.",
			Do:   "Confirm that the family asked for it, if you did not record it; or the head of service decides to keep it.",
		})
	}
	return out
}
