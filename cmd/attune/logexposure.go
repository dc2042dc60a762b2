package main

import (
	"fmt"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

type logExposureCmd struct {
	Device ref    `arg:"" help:"Id, as attune device list --of PERSON shows it."`
	At     string `placeholder:"DAY" help:"As of the end of this day; now when not given."`
}

// Help is what --help shows below the flags.
func (logExposureCmd) Help() string {
	return `Example: attune log exposure 7hY2pQ0a --at 2026-11-20

What of each family the device could open, at most, for whoever had it and its passphrase: film, forms and notes
whose keys its person had been given by then. It looks at the records on this device, so sync first; on an
information governance officer's they are all. Stop the device first: attune device revoke.`
}

func (c *logExposureCmd) Run(g *global) error {
	at := time.Now()
	if c.At != "" {
		var err error
		if at, err = parseUntil("at", c.At); err != nil {
			return err
		}
	}
	return g.device(func(d *attune.Client) error {
		id, err := d.Devices.Find(string(c.Device), true)
		if err != nil {
			return err
		}
		who, err := d.Devices.Of(id)
		if err != nil {
			return err
		}
		m, err := d.Staff.Show(who)
		if err != nil {
			return err
		}
		list, err := d.Log.Exposure(who, at)
		if err != nil {
			return err
		}
		text, clips := []string{}, 0
		for _, e := range list {
			clips += len(e.Clips)
			what := "film only, as a viewer"
			if e.Team {
				what = "film, forms and notes, as one of the team"
			}
			text = append(text, fmt.Sprintf("%s  %s: %s", e.Reference, count(len(e.Clips), "clip", "clips"), what))
		}
		text = append(text, fmt.Sprintf("At most, for whoever has the device of %s and its passphrase: %s of %s. What was opened: attune log search --person '%s'",
			m.Name, count(clips, "clip", "clips"), count(len(list), "family", "families"), m.Name))
		return g.print(map[string]any{"device": id, "staff": who, "name": m.Name, "at": at, "families": append([]attune.Exposed{}, list...)}, "%s", strings.Join(text, "\n"))
	})
}
