package policies

import "slices"

// Check implements [Body].
func (b FamilyOpen) Check() error {
	var c checks
	c.that(len(b.Reference) <= MaxReference && referenceForm.MatchString(b.Reference),
		"the reference is the case-system number: up to %d letters, digits, spaces, and . / -", MaxReference)
	word(&c, "programme", b.Programme, Programmes())
	c.recipient("the family's key", b.Recipient)
	return c.err
}

// Check implements [Body].
func (b TeamAdd) Check() error {
	var c checks
	named(&c, "the person to add", b.Staff)
	c.that(b.Key.IsZero() == b.To.IsZero(), "which key was wrapped, and to whom: both or neither")
	return c.err
}

// Check implements [Body].
func (b TeamRemove) Check() error {
	var c checks
	named(&c, "the person to remove", b.Staff)
	return c.err
}

func addToTeam(f *Family, o *Org, a act[TeamAdd]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	p := o.Staff[a.Said.Staff]
	if p == nil {
		return Changes{}, missing("the invitation", a.Said.Staff)
	}
	if p.ID == a.By.Staff { // who was removed could come back by their own word
		return Changes{}, notPossible("nobody puts themselves on a team; ask a colleague of it")
	}
	if p.Role != Practitioner {
		return Changes{}, notPossible("only practitioners join a family's team; name others as viewers on the consent form")
	}
	if !p.Active(a.Now) || !p.HasPowers() {
		return Changes{}, notPossible("this practitioner is not confirmed, or no longer certified; ask a registrar")
	}
	was, on := f.Receives(o, p.ID, a.Now), f.OnTeam(p.ID)
	m := f.member(p.ID)
	if m == nil {
		m = &TeamMember{Staff: p.ID}
		f.Team[p.ID] = m
	}
	m.Added = insertGrant(m.Added, a.Statement)
	if !a.Said.Key.IsZero() {
		f.wrap(Wrap{a.ID, p.ID, a.Said.Key, a.Said.To})
	}
	return f.reseated(o, p.ID, was, on, a.Now), nil
}

func removeFromTeam(f *Family, o *Org, a act[TeamRemove]) (Changes, error) {
	if a.By.Role == Practitioner && !a.By.Deputy {
		if err := f.teamed(a.By); err != nil {
			return Changes{}, err
		}
	}
	who := a.Said.Staff
	was, on := f.Receives(o, who, a.Now), f.OnTeam(who)
	f.restrict(staffSubject(who), a.ID)
	return f.reseated(o, who, was, on, a.Now), nil
}

// reseated is received, for a statement about the team. A viewer who joins it, or
// somebody of it who stays on as a viewer, receives the record before and after, and
// not the same of it: they begin anew, with what is theirs now.
func (f *Family) reseated(o *Org, who StaffID, was, on bool, now Micros) Changes {
	if was && on != f.OnTeam(who) && f.Receives(o, who, now) {
		return Changes{Joined: []StaffID{who}}
	}
	return f.received(o, who, was, now)
}

// OnTeam reports whether a person is on the practitioner team now: put there by
// a statement that knew every removal. Whether they are still certified is the
// organisation's to say.
//
// Whoever covers until a date counts here also afterwards, because nobody states that a
// date has passed. Rules and devices ask [Family.TeamAt].
func (f *Family) OnTeam(who StaffID) bool { return f.added(who) || len(f.covering(who)) > 0 }

// added: on the team for good.
func (f *Family) added(who StaffID) bool {
	m := f.Team[who]
	return m != nil && slices.ContainsFunc(m.Added, func(g Grant) bool {
		return f.answered(staffSubject(who), g.Knew)
	})
}

// TeamAt reports whether a person is on the practitioner team at a time.
func (f *Family) TeamAt(who StaffID, now Micros) bool {
	return f.added(who) || slices.ContainsFunc(f.covering(who), func(c *Cover) bool { return now < c.Until })
}

// teamed refuses an author who was never put on the team. See [Family.Apply] for
// why it does not ask whether they still are.
func (f *Family) teamed(by Author) error {
	if by.Role != Practitioner || f.member(by.Staff) == nil {
		return notCertified("the author is not on this family's team")
	}
	return nil
}

// Unseated reports whether a statement is the team's alone to make, and its author was
// not on the team when the server took it. The rule TEAM-1 asks this at the server, by
// the same state at the same place in the record; and a device that folds the record
// sees whether it was asked. Ask before [Family.Apply]. It is no part of that, because a
// statement that stands must not fall with its author's leaving.
func (f *Family) Unseated(o *Org, s Statement, at Micros) bool {
	row, ok := RowOf(s.Kind)
	by, known := o.Signer(s.Signer)
	return ok && known && row.ByTeam() && by.Signer == SignDevice && !f.TeamAt(by.Staff, at)
}

// Worked reports whether a person is or ever was on the practitioner team.
func (f *Family) Worked(who StaffID) bool { return f.member(who) != nil }

// member is whoever was ever put on the team; nil for anyone else. It only looks.
func (f *Family) member(who StaffID) *TeamMember { return f.Team[who] }

// insertGrant keeps grants sorted, so that state does not depend on arrival.
func insertGrant(list []Grant, s Statement) []Grant {
	at, found := slices.BinarySearchFunc(list, s.ID, func(g Grant, id StatementID) int { return compareID(g.Statement, id) })
	if found {
		return list
	}
	return slices.Insert(list, at, Grant{Statement: s.ID, Knew: knew(s)})
}
