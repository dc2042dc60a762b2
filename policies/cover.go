package policies

import "time"

// Cover puts a practitioner on a family's team until a date, when nobody of the team
// can work: its only practitioner is ill. It is the head of service's to authorise, or
// their deputy's, because the team itself cannot. It ends by its date, and with a
// team.remove that it did not know. The family's key does not come with it: a device of
// the team wraps it, or, where there is none, two custodians recover it.
//
// An IG officer must have heard the six words of who covers. A head of service can invite
// and confirm somebody alone, and whoever covers is given the family's key: one person
// could else see film by their rank, under the name of a practitioner who does not exist.
//
// Source: DESIGN §1, the head of service arranges cover, and never sees film by rank.

// MaxCover bounds one cover: six weeks of illness. By then somebody of the team adds
// the person for good, or the head of service authorises it anew.
const MaxCover = 42 * 24 * time.Hour

// Cover is one place on a team until a date.
type Cover struct {
	ID    StatementID   `json:"id"` // cover.authorise
	By    StaffID       `json:"by"`
	Staff StaffID       `json:"staff"`
	Until Micros        `json:"until"`
	Knew  []StatementID `json:"knew"`
}

// CoverAuthorise is the body of cover.authorise.
type CoverAuthorise struct {
	Staff StaffID `json:"staff"`
	Until Micros  `json:"until"`
}

// Check implements [Body].
func (b CoverAuthorise) Check() error {
	var c checks
	named(&c, "the person who covers", b.Staff)
	c.instant("the end of the cover", b.Until)
	return c.err
}

func (b CoverAuthorise) subjects(*Family) []Subject { return []Subject{staffSubject(b.Staff)} }

func authoriseCover(f *Family, o *Org, a act[CoverAuthorise]) (Changes, error) {
	p := o.Staff[a.Said.Staff]
	switch {
	case p == nil:
		return Changes{}, missing("the invitation", a.Said.Staff)
	case p.ID == a.By.Staff:
		return Changes{}, notPossible("nobody puts themselves on a team")
	case p.Role != Practitioner:
		return Changes{}, notPossible("only practitioners cover for a practitioner")
	case !p.Active(a.Now) || !p.HasPowers():
		return Changes{}, notPossible("this practitioner is not confirmed, or no longer certified; ask a registrar")
	case p.Heard.IsZero():
		return Changes{}, notPossible("an IG officer has not heard this practitioner's six words; ask them to confirm this person too")
	}
	if err := ends("the cover", a.Said.Until, a.Now, Micros(MaxCover.Microseconds())); err != nil {
		return Changes{}, err
	}
	was, on := f.Receives(o, p.ID, a.Now), f.OnTeam(p.ID)
	if f.member(p.ID) == nil {
		f.Team[p.ID] = &TeamMember{Staff: p.ID, Added: []Grant{}}
	}
	put(&f.Covers, a.ID, &Cover{ID: a.ID, By: a.By.Staff, Staff: p.ID, Until: a.Said.Until, Knew: knew(a.Statement)})
	return f.reseated(o, p.ID, was, on, a.Now), nil
}

// covering lists the places on the team until a date that a person has, and no removal
// ended.
func (f *Family) covering(who StaffID) (out []*Cover) {
	for _, c := range f.Covers {
		if c.Staff == who && f.answered(staffSubject(who), c.Knew) {
			out = append(out, c)
		}
	}
	return out
}

// CoversUntil is the end of a person's cover; zero for who is on the team for good, or
// not on it.
func (f *Family) CoversUntil(who StaffID) (until Micros) {
	if f.added(who) {
		return 0
	}
	for _, c := range f.covering(who) {
		until = max(until, c.Until)
	}
	return until
}
