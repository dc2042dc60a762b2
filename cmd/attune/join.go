package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
)

type joinCmd struct {
	Invitation string `arg:"" help:"The line that you were given, or - to read it from standard input."`
}

// Help is what --help shows below the flags.
func (joinCmd) Help() string {
	return `Example: attune --home ~/.attune join attune-invite-1:…

Makes this device's keys under a passphrase that you choose, and prints six words. Read them to your
registrar, by voice: until they have confirmed them you cannot approve, and no family can be shared with you.
In a folder that has joined a service already it joins one more, with keys of its own: see attune service list --help.`
}

func (c *joinCmd) Run(ctx context.Context, g *global) error {
	if g.Home == "" {
		return usage("Name it with --home or ATTUNE_HOME.", "The folder of this device was not named.")
	}
	line := c.Invitation
	if line == "-" {
		body, err := io.ReadAll(io.LimitReader(os.Stdin, 64<<10))
		if err != nil {
			return err
		}
		line = string(body)
	}
	dir, err := attune.PlaceFor(g.Home, line)
	if err != nil {
		return err // before anybody chooses a passphrase for nothing
	}
	pass, err := g.passphrase(true)
	if err != nil {
		return err
	}
	d, joined, err := attune.Join(ctx, dir, line, pass, g.config())
	clear(pass)
	if err != nil {
		return err
	}
	words := strings.Join(joined.Words, " ")
	err = g.print(map[string]any{
		"id": joined.Staff, "device": joined.Device, "role": joined.Role, "service": joined.Service, "words": words,
	}, "You have joined %s as %s.\nYour six words, to be read to your registrar:\n\n  %s\n", joined.Service, plain(string(joined.Role)), words)
	if all, bad := attune.Services(g.Home); bad == nil && len(all) > 1 {
		g.note("This device has joined %d services: see attune service list.", len(all))
	}
	return errors.Join(err, d.Close())
}
