package main

import (
	"slices"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type deputyCmd struct {
	Appoint deputyAppointCmd `cmd:"" help:"Have somebody decide about families in your place, between two dates."`
	End     deputyEndCmd     `cmd:"" help:"End it before its last day."`
	List    deputyListCmd    `cmd:"" help:"Who is or was a deputy, and why."`
}

type deputyAppointCmd struct {
	Person ref    `arg:"" help:"Name or id of a confirmed practitioner or supervisor of this service."`
	From   string `placeholder:"DATE" help:"First day; else now. A month ahead at most."`
	Until  string `required:"" placeholder:"DATE" help:"Last day; half a year at most."`
	Reason string `required:"" enum:"leave,illness,vacant_post,own_requests,shared_service" help:"${enum}."`
}

// Help is what --help shows below the flags.
func (deputyAppointCmd) Help() string {
	return `Example: attune deputy appoint "Bea Hall" --until 2026-12-18 --reason leave

For a head of service. Between the dates a deputy approves, declines and revokes filming, countersigns
viewers, and decides on objections; never for a family on whose team they are or were, and never on
what they asked for themselves. A stop counts from anybody: they may revoke there too. They adopt no policy, and invite, confirm and appoint nobody.`
}

func (c *deputyAppointCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		staff, err := d.Staff.Find(string(c.Person))
		if err != nil {
			return err
		}
		from, err := parseDay("from", c.From)
		if err != nil {
			return err
		}
		until, err := parseUntil("until", c.Until)
		if err != nil {
			return err
		}
		id, err := d.Deputies.Appoint(staff, from, until, policies.DeputyReason(c.Reason))
		if err != nil {
			return err
		}
		since := ""
		if !from.IsZero() {
			since = " from " + date(policies.At(from))
		}
		return g.print(map[string]any{"id": id, "person": staff, "until": until}, "%s is a deputy%s until %s. %s", c.Person, since, date(policies.At(until)), syncNow)
	})
}

type deputyEndCmd struct {
	Person ref `arg:"" help:"Name or id."`
}

// Help is what --help shows below the flags.
func (deputyEndCmd) Help() string { return `Example: attune deputy end "Bea Hall"` }

func (c *deputyEndCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		staff, err := d.Staff.Find(string(c.Person))
		if err != nil {
			return err
		}
		all, err := d.Deputies.List()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(v attune.DeputyView) bool {
			return v.Staff == staff && (v.State == policies.DeputyNow || v.State == policies.DeputyAhead)
		}) {
			return problem("input", "Who is one: attune deputy list", "%s is no deputy, now or later.", c.Person)
		}
		if err := d.Deputies.End(staff); err != nil {
			return err
		}
		return g.print(map[string]any{"person": staff}, "%s is a deputy no longer. What they decided until now stands. %s", c.Person, syncNow)
	})
}

type deputyListCmd struct{}

// Help is what --help shows below the flags.
func (deputyListCmd) Help() string { return `Example: attune deputy list` }

func (c *deputyListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		all, err := d.Deputies.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"deputies": list(all)}, "%s", table(all, func(v attune.DeputyView) []string {
			return []string{v.Staff.Short(), v.Name, plain(string(v.State)), "from " + date(v.From), "until " + date(v.Until), plain(string(v.Reason))}
		}))
	})
}
