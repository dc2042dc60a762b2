package main

import (
	"io"

	"github.com/mdp/qrterminal/v3"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type linkCmd struct {
	Create linkCreateCmd `cmd:"" help:"Make a link and a PIN by which a carer watches one clip."`
	Show   linkShowCmd   `cmd:"" help:"Show a link and its PIN again."`
	Revoke linkRevokeCmd `cmd:"" help:"End a link, for good."`
	List   linkListCmd   `cmd:"" help:"The links of a family."`
}

type linkCreateCmd struct {
	Clip  ref `arg:"" help:"Id of a chosen clip."`
	Carer ref `required:"" placeholder:"PERSON" help:"For whom: label or id."`
	Days  int `help:"For how many days; else the service's figure."`
	Opens int `help:"How often it may be opened; else the service's figure."`
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
		shared, err := d.Links.Create(clip, person, c.Days, c.Opens)
		if err != nil {
			return err
		}
		return g.shared(shared)
	})
}

// shared prints what is handed to the carer.
func (g *global) shared(s attune.Shared) error {
	if !g.JSON {
		qr(g.out, s.URL)
	}
	return g.print(map[string]any{"id": s.Link, "url": s.URL, "pin": s.PIN, "until": s.Expires, "opens": s.Opens},
		"%s\nPIN %s\nUntil %s, up to %s. It works once this device has synced.",
		s.URL, s.PIN, s.Expires.Local().Format("Mon 2 Jan 2006 15:04"), count(s.Opens, "opening", "openings"))
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

func (c *linkShowCmd) Run(g *global) error {
	return g.link(c.Link, func(d *attune.Client, id policies.LinkID) error {
		shared, err := d.Links.Show(id)
		if err != nil {
			return err
		}
		return g.shared(shared)
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

func (c *linkListCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		v, err := d.Families.Show(family)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"links": append([]attune.LinkView{}, v.Links...)}, "%s", table(v.Links, func(l attune.LinkView) []string {
			return []string{l.ID.Short(), "clip " + l.Clip.Short(), plain(string(l.State)), "until " + date(l.Expires)}
		}))
	})
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
