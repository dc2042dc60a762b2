package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type staffRenewCmd struct {
	Person ref `arg:"" help:"Name or id."`
}

// Help is what --help shows below the flags.
func (staffRenewCmd) Help() string {
	return `Example: attune staff renew "Sam Reed"

For somebody who still works here: as long from today as the service's figures say. Their devices renew
themselves at their next sync. Nobody renews their own.`
}

func (c *staffRenewCmd) Run(g *global) error {
	return g.member(c.Person, func(d *attune.Client, id policies.StaffID) error {
		until, err := d.Staff.Renew(id)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "until": until}, "Renewed %s until %s. %s", c.Person, date(policies.At(until)), syncNow)
	})
}

type staffReinviteCmd struct {
	Person ref `arg:"" help:"Name or id."`
}

// Help is what --help shows below the flags.
func (staffReinviteCmd) Help() string {
	return `Example: attune staff reinvite "Sam Reed"

For somebody who lost all of their devices. They join with the printed line in a new folder; then a
registrar in another role than you hears the new six words: attune confirm. Until then the old keys stay,
so stop lost devices first: attune device revoke.`
}

func (c *staffReinviteCmd) Run(g *global) error {
	return g.member(c.Person, func(d *attune.Client, id policies.StaffID) error {
		invitation, err := d.Staff.Reinvite(id)
		if err != nil {
			return err
		}
		g.note("Invitation for a new key of %s. Sync, then hand it over; it works once.", c.Person)
		return g.print(map[string]any{"id": id, "invitation": invitation}, "%s", invitation)
	})
}

type staffTrustCmd struct {
	Person ref    `arg:"" help:"Name or id."`
	Words  string `help:"The six words, as the person read them to you."`
}

// Help is what --help shows below the flags.
func (staffTrustCmd) Help() string {
	return `Example: attune staff trust "Vera Holm" --words "harbour spoon …"

Somebody's key was replaced. Ring them on a number that you know, or ask them face to face: until then
this device gives nothing to the new key.`
}

func (c *staffTrustCmd) Run(g *global) error {
	return g.member(c.Person, func(d *attune.Client, id policies.StaffID) error {
		words, err := (&confirmCmd{Words: c.Words}).words()
		if err != nil {
			return err
		}
		if err := d.Staff.Trust(id, words); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "trusted": true}, "This device now uses the new key of %s. %s", c.Person, syncNow)
	})
}

type staffRekeyCmd struct{}

// Help is what --help shows below the flags.
func (staffRekeyCmd) Help() string {
	return `Example: attune staff rekey

Replaces your own key, at the service, at once. This device goes on, and every other device of yours ends.
Read the new six words to the colleagues who share families with you.`
}

func (c *staffRekeyCmd) Run(ctx context.Context, g *global) error {
	dir, err := g.dir()
	if err != nil {
		return err
	}
	pass, err := g.passphrase(false)
	if err != nil {
		return err
	}
	defer clear(pass)
	d, err := g.borrowed(dir, func() (*attune.Client, error) { return attune.Open(dir, pass, g.config()) })
	if err != nil {
		return err
	}
	words, err := d.Rekey(ctx, pass)
	if err == nil {
		line := strings.Join(words, " ")
		err = g.print(map[string]any{"id": d.Keys.Staff(), "words": line},
			"Your key was replaced; your other devices have ended. Your new six words, to be read to your colleagues:\n\n  %s\n", line)
	}
	return errors.Join(err, d.Close())
}

type staffLeavingCmd struct {
	Person ref `arg:"" help:"Name or id."`
}

// Help is what --help shows below the flags.
func (staffLeavingCmd) Help() string {
	return `Example: attune staff leaving "Sam Reed"

Changes nothing. It tells of the families that this device has.`
}

func (c *staffLeavingCmd) Run(g *global) error {
	return g.member(c.Person, func(d *attune.Client, id policies.StaffID) error {
		l, err := d.Staff.Leaving(id)
		if err != nil {
			return err
		}
		text := strings.TrimPrefix(leavingText(l), "\n")
		if text == "" {
			text = "Nothing is left to see to, as far as this device knows."
		}
		return g.print(l, "%s", text)
	})
}

// leavingText is what follows when somebody leaves, a line each; "" for nothing.
func leavingText(l attune.Leaving) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "\n"+format, args...) }
	for _, d := range l.Devices {
		line("Collect a device and wipe it: %s.", d.ID.Short())
	}
	for _, f := range l.Alone {
		line("Family %s has %s left on its team: add somebody there, attune team add.", f.Reference, people(f.Left))
	}
	for _, f := range l.Team {
		line("Family %s gets a new key by itself, at a colleague's next sync.", f.Reference)
	}
	for _, f := range l.Viewing {
		line("Family %s has them on its viewer list: take them off, attune viewer remove.", f.Reference)
	}
	for _, k := range l.Links {
		line("Link %s of family %s stays open: tell the carer whom to ring, or revoke it.", k.Link.Short(), k.Reference)
	}
	return b.String()
}

func people(n int) string {
	switch n {
	case 0:
		return "nobody"
	case 1:
		return "one person"
	}
	return fmt.Sprintf("%d people", n)
}

// untilText is the end of a certificate, where it matters.
func untilText(m attune.Member) string {
	if m.State != attune.Confirmed {
		return ""
	}
	return "until " + date(policies.At(m.Until))
}

// member opens the home and finds a member of staff.
func (g *global) member(who ref, do func(d *attune.Client, id policies.StaffID) error) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Staff.Find(string(who))
		if err != nil {
			return err
		}
		return do(d, id)
	})
}
