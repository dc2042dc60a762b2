package main

import (
	"strconv"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type policyPlanCmd struct {
	Sign bool `help:"Information governance officer: sign it."`
	Yes  bool `help:"Do not ask whether to sign."`
}

// Help is what --help shows below the flags.
func (policyPlanCmd) Help() string {
	return `Example: attune policy plan
         attune policy plan --sign

What a change of figures moves. Later dates count from the change on. Earlier ones count thirty days after a head of
service has signed the same list (attune policy approve); until then each clip keeps its old date. The service works
the list out too, and takes no other.`
}

func (c *policyPlanCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		v, err := d.Policies.Plan()
		if err != nil {
			return err
		}
		if !c.Sign {
			return g.print(v, "%s", planText(v))
		}
		if !c.Yes {
			g.note("%s", planText(v))
			if err := g.sign(d, "Sign this plan? Type yes: "); err != nil {
				return err
			}
		}
		id, err := d.Policies.SignPlan(v)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "hash": v.Hash}, "Signed (%s). A head of service signs next: attune policy approve. %s", id.Short(), syncNow)
	})
}

type policyApproveCmd struct {
	Yes bool `help:"Do not ask whether to sign."`
}

// Help is what --help shows below the flags.
func (policyApproveCmd) Help() string {
	return `Example: attune policy approve

Shows the plan that the information governance officer signed, as this device comes to it, and asks. What it moves
earlier counts thirty days later. To leave it is an answer too: then the earlier figures go on.`
}

func (c *policyApproveCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		v, err := d.Policies.PlanToApprove()
		if err != nil {
			return err
		}
		if !c.Yes && v.Signed != nil {
			g.note("%s", planText(v))
			if err := g.sign(d, "Sign this plan? Type yes: "); err != nil {
				return err
			}
		}
		id, err := d.Policies.ApprovePlan(v)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "hash": v.Hash}, "Signed (%s). What it moves earlier counts in thirty days. %s", id.Short(), syncNow)
	})
}

func planText(v attune.PlanView) string {
	lines := []string{table(v.Moves, func(m policies.Move) []string {
		return []string{m.Reference, m.Clip.Short(), string(m.Class), m.Before, "->", m.After, mark(m.Earlier, "earlier")}
	})}
	earlier := 0
	for _, m := range v.Moves {
		if m.Earlier {
			earlier++
		}
	}
	lines = append(lines, count(len(v.Moves), "clip moves", "clips move")+", "+strconv.Itoa(earlier)+" of them earlier.", "Hash of this plan: "+v.Hash.String())
	if v.Signed != nil {
		state := "signed once, on " + date(v.Signed.At)
		if v.Signed.From != 0 {
			state = "signed twice; earlier dates count from " + date(v.Signed.From)
		}
		lines = append(lines, "The last plan: "+state+".")
	}
	return strings.Join(lines, "\n")
}
