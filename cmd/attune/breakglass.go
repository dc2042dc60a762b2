package main

import (
	"fmt"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type breakglassCmd struct {
	Open  breakglassOpenCmd  `cmd:"" help:"Let one person of the team watch film against somebody's will, for hours."`
	List  breakglassListCmd  `cmd:"" help:"Whenever it was done, for whom and why; the IG officer's list."`
	Show  breakglassShowCmd  `cmd:"" help:"One opening with its reason, for the IG officer and the team."`
	Close breakglassCloseCmd `cmd:"" help:"End it now; by an IG officer also: I have looked at it."`
}

type breakglassOpenCmd struct {
	Family   ref    `arg:"" help:"Reference or id."`
	Clip     []ref  `required:"" sep:"none" help:"Which film: id. Repeat."`
	For      ref    `required:"" placeholder:"PERSON" help:"Who is to watch: name or id of somebody else, on the family's team."`
	Category string `required:"" enum:"safeguarding,court_order,police,serious_harm_review" help:"${enum}."`
	Hours    int    `placeholder:"N" help:"For how long; else as long as the service allows."`
	Reason   string `required:"" help:"Why, in a sentence or two. Only the IG officers and the family's team can read it."`
}

// Help is what --help shows below the flags.
func (breakglassOpenCmd) Help() string {
	return `Example: attune breakglass open NF-1042 --clip 7hY2pQ0a --for "Sam Reed" --category safeguarding
           --hours 4 --reason "Strategy meeting today at 14:00; injuries may be seen on the film of 3 March."

For a head of service or their deputy. It lifts a withdrawal, an objection, or a revoked permission to film,
for that one person, those clips, to watch. It makes no copy and no link, and gives nobody else anything. The
IG officer is told at once, each viewing is logged under the rule BREAKGLASS-1, and the family should be told,
unless that puts somebody in danger. It ends by its time, by: attune breakglass close, and when the person
leaves the team; a withdrawal that comes later does not end it. It keeps nothing from being destroyed: if the
film may be needed again, have a hold placed too.`
}

func (c *breakglassOpenCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		in := attune.OpenGlass{Family: family, Category: policies.GlassCategory(c.Category), Hours: c.Hours, Reason: c.Reason}
		for _, text := range c.Clip {
			id, err := d.Clips.Find(string(text))
			if err != nil {
				return err
			}
			in.Clips = append(in.Clips, id)
		}
		var err error
		if in.For, err = d.Staff.Find(string(c.For)); err != nil {
			return err
		}
		id, until, err := d.Glass.Open(in)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family, "for": in.For, "clips": in.Clips, "until": policies.At(until)},
			"Broken: %s. %s may watch until %s, once it is synced. The IG officer is told.", id.Short(), c.For, clock(policies.At(until)))
	})
}

type breakglassListCmd struct{}

// Help is what --help shows below the flags.
func (breakglassListCmd) Help() string { return `Example: attune breakglass list` }

func (c *breakglassListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		all, err := d.Glass.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"glass": all}, "%s", table(all, func(v attune.GlassView) []string {
			return []string{
				v.ID.Short(), v.Reference, clock(v.At), string(v.State), "for " + v.ForName, "by " + v.ByName,
				plain(string(v.Category)), count(len(v.Clips), "clip", "clips"), mark(!v.Reviewed, "not looked at yet"),
			}
		}))
	})
}

type breakglassShowCmd struct {
	Glass ref `arg:"" help:"Id."`
}

// Help is what --help shows below the flags.
func (breakglassShowCmd) Help() string { return `Example: attune breakglass show 3fK9aZ1c` }

func (c *breakglassShowCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		v, err := d.Glass.Find(string(c.Glass))
		if err != nil {
			return err
		}
		reason, err := d.Glass.Reason(v)
		if err != nil {
			return err
		}
		var clips []string
		for _, id := range v.Clips {
			clips = append(clips, id.Short())
		}
		return g.print(map[string]any{"glass": v, "reason": reason}, "%s\n%s until %s, %s. Clips: %s.\nReason: %s\nWho watched: attune log search --family %s --rule BREAKGLASS-1",
			glassText(v), plain(string(v.Category)), clock(v.Until), v.State, strings.Join(clips, " "), oneLine(strings.ReplaceAll(reason, "\n", " ")), v.Reference)
	})
}

type breakglassCloseCmd struct {
	Glass ref `arg:"" help:"Id."`
}

// Help is what --help shows below the flags.
func (breakglassCloseCmd) Help() string {
	return `Example: attune breakglass close 3fK9aZ1c

For an IG officer, who takes it off their list with it, also when its hours are over; and for a head of service.`
}

func (c *breakglassCloseCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		v, err := d.Glass.Find(string(c.Glass))
		if err != nil {
			return err
		}
		if err := d.Glass.Close(v.Family, v.ID); err != nil {
			return err
		}
		return g.print(map[string]any{"id": v.ID, "closed": true}, "Closed %s. %s", v.ID.Short(), syncNow)
	})
}

// glassText is an opening in a sentence, for the IG officer and for who is to watch.
func glassText(v attune.GlassView) string {
	if v.Mine && v.State == policies.GlassOpen {
		return fmt.Sprintf("The glass was broken for you: you may watch %s of family %s until %s, whatever the family agreed to. Each viewing is recorded as that.",
			count(len(v.Clips), "clip", "clips"), v.Reference, clock(v.Until))
	}
	return fmt.Sprintf("%s broke the glass for %s on %s: %s of family %s, %s. Look at it, then: attune breakglass close %s",
		oneLine(v.ByName), oneLine(v.ForName), clock(v.At), count(len(v.Clips), "clip", "clips"), v.Reference, plain(string(v.Category)), v.ID.Short())
}

// clock is an instant to the minute in this machine's time zone.
func clock(m policies.Micros) string { return m.Time().In(time.Local).Format("Mon 2 Jan 2006 15:04") }
