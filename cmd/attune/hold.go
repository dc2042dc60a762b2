package main

import (
	"slices"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type holdCmd struct {
	Ask     holdAskCmd     `cmd:"" help:"Keep film from being destroyed for some days, as a practitioner."`
	Place   holdPlaceCmd   `cmd:"" help:"Keep film from being destroyed, as information governance officer."`
	Release holdReleaseCmd `cmd:"" help:"Release a hold that somebody else placed."`
	List    holdListCmd    `cmd:"" help:"Holds, and how they stand."`
}

type holdAskCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	Clip   []ref  `sep:"none" help:"Only this clip: id. Repeat; else everything of the family."`
	Reason string `required:"" enum:"safeguarding,police_may_ask,court_may_ask,complaint_made,family_asked" help:"${enum}."`
}

// Help is what --help shows below the flags.
func (holdAskCmd) Help() string {
	return `Example: attune hold ask NF-1042 --reason police_may_ask

It lapses by itself after the service's working days, unless the information governance officer places a hold in
its place. Nobody may watch more because of it.`
}

func (c *holdAskCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		clips, err := findClips(d, c.Clip)
		if err != nil {
			return err
		}
		id, err := d.Holds.Ask(family, clips, policies.HoldReason(c.Reason))
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Held for now (%s). %s", id.Short(), syncNow)
	})
}

type holdPlaceCmd struct {
	Family   ref    `arg:"" help:"Reference or id."`
	Clip     []ref  `sep:"none" help:"Only this clip: id. Repeat; else everything of the family."`
	Kind     string `required:"" enum:"court,police,inquiry,complaint,subject_access,safeguarding" help:"${enum}."`
	Confirms ref    `placeholder:"HOLD" help:"A practitioner's hold that it takes the place of: id."`
}

func (holdPlaceCmd) Help() string { return `Example: attune hold place NF-1042 --kind police` }

func (c *holdPlaceCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		clips, err := findClips(d, c.Clip)
		if err != nil {
			return err
		}
		var confirms policies.StatementID
		if c.Confirms != "" {
			if confirms, err = d.Holds.Find(family, string(c.Confirms)); err != nil {
				return err
			}
		}
		id, err := d.Holds.Place(family, clips, policies.HoldKind(c.Kind), confirms)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Held until it is released (%s). %s", id.Short(), syncNow)
	})
}

func findClips(d *attune.Client, list []ref) (out []policies.ClipID, err error) {
	for _, text := range list {
		id, err := d.Clips.Find(string(text))
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

type holdReleaseCmd struct {
	Family ref `arg:"" help:"Reference or id."`
	Hold   ref `arg:"" help:"Id, as hold list has it."`
}

// Help is what --help shows below the flags.
func (holdReleaseCmd) Help() string {
	return `Example: attune hold release NF-1042 8xQ2mL0a

For a head of service or an information governance officer, and not for whoever placed it. What was confirmed
before the hold is confirmed again before anything may be destroyed.`
}

func (c *holdReleaseCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Holds.Find(family, string(c.Hold))
		if err != nil {
			return err
		}
		list, err := d.Holds.List()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(h attune.HoldView) bool { return h.ID == id && h.State == policies.HoldReleased }) {
			return problem("input", "How holds stand: attune hold list", "This hold was released before.")
		}
		if err := d.Holds.Release(family, id); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Released (%s). %s", id.Short(), syncNow)
	})
}

type holdListCmd struct{}

func (holdListCmd) Help() string { return `Example: attune hold list` }

func (c *holdListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		list, err := d.Holds.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"holds": list}, "%s", table(list, func(h attune.HoldView) []string {
			what := "everything"
			if len(h.Clips) > 0 {
				what = count(len(h.Clips), "clip", "clips")
			}
			return []string{h.Reference, h.ID.Short(), what, plain(h.For), mark(h.Provisional, "for now"), plain(string(h.State)), "since " + date(policies.At(h.At))}
		}))
	})
}
