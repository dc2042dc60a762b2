package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type watchCmd struct {
	Clip     ref    `arg:"" help:"Id."`
	Purpose  string `placeholder:"PURPOSE" help:"What it is for, as the consent names it; else what a viewer is on the list for, film_and_use for the team, family_copy to save a copy."`
	Player   string `xor:"how" placeholder:"CMD" help:"Program to play with; the address is added. Else the first that is found: mpv, vlc, ffplay."`
	PrintURL bool   `xor:"how" name:"print-url" help:"Print the address and serve it until Ctrl-C."`
	SaveCopy string `xor:"how" placeholder:"FILE" type:"path" help:"Write the film in clear: a separate, logged act that needs --reason."`
	Reason   string `help:"With --save-copy: why. The access log keeps it."`
}

// Help is what --help shows below the flags.
func (watchCmd) Help() string {
	return `Example: attune watch 7hY2pQ0a
         attune watch 7hY2pQ0a --purpose supervision
         attune watch 7hY2pQ0a --save-copy film.mp4 --reason "court order of 3 March"

The film is opened a piece at a time and handed to the player through an address that only this machine
answers; it is never written in clear. The service records who watched, and how much of it.`
}

func (c *watchCmd) Run(ctx context.Context, g *global) error {
	return g.clip(c.Clip, func(d *attune.Client, id policies.ClipID) error {
		if c.SaveCopy != "" {
			if err := d.Clips.SaveCopyFor(ctx, id, c.purpose(policies.FamilyCopy), c.SaveCopy, c.Reason); err != nil {
				return err
			}
			return g.print(map[string]any{"id": id, "file": c.SaveCopy}, "Wrote %s in clear. From now on nothing here can protect it.", c.SaveCopy)
		}
		film, err := d.Clips.Open(ctx, id, c.purpose(usual(d, id)))
		if err != nil {
			return err
		}
		defer film.Close()
		return c.play(ctx, g, film)
	})
}

// usual is what a clip is watched for when nobody says: by a viewer, whatever they
// are on the list for, where that is one thing.
func usual(d *attune.Client, id policies.ClipID) policies.Purpose {
	if v, err := d.Clips.Show(id); err == nil && len(v.Viewing) == 1 {
		return v.Viewing[0]
	}
	return policies.FilmAndUse
}

func (c *watchCmd) purpose(otherwise policies.Purpose) policies.Purpose {
	if c.Purpose != "" {
		return policies.Purpose(c.Purpose)
	}
	return otherwise
}

func (c *watchCmd) play(ctx context.Context, g *global, film *attune.Playing) error {
	screen, err := openScreen(film)
	if err != nil {
		return err
	}
	defer screen.Close()
	if film.Glass != nil {
		g.note("Under a broken glass (%s), until %s: somebody in it does not agree, or filming was stopped. This viewing is recorded as that.", plain(string(film.Glass.Category)), clock(film.Glass.Until))
	}
	if film.Offline {
		g.note("Without the service: played from this device's own sealed copy.")
	}
	player := playerFor(c.Player)
	if c.PrintURL || player == nil {
		if !c.PrintURL {
			g.note("No player was found; open this address with one. Ctrl-C ends it.")
		}
		if err := g.print(map[string]any{"id": film.Clip, "url": screen.URL, "bytes": film.Size}, "%s", screen.URL); err != nil {
			return err
		}
		return screen.Wait(ctx)
	}
	err = player.run(ctx, screen.URL)
	if errors.Is(err, exec.ErrNotFound) {
		return problem("player", "Install it, name another with --player, or use --print-url.", "There is no program %s here.", player.name).status(exitMissing)
	}
	if err != nil {
		return problem("player", "Name another with --player, or use --print-url.", "The player %s ended with an error: %v.", player.name, err)
	}
	return g.print(map[string]any{"id": film.Clip, "watched": true}, "%s", fmt.Sprintf("Watched %s.", film.Clip.Short()))
}
