package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/attune-vf/attune/storage"
)

type logCmd struct {
	Verify logVerifyCmd `cmd:"" help:"Verify the access log in the database file, row by row."`
	Prune  logPruneCmd  `cmd:"" help:"Delete events that are older than the adopted figures keep them; --dry-run only says which."`
}

type logVerifyCmd struct {
	Data    string `required:"" placeholder:"DIR" help:"The server's folder."`
	Anchors string `placeholder:"DIR" help:"Compare it with the signed states that attuned anchor put there; bucket: those in the bucket of checkpoints, with the auditor's key."`
	objectsFlags
}

// Help is what --help shows below the flags.
func (logVerifyCmd) Help() string {
	return `Example: attuned log verify --data /srv/attune

Recomputes the tree from the rows, compares every row with the hash that was stored when it was
appended, and all with the newest signed checkpoint. With --anchors it also says whether the log was rewritten,
or cut off, since a state of it was anchored. Exit status 1 names the rows that differ.`
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
	said := map[string]any{"ok": true, "events": report.Rows, "signed": report.Signed, "root": report.Root.String()}
	beside := ""
	if c.Anchors != "" {
		found, err := c.compare(ctx, f, store.Store)
		if err != nil {
			return err
		}
		said["anchors"], beside = found, fmt.Sprintf(" It goes on from each of %d anchors, the last of %d events.", found.Compared, found.Last)
		if found.Lost > 0 {
			beside += fmt.Sprintf(" %d others are of events that were lost when the service was put back, as it says.", found.Lost)
		}
	}
	return p.print(said, "The access log is whole: %d events, %d of them signed.%s", report.Rows, report.Signed, beside)
}

// compare holds the log against its anchors. That there are none is no comfort: whoever can
// empty the folder would have it so.
func (c *logVerifyCmd) compare(ctx context.Context, f folder, s *storage.Store) (r storage.AnchorReport, err error) {
	if c.Anchors != anchorsInBucket && !isThere(c.Anchors) {
		return r, problem("no_anchors", "Name the folder that attuned anchor writes to.", "%s is not there.", c.Anchors).status(exitMissing)
	}
	where, err := c.anchors(ctx, f, c.Anchors)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, where.Close()) }()
	if r, err = s.Log.VerifyAnchors(ctx, where); err != nil {
		return r, err
	}
	if err := contradicted(r.Faults); err != nil {
		return r, err
	}
	if r.Compared+r.Lost == 0 {
		return r, problem("no_anchors", "If attuned anchor wrote there before, somebody removed them.", "No anchors lie there.")
	}
	r.Faults = []storage.AnchorFault{}
	return r, nil
}

// counting shows how far long work is, when somebody is looking; else it is nil.
func (p *printer) counting(what string) func(n int64) {
	if p.json || !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil
	}
	return func(n int64) { fmt.Fprintf(p.err, "\r%d %s ", n, what) }
}
