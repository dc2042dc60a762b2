package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"
)

type logCmd struct {
	Verify logVerifyCmd `cmd:"" help:"Verify the access log in the database file, row by row."`
	Prune  logPruneCmd  `cmd:"" help:"Delete events that are older than the adopted figures keep them; --dry-run only says which."`
}

type logVerifyCmd struct {
	Data string `required:"" placeholder:"DIR" help:"The server's folder."`
}

// Help is what --help shows below the flags.
func (logVerifyCmd) Help() string {
	return `Example: attuned log verify --data /srv/attune

Recomputes the tree from the rows, compares every row with the hash that was stored when it was
appended, and all with the newest signed checkpoint. Exit status 1 names the rows that differ.`
}

// Run works beside a running server: it only reads.
func (c *logVerifyCmd) Run(ctx context.Context, p *printer) error {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	store, err := openFounding(ctx, f)
	if err != nil {
		return err
	}
	defer store.Close()
	report, err := store.Log.VerifyFile(ctx, p.counting("events verified"))
	if err != nil {
		return fmt.Errorf("verify log: %w", err)
	}
	if err := faults(report); err != nil {
		return problem("log_altered", "Keep a copy of the folder as it is, and tell your IG officer.", "The access log was changed: %v.", err)
	}
	return p.print(map[string]any{"ok": true, "events": report.Rows, "signed": report.Signed, "root": report.Root.String()},
		"The access log is whole: %d events, %d of them signed.", report.Rows, report.Signed)
}

// counting shows how far long work is, when somebody is looking; else it is nil.
func (p *printer) counting(what string) func(n int64) {
	if p.json || !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil
	}
	return func(n int64) { fmt.Fprintf(p.err, "\r%d %s ", n, what) }
}
