package main

import (
	"os"
	"path/filepath"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type recoveryCmd struct {
	Use     recoveryUseCmd     `cmd:"" help:"Ask for a family's key from two of the three custodians."`
	Confirm recoveryConfirmCmd `cmd:"" help:"Let the custodians' envelope be handed to the officer who asked."`
	List    recoveryListCmd    `cmd:"" help:"Who asked for which family's key, why, and what became of it."`
	Export  recoveryExportCmd  `cmd:"" help:"Write the envelope, for the two custodians to open."`
	Restore recoveryRestoreCmd `cmd:"" help:"Give the key that they opened to the practitioner who needs it."`
	Drill   recoveryDrillCmd   `cmd:"" help:"Prove that the custodians could open a family's key, without one."`
}

type recoveryUseCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	Ground string `required:"" enum:"cover,leaver,lost,court_order,access" help:"${enum}."`
	Pair   string `required:"" enum:"ab,ac,bc" help:"Which two custodians, in the order of the ceremony: ${enum}."`
	For    ref    `required:"" help:"The practitioner who is to have the key."`
}

// Help is what --help shows below the flags.
func (recoveryUseCmd) Help() string {
	return `Example: attune recovery use NF-1042 --ground cover --pair ac --for "Cora Lane"

For a head of service or an IG officer, when no device of the family's team can sync. Somebody in the
other of the two roles confirms it. Each use is in the log, and on the IG officer's list.`
}

func (c *recoveryUseCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, id policies.FamilyID) error {
		staff, err := d.Staff.Find(string(c.For))
		if err != nil {
			return err
		}
		use, err := d.Recovery.Use(id, policies.RecoveryGround(c.Ground), policies.Pair(c.Pair), staff)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": use, "family": id, "pair": c.Pair}, "Asked (%s). Somebody in the other role confirms it: attune recovery confirm %s. %s", use.Short(), c.Family, syncNow)
	})
}

type recoveryConfirmCmd struct {
	Use ref `arg:"" help:"Id, or the family's reference for its latest."`
}

// Help is what --help shows below the flags.
func (recoveryConfirmCmd) Help() string { return `Example: attune recovery confirm NF-1042` }

func (c *recoveryConfirmCmd) Run(g *global) error {
	return g.recovery(c.Use, func(d *attune.Client, v attune.RecoveryView) error {
		g.note("You confirm: %s may have the key of family %s opened by custodians %s, for %s, because: %s.", v.ByName, v.Reference, custodians(v.Pair), v.ForName, plain(string(v.Ground)))
		if err := d.Recovery.Confirm(v.Family, v.ID); err != nil {
			return err
		}
		return g.print(map[string]any{"id": v.ID, "confirmed": true}, "Confirmed. %s", syncNow)
	})
}

type recoveryListCmd struct{}

// Help is what --help shows below the flags.
func (recoveryListCmd) Help() string { return `Example: attune recovery list` }

func (c *recoveryListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		all, err := d.Recovery.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"recoveries": all}, "%s", table(all, func(v attune.RecoveryView) []string {
			state := "waits for the other role"
			switch {
			case !v.Restored.IsZero():
				state = "given to " + v.ForName
			case !v.Confirmed.IsZero():
				state = "handed to " + v.ByName
			}
			return []string{v.ID.Short(), v.Reference, date(v.At), v.ByName, plain(string(v.Ground)), "custodians " + custodians(v.Pair), "for " + v.ForName, state}
		}))
	})
}

type recoveryExportCmd struct {
	Use ref    `arg:"" help:"Id, or the family's reference for its latest."`
	Out string `required:"" placeholder:"FILE" type:"path" help:"Where to write it."`
}

// Help is what --help shows below the flags.
func (recoveryExportCmd) Help() string {
	return `Example: attune recovery export NF-1042 --out envelope.age

The first custodian opens it, and hands what comes out to the second, who opens that:

  age -d -i custodian-a.key envelope.age > inner.age
  age -d -i custodian-c.key inner.age > family.key

Neither alone can. Delete both files afterwards; the family's locks are changed by themselves.`
}

func (c *recoveryExportCmd) Run(g *global) error {
	return g.recovery(c.Use, func(d *attune.Client, v attune.RecoveryView) error {
		body, err := d.Recovery.Export(v)
		if err != nil {
			return err
		}
		if err := writeNew(c.Out, body); err != nil {
			return err
		}
		return g.print(map[string]any{"id": v.ID, "pair": v.Pair, "file": c.Out}, "Wrote %s, for custodians %s, in that order. How: attune recovery export --help", c.Out, custodians(v.Pair))
	})
}

type recoveryRestoreCmd struct {
	Use ref    `arg:"" help:"Id, or the family's reference for its latest."`
	Key string `required:"" placeholder:"FILE" type:"path" help:"What the second custodian's age wrote."`
}

// Help is what --help shows below the flags.
func (recoveryRestoreCmd) Help() string {
	return `Example: attune recovery restore NF-1042 --key family.key

Delete the file afterwards.`
}

func (c *recoveryRestoreCmd) Run(g *global) error {
	return g.recovery(c.Use, func(d *attune.Client, v attune.RecoveryView) error {
		key, err := os.ReadFile(c.Key)
		if err != nil {
			return problem("input", "Give the file that the second custodian's age wrote.", "The key cannot be read: %s.", because(err))
		}
		defer clear(key)
		if err := d.Recovery.Restore(v, key); err != nil {
			return err
		}
		return g.print(map[string]any{"id": v.ID, "for": v.For}, "%s has the key of family %s with their next sync. Delete %s. %s", v.ForName, v.Reference, c.Key, syncNow)
	})
}

type recoveryDrillCmd struct {
	Out    string `placeholder:"DIR" type:"path" help:"Write the drill's envelopes into a new folder."`
	Check  string `placeholder:"DIR" type:"path" help:"The folder of a drill; look whether --opened is what was inside."`
	Opened string `placeholder:"FILE" type:"path" help:"What the second custodian's age wrote."`
}

// Help is what --help shows below the flags.
func (recoveryDrillCmd) Help() string {
	return `Example: attune recovery drill --out drill

  age -d -i custodian-a.key drill/ab.age > inner.age
  age -d -i custodian-b.key inner.age > opened
  attune recovery drill --check drill --opened opened

The envelopes are made as a family's are, for the custodians of this service, and hold a secret that
opens nothing. Do it once a year with every pair, and when a custodian changes.`
}

func (c *recoveryDrillCmd) Run(g *global) error {
	switch {
	case c.Out != "" && c.Check == "":
		return c.write(g)
	case c.Check != "" && c.Opened != "" && c.Out == "":
		return c.look(g)
	}
	return problem("input", "Give --out to begin a drill, or --check and --opened to end it.", "Nothing to do.")
}

const drillSum = "drill.sha256"

func (c *recoveryDrillCmd) write(g *global) error {
	return g.device(func(d *attune.Client) error {
		drill, err := d.Recovery.Drill()
		if err != nil {
			return err
		}
		if err := os.Mkdir(c.Out, 0o700); err != nil {
			return cannotWrite(c.Out, err)
		}
		for pair, body := range drill.Envelopes {
			if err := writeNew(filepath.Join(c.Out, string(pair)+".age"), body); err != nil {
				return err
			}
		}
		if err := writeNew(filepath.Join(c.Out, drillSum), []byte(drill.Secret.String()+"\n")); err != nil {
			return err
		}
		return g.print(map[string]any{"folder": c.Out}, "Wrote ab.age, ac.age and bc.age to %s. How: attune recovery drill --help", c.Out)
	})
}

func (c *recoveryDrillCmd) look(g *global) error {
	sum, err := os.ReadFile(filepath.Join(c.Check, drillSum))
	if err != nil {
		return problem("input", "Give the folder that attune recovery drill --out wrote.", "This is no drill: %s.", because(err))
	}
	opened, err := os.ReadFile(c.Opened)
	if err != nil {
		return problem("input", "Give the file that the second custodian's age wrote.", "It cannot be read: %s.", because(err))
	}
	if policies.DigestOf(opened).String() != strings.TrimSpace(string(sum)) {
		return problem("drill_failed", "Open it again, each custodian once. If it stays, the service needs another custodian.", "This is not what was in the drill's envelopes.")
	}
	return g.print(map[string]any{"opened": true}, "These two custodians can open a family's key.")
}

// custodians says which two a pair is.
func custodians(p policies.Pair) string {
	if len(p) != 2 {
		return string(p)
	}
	return strings.ToUpper(string(p[:1])) + " and " + strings.ToUpper(string(p[1:]))
}

// recovery finds a use by its id or its family.
func (g *global) recovery(text ref, do func(*attune.Client, attune.RecoveryView) error) error {
	return g.device(func(d *attune.Client) error {
		v, err := d.Recovery.Find(string(text))
		if err != nil {
			return err
		}
		return do(d, v)
	})
}
