package main

import (
	"fmt"
	"slices"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type consentWithdrawCmd struct {
	Family  ref      `arg:"" help:"Reference or id."`
	Person  []ref    `sep:"none" help:"Whose image: label or id; else everybody's in the family. Repeat."`
	For     []string `placeholder:"PURPOSE" help:"Stop only this use; else everything. Repeat."`
	Channel string   `default:"in_person" enum:"in_person,phone,writing,page" help:"How they told you: ${enum}."`
}

// Help is what --help shows below the flags.
func (consentWithdrawCmd) Help() string {
	return `Examples: attune consent withdraw NF-1042
  attune consent withdraw NF-1042 --person Mum --person Robin --channel phone
  attune consent withdraw NF-1042 --for supervision --channel writing

It stops that use as soon as it is synced, and is sent before anything else. Whoever is told may record it.`
}

func (c *consentWithdrawCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		people, err := c.people(d, family)
		if err != nil {
			return err
		}
		var purposes []policies.Purpose
		for _, p := range c.For {
			purposes = append(purposes, policies.Purpose(p))
		}
		before, err := d.Consents.InUse(family, purposes...)
		if err != nil {
			before = attune.InUse{} // somebody who is no member of the team stops it all the same
		}
		if err := d.Consents.Withdraw(family, people, policies.Channel(c.Channel), purposes...); err != nil {
			return err
		}
		after, err := d.Consents.InUse(family, purposes...)
		if err != nil {
			after = before
		}
		stopped := attune.InUse{Clips: before.Clips - after.Clips, Links: before.Links - after.Links, Viewers: before.Viewers - after.Viewers}
		return g.print(map[string]any{"family": family, "people": people, "purposes": append([]policies.Purpose{}, purposes...), "withdrawn": true, "stopped": stopped},
			"%s", c.told(stopped)+"\n"+c.next(d)+"\n"+syncNow)
	})
}

// people are those named, or everybody in the family: whoever says "stop, all of it"
// is not asked for a list.
func (c *consentWithdrawCmd) people(d *attune.Client, family policies.FamilyID) ([]policies.PersonID, error) {
	if len(c.Person) > 0 {
		return findPeople(d, family, c.Person)
	}
	v, err := d.Families.Show(family)
	if err != nil {
		return nil, err
	}
	var all []policies.PersonID
	for _, p := range v.People {
		all = append(all, p.ID)
	}
	if len(all) == 0 {
		return nil, problem("input", "Add them first: attune person add --help", "There is nobody in this family's record yet.")
	}
	return all, nil
}

// told says what stopped at once.
func (c *consentWithdrawCmd) told(n attune.InUse) string {
	var what []string
	for _, x := range []struct {
		n         int
		one, many string
	}{{n.Clips, "recording", "recordings"}, {n.Links, "link", "links"}, {n.Viewers, "viewer", "viewers"}} {
		if x.n > 0 {
			what = append(what, count(x.n, x.one, x.many))
		}
	}
	use := "Recorded. It stops every use"
	if len(c.For) > 0 {
		use = "Recorded. It stops " + spoken(c.For)
	}
	if len(what) == 0 {
		return use + "; nothing that this device knows of was in use."
	}
	return fmt.Sprintf("%s now, for %s.", use, spoken(what))
}

// next is what happens then, with the service's clock. Where one use alone ended,
// nothing is to be destroyed, and nobody is asked to confirm it.
func (c *consentWithdrawCmd) next(d *attune.Client) string {
	if len(c.For) > 0 && !slices.Contains(c.For, string(policies.FilmAndUse)) {
		return "The film is kept, for what else they agreed to."
	}
	by, days, err := d.Consents.DecideBy()
	if err != nil {
		return "Nothing is destroyed yet: somebody else confirms it first."
	}
	return fmt.Sprintf("Nothing is destroyed yet: somebody else confirms it within %s, by %s.",
		count(days, "working day", "working days"), by.Format("Monday 2 January 2006"))
}
