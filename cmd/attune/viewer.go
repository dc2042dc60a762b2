package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type viewerCmd struct {
	Add         viewerAddCmd         `cmd:"" help:"Put somebody whom a consent form names on a family's viewer list."`
	Countersign viewerCountersignCmd `cmd:"" help:"As head of service, agree to a viewer of another organisation."`
	Remove      viewerRemoveCmd      `cmd:"" help:"End what somebody may watch of a family."`
	List        viewerListCmd        `cmd:"" help:"Who outside the team may watch, for what, until when."`
}

type viewerAddCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Person  ref    `arg:"" help:"Name or id of a confirmed member of staff."`
	Purpose string `required:"" help:"For which purpose, as the consent form names it: supervision, peers, …"`
	Until   string `placeholder:"DATE" help:"Last day; else the service's figure."`
}

// Help is what --help shows below the flags.
func (viewerAddCmd) Help() string {
	return `Example: attune viewer add NF-1042 "Sue Lane" --purpose supervision

The family agrees first: a consent form in force names the person for that purpose. Somebody of another
organisation watches only once the head of service has countersigned. A device of the team writes their
key to each clip when it syncs; it may be any practitioner's.`
}

func (c *viewerAddCmd) Run(g *global) error {
	return g.viewer(c.Family, c.Person, func(d *attune.Client, family policies.FamilyID, staff policies.StaffID) error {
		until, err := parseUntil("until", c.Until)
		if err != nil {
			return err
		}
		added, err := d.Viewers.Add(family, staff, policies.Purpose(c.Purpose), until)
		if err != nil {
			return err
		}
		once := ""
		if added.Outside {
			once = ", once the head of service has countersigned"
		}
		return g.print(map[string]any{"id": added.ID, "family": family, "person": staff, "purpose": c.Purpose, "until": added.Until, "outside": added.Outside},
			"%s may watch for %s until %s%s. %s", c.Person, plain(c.Purpose), date(policies.At(added.Until)), once, syncNow)
	})
}

// syncNow follows every act that begins or ends somebody's access.
const syncNow = "Sync now: it takes effect when it reaches the service."

type viewerCountersignCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Person  ref    `arg:"" help:"Name or id of who shall watch."`
	Purpose string `placeholder:"PURPOSE" help:"Which entry, when the person waits for several purposes."`
	Entry   string `placeholder:"ID" help:"Which entry, when they were put on the list twice for one: the beginning of its id, as viewer list has it."`
}

// Help is what --help shows below the flags.
func (viewerCountersignCmd) Help() string {
	return `Example: attune viewer countersign NF-1042 "Mo Finch"

Shows what is signed before it is. Whoever put the person on the list cannot countersign it.`
}

func (c *viewerCountersignCmd) Run(g *global) error {
	return g.viewer(c.Family, c.Person, func(d *attune.Client, family policies.FamilyID, staff policies.StaffID) error {
		list, err := d.Viewers.List(family)
		if err != nil {
			return err
		}
		e, err := c.entry(list, staff)
		if err != nil {
			return err
		}
		g.note("You countersign: %s, who works for another organisation, may watch film of family %s for %s until %s.",
			oneLine(e.Name), e.Reference, plain(string(e.Purpose)), date(e.Until))
		if term.IsTerminal(int(os.Stdin.Fd())) {
			answer, err := ask("Countersign it? [y/N] ")
			if err != nil {
				return err
			}
			if !strings.EqualFold(answer, "y") && !strings.EqualFold(answer, "yes") {
				return problem("declined", "Nothing was recorded.", "It was not countersigned.")
			}
		}
		if err := d.Viewers.Countersign(family, e.ID); err != nil {
			return err
		}
		return g.print(map[string]any{"id": e.ID, "family": family, "person": staff, "purpose": e.Purpose, "until": e.Until, "countersigned": true},
			"Countersigned. %s", syncNow)
	})
}

// entry is the one entry of a person that waits, for one purpose or of one id where
// there are several: a colleague may have put the same person on the list as well.
func (c *viewerCountersignCmd) entry(list []attune.ViewerEntry, staff policies.StaffID) (attune.ViewerEntry, error) {
	var waits []attune.ViewerEntry
	for _, e := range list {
		if e.Staff == staff && e.State == policies.ListingWaits && (c.Purpose == "" || policies.Purpose(c.Purpose) == e.Purpose) &&
			strings.HasPrefix(e.ID.String(), c.Entry) {
			waits = append(waits, e)
		}
	}
	switch len(waits) {
	case 0:
		return attune.ViewerEntry{}, problem("unknown", "See: attune viewer list "+string(c.Family), "Nothing of %s waits for a countersign.", c.Person)
	case 1:
		return waits[0], nil
	}
	return attune.ViewerEntry{}, problem("ambiguous", "Give the one that you mean with --purpose, or with --entry as viewer list has it.", "%d entries of %s wait.", len(waits), c.Person)
}

type viewerRemoveCmd struct {
	Family ref `arg:"" help:"Reference or id."`
	Person ref `arg:"" help:"Name or id."`
}

func (viewerRemoveCmd) Help() string { return `Example: attune viewer remove NF-1042 "Sue Lane"` }

func (c *viewerRemoveCmd) Run(g *global) error {
	return g.viewer(c.Family, c.Person, func(d *attune.Client, family policies.FamilyID, staff policies.StaffID) error {
		if err := d.Viewers.Remove(family, staff); err != nil {
			return err
		}
		return g.print(map[string]any{"family": family, "person": staff, "removed": true}, "%s may watch nothing of %s any more. %s", c.Person, c.Family, syncNow)
	})
}

type viewerListCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

func (viewerListCmd) Help() string { return `Example: attune viewer list NF-1042` }

func (c *viewerListCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		list, err := d.Viewers.List(family)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"viewers": list}, "%s", table(list, viewerRow))
	})
}

func viewerRow(e attune.ViewerEntry) []string {
	return []string{e.ID.Short(), e.Name, mark(e.Outside, "another organisation"), plain(string(e.Purpose)), "until " + date(e.Until), viewerState(e)}
}

// viewerState says how far an entry has come.
func viewerState(e attune.ViewerEntry) string {
	state := string(e.State)
	if e.State == policies.ListingWaits {
		state = "waits for the head of service's countersign"
	}
	if e.Standing != attune.Confirmed && (e.State == policies.ListingWaits || e.State == policies.ListingOpen) {
		state = "watches nothing: the person's certificate is " + e.Standing
	}
	if e.SignedBy != "" {
		state += ", countersigned by " + e.SignedBy
	}
	if len(e.Clips) > 0 {
		state += ", " + count(len(e.Clips), "clip", "clips")
	}
	if n := len(e.Waiting); n > 0 {
		state += fmt.Sprintf(", %s for a practitioner's device", count(n, "clip waits", "clips wait"))
	}
	return state
}

// viewersText is what of the viewer lists somebody at this device should see to, and
// what only has to be waited for.
func viewersText(list []attune.ViewerEntry, headOfService bool) (attention, waiting []string) {
	for _, e := range list {
		switch n := len(e.Waiting); {
		case e.State == policies.ListingWaits && headOfService:
			attention = append(attention, fmt.Sprintf("%s, of another organisation, waits for your countersign to watch film of family %s for %s. See: attune viewer countersign --help",
				oneLine(e.Name), e.Reference, plain(string(e.Purpose))))
		case n > 0 && e.Me:
			waiting = append(waiting, fmt.Sprintf("a practitioner's device has still to write your key to %s of family %s.", count(n, "clip", "clips"), e.Reference))
		case n > 0:
			waiting = append(waiting, fmt.Sprintf("a practitioner's device has still to write the key of %s to %s of family %s; any of the team's does when it syncs.",
				oneLine(e.Name), count(n, "clip", "clips"), e.Reference))
		}
	}
	return attention, waiting
}

// viewer finds a family and a member of staff.
func (g *global) viewer(family, person ref, do func(*attune.Client, policies.FamilyID, policies.StaffID) error) error {
	return g.family(family, func(d *attune.Client, id policies.FamilyID) error {
		staff, err := d.Staff.Find(string(person))
		if err != nil {
			return err
		}
		return do(d, id, staff)
	})
}
