package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/attune-vf/attune/storage"
)

type logPruneCmd struct {
	Data   string `required:"" placeholder:"DIR" help:"The server's folder."`
	DryRun bool   `help:"Only say what would go, and what stands in the way of more."`
	By     string `placeholder:"NAME" help:"Who decided it, such as the IG officer's name: it stands in the log."`
}

// Help is what --help shows below the flags.
func (logPruneCmd) Help() string {
	return `Example: attuned log prune --data /srv/attune --dry-run
  then: attuned log prune --data /srv/attune --by "Iris Gray, IG officer"

Events go from the oldest on, 256 at a time, while every one of them is past the date of the adopted figures
and none is about a family that is held. Their hashes stay, so that the log still verifies, and an event says
how far it was pruned. The server may run.`
}

// Run is safe to run again after it was cut.
func (c *logPruneCmd) Run(ctx context.Context, p *printer) error {
	if !c.DryRun && c.By == "" {
		return problem("usage", "Say who decided it with --by, or look first with --dry-run.", "Nobody is named who decided it.").status(exitUsage)
	}
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	store, err := openFounding(ctx, f)
	if err != nil {
		return err
	}
	defer store.Close()
	plan, err := store.Log.PlanPrune(ctx, time.Local)
	if err == nil && !c.DryRun {
		err = store.Log.PruneLog(ctx, time.Local, plan, c.By)
	}
	switch {
	case errors.Is(err, storage.ErrQuiet):
		return problem("clock", "Set the machine's clock, or begin to use the service again, and look once more.", "The log's last event is not of these days: the clock may be wrong.")
	case errors.Is(err, storage.ErrDecider):
		return problem("usage", "Give --by one line.", "Nobody is named who decided it.").status(exitUsage)
	case errors.Is(err, storage.ErrMeant):
		return problem("changed", "Look again with --dry-run.", "A hold or a date has changed since this was looked at.")
	case err != nil:
		return fmt.Errorf("prune log: %w", err)
	}
	return c.print(p, plan)
}

func (c *logPruneCmd) print(p *printer, plan storage.PrunePlan) error {
	said, more := "", ""
	switch did := map[bool]string{true: "Would delete", false: "Deleted"}[c.DryRun]; {
	case plan.To == plan.Kept:
		said = "No event can go."
	default:
		said = fmt.Sprintf("%s events %d to %d of %d; their hashes stay.", did, plan.Kept, plan.To-1, plan.Size)
	}
	if plan.Because != "" {
		more = "\nMore stays: " + plan.Because
	}
	return p.print(map[string]any{"dry_run": c.DryRun, "from": plan.Kept, "to": plan.To, "size": plan.Size, "because": plan.Because}, "%s%s", said, more)
}
