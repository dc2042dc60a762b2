package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

type checkCmd struct {
	Data    string `required:"" placeholder:"DIR" help:"The server's folder."`
	TLSCert string `name:"tls-cert" type:"existingfile" placeholder:"FILE" help:"Check this certificate's end, too."`
	objectsFlags
}

// Help is what --help shows below the flags.
func (checkCmd) Help() string {
	return `Example: attuned check --data /srv/attune

Exit status 1 when anything is wrong. A demonstration is always wrong: it holds everybody's keys.`
}

// finding is one thing that was checked.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
	Note string `json:"note,omitempty"` // worth knowing, and nothing that is wrong
}

// Run looks at everything before it says that something is wrong, because an
// operator mends more than one thing at a time.
func (c *checkCmd) Run(ctx context.Context, p *printer) error {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	found := append([]finding{checkKeys(f)}, checkCertificates(f, c.TLSCert, time.Now())...)
	store, err := openStore(ctx, f, c.objectsFlags)
	found = append(found, made("room on the disk for withdrawals", rows.CheckReserve(f.database())))
	found = append(found, checkBefore(f))
	found = append(found, made("adopted rules and figures, certified keys", err))
	if err == nil {
		found = append(found, checkLog(ctx, store), checkLedger(f, store), checkClips(ctx, f, store), checkStrays(ctx, f, store, time.Now()), checkHolds(ctx, store))
		if cfg, onS3, err := c.on(f); onS3 {
			if err != nil {
				return err
			}
			found = append(found, checkS3Key(ctx, cfg))
		}
		if err := store.Close(); err != nil {
			return err
		}
	}
	wrong := 0
	for _, x := range found {
		if !x.OK {
			wrong++
		}
		if !p.json {
			fmt.Fprintln(p.out, line(x))
		}
	}
	if p.json {
		if err := p.print(map[string]any{"ok": wrong == 0, "checks": found}, ""); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return problem("check", "See above.", "%d of %d checks failed.", wrong, len(found))
	}
	return nil
}

func line(x finding) string {
	switch {
	case x.OK && x.Note != "":
		return "note  " + x.What + ": " + x.Note
	case x.OK:
		return "ok    " + x.What
	}
	return "WRONG " + x.What + ": " + x.Why
}

func made(what string, err error) finding {
	if err != nil {
		return finding{What: what, Why: err.Error()}
	}
	return finding{What: what, OK: true}
}

// checkKeys does not make an exception for a demonstration, as serve does.
func checkKeys(f folder) finding {
	const what = "no private key of anybody else"
	found, err := foreignKeys(f)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%s", strings.Join(found, ", "))
	}
	return made(what, err)
}

func checkLog(ctx context.Context, store *opened) finding {
	report, err := store.Log.VerifyFile(ctx, nil)
	if err == nil {
		err = faults(report)
	}
	return made(fmt.Sprintf("access log, %d events", report.Rows), err)
}

// faults is nil for a sound log, else an error that names each row.
func faults(r accesslog.Report) error {
	if r.OK() {
		return nil
	}
	var lines []string
	for _, f := range r.Faults {
		lines = append(lines, f.String())
	}
	if r.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", r.More))
	}
	return fmt.Errorf("%s", strings.Join(lines, "; "))
}
