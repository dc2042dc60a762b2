package main

import (
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type personCmd struct {
	Add    personAddCmd    `cmd:"" help:"Add somebody who is, or may be, in the film."`
	Change personChangeCmd `cmd:"" help:"Say what is known anew: a safe contact, who decides, a review."`
}

type personAddCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Role    string `required:"" enum:"carer,child,sibling,visitor,worker" help:"${enum}."`
	Basis   string `required:"" enum:"own,parental_responsibility,care_order,delegated,competent" help:"Who decides about this person's image: ${enum}."`
	Born    string `placeholder:"YYYY-MM" help:"Month of birth, for children."`
	Contact string `default:"no_link" enum:"link_safe,no_link,in_person_only" help:"Whether a link may be sent to this person safely: ${enum}."`
	Label   string `required:"" help:"What the family calls this person; only the family's team can read it."`
}

// Help is what --help shows below the flags.
func (personAddCmd) Help() string {
	return `Example: attune person add NF-1042 --role carer --basis own --contact link_safe --label Mum

Ask before you choose link_safe: a phone may be shared with somebody who must not see the message.`
}

func (c *personAddCmd) Run(g *global) error {
	if strings.TrimSpace(c.Label) == "" {
		return usage("Give what the family calls this person, such as Mum.", "The label is empty.")
	}
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Families.AddPerson(family, policies.FilmRole(c.Role), policies.Basis(c.Basis), c.Born, policies.Contact(c.Contact), c.Label)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Added %s (%s).", c.Label, id.Short())
	})
}

func personRow(p attune.PersonView) []string {
	return []string{p.ID.Short(), p.Label, plain(string(p.Role)), plain(string(p.Basis)), p.Born, plain(string(p.Contact))}
}

// findPeople are people of a family by their labels or ids, in the order given.
func findPeople(d *attune.Client, family policies.FamilyID, given []ref) (people []policies.PersonID, err error) {
	for _, text := range given {
		id, err := d.Families.FindPerson(family, string(text))
		if err != nil {
			return nil, err
		}
		people = append(people, id)
	}
	return people, nil
}

type teamCmd struct {
	Add    teamAddCmd    `cmd:"" help:"Put a practitioner on a family's team."`
	Remove teamRemoveCmd `cmd:"" help:"Take a practitioner off a family's team."`
	Cover  teamCoverCmd  `cmd:"" help:"Put a practitioner on a family's team until a date, when nobody of it can work."`
}

type teamCoverCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	Person ref    `arg:"" help:"Name or id of a confirmed practitioner."`
	Until  string `required:"" placeholder:"DATE" help:"Last day; six weeks at most."`
}

// Help is what --help shows below the flags.
func (teamCoverCmd) Help() string {
	return `Example: attune team cover NF-1042 "Cora Lane" --until 2026-12-18

For a head of service, about somebody whose six words an IG officer has heard too: attune confirm. A device of
the team gives them the key when it next syncs; where none will, see attune recovery. It ends by itself, or with attune team remove.`
}

func (c *teamCoverCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, id policies.FamilyID) error {
		staff, err := d.Staff.Find(string(c.Person))
		if err != nil {
			return err
		}
		until, err := parseUntil("until", c.Until)
		if err != nil {
			return err
		}
		if err := d.Families.Cover(id, staff, until); err != nil {
			return err
		}
		return g.print(map[string]any{"family": id, "person": staff, "until": until}, "%s is on the team of %s until %s. %s", c.Person, c.Family, date(policies.At(until)), syncNow)
	})
}

type teamAddCmd struct {
	Family ref `arg:"" help:"Reference or id."`
	Person ref `arg:"" help:"Name or id of a confirmed practitioner."`
}

func (teamAddCmd) Help() string { return `Example: attune team add NF-1042 "Alex Moor"` }

func (c *teamAddCmd) Run(g *global) error {
	return teamChange(g, c.Family, c.Person, "on", (*attune.Families).AddTeam)
}

type teamRemoveCmd struct {
	Family ref `arg:"" help:"Reference or id."`
	Person ref `arg:"" help:"Name or id."`
}

func (teamRemoveCmd) Help() string { return `Example: attune team remove NF-1042 "Alex Moor"` }

func (c *teamRemoveCmd) Run(g *global) error {
	return teamChange(g, c.Family, c.Person, "off", (*attune.Families).RemoveTeam)
}

func teamChange(g *global, family, person ref, where string, act func(*attune.Families, policies.FamilyID, policies.StaffID) error) error {
	return g.family(family, func(d *attune.Client, id policies.FamilyID) error {
		staff, err := d.Staff.Find(string(person))
		if err != nil {
			return err
		}
		if err := act(d.Families, id, staff); err != nil {
			return err
		}
		return g.print(map[string]any{"family": id, "person": staff, "team": where}, "%s is %s the team of %s. %s", person, where, family, syncNow)
	})
}
