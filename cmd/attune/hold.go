package main

import (
	"cmp"
	"slices"
	"strings"

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
	Family ref `arg:"" help:"Reference or id."`
	heldFlags
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
		of, err := c.find(d, family)
		if err != nil {
			return err
		}
		id, err := d.Holds.Ask(family, of, policies.HoldReason(c.Reason))
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Held for now (%s). %s", id.Short(), syncNow)
	})
}

// heldFlags are what of a family is held.
type heldFlags struct {
	Clip    []ref `sep:"none" help:"Only this clip: id. Repeat; else everything of the family."`
	Session []ref `sep:"none" help:"Only film of this visit, also what comes later: id. Repeat."`
	Person  []ref `sep:"none" help:"Only film that shows this person, also what comes later: label or id. Repeat."`
}

func (h *heldFlags) find(d *attune.Client, family policies.FamilyID) (of attune.HoldScope, err error) {
	if of.Clips, err = findClips(d, h.Clip); err != nil {
		return of, err
	}
	for _, text := range h.Session {
		id, err := d.Holds.FindSession(family, string(text))
		if err != nil {
			return of, err
		}
		of.Sessions = append(of.Sessions, id)
	}
	for _, text := range h.Person {
		id, err := d.Families.FindPerson(family, string(text))
		if err != nil {
			return of, err
		}
		of.People = append(of.People, id)
	}
	return of, nil
}

type holdPlaceCmd struct {
	Family  ref  `arg:"" optional:"" help:"Reference or id."`
	Service bool `name:"everything" help:"Everything of the service instead, also of families to come."`
	heldFlags
	Kind     string `required:"" enum:"court,police,inquiry,complaint,subject_access,safeguarding" help:"${enum}."`
	Review   string `placeholder:"DAY" help:"Look at it again by this day: 2026-12-31. Never later than the service's figures say."`
	Confirms ref    `placeholder:"HOLD" help:"The hold that it takes the place of, or is looked at again with it: id."`
}

// Help is what --help shows below the flags.
func (holdPlaceCmd) Help() string {
	return `Example: attune hold place NF-1042 --kind police
         attune hold place NF-1042 --person Bo --kind court --review 2027-01-31
         attune hold place --everything --kind inquiry

Nothing that it covers is destroyed until somebody else releases it, whatever was asked for before. Nobody may watch
more because of it.`
}

func (c *holdPlaceCmd) Run(g *global) error {
	terms := attune.HoldTerms{Kind: policies.HoldKind(c.Kind), ReviewOn: c.Review}
	held := func(id policies.StatementID, family policies.FamilyID) error {
		return g.print(map[string]any{"id": id, "family": family}, "Held until it is released (%s). %s", id.Short(), syncNow)
	}
	switch {
	case c.Service && (c.Family != "" || len(c.Clip)+len(c.Session)+len(c.Person) > 0):
		return problem("input", "Leave --everything out, or the rest.", "A hold on the service is on everything.")
	case !c.Service && c.Family == "":
		return problem("input", "Name the family, or say --everything.", "What is to be held is missing.")
	case c.Service:
		return g.device(func(d *attune.Client) (err error) {
			if c.Confirms != "" {
				if terms.Confirms, err = d.Holds.FindAll(string(c.Confirms)); err != nil {
					return err
				}
			}
			id, err := d.Holds.PlaceAll(terms)
			if err != nil {
				return err
			}
			return held(id, policies.FamilyID{})
		})
	}
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		of, err := c.find(d, family)
		if err != nil {
			return err
		}
		if c.Confirms != "" {
			if terms.Confirms, err = d.Holds.Find(family, string(c.Confirms)); err != nil {
				return err
			}
		}
		id, err := d.Holds.Place(family, of, terms)
		if err != nil {
			return err
		}
		return held(id, family)
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
	Family  ref  `arg:"" help:"Reference or id. With --everything: the hold."`
	Hold    ref  `arg:"" optional:"" help:"Id, as hold list has it."`
	Service bool `name:"everything" help:"A hold on everything of the service, as head of service."`
}

// Help is what --help shows below the flags.
func (holdReleaseCmd) Help() string {
	return `Example: attune hold release NF-1042 8xQ2mL0a
         attune hold release --everything 8xQ2mL0a

For a head of service or an information governance officer, and not for whoever placed it. What was confirmed
before the hold is confirmed again before anything may be destroyed.`
}

func (c *holdReleaseCmd) Run(g *global) error {
	if c.Service == (c.Hold != "") {
		return problem("input", "attune hold list has its id.", "Name the family and the hold, or --everything and the hold.")
	}
	if c.Service {
		return g.device(func(d *attune.Client) error {
			id, err := d.Holds.FindAll(string(c.Family))
			if err != nil {
				return err
			}
			if err := d.Holds.ReleaseAll(id); err != nil {
				return err
			}
			return g.print(map[string]any{"id": id}, "Released (%s). %s", id.Short(), syncNow)
		})
	}
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
			look := ""
			if h.State == policies.HoldStands && !h.Review.IsZero() {
				look = "look again by " + h.Review.String()
			}
			return []string{cmp.Or(h.Reference, "the service"), h.ID.Short(), scopeText(h.HoldScope), plain(h.For), mark(h.Provisional, "for now"), plain(string(h.State)), "since " + date(policies.At(h.At)), look}
		}))
	})
}

// scopeText is what of a family is held.
func scopeText(of attune.HoldScope) string {
	var parts []string
	for _, x := range []struct {
		n         int
		one, many string
	}{{len(of.Clips), "clip", "clips"}, {len(of.Sessions), "visit", "visits"}, {len(of.People), "person", "people"}} {
		if x.n > 0 {
			parts = append(parts, count(x.n, x.one, x.many))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "everything")
}
