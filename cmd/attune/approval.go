package main

import (
	"slices"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type approvalCmd struct {
	Request approvalRequestCmd `cmd:"" help:"Ask the head of service for approval to film a family."`
	Grant   approvalGrantCmd   `cmd:"" help:"Approve filming that somebody else asked for."`
	Decline approvalDeclineCmd `cmd:"" help:"Refuse a request."`
	Revoke  approvalRevokeCmd  `cmd:"" help:"End filming that was approved."`
	List    approvalListCmd    `cmd:"" help:"Requests and what was decided."`
}

type approvalRequestCmd struct {
	Family ref `arg:"" help:"Reference or id."`
	Months int `help:"For how long, from today; else the service's figure."`
}

func (approvalRequestCmd) Help() string { return `Example: attune approval request NF-1042` }

func (c *approvalRequestCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Approvals.Request(family, c.Months)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Asked for approval to film %s (%s). Sync now; you may film once the head of service has granted it, which a later sync tells.", c.Family, id.Short())
	})
}

type approvalGrantCmd struct {
	Approval ref `arg:"" help:"Id, or the family's reference."`
}

func (approvalGrantCmd) Help() string { return `Example: attune approval grant 3kV0aXq1` }

func (c *approvalGrantCmd) Run(g *global) error {
	return decide(g, c.Approval, policies.Requested, "granted", func(a *attune.Approvals, id policies.ApprovalID) error { return a.Grant(id) })
}

type approvalDeclineCmd struct {
	Approval ref    `arg:"" help:"Id, or the family's reference."`
	Reason   string `required:"" enum:"not_now,safeguarding,court_matter,more_needed,case_closed" help:"${enum}."`
}

func (approvalDeclineCmd) Help() string {
	return `Example: attune approval decline 3kV0aXq1 --reason more_needed`
}

func (c *approvalDeclineCmd) Run(g *global) error {
	return decide(g, c.Approval, policies.Requested, "declined", func(a *attune.Approvals, id policies.ApprovalID) error {
		return a.Decline(id, policies.DeclineReason(c.Reason))
	})
}

type approvalRevokeCmd struct {
	Approval ref    `arg:"" help:"Id, or the family's reference."`
	Reason   string `required:"" enum:"not_now,safeguarding,court_matter,more_needed,case_closed" help:"${enum}."`
}

func (approvalRevokeCmd) Help() string {
	return `Example: attune approval revoke 3kV0aXq1 --reason safeguarding`
}

func (c *approvalRevokeCmd) Run(g *global) error {
	return decide(g, c.Approval, policies.Granted, "revoked", func(a *attune.Approvals, id policies.ApprovalID) error {
		return a.Revoke(id, policies.DeclineReason(c.Reason))
	})
}

// decide acts on an approval; named by its family, it is the one in state from.
func decide(g *global, approval ref, from policies.ApprovalState, done string, act func(*attune.Approvals, policies.ApprovalID) error) error {
	return g.device(func(d *attune.Client) error {
		id, err := findApproval(d, string(approval), from)
		if err != nil {
			return err
		}
		if err := act(d.Approvals, id); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "state": done}, "Approval %s is %s. %s", id.Short(), done, syncNow)
	})
}

// findApproval is an approval by its number, or the only one of a family in a state.
func findApproval(d *attune.Client, text string, in policies.ApprovalState) (policies.ApprovalID, error) {
	id, err := d.Approvals.Find(text)
	if err == nil || attune.CodeOf(err) != attune.CodeUnknown {
		return id, err
	}
	family, notFamily := d.Families.Find(text)
	if notFamily != nil {
		return id, err
	}
	v, err := d.Families.Show(family)
	if err != nil {
		return id, err
	}
	var found []policies.ApprovalID
	for _, a := range v.Approvals {
		if a.State == in {
			found = append(found, a.ID)
		}
	}
	if len(found) != 1 {
		return id, problem("ambiguous", "Give the id that attune approval list shows.", "Family %s has %d approvals that are %s.", text, len(found), plain(string(in)))
	}
	return found[0], nil
}

type approvalListCmd struct {
	Family ref `arg:"" optional:"" help:"Of one family: reference or id."`
}

func (approvalListCmd) Help() string { return `Example: attune approval list` }

func (c *approvalListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		list, err := d.Approvals.List()
		if err != nil {
			return err
		}
		if c.Family != "" {
			only, err := d.Families.Find(string(c.Family))
			if err != nil {
				return err
			}
			list = slices.DeleteFunc(list, func(a attune.ApprovalView) bool { return a.Family != only })
		}
		families, err := d.Families.List()
		if err != nil {
			return err
		}
		reference := map[policies.FamilyID]string{}
		for _, f := range families {
			reference[f.ID] = f.Reference
		}
		return g.print(map[string]any{"approvals": list}, "%s", table(list, func(a attune.ApprovalView) []string {
			return append([]string{reference[a.Family]}, approvalRow(a)...)
		}))
	})
}

func approvalRow(a attune.ApprovalView) []string {
	return []string{a.ID.Short(), plain(string(a.State)), plain(string(a.Programme)), "until " + date(a.Until)}
}
