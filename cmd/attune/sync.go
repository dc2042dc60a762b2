package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
)

type syncCmd struct {
	Film       bool `help:"Send the film that waits for another network, or for your word, now: see attune device network."`
	LockedKeys int  `hidden:"" name:"locked-keys" help:"A file that is open, of the program that locked itself."`
	Watch      bool `help:"Go on until Ctrl-C: send what is queued and fetch what is new as it comes."`
}

// Help is what --help shows below the flags.
func (syncCmd) Help() string {
	return `Example: attune sync
         attune sync --watch

Prints what the service accepted, and what it refused and why. What was refused stays on this
device: see attune status. A device that has joined several services goes to each in turn.

With --watch it goes on, prints a line for each change, and tries again by itself after whatever went wrong.
While it runs, attune status and attune lock answer in another window, and any other command
is done at once: the watch steps aside for it, and goes on. Ctrl-C ends it.`
}

func (c *syncCmd) Run(ctx context.Context, g *global) error {
	if c.Watch {
		return g.follow(ctx, c)
	}
	return g.each(func(s attune.Service, d *attune.Client) error {
		if err := g.released(d, c.Film); err != nil {
			return err
		}
		report, err := d.Sync(ctx)
		if err != nil && report.Waiting > 0 {
			g.note("%s not sent yet; nothing is lost.", count(report.Waiting, "thing is", "things are"))
		}
		// What was decided before the connection ended is told all the same: a
		// refusal is final, and the next sync does not repeat it.
		if err == nil || len(report.Accepted)+len(report.Refused)+len(report.Stopped)+len(report.Uploaded) > 0 {
			err = errors.Join(g.print(of(s, report), "%s", syncText(report)), err)
		}
		if err != nil {
			return err
		}
		if n := len(report.Refused) + len(report.Stopped); n > 0 {
			return problem("refused", "See attune status for what to do.", "The service refused %d of them.", n)
		}
		return nil
	})
}

func syncText(r attune.Report) string {
	sums := fmt.Sprintf("Sent %d, received %d, uploaded %s.", len(r.Accepted), r.Pulled, count(len(r.Uploaded), "clip", "clips"))
	return strings.Join(append([]string{sums}, reportLines(r)...), "\n")
}

// reportLines are what a sync did beside sending and receiving.
func reportLines(r attune.Report) (lines []string) {
	if r.Copied {
		lines = append(lines, "This device was copied, or restored from a backup. Nothing is lost: it goes on as another device, and registrars are told that there was a copy.",
			"If you restored it, nothing more is needed. If you did not, tell your registrar now: somebody has your keys.")
	}
	for _, o := range r.Deferred {
		lines = append(lines, fmt.Sprintf("Waits at the service for what it rests on: %s (%s). Nothing to do; see attune status.", strings.ReplaceAll(string(o.Kind), ".", " "), o.ID.Short()))
	}
	for _, o := range r.Refused {
		lines = append(lines, "Refused: "+outcomeText(o))
	}
	for _, s := range r.Stopped {
		lines = append(lines, stoppedText(s))
	}
	for _, h := range r.Held {
		lines = append(lines, fmt.Sprintf("Kept here: the film of %s. %s", h.Clip.Short(), h.Why))
	}
	for _, id := range r.Purged {
		lines = append(lines, fmt.Sprintf("Destroyed here, as was ordered: the film of %s. If the recording is still on the camera, remove it there too.", id.Short()))
	}
	if r.Keys > 0 {
		lines = append(lines, fmt.Sprintf("Wrote %s for viewers.", count(r.Keys, "clip's key", "clips' keys")))
	}
	for _, t := range r.Turned {
		lines = append(lines, "Changed the locks of family "+t.Reference+": see attune status.")
	}
	if r.Relocked > 0 {
		lines = append(lines, fmt.Sprintf("Gave the team %s under the new locks.", count(r.Relocked, "clip's key", "clips' keys")))
	}
	if r.Given > 0 {
		lines = append(lines, fmt.Sprintf("You can watch %s more: see attune clip list.", count(r.Given, "clip", "clips")))
	}
	for _, f := range r.Dropped {
		lines = append(lines, "No longer yours to see: family "+f.Short())
	}
	return lines
}

func stoppedText(s attune.StoppedUpload) string {
	return fmt.Sprintf("Not uploaded: %s: %s %s%s", s.Clip.Short(), s.Message, s.Next, rulesText(s.Rules))
}

func outcomeText(o attune.Outcome) string {
	return fmt.Sprintf("%s (%s): %s %s%s", kindText(o.Kind), o.ID.Short(), o.Message, o.Next, rulesText(o.Rules))
}

// rulesText follows a sentence, "" when no rule decided.
func rulesText(rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return " Rule: " + strings.Join(rules, ", ") + "."
}
