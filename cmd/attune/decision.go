package main

import (
	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type consentDecideCmd struct {
	Family    ref    `arg:"" help:"Reference or id."`
	Objection ref    `arg:"" help:"Id, as family show has it."`
	Outcome   string `required:"" enum:"may_be_used,stays_shut" help:"${enum}."`
	Ground    string `required:"" enum:"court_order,both_agree,no_authority,by_mistake,best_interests" help:"${enum}."`
}

// Help is what --help shows below the flags.
func (consentDecideCmd) Help() string {
	return `Example: attune consent decide NF-1042 5dQ8yZ2p --outcome may_be_used --ground court_order

For a head of service who did not record the objection. may_be_used: film that it paused is used again by the
forms that stand. The papers behind the ground are in the case record.`
}

func (c *consentDecideCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Consents.FindObjection(family, string(c.Objection))
		if err != nil {
			return err
		}
		if err := d.Consents.Decide(family, id, policies.Outcome(c.Outcome), policies.Ground(c.Ground)); err != nil {
			return err
		}
		return g.print(map[string]any{"family": family, "objection": id, "outcome": c.Outcome}, "Recorded: %s. %s", plain(c.Outcome), syncNow)
	})
}
