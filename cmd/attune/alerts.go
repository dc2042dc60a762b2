package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

type alertsCmd struct {
	Since string `placeholder:"DAY" help:"From the beginning of this day; seven days back when not given."`
}

// Help is what --help shows below the flags.
func (alertsCmd) Help() string {
	return `Example: attune alerts --since 2026-11-01

What in the access log an information governance officer should look at: film opened at night or at a weekend, or far
more of it than a visit needs; somebody refused again and again; a link's PIN tried until it locked; film opened
against somebody's will; a key opened by two keepers; a service put back; strangers who knock too often. An alert
accuses nobody. Look its events up by their numbers with: attune log search. Reading the log is recorded.

The figures behind it are ours and your IG lead must confirm them: from 7 to 20 o'clock, Monday to Friday, on this
machine's clock; 3 films outside that in a day, 20 films within an hour, 10 refusals within an hour, as many wrong PINs
as lock a link, and 30 minutes of an hour in which strangers were refused.`
}

func (c *alertsCmd) Run(ctx context.Context, g *global) error {
	since := time.Now().AddDate(0, 0, -7)
	if c.Since != "" {
		var err error
		if since, err = time.ParseInLocation(time.DateOnly, c.Since, time.Local); err != nil {
			return problem("usage", "Give it as 2026-11-01.", "--since %q is no day.", c.Since).status(exitUsage)
		}
	}
	return g.device(func(d *attune.Client) error {
		found, err := d.Log.Alerts(ctx, since)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return g.print(map[string]any{"alerts": found}, "Nothing in the access log since %s calls for a look.", since.Local().Format(time.DateOnly))
		}
		rows := table(found, func(a attune.LogAlert) []string {
			return []string{a.When.Local().Format("2006-01-02 15:04"), string(a.Kind), fmt.Sprintf("events %d to %d", a.From, a.To), a.Who, a.Text}
		})
		return g.print(map[string]any{"alerts": found}, "%s", strings.TrimRight(rows, "\n"))
	})
}
