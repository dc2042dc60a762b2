package main

import (
	"fmt"
	"strconv"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type sessionCmd struct {
	Log  sessionLogCmd  `cmd:"" help:"Log a visit."`
	List sessionListCmd `cmd:"" help:"The visits of a family."`
	Note sessionNoteCmd `cmd:"" help:"Read the note of a visit."`
}

type sessionLogCmd struct {
	Family     ref    `arg:"" help:"Reference or id."`
	On         string `placeholder:"DATE" help:"Day of the visit; else today."`
	Number     int    `help:"Which visit it was; else the next one."`
	Note       string `help:"Only the family's team can read it."`
	StillHappy bool   `xor:"happy" help:"Everybody was asked today, and is still happy to be filmed."`
	SaidNo     bool   `xor:"happy" help:"Somebody was asked, and said no: no film of this visit is taken."`
}

// Help is what --help shows below the flags.
func (sessionLogCmd) Help() string {
	return `Example: attune session log NF-1042 --on 2026-11-20 --number 1 --still-happy`
}

func (c *sessionLogCmd) Run(g *global) error {
	if _, err := parseDay("on", c.On); err != nil {
		return err
	}
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		if c.SaidNo {
			id, err := d.Sessions.LogRefused(family, c.On, c.Number, c.Note)
			if err != nil {
				return err
			}
			return g.print(map[string]any{"id": id, "family": family, "refused": true}, "Logged the visit (%s). Nobody films at it, and no film of it is taken.", id.Short())
		}
		id, err := d.Sessions.Log(family, c.On, c.Number, c.StillHappy, c.Note)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Logged the visit (%s).", id.Short())
	})
}

type sessionListCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

func (sessionListCmd) Help() string { return `Example: attune session list NF-1042` }

func (c *sessionListCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		list, err := d.Sessions.List(family)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"sessions": list}, "%s", table(list, sessionRow))
	})
}

func sessionRow(s policies.Session) []string {
	return []string{s.ID.Short(), fmt.Sprintf("visit %d", s.Number), s.On, mark(s.Refused, "somebody said no to filming")}
}

type sessionNoteCmd struct {
	Family  ref `arg:"" help:"Reference or id."`
	Session ref `arg:"" help:"Number of the visit, or id."`
}

func (sessionNoteCmd) Help() string { return `Example: attune session note NF-1042 1` }

func (c *sessionNoteCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := findSession(d, family, c.Session)
		if err != nil {
			return err
		}
		note, err := d.Sessions.Note(family, id)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "note": note}, "%s", note)
	})
}

// findSession takes the number of a visit as well as an id.
func findSession(d *attune.Client, family policies.FamilyID, text ref) (policies.SessionID, error) {
	if n, err := strconv.Atoi(string(text)); err == nil {
		list, err := d.Sessions.List(family)
		if err != nil {
			return policies.SessionID{}, err
		}
		var found []policies.SessionID
		for _, s := range list {
			if s.Number == n {
				found = append(found, s.ID)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return policies.SessionID{}, problem(string(attune.CodeAmbiguous), "Give the id that session list shows.",
				"%d visits have the number %d.", len(found), n)
		}
	}
	return d.Sessions.Find(family, string(text))
}
