package main

import (
	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type equipmentCmd struct {
	Add    equipmentAddCmd    `cmd:"" help:"Put a camera, card, laptop, phone or tablet on the register."`
	Retire equipmentRetireCmd `cmd:"" help:"Take it off the register: wiped, destroyed or lost."`
	List   equipmentListCmd   `cmd:"" help:"What there is, who holds it, whether it is encrypted, when it was wiped."`
}

type equipmentAddCmd struct {
	Kind      string `required:"" enum:"camera,card,laptop,phone,tablet" help:"${enum}."`
	Holder    ref    `required:"" placeholder:"PERSON" help:"Who holds it: name or id."`
	Encrypted *bool  `negatable:"" help:"What is on it cannot be read without its key or code; --no-encrypted if it can."`
	Label     string `help:"How people know it: serial number, asset tag."`
}

// Help is what --help shows below the flags.
func (equipmentAddCmd) Help() string {
	return `Example: attune equipment add --kind camera --holder "Sam Reed" --no-encrypted --label "Sony 4471"
         attune equipment add --kind laptop --holder "Sam Reed" --encrypted --label AT-0093

For a registrar: head of service or IG officer. What goes to somebody else is wiped, retired, and added anew.`
}

func (c *equipmentAddCmd) Run(g *global) error {
	if c.Encrypted == nil {
		return usage("Give --encrypted, or --no-encrypted if whoever finds it can read it.", "Whether it is encrypted is not said.")
	}
	return g.device(func(d *attune.Client) error {
		holder, err := d.Staff.Find(string(c.Holder))
		if err != nil {
			return err
		}
		id, err := d.Register.Add(policies.EquipmentKind(c.Kind), holder, *c.Encrypted, c.Label)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "kind": c.Kind, "holder": holder, "encrypted": *c.Encrypted}, "On the register: %s %s. %s", c.Kind, id.Short(), syncNow)
	})
}

type equipmentRetireCmd struct {
	Thing ref    `arg:"" help:"Label or id."`
	How   string `required:"" enum:"factory_reset,overwritten,destroyed,lost" help:"${enum}."`
	Wiped string `placeholder:"DATE" help:"The day on which it was wiped; else today."`
}

// Help is what --help shows below the flags.
func (equipmentRetireCmd) Help() string {
	return `Example: attune equipment retire "Sony 4471" --how factory_reset --wiped 2026-11-20

For a registrar. What is lost was not wiped: that is an incident for your IG officer too. If it is found, retire
it again.`
}

func (c *equipmentRetireCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Register.Find(string(c.Thing))
		if err != nil {
			return err
		}
		on, err := parseDay("wiped", c.Wiped)
		if err != nil {
			return err
		}
		if c.How == string(policies.LostForGood) && c.Wiped != "" {
			return problem("usage", "Leave --wiped out.", "What is lost was not wiped.").status(exitUsage)
		}
		if err := d.Register.Retire(id, on, policies.WipedHow(c.How)); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "how": c.How}, "Off the register: %s. %s", c.Thing, syncNow)
	})
}

type equipmentListCmd struct{}

// Help is what --help shows below the flags.
func (equipmentListCmd) Help() string { return `Example: attune equipment list` }

func (c *equipmentListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		all, err := d.Register.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"equipment": all}, "%s", table(all, func(v attune.EquipmentView) []string {
			state := "in use"
			switch {
			case v.How == policies.LostForGood:
				state = "lost"
			case v.WipedOn != "":
				state = "wiped on " + v.WipedOn + ", " + plain(string(v.How))
			}
			return []string{
				v.ID.Short(), string(v.Kind), v.Label, v.HolderName, map[bool]string{true: "encrypted", false: "not encrypted"}[v.Encrypted],
				state, mark(v.InUse() && v.HolderGone, "holder has left"),
			}
		}))
	})
}
