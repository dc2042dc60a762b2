package main

import (
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
		return g.print(map[string]any{"id": id, "family": family}, "Asked for approval to film %s (%s).", c.Family, id.Short())
	})
}

type approvalGrantCmd struct {
	Approval ref `arg:"" help:"Id."`
}

func (approvalGrantCmd) Help() string { return `Example: attune approval grant 3kV0aXq1` }

func (c *approvalGrantCmd) Run(g *global) error {
	return decide(g, c.Approval, "granted", func(a *attune.Approvals, id policies.ApprovalID) error { return a.Grant(id) })
}

type approvalDeclineCmd struct {
	Approval ref    `arg:"" help:"Id."`
	Reason   string `required:"" enum:"not_now,safeguarding,court_matter,more_needed,case_closed" help:"${enum}."`
}

func (approvalDeclineCmd) Help() string {
	return `Example: attune approval decline 3kV0aXq1 --reason more_needed`
}

func (c *approvalDeclineCmd) Run(g *global) error {
	return decide(g, c.Approval, "declined", func(a *attune.Approvals, id policies.ApprovalID) error {
		return a.Decline(id, policies.DeclineReason(c.Reason))
	})
}

type approvalRevokeCmd struct {
	Approval ref    `arg:"" help:"Id."`
	Reason   string `required:"" enum:"not_now,safeguarding,court_matter,more_needed,case_closed" help:"${enum}."`
}

func (approvalRevokeCmd) Help() string {
	return `Example: attune approval revoke 3kV0aXq1 --reason safeguarding`
}

func (c *approvalRevokeCmd) Run(g *global) error {
	return decide(g, c.Approval, "revoked", func(a *attune.Approvals, id policies.ApprovalID) error {
		return a.Revoke(id, policies.DeclineReason(c.Reason))
	})
}

func decide(g *global, approval ref, done string, act func(*attune.Approvals, policies.ApprovalID) error) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Approvals.Find(string(approval))
		if err != nil {
			return err
		}
		if err := act(d.Approvals, id); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "state": done}, "Approval %s is %s. %s", id.Short(), done, syncNow)
	})
}

type approvalListCmd struct{}

func (approvalListCmd) Help() string { return `Example: attune approval list` }

func (c *approvalListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		list, err := d.Approvals.List()
		if err != nil {
			return err
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
