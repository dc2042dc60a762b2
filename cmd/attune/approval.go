package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type approvalCmd struct {
	Request approvalRequestCmd `cmd:"" help:"Ask the head of service for approval to film a family, or for yourself in a programme."`
	Grant   approvalGrantCmd   `cmd:"" help:"Approve filming that somebody else asked for: one, several, or all that waits."`
	Decline approvalDeclineCmd `cmd:"" help:"Refuse a request."`
	Revoke  approvalRevokeCmd  `cmd:"" help:"End filming that was approved."`
	List    approvalListCmd    `cmd:"" help:"Requests and what was decided."`
}

type approvalRequestCmd struct {
	Family ref    `arg:"" optional:"" help:"Reference or id."`
	Own    string `placeholder:"PROGRAMME" enum:",vig,vipp_sd" default:"" help:"Instead of a family: for yourself, in this programme, vig or vipp_sd."`
	Months int    `help:"For how long, from today; else the service's figure."`
}

func (approvalRequestCmd) Help() string {
	return `Example: attune approval request NF-1042
         attune approval request --own vig

Which of the two a service uses stands in its figures (attune policy show). Ask again before the end: the
new approval follows the old one.`
}

func (c *approvalRequestCmd) Run(g *global) error {
	switch {
	case (c.Family == "") == (c.Own == ""):
		return problem("usage", "Give the family's reference, or --own and the programme.", "Approval is asked for a family, or for yourself.").status(exitUsage)
	case c.Own != "":
		return g.device(func(d *attune.Client) error {
			id, err := d.Approvals.RequestOwn(policies.Programme(c.Own), c.Months)
			if err != nil {
				return err
			}
			return g.print(map[string]any{"id": id, "programme": c.Own}, "Asked for approval to film in %s (%s). Sync now; you may film once the head of service has granted it, which a later sync tells.", plain(c.Own), id.Short())
		})
	}
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Approvals.Request(family, c.Months)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Asked for approval to film %s (%s). Sync now; you may film once the head of service has granted it, which a later sync tells.", c.Family, id.Short())
	})
}

type approvalGrantCmd struct {
	Approvals  []ref `arg:"" optional:"" help:"Ids, or families' references."`
	AllWaiting bool  `help:"Every request that waits, of families and practitioners. Look at them first: attune approval list --waiting."`
}

func (approvalGrantCmd) Help() string {
	return `Example: attune approval grant 3kV0aXq1
         attune approval grant 3kV0aXq1 NF-1042 NF-1043
         attune approval grant --all-waiting

Your passphrase is asked once for all. Each is told of by itself: one that cannot be granted stops none of
the others, and the exit status is then 1.`
}

func (c *approvalGrantCmd) Run(g *global) error {
	if (len(c.Approvals) == 0) != c.AllWaiting {
		return problem("usage", "Give ids or references, or --all-waiting.", "Say what to grant: some, or all that waits.").status(exitUsage)
	}
	if len(c.Approvals) == 1 {
		return decide(g, c.Approvals[0], policies.Requested, "granted", func(a *attune.Approvals, id policies.ApprovalID) error { return a.Grant(id) })
	}
	return g.device(func(d *attune.Client) error {
		ids, failed, err := c.which(d)
		if err != nil {
			return err
		}
		if len(ids)+len(failed) == 0 {
			return g.print(map[string]any{"granted": []string{}, "failed": []string{}}, "Nothing waits for you.")
		}
		return c.tell(g, d.Approvals.GrantAll(ids), failed)
	})
}

// which finds what is meant, each once; what names no one request fails by itself.
func (c *approvalGrantCmd) which(d *attune.Client) (ids []policies.ApprovalID, failed []grantFailed, err error) {
	if c.AllWaiting {
		waiting, err := d.Approvals.Waiting()
		for _, v := range waiting {
			ids = append(ids, v.ID)
		}
		return ids, nil, err
	}
	for _, r := range c.Approvals {
		id, err := findApproval(d, string(r), policies.Requested)
		switch {
		case err != nil:
			failed = append(failed, failedGrant(string(r), err))
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	return ids, failed, nil
}

// grantFailed is one of several that was not granted, and why.
type grantFailed struct {
	ID      string `json:"id"` // or what was given instead
	Code    string `json:"code"`
	Message string `json:"message"`
	Next    string `json:"next"`
}

func failedGrant(id string, err error) grantFailed {
	f := asFailure(err)
	return grantFailed{id, f.Code, f.Message, f.Next}
}

func (c *approvalGrantCmd) tell(g *global, all []attune.Decided, failed []grantFailed) error {
	granted, lines := []policies.ApprovalID{}, []string{}
	for _, d := range all {
		if d.Err != nil {
			failed = append(failed, failedGrant(d.ID.Short(), d.Err))
			continue
		}
		granted = append(granted, d.ID)
		lines = append(lines, fmt.Sprintf("Approval %s is granted: %s until %s, asked for by %s.", d.ID.Short(), plain(string(d.Programme)), date(d.Until), orNobody(oneLine(d.Name))))
	}
	for _, f := range failed {
		lines = append(lines, fmt.Sprintf("Not granted, %s: %s %s", f.ID, f.Message, f.Next))
	}
	lines = append(lines, fmt.Sprintf("%d granted, %d not. %s", len(granted), len(failed), syncNow))
	if err := g.print(map[string]any{"granted": granted, "failed": list(failed)}, "%s", strings.Join(lines, "\n")); err != nil || len(failed) == 0 {
		return err
	}
	return problem("partly", "What was granted stays granted; look at the others.", "%d of %d were not granted.", len(failed), len(granted)+len(failed))
}

func orNobody(name string) string {
	if name == "" {
		return "somebody whose name was deleted"
	}
	return name
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
	return `Example: attune approval revoke 3kV0aXq1 --reason not_now
         attune approval revoke NF-1042 --reason safeguarding

A family's reference stops filming of that family under every approval, until it is approved anew. The id of
a practitioner's own approval stops all filming by them in its programme; everybody who works here can read
that reason, which is not_now or more_needed.`
}

func (c *approvalRevokeCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		reason := policies.DeclineReason(c.Reason)
		id, err := d.Approvals.Find(string(c.Approval))
		if attune.CodeOf(err) == attune.CodeUnknown {
			if family, notFamily := d.Families.Find(string(c.Approval)); notFamily == nil {
				return c.stop(g, d, family, reason)
			}
		}
		if err != nil {
			return err
		}
		if err := d.Approvals.Revoke(id, reason); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "state": "revoked"}, "Approval %s is revoked. %s", id.Short(), syncNow)
	})
}

func (c *approvalRevokeCmd) stop(g *global, d *attune.Client, family policies.FamilyID, reason policies.DeclineReason) error {
	if err := d.Approvals.StopFamily(family, reason); err != nil {
		return err
	}
	return g.print(map[string]any{"family": family, "state": "revoked"}, "Filming of family %s is stopped, under every approval. %s", c.Approval, syncNow)
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
	Family  ref  `arg:"" optional:"" help:"Of one family: reference or id."`
	Waiting bool `help:"Only what waits for you to decide, the oldest first."`
}

func (approvalListCmd) Help() string {
	return `Example: attune approval list
         attune approval list --waiting`
}

func (c *approvalListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		all := d.Approvals.List
		if c.Waiting {
			all = d.Approvals.Waiting
		}
		list, err := all()
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
		reference, err := references(d)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"approvals": list}, "%s", table(list, func(a attune.ApprovalView) []string {
			whose := reference[a.Family]
			if a.Own() {
				whose = "own"
			}
			row := append([]string{whose}, approvalRow(a)...)
			if a.State == policies.Requested {
				row = append(row, asked(a.At, time.Now()))
			}
			return row
		}))
	})
}

// references are the families on this device by what people call them.
func references(d *attune.Client) (map[policies.FamilyID]string, error) {
	families, err := d.Families.List()
	if err != nil {
		return nil, err
	}
	reference := map[policies.FamilyID]string{}
	for _, f := range families {
		reference[f.ID] = f.Reference
	}
	return reference, nil
}

// asked is the age of a request.
func asked(at policies.Micros, now time.Time) string {
	switch days := int(now.Sub(at.Time()).Hours() / 24); {
	case days <= 0:
		return "asked today"
	case days == 1:
		return "asked yesterday"
	default:
		return fmt.Sprintf("asked %d days ago", days)
	}
}

func approvalRow(a attune.ApprovalView) []string {
	return []string{a.ID.Short(), plain(string(a.State)), plain(string(a.Programme)), "until " + date(a.Until), a.Name}
}
