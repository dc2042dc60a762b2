package main

import (
	"context"
	"fmt"
	"io"

	"github.com/mdp/qrterminal/v3"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type linkCmd struct {
	Create linkCreateCmd `cmd:"" help:"Make a link and a PIN by which a carer watches one clip."`
	Show   linkShowCmd   `cmd:"" help:"Show a link and its PIN again, and how it stands."`
	Pin    linkPinCmd    `cmd:"" help:"Give a link a new PIN: the address stays, the old PIN stops."`
	Revoke linkRevokeCmd `cmd:"" help:"End a link, for good."`
	List   linkListCmd   `cmd:"" help:"The links of a family."`
}

type linkCreateCmd struct {
	Clip  ref  `arg:"" help:"Id of a chosen clip."`
	Carer ref  `required:"" placeholder:"PERSON" help:"For whom: label or id."`
	Days  int  `help:"For how many days; else the service's figure."`
	Opens int  `help:"How often it may be opened; else the service's figure."`
	Easy  bool `name:"easy-read" help:"The page begins in easy words; the carer can change it there."`
}

// Help is what --help shows below the flags.
func (linkCreateCmd) Help() string {
	return `Example: attune link create 7hY2pQ0a --carer Mum --days 14

Sync, then send the address by message and say the PIN by voice: never both in one message.`
}

func (c *linkCreateCmd) Run(g *global) error {
	return g.clip(c.Clip, func(d *attune.Client, clip policies.ClipID) error {
		v, err := d.Clips.Show(clip)
		if err != nil {
			return err
		}
		person, err := d.Families.FindPerson(v.Family, string(c.Carer))
		if err != nil {
			return err
		}
		shared, err := d.Links.Create(clip, person, attune.LinkTerms{Days: c.Days, Opens: c.Opens, EasyRead: c.Easy})
		if err != nil {
			return err
		}
		return g.shared(shared, nil)
	})
}

// shared prints what is handed to the carer, with how it stands where that is known.
func (g *global) shared(s attune.Shared, st *attune.LinkStatus) error {
	if !g.JSON {
		qr(g.out, s.URL)
	}
	return g.print(map[string]any{"id": s.Link, "url": s.URL, "pin": s.PIN, "until": s.Expires, "opens": s.Opens, "state": s.State, "status": st},
		"%s\nPIN %s\nUntil %s, up to %s.%s",
		s.URL, s.PIN, s.Expires.Local().Format("Mon 2 Jan 2006 15:04"), count(s.Opens, "opening", "openings"), mark(s.Unsent, " It works once this device has synced."))
}

// qr draws the address for a phone's camera, in half blocks that fit a terminal.
func qr(w io.Writer, url string) {
	qrterminal.GenerateWithConfig(url, qrterminal.Config{
		Level: qrterminal.L, Writer: w, HalfBlocks: true, QuietZone: 2,
		BlackChar: qrterminal.BLACK_BLACK, WhiteChar: qrterminal.WHITE_WHITE,
		BlackWhiteChar: qrterminal.BLACK_WHITE, WhiteBlackChar: qrterminal.WHITE_BLACK,
	})
}

type linkShowCmd struct {
	Link ref `arg:"" help:"Id, or the address."`
}

func (linkShowCmd) Help() string { return `Example: attune link show 5tB8wLr2` }

func (c *linkShowCmd) Run(ctx context.Context, g *global) error {
	return g.link(c.Link, func(d *attune.Client, id policies.LinkID) error {
		shared, err := d.Links.Show(id)
		if err != nil {
			return err
		}
		leaked, err := d.Links.Leaked(id)
		if err != nil {
			return err
		}
		if leaked {
			g.note("This link was revoked, because %s. Make a new one, and send it another way.", leakedWhy)
		}
		if shared.State != policies.LinkOpen {
			return g.ended(shared)
		}
		st, err := d.Links.Status(ctx, id)
		if attune.NotThere(err) && shared.Unsent {
			return g.shared(shared, nil)
		}
		if err != nil {
			g.note("How often it was opened is not known: %v.", err)
			return g.shared(shared, nil)
		}
		if err := g.shared(shared, &st); err != nil || g.JSON {
			return err
		}
		return g.print(nil, "It stands at: %s.", standing(st))
	})
}

// ended prints a link that opens nothing any more: no address and no PIN, which
// somebody would hand out.
func (g *global) ended(s attune.Shared) error {
	return g.print(map[string]any{"id": s.Link, "url": s.URL, "pin": s.PIN, "until": s.Expires, "opens": s.Opens, "state": s.State, "status": nil},
		"This link is %s and opens nothing. Make a new one with attune link create.", plain(string(s.State)))
}

// standing says how a link stands, and what to do about it.
func standing(st attune.LinkStatus) string {
	said := fmt.Sprintf("opened %d of %d", st.Opened, st.Opens)
	switch {
	case st.Locked:
		said += ", locked after too many wrong PINs: give a new one with attune link pin"
	case st.Paused != 0:
		said += ", paused until " + st.Paused.Time().Local().Format("15:04") + " after too many wrong PINs; a new one by attune link pin works at once"
	case st.Opened >= st.Opens:
		said += ", does not open again: make a new one"
	}
	return said
}

type linkPinCmd struct {
	Link ref `arg:"" help:"Id, or the address."`
}

func (linkPinCmd) Help() string {
	return `Example: attune link pin 5tB8wLr2

Sync, then say the new PIN by voice. The carer's message with the link stays good.`
}

func (c *linkPinCmd) Run(g *global) error {
	return g.link(c.Link, func(d *attune.Client, id policies.LinkID) error {
		shared, err := d.Links.PIN(id)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "pin": shared.PIN, "until": shared.Expires},
			"PIN %s\nIt works once this device has synced, and the old one then stops. The link is the same.", shared.PIN)
	})
}

type linkRevokeCmd struct {
	Link ref `arg:"" help:"Id, or the address."`
}

func (linkRevokeCmd) Help() string { return `Example: attune link revoke 5tB8wLr2` }

func (c *linkRevokeCmd) Run(g *global) error {
	return g.link(c.Link, func(d *attune.Client, id policies.LinkID) error {
		if err := d.Links.Revoke(id); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "revoked": true}, "Revoked %s. Sync now: it takes effect when it reaches the service.", id.Short())
	})
}

type linkListCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

func (linkListCmd) Help() string { return `Example: attune link list NF-1042` }

// listed is a link with how it stands, where the service could be asked.
type listed struct {
	attune.LinkView
	Status *attune.LinkStatus `json:"status"`
}

func (c *linkListCmd) Run(ctx context.Context, g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		v, err := d.Families.Show(family)
		if err != nil {
			return err
		}
		links := make([]listed, len(v.Links))
		for i, l := range v.Links {
			links[i].LinkView = l
		}
		if why := stand(ctx, d, links); why != nil {
			g.note("How often they were opened is not known: %v.", why)
		}
		return g.print(map[string]any{"links": links}, "%s", table(links, func(l listed) []string {
			row := []string{l.ID.Short(), "clip " + l.Clip.Short(), plain(string(l.State)) + mark(l.Leaked, ", its secret was sent to the service"), "until " + date(l.Expires)}
			if l.Status != nil {
				row = append(row, standing(*l.Status))
			}
			return row
		}))
	})
}

// stand asks the service about each link that can still be opened. A link that has
// not been synced yet is unknown there; any other failure ends the asking.
func stand(ctx context.Context, d *attune.Client, links []listed) error {
	for i, l := range links {
		if l.State != policies.LinkOpen {
			continue
		}
		st, err := d.Links.Status(ctx, l.ID)
		switch {
		case attune.NotThere(err):
		case err != nil:
			return err
		default:
			links[i].Status = &st
		}
	}
	return nil
}

func (g *global) link(text ref, do func(*attune.Client, policies.LinkID) error) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Links.Find(string(text))
		if err != nil {
			return err
		}
		return do(d, id)
	})
}
