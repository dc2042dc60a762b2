package main

import (
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type consentObjectCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Person  []ref  `required:"" sep:"none" help:"Whose film: label or id. Repeat."`
	By      ref    `required:"" placeholder:"PERSON" help:"Who objects: label or id."`
	Channel string `default:"in_person" enum:"in_person,phone,writing,page" help:"How they told you: ${enum}."`
}

// Help is what --help shows below the flags.
func (consentObjectCmd) Help() string {
	return `Example: attune consent object NF-1042 --person Robin --by Dad --channel phone

Film of these people is paused as soon as it is synced, whatever somebody else signed. It goes on once
whoever objected agrees on a form of their own, or the head of service decides: attune decision make --help`
}

func (c *consentObjectCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		people, err := findPeople(d, family, c.Person)
		if err != nil {
			return err
		}
		by, err := d.Families.FindPerson(family, string(c.By))
		if err != nil {
			return err
		}
		if err := d.Consents.Object(family, people, by, policies.Channel(c.Channel)); err != nil {
			return err
		}
		return g.print(map[string]any{"family": family, "people": people, "by": by, "objected": true}, "Recorded. "+syncNow)
	})
}

// objectionText is a no that stands, and what follows from it.
func objectionText(o attune.ObjectionView) string {
	names := []string{}
	for _, l := range o.Labels {
		if l == "" {
			l = "somebody"
		}
		names = append(names, l)
	}
	by := o.Label
	if by == "" {
		by = "Somebody who may decide about them"
	}
	return fmt.Sprintf("Film of %s is paused: %s objected on %s. Talk with both; it goes on once whoever objected agrees on a form, or the head of service decides. Family %s, objection %s.",
		oneLine(strings.Join(names, " and ")), oneLine(by), o.At.Local().Format("Mon 2 Jan 2006 at 15:04"), o.Reference, o.ID.Short())
}
