package main

import (
	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type personChangeCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Person  ref    `arg:"" help:"Label or id."`
	Contact string `placeholder:"FLAG" help:"link_safe, no_link or in_person_only."`
	Basis   string `placeholder:"BASIS" help:"Who decides: own, parental_responsibility, care_order, delegated, competent."`
	Born    string `placeholder:"YYYY-MM" help:"Month of birth, where it was wrong."`
	Review  string `placeholder:"OUTCOME" help:"Whether a young person decides themselves: decides or does_not_decide."`
	On      string `placeholder:"DATE" help:"Day of that review; else today."`
}

// Help is what --help shows below the flags.
func (personChangeCmd) Help() string {
	return `Examples: attune person change NF-1042 Mum --contact no_link
  attune person change NF-1042 Robin --review decides --basis competent

What you leave out stays as it is. A contact that is not safe any more shuts this person's links. Before a young
person reaches the service's age somebody talks with them about who decides: attune family show says when.`
}

func (c *personChangeCmd) Run(g *global) error {
	if _, err := parseDay("on", c.On); err != nil {
		return err
	}
	if c.Contact+c.Basis+c.Born+c.Review == "" {
		return usage("Give what is known anew: --contact, --basis, --born or --review.", "Nothing is changed.")
	}
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		person, err := d.Families.FindPerson(family, string(c.Person))
		if err != nil {
			return err
		}
		if err := d.Families.ChangePerson(family, person, attune.ChangePerson{
			Contact: policies.Contact(c.Contact), Basis: policies.Basis(c.Basis), Born: c.Born, Review: policies.Competence(c.Review), On: c.On,
		}); err != nil {
			return err
		}
		return g.print(map[string]any{"family": family, "person": person, "changed": true}, "Recorded. %s", syncNow)
	})
}
