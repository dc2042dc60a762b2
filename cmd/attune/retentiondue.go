package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type retentionDueCmd struct {
	Family ref    `arg:"" optional:"" help:"Reference or id; every family on this device when not given."`
	AsOf   string `placeholder:"DAY" help:"As it would stand on this day, if nothing changed until then."`
}

// Help is what --help shows below the flags.
func (retentionDueCmd) Help() string {
	return `Example: attune retention due
         attune retention due --as-of 2027-01-31

Film whose time is over waits until a registrar lets it go: attune retention authorise. It goes by itself only where a
standing authorisation says so, and never while anything holds it. What is held beyond its time is listed last.`
}

func (c *retentionDueCmd) Run(g *global) error {
	return g.due(c.Family, c.AsOf, func(d *attune.Client, family policies.FamilyID, at time.Time) error {
		groups, err := d.Retention.Due(family, at)
		if err != nil {
			return err
		}
		text := []string{}
		for _, x := range groups {
			text = append(text, groupText(x))
		}
		if len(text) == 0 {
			text = append(text, "Nothing waits for anybody.")
		}
		held, err := d.Retention.Fates(family, at)
		if err != nil {
			return err
		}
		held = slices.DeleteFunc(held, func(f attune.Fated) bool { return !f.HeldBeyond(policies.At(at)) })
		for _, f := range held {
			text = append(text, f.Reference+"  "+fatedText(f))
		}
		return g.print(map[string]any{"due": groups, "held": held}, "%s", strings.Join(text, "\n"))
	})
}

func groupText(x attune.DueGroup) string {
	lines := []string{x.Reference + "  " + string(x.Class) + "  " + count(len(x.Clips), "clip", "clips") + ":"}
	for _, f := range x.Clips {
		lines = append(lines, "  "+fatedText(f))
	}
	return strings.Join(lines, "\n")
}

// fatedText is a clip, where it stands, and every reason.
func fatedText(f attune.Fated) string {
	text := f.Clip.Short() + "  " + string(f.Kind) + " filmed " + date(policies.At(f.Filmed)) + ": " + plain(string(f.State))
	if !f.Until.IsZero() {
		text += ", its time " + overText(f)
	}
	for _, r := range f.Reasons {
		text += "\n      " + r.Text
	}
	return text
}

func overText(f attune.Fated) string {
	if f.Waits() || f.HeldBeyond(policies.At(time.Now())) {
		return "was over after " + f.Until.String()
	}
	return "is over after " + f.Until.String()
}

// due opens a device for a family, or for all, and a day.
func (g *global) due(family ref, asOf string, do func(*attune.Client, policies.FamilyID, time.Time) error) error {
	at := time.Now()
	if asOf != "" {
		var err error
		if at, err = time.ParseInLocation(time.DateOnly, asOf, time.Local); err != nil {
			return usage("Write it as 2027-01-31.", "--as-of: %q is not a day.", asOf)
		}
		at = at.Add(12 * time.Hour)
	}
	return g.device(func(d *attune.Client) (err error) {
		var id policies.FamilyID
		if family != "" {
			if id, err = d.Families.Find(string(family)); err != nil {
				return err
			}
		}
		return do(d, id, at)
	})
}

type retentionPreviewCmd struct {
	Family ref    `arg:"" optional:"" help:"Reference or id; every family on this device when not given."`
	AsOf   string `placeholder:"DAY" help:"The day; today when not given."`
}

// Help is what --help shows below the flags.
func (retentionPreviewCmd) Help() string {
	return `Example: attune retention preview --as-of 2027-01-31

What would be due then, what would go, what would not, and why. Nothing is destroyed by it.`
}

func (c *retentionPreviewCmd) Run(g *global) error {
	return g.due(c.Family, c.AsOf, func(d *attune.Client, family policies.FamilyID, at time.Time) error {
		all, err := d.Retention.Fates(family, at)
		if err != nil {
			return err
		}
		text := []string{}
		for _, f := range all {
			text = append(text, f.Reference+"  "+fatedText(f))
		}
		if len(text) == 0 {
			text = append(text, "No film.")
		}
		return g.print(map[string]any{"as_of": at.Format(time.DateOnly), "clips": all}, "%s", strings.Join(text, "\n"))
	})
}

type retentionAuthoriseCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	Class  string `help:"Only this class: raw_film, working_clips, training_copies."`
	Clip   []ref  `sep:"none" help:"Only this clip: id. Repeat; else all that is due."`
	Again  string `placeholder:"DAY" help:"Keep it, and have it looked at again on this day."`
	Yes    bool   `help:"Do not ask whether to sign."`
}

// Help is what --help shows below the flags.
func (retentionAuthoriseCmd) Help() string {
	return `Example: attune retention authorise NF-1042
         attune retention authorise NF-1042 --clip 8xQ2mL0a --again 2027-06-30

For an information governance officer or a head of service, and never for who filmed it. It shows the list, with a hash
that names it, and asks. Film that is let go is marked, nobody watches it, and it is destroyed after the days of grace,
unless something comes to hold it.`
}

func (c *retentionAuthoriseCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		groups, err := d.Retention.Due(family, time.Now())
		if err != nil {
			return err
		}
		only, err := findClips(d, c.Clip)
		if err != nil {
			return err
		}
		all := []attune.Fated{}
		for i := range groups {
			groups[i].Clips = slices.DeleteFunc(groups[i].Clips, func(f attune.Fated) bool {
				return len(only) > 0 && !slices.Contains(only, f.Clip) || c.Class != "" && string(f.Class) != c.Class
			})
			all = append(all, groups[i].Clips...)
		}
		if len(all) == 0 {
			return problem("input", "What waits: attune retention due", "Nothing of this is due.")
		}
		hash := attune.ListHash(all)
		if !c.Yes {
			for _, x := range groups {
				if len(x.Clips) > 0 {
					g.note("%s", groupText(x))
				}
			}
			what := "Let it go"
			if c.Again != "" {
				what = "Keep it, and look again on " + c.Again
			}
			g.note("Hash of this list: %s", hash)
			if err := g.sign(d, what+"? Type yes: "); err != nil {
				return err
			}
		}
		ids := []policies.StatementID{}
		for _, x := range groups {
			if len(x.Clips) == 0 {
				continue
			}
			some, err := d.Retention.Authorise(x, c.Again)
			ids = append(ids, some...)
			if err != nil {
				return err
			}
		}
		return g.print(map[string]any{"ids": ids, "clips": len(all), "hash": hash}, "Signed for %s (%s). %s", count(len(all), "clip", "clips"), hash.String()[:8], syncNow)
	})
}

type retentionStandingCmd struct {
	Class string `arg:"" optional:"" help:"raw_film, working_clips or training_copies; all when not given."`
	Sign  bool   `help:"Sign it: an information governance officer and a head of service each do."`
	End   bool   `help:"End it: film of the class waits for a person again."`
	Yes   bool   `help:"Do not ask whether to sign."`
}

// Help is what --help shows below the flags.
func (retentionStandingCmd) Help() string {
	return `Example: attune retention standing
         attune retention standing raw_film --sign
         attune retention standing raw_film --end

It takes two signatures, in different roles, under the figures in force; other figures end it. Without one, all film
whose time is over waits for a person.`
}

func (c *retentionStandingCmd) Run(g *global) error {
	if c.Sign && c.End || (c.Sign || c.End) && c.Class == "" {
		return usage("See: attune retention standing --help", "Name one class, and --sign or --end.")
	}
	return g.device(func(d *attune.Client) error {
		list, err := d.Retention.Standings()
		if err != nil {
			return err
		}
		class := policies.ClassName(c.Class)
		if c.Class != "" {
			list = slices.DeleteFunc(list, func(v attune.StandingView) bool { return v.Class != class })
			if len(list) == 0 {
				return usage("See: attune retention standing", "%q is no class of working material on film.", c.Class)
			}
		}
		switch {
		case c.Sign:
			if !c.Yes {
				if err := g.sign(d, fmt.Sprintf("%s: gone at the end of its time without anybody looking at each. Sign it? Type yes: ", class)); err != nil {
					return err
				}
			}
			id, err := d.Retention.SignStanding(class)
			if err != nil {
				return err
			}
			return g.print(map[string]any{"id": id, "class": class}, "Signed (%s). It counts once the other role has signed too. %s", id.Short(), syncNow)
		case c.End:
			id, err := d.Retention.EndStanding(class)
			if err != nil {
				return err
			}
			return g.print(map[string]any{"id": id, "class": class}, "Ended (%s). %s", id.Short(), syncNow)
		}
		return g.print(map[string]any{"standing": list}, "%s", table(list, func(v attune.StandingView) []string {
			state := "every clip waits for a person"
			switch {
			case v.Stands:
				state = "stands"
			case len(v.Signed) == 1:
				state = "signed by " + plain(string(v.Signed[0].Role)) + ", waits for the other role"
			}
			return []string{string(v.Class), v.Class.String(), state}
		}))
	})
}
