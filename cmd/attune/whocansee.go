package main

import (
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type familyWhoCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

// Help is what --help shows below the flags.
func (familyWhoCmd) Help() string {
	return `Example: attune family who-can-see NF-1042

Worked out from the keys and permissions that are on this device; sync first. A family may ask for it at any
time: read them the second part, which names nobody. What changed since they last signed stands below it.`
}

func (c *familyWhoCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, id policies.FamilyID) error {
		v, err := d.Families.WhoCanSee(id)
		if err != nil {
			return err
		}
		return g.print(v, "%s", canSeeText(v))
	})
}

// canSeeText is who can see, to be read to a family.
func canSeeText(v attune.CanSee) string {
	lines := []string{fmt.Sprintf("Family %s: %s, of which %d may be used now.", v.Reference, count(v.Clips, "clip", "clips"), v.Usable)}
	for _, s := range v.Seers {
		lines = append(lines, "  "+seerText(s))
	}
	lines = append(lines, "Nobody else has a key.", "To be read to the family:")
	for _, l := range v.Lines {
		lines = append(lines, "  "+l)
	}
	return strings.Join(append(lines, sinceShown(v.Shown)...), "\n")
}

// sinceShown is what differs from what the family was told when they last signed.
func sinceShown(s attune.Shown) (lines []string) {
	switch {
	case s.Consent.IsZero():
		return nil
	case len(s.New)+len(s.Ended) == 0:
		return []string{"This is what they were shown when they signed on " + s.SignedOn + "."}
	}
	lines = append(lines, "Changed since they signed on "+s.SignedOn+". Tell them:")
	for _, l := range s.New {
		lines = append(lines, "  now: "+oneLine(l))
	}
	for _, l := range s.Ended {
		lines = append(lines, "  no longer: "+oneLine(l))
	}
	return lines
}

func seerText(s attune.Seer) string {
	name := oneLine(s.Name)
	if s.Outside {
		name += ", of another organisation,"
	}
	switch s.By {
	case attune.ByTeam:
		return fmt.Sprintf("%s works with the family and can watch %s.", name, count(s.Clips, "clip", "clips"))
	case attune.ByList:
		text := fmt.Sprintf("%s can watch %s for %s, until %s", name, count(s.Clips, "clip", "clips"), plain(string(s.Purpose)), s.Until.Local().Format("2 Jan 2006"))
		if s.Waiting > 0 {
			text += fmt.Sprintf("; %d more once a practitioner's device has written the key", s.Waiting)
		}
		return text + "."
	case attune.ByLink:
		if name == "" {
			name = "A carer"
		}
		return fmt.Sprintf("%s can watch one clip by a link, until %s.", name, s.Until.Local().Format("2 Jan 2006"))
	case attune.ByForms:
		return fmt.Sprintf("%s, IG officer, can read the consent forms, and never film.", name)
	}
	return "Two of the three custodians together can open it, when nobody of the team can or a court orders it."
}
