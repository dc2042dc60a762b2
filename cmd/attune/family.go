package main

import (
	"fmt"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type familyCmd struct {
	Open    familyOpenCmd    `cmd:"" help:"Begin a family's record."`
	List    familyListCmd    `cmd:"" help:"The families on this device."`
	Show    familyShowCmd    `cmd:"" help:"One family: people, permissions, visits, recordings."`
	Case    familyCaseCmd    `cmd:"" help:"How the law stands to a family, and whether it is before a court."`
	Summary familySummaryCmd `cmd:"" help:"Record that what film showed was written down."`
	Close   familyCloseCmd   `cmd:"" help:"Record that the work with a family ended."`
	Who     familyWhoCmd     `cmd:"" name:"who-can-see" help:"Who can see what of a family, and until when."`
}

type familyOpenCmd struct {
	Reference string `arg:"" help:"The case-system number, never a name."`
	Programme string `required:"" enum:"vig,vipp_sd" help:"${enum}."`
}

func (familyOpenCmd) Help() string { return `Example: attune family open NF-1042 --programme vig` }

func (c *familyOpenCmd) Run(g *global) error {
	if c.Reference != "" && !strings.ContainsAny(c.Reference, "0123456789") {
		return problem("input", "Give the number that the case system has for them, such as NF-1042, never a name: whoever keeps the server can read it.",
			"%q has no number in it.", c.Reference)
	}
	return g.device(func(d *attune.Client) error {
		id, err := d.Families.Open(c.Reference, policies.Programme(c.Programme))
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "reference": c.Reference}, "Opened %s (%s).", c.Reference, id.Short())
	})
}

type familyListCmd struct{}

func (familyListCmd) Help() string { return `Example: attune family list` }

func (c *familyListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		list, err := d.Families.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"families": list}, "%s", table(list, func(f attune.FamilyView) []string {
			return []string{f.Reference, plain(string(f.Programme)), count(len(f.People), "person", "people"),
				count(len(f.Clips), "clip", "clips"), mark(f.Waiting > 0, fmt.Sprintf("%d not sent yet", f.Waiting))}
		}))
	})
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

type familyShowCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

func (familyShowCmd) Help() string { return `Example: attune family show NF-1042` }

func (c *familyShowCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, id policies.FamilyID) error {
		v, err := d.Families.Show(id)
		if err != nil {
			return err
		}
		return g.print(v, "%s", familyText(v))
	})
}

// familyText is a family on a page.
func familyText(v attune.FamilyView) string {
	part := func(title, body string) string {
		return title + "\n" + indented(body)
	}
	if v.Watches {
		return watchedText(v)
	}
	head := []string{fmt.Sprintf("%s  %s  (%s)", v.Reference, plain(string(v.Programme)), v.ID.Short())}
	for _, s := range v.StopAsked {
		head = append(head, "Needs attention: "+stopText(s))
	}
	head = append(head, locksText(v.Locks, time.Now())...)
	for _, o := range v.Objected {
		head = append(head, "Needs attention: "+objectionText(o))
	}
	return strings.Join(append(head,
		part("Team", table(v.Team, func(m attune.Member) []string { return []string{m.ID.Short(), m.Name, mark(m.Me, "you")} })),
		part("People", table(v.People, personRow)),
		part("Approvals to film", table(v.Approvals, approvalRow)),
		part("Consent forms", table(v.Consents, consentRow)),
		part("Visits", table(v.Sessions, sessionRow)),
		part("Recordings", table(v.Clips, clipRow)),
		part("Viewers", table(v.Viewers, viewerRow)),
		part("See to", table(v.Warnings, func(w string) []string { return []string{w} })),
	), "\n")
}

// watchedText is a family for somebody who only watches: what they may see, for what,
// until when.
func watchedText(v attune.FamilyView) string {
	var own []attune.ViewerEntry
	for _, e := range v.Viewers {
		if e.Me {
			own = append(own, e)
		}
	}
	return fmt.Sprintf("%s  %s  (%s)\nYou may watch\n%s\nRecordings\n%s", v.Reference, plain(string(v.Programme)), v.ID.Short(),
		indented(table(own, viewerRow)), indented(table(v.Clips, clipRow)))
}

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// stopText is what a carer asked for on the page of their link, and what to do.
func stopText(s attune.StopAsked) string {
	who := s.Label
	if who == "" {
		who = "A carer"
	}
	return fmt.Sprintf("%s asked us to stop on %s, on the page of a link; film with them is not used any more. Talk with them. Family %s.",
		who, s.At.Local().Format("Mon 2 Jan 2006 at 15:04"), s.Reference)
}

// family finds a family on this device by reference or id.
func (g *global) family(text ref, do func(*attune.Client, policies.FamilyID) error) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Families.Find(string(text))
		if err != nil {
			return err
		}
		return do(d, id)
	})
}
