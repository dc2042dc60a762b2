package policies

import "slices"

// A standing authorisation lets working material of one class go at the end of its time
// without anybody looking at each object. It takes two registrars in different roles, the
// IG officer and a head of service, each of whom signs the same words: the class, under the
// figures in force. Other figures end it, and so does either of them at any time; then film
// waits for a person again.
//
// Source: NHS Records Management Code: a standing authorisation for a defined class,
// documented and mandated; domain notes §3.3.

// StandingWord is one signature under a standing authorisation.
type StandingWord struct {
	ID    StatementID `json:"id"` // disposal.standing
	Class ClassName   `json:"class"`
	Pack  Digest      `json:"pack"`
	By    StaffID     `json:"by"`
	Role  Role        `json:"role"`
	At    Micros      `json:"at"`
	Ended StatementID `json:"ended"` // disposal.standing.end; zero while it stands
}

// DisposalStanding is the body of disposal.standing.
type DisposalStanding struct {
	Class ClassName `json:"class"`
	Pack  Digest    `json:"pack"` // of the figures in force
}

// DisposalStandingEnd is the body of disposal.standing.end, a restriction: every standing
// authorisation of the class is over.
type DisposalStandingEnd struct {
	Class ClassName `json:"class"`
}

// Check implements [Body].
func (b DisposalStanding) Check() error {
	var c checks
	c.standing(b.Class)
	named(&c, "the figures", b.Pack)
	return c.err
}

// Check implements [Body].
func (b DisposalStandingEnd) Check() error {
	var c checks
	c.standing(b.Class)
	return c.err
}

// standing: a class of film that may be a record is always looked at.
func (c *checks) standing(class ClassName) {
	c.that(class.IsFilm() && class.Working(), "%q is no class of working material on film", string(class))
}

func signStanding(o *Org, a act[DisposalStanding]) (Changes, error) {
	if a.Said.Pack != o.Policy.SHA256 {
		return Changes{}, notPossible("other figures were adopted since; sync, and look again")
	}
	if slices.ContainsFunc(o.standingWords(a.Said.Class), func(w *StandingWord) bool { return w.By == a.By.Staff || w.Role == a.By.Role }) {
		return Changes{}, notPossible("somebody in this role signed this already; the other role signs next")
	}
	put(&o.Standings, a.ID, &StandingWord{ID: a.ID, Class: a.Said.Class, Pack: a.Said.Pack, By: a.By.Staff, Role: a.By.Role, At: a.Now})
	return Changes{Dates: true}, nil
}

func endStanding(o *Org, a act[DisposalStandingEnd]) (Changes, error) {
	for _, w := range o.Standings {
		if w.Class == a.Said.Class && w.Ended.IsZero() {
			w.Ended = a.ID
		}
	}
	return Changes{Dates: true}, nil
}

// standingWords are the signatures that count for a class under the figures in force.
func (o *Org) standingWords(class ClassName) (out []*StandingWord) {
	if o == nil {
		return nil
	}
	for _, w := range sorted(o.Standings) {
		if w.Class == class && w.Pack == o.Policy.SHA256 && w.Ended.IsZero() {
			out = append(out, w)
		}
	}
	return out
}

// StandingFor lists the two signatures by which film of a class goes at the end of its
// time; none while there is only one.
func (o *Org) StandingFor(class ClassName) (by []StatementID) {
	words := o.standingWords(class)
	if len(words) < 2 {
		return nil
	}
	for _, w := range words {
		by = append(by, w.ID)
	}
	return by
}

// StandingSigned lists the signatures that count for a class, also while there is only one.
func (o *Org) StandingSigned(class ClassName) (out []StandingWord) {
	for _, w := range o.standingWords(class) {
		out = append(out, *w)
	}
	return out
}

// authority reports whether a statement in the organisation's record is a person's word by
// which film may go.
func (o *Org) authority(id StatementID) bool {
	w := o.Standings[id]
	return w != nil && slices.Contains(o.StandingFor(w.Class), id)
}

// StandingWaits is the matter of a standing authorisation that one role has signed.
const StandingWaits MatterKind = "standing"

func standingWaiting(o *Org, _ Pack, _ Micros) []Matter {
	var out []Matter
	for _, class := range ClassNames() {
		words := o.standingWords(class)
		if len(words) != 1 {
			continue
		}
		other := IGOfficer
		if words[0].Role == IGOfficer {
			other = HeadOfService
		}
		out = append(out, Matter{
			Kind: StandingWaits, Of: string(class), Since: words[0].At, For: []Role{other},
			Text: "One signature lets film go at the end of its time without anybody looking at each (" + plainWord(class) + "). It takes a second.",
			Do:   "Sign it too, or end it.",
		})
	}
	return out
}
