package main

import (
	"fmt"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type dismissCmd struct {
	Statement ref `arg:"" name:"id" help:"Id, as attune status shows it."`
}

// Help is what --help shows below the flags.
func (dismissCmd) Help() string {
	return `Example: attune dismiss 7hY2pQ0a

Takes what the service refused off the list of what needs attention, once you have dealt with it; with
a clip, its sealed film goes as well. The only copy of a film is never dismissed. What the service forgot
when it was put back, and does not take again, leaves the list only: it stays on this device.`
}

func (c *dismissCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Outbox.FindRefused(string(c.Statement))
		if forgot, not := d.Restored.Find(string(c.Statement)); err != nil && not == nil {
			if err := d.Restored.Dismiss(forgot); err != nil {
				return err
			}
			return g.print(map[string]any{"id": forgot}, "Taken off the list: %s.", forgot.Short())
		}
		if err != nil {
			return err
		}
		if err := d.Outbox.Dismiss(id); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id}, "Taken off the list: %s.", id.Short())
	})
}

type clipRetryCmd struct {
	Clip ref `arg:"" help:"Id."`
}

// Help is what --help shows below the flags.
func (clipRetryCmd) Help() string {
	return `Example: attune clip retry 7hY2pQ0a

Lets a film that was stopped be sent again at the next sync, from its beginning.`
}

func (c *clipRetryCmd) Run(g *global) error {
	return g.clip(c.Clip, func(d *attune.Client, id policies.ClipID) error {
		if err := d.Uploader.Retry(id); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id}, "The film of %s goes again at the next sync.", id.Short())
	})
}

type clipRestateCmd struct {
	Clip ref `arg:"" help:"Id, as attune status shows it."`
}

// Help is what --help shows below the flags.
func (clipRestateCmd) Help() string {
	return `Example: attune clip restate 7hY2pQ0a

For a clip that the service refused: states the same sealed film again, resting on the approval and the
consent that cover the time of filming as this device knows them now. Sync first. The service judges
anew. When nothing covers the time of filming, it says what is missing and changes nothing.`
}

func (c *clipRestateCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Outbox.FindRefused(string(c.Clip))
		if err != nil {
			return err
		}
		again, err := d.Clips.Restate(policies.ClipID(id))
		if err != nil {
			return err
		}
		return g.print(again, "Stated again as %s (it was %s). Sync to send it.", again.Clip.Short(), again.Was.Short())
	})
}

// attentionText is what the service refused, and the command that deals with it.
func attentionText(o attune.Outcome) string {
	if waits := o.Code == "missing" || o.Code == "rests_on_refused"; o.Kind == "clip.annotate" && waits {
		return "what you said of the recording (" + o.ID.Short() + ") waits for its clip, which the service did not take: it goes with it. If the clip is dealt with: attune dismiss " + o.ID.Short()
	}
	how := "When you have dealt with it: attune dismiss " + o.ID.Short()
	if o.Kind == "clip.add" {
		how = "To state it again: attune clip restate " + o.ID.Short()
	}
	return outcomeText(o) + " " + how
}

// forgottenText is what the service lost when it was put back from a backup.
func forgottenText(f attune.Forgotten) string {
	next := "Ask whoever did it whether it still holds, and to do it again"
	if f.Mine {
		next = "If it still holds, do it again"
	}
	return fmt.Sprintf("the service was put back from a backup, lost %s of %s (%s), and does not take it back: %s %s. It stays on this device, and each sync tries again. When you have dealt with it: attune dismiss %s",
		kindText(f.Kind), f.Made.Local().Format("2 Jan 2006"), f.ID.Short(), f.Message, next, f.ID.Short())
}

// fewForgotten is how many of one kind in one record are each told by themselves.
const fewForgotten = 3

// forgottenTexts are the lines of a status: many of one kind in one record are one line.
func forgottenTexts(all []attune.Forgotten) (out []string) {
	type group struct {
		kind   policies.Kind
		record policies.RecordID
	}
	n := map[group]int{}
	for _, f := range all {
		n[group{f.Kind, f.Record}]++
	}
	for _, f := range all {
		g := group{f.Kind, f.Record}
		switch many := n[g]; {
		case many < 0: // told
		case many <= fewForgotten:
			out = append(out, forgottenText(f))
		default:
			n[g] = -1
			out = append(out, fmt.Sprintf("the service was put back from a backup, lost %d times %s in one record, the first of %s (%s), and does not take them back: %s All of them: attune --json status",
				many, kindText(f.Kind), f.Made.Local().Format("2 Jan 2006"), f.ID.Short(), f.Message))
		}
	}
	return out
}

// heldText is film that did not go to the service.
func heldText(h attune.HeldUpload) string {
	how := "Each sync tries again."
	if h.Stopped {
		how = "To send it again: attune clip retry " + h.Clip.Short()
	}
	return fmt.Sprintf("film of %s not sent: %s. %s", h.Clip.Short(), h.Why, how)
}
