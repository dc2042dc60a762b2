package main

import (
	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type retentionAllowCmd struct {
	What string `arg:"" enum:"clock,volume" help:"What the sweep refused: ${enum}."`
	Of   string `arg:"" help:"What it printed with its refusal."`
}

// Help is what --help shows below the flags.
func (retentionAllowCmd) Help() string {
	return `Example: attune retention allow volume 5QX2…

For IG officers. The sweep stops when the clock looks wrong, or when far more film than usual would go, and prints what it
saw. Look first: attuned sweep --dry-run, on the server. This lets it go on with just that clock on that day, or just that
list; anything else stops it again.`
}

func (c *retentionAllowCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		var of policies.Digest
		if err := of.UnmarshalText([]byte(c.Of)); err != nil || of.IsZero() {
			return usage("Copy it as the sweep printed it.", "%q is not what a sweep prints.", c.Of)
		}
		id, err := d.Retention.Allow(policies.SweepRefusal(c.What), of)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id}, "The sweep may go on. %s", syncNow)
	})
}
