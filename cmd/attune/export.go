package main

import (
	"context"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type exportCmd struct {
	Clip      ref    `arg:"" help:"Id."`
	Dir       string `arg:"" type:"path" help:"A new folder."`
	Recipient string `xor:"key" placeholder:"PUB" help:"Public key of who shall open it, or the file that holds it; else the family's key opens it."`
	WithKey   bool   `xor:"key" help:"Also write the family's secret key, which opens every clip of the family."`
	Purpose   string `placeholder:"PURPOSE" help:"What the copy is for, as the consent names it; else family_copy."`
	Reason    string `help:"Why. The access log keeps it."`
}

// Help is what --help shows below the flags.
func (exportCmd) Help() string {
	return `Example: attune export 7hY2pQ0a copy --recipient guardian.pub --reason "subject access request 12"
  then, with age 1.3: cat copy/header copy/payload | age -d -i guardian.key > film.mp4

Like --save-copy this is a separate act that the access log keeps.`
}

func (c *exportCmd) Run(ctx context.Context, g *global) error {
	return g.clip(c.Clip, func(d *attune.Client, id policies.ClipID) error {
		how := attune.ExportClip{WithKey: c.WithKey, Purpose: policies.Purpose(c.Purpose), Reason: c.Reason}
		if c.Recipient != "" {
			key, err := custodianKey(c.Recipient)
			if err != nil {
				return err
			}
			how.Recipient = key
		}
		if err := d.Clips.Export(ctx, id, c.Dir, how); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "dir": c.Dir}, "Wrote %s; its README.txt says how to open it.", c.Dir)
	})
}
