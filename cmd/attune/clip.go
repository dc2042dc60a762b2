package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type clipCmd struct {
	Add    clipAddCmd    `cmd:"" help:"Seal a recording and queue it for the service."`
	List   clipListCmd   `cmd:"" help:"The recordings of a family."`
	Source clipSourceCmd `cmd:"" help:"Say what becomes of the original on the camera."`

	Retry   clipRetryCmd   `cmd:"" help:"Send a film again that was stopped."`
	Restate clipRestateCmd `cmd:"" help:"State a clip again that the service refused."`
}

type clipAddCmd struct {
	Family       ref    `arg:"" help:"Reference or id."`
	Video        string `arg:"" help:"The recording: MP4, MOV or WebM, JPEG or PNG for a still. It is only read."`
	Kind         string `required:"" enum:"film,excerpt,review,still" help:"${enum}."`
	Chosen       bool   `help:"Chosen to be shown: better than usual."`
	Title        string `help:"Only who may watch the clip can read it."`
	Session      ref    `placeholder:"VISIT" help:"Number or id of the visit; else the last one logged."`
	People       []ref  `sep:"none" placeholder:"PERSON" help:"Who is in it: label or id. Repeat; else everybody in the family."`
	RemoveSource bool   `xor:"source" help:"Remove the recording once it is sealed and queued."`
	KeepSource   bool   `xor:"source" help:"Leave the recording where it is, and record that."`
}

// Help is what --help shows below the flags.
func (clipAddCmd) Help() string {
	return `Example: attune clip add NF-1042 VID_0001.mp4 --kind excerpt --chosen --title "Tea time" --remove-source

Works without a network. Places that say where it was filmed are blanked, then it is sealed; the
recording is removed only after the sealed copy was read back, and only if you say so.`
}

func (c *clipAddCmd) Run(ctx context.Context, g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		in, err := c.film(d, family)
		if err != nil {
			return err
		}
		added, err := d.Clips.Add(ctx, in)
		if err != nil {
			return c.everybody(err)
		}
		for _, w := range added.Warnings {
			g.note("Note: %s", w)
		}
		fate, err := c.source(d, added.Clip)
		if err != nil {
			// The clip is safe and queued; only the original's fate is open.
			left := "The recording was left where it is: " + asFailure(err).Message
			added.Warnings = append(added.Warnings, left) // a script must hear of it too
			g.note("%s", left)
		}
		return g.print(map[string]any{
			"id": added.Clip, "family": family, "source_sha256": added.SourceSHA256,
			"changed": added.Changed, "warnings": list(added.Warnings), "source": fate,
		}, "Sealed and queued (%s)%s. The recording: %s. Sync when you are connected.", added.Clip.Short(), blanked(added.Changed), fateText(fate))
	})
}

// everybody adds to a refusal for want of consent that nobody was named: then all of
// the family count, also whoever was not in the room.
func (c *clipAddCmd) everybody(err error) error {
	f := asFailure(err)
	if len(c.People) == 0 && slices.Contains(f.Rules, "UPLOAD-CONSENT") {
		f.Next = "If only some of the family are in it, name them with --people. " + f.Next
		return f
	}
	return err
}

func blanked(places []string) string {
	if len(places) == 0 {
		return ""
	}
	return ", after blanking " + strings.Join(places, ", ")
}

func fateText(f policies.SourceFate) string {
	if f == policies.SourceUnknown {
		return "left where it is, undecided"
	}
	return string(f)
}

// film turns the flags into what is to be sealed.
func (c *clipAddCmd) film(d *attune.Client, family policies.FamilyID) (in attune.AddClip, err error) {
	in = attune.AddClip{
		Family: family, File: c.Video, Kind: policies.ClipKind(c.Kind), Chosen: c.Chosen, Title: c.Title, Remove: c.RemoveSource,
	}
	if c.Session != "" {
		if in.Session, err = findSession(d, family, c.Session); err != nil {
			return in, err
		}
	}
	if in.People, err = findPeople(d, family, c.People); err != nil || len(in.People) > 0 {
		return in, err
	}
	v, err := d.Families.Show(family)
	for _, p := range v.People {
		in.People = append(in.People, p.ID)
	}
	return in, err
}

// source asks and records what becomes of the recording. Without a terminal and
// without a flag it stays undecided: no script removes film by default.
func (c *clipAddCmd) source(d *attune.Client, clip policies.ClipID) (policies.SourceFate, error) {
	fate := policies.SourceUnknown
	switch {
	case c.RemoveSource:
		fate = policies.SourceRemoved
	case c.KeepSource:
		fate = policies.SourceKept
	case term.IsTerminal(int(os.Stdin.Fd())):
		answer, err := ask(fmt.Sprintf("The sealed copy was checked. Remove %s from this machine? [y/N] ", c.Video))
		if err != nil {
			return fate, err
		}
		fate = policies.SourceKept
		if strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes") {
			fate = policies.SourceRemoved
		}
	default:
		return fate, nil
	}
	if err := d.Clips.ConfirmSource(clip, fate); err != nil {
		return policies.SourceUnknown, err
	}
	return fate, nil
}

type clipListCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

func (clipListCmd) Help() string { return `Example: attune clip list NF-1042` }

func (c *clipListCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		clips, err := d.Clips.List(family)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"clips": list(clips)}, "%s", table(clips, clipRow))
	})
}

func clipRow(c attune.ClipView) []string {
	state := plain(c.State)
	if c.Why != "" {
		state += ": " + c.Why
	}
	return []string{c.ID.Short(), plain(string(c.Kind)), c.Title, mark(c.Chosen, "chosen"), megabytes(c.Payload.Bytes), state, viewingText(c)}
}

// viewingText is for what somebody outside the team may watch a clip, "" for none.
func viewingText(c attune.ClipView) string {
	if len(c.Viewing) == 0 {
		return ""
	}
	var words []string
	for _, p := range c.Viewing {
		words = append(words, plain(string(p)))
	}
	text := "to watch for " + strings.Join(words, ", ")
	if !c.Key {
		text += "; waits for a practitioner's device"
	}
	return text
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

type clipSourceCmd struct {
	Clip   ref  `arg:"" help:"Id."`
	Remove bool `xor:"fate" required:"" help:"Remove it from this device."`
	Keep   bool `xor:"fate" required:"" help:"Keep it, and record that."`
}

func (clipSourceCmd) Help() string { return `Example: attune clip source 7hY2pQ0a --remove` }

func (c *clipSourceCmd) Run(g *global) error {
	return g.clip(c.Clip, func(d *attune.Client, id policies.ClipID) error {
		fate := policies.SourceKept
		if c.Remove {
			fate = policies.SourceRemoved
		}
		if err := d.Clips.ConfirmSource(id, fate); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "source": fate}, "The recording of %s: %s.", id.Short(), fateText(fate))
	})
}

// clip finds a clip on this device by the first letters of its id.
func (g *global) clip(text ref, do func(*attune.Client, policies.ClipID) error) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Clips.Find(string(text))
		if err != nil {
			return err
		}
		return do(d, id)
	})
}
