package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/ledger"
)

type backupCmd struct {
	To     string `arg:"" name:"dir" placeholder:"DIR" help:"Where backups are kept; each gets a folder of its own there."`
	Data   string `required:"" placeholder:"DIR" help:"The server's folder."`
	Copied bool   `help:"DIR is one backup, which lies on another disk by now: count it."`
}

// Help is what --help shows below the flags.
func (backupCmd) Help() string {
	return `Example: attuned backup --data /srv/attune /mnt/backups

Beside a server that runs. Copies the database as it is at one moment, with what says how it must look, and verifies the
copy: its log, and that all that was said in it leads to what is stored. Then devices are told what they need not keep any more,
if the backup lies on another disk than the database. One that does not is counted when it has been copied away:

  attuned backup --data /srv/attune --copied /mnt/elsewhere/attune-20261123T020000.000

Not in it, on purpose: the restriction ledger, which must outlive a restore; the keys server.key and log.key, which you
keep apart; sealed film, which is named with its length and SHA-256. Copy the folder to another place, and film with
what you copy files with. Keep backups for 35 days at most: what was destroyed is in them until then.`
}

// Run makes a folder with the time in its name.
func (c *backupCmd) Run(ctx context.Context, p *printer) error {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	store, err := openFounding(ctx, f)
	if err != nil {
		return err
	}
	defer store.Close()
	if c.Copied {
		return c.count(ctx, f, store.Store, c.To, p)
	}
	if err := os.MkdirAll(c.To, 0o700); err != nil {
		return problem("backup", "Name a folder that this user may write to.", "Backups cannot be kept in %s: %v.", c.To, err)
	}
	release, err := tidied(c.To)
	if err != nil {
		return problem("backup", "Name a folder that this user may write to.", "%s.", sentence(err.Error()))
	}
	defer release()
	dir := filepath.Join(c.To, "attune-"+time.Now().UTC().Format("20060102T150405.000"))
	m, err := store.Store.Backup(ctx, dir)
	if err != nil {
		return problem("backup", "Nothing was changed. See that there is room, and that this user may write there, then run it again.", "No backup was made: %v.", err)
	}
	counted := !sameDisk(c.To, f.database())
	if !counted {
		p.note("%s is on the database's own disk: copy the backup to another, then have the copy counted with: attuned backup --copied. Until then devices keep all that it holds.", c.To)
	} else if _, err := store.Store.Count(ctx, dir); err != nil {
		return broken(f, err)
	}
	return p.print(map[string]any{"backup": dir, "events": m.Size, "objects": len(m.Objects), "counted": counted},
		"%s: %d events; film of %d clips is named in it, and not copied", dir, m.Size, len(m.Objects))
}

// count tells devices of a backup that was copied. Whether it outlives this disk, the
// operator says: a disk that comes by a cable looks like any other folder.
func (c *backupCmd) count(ctx context.Context, f folder, store *storage.Store, dir string, p *printer) error {
	m, err := store.Count(ctx, dir)
	if err != nil {
		return broken(f, err)
	}
	if sameDisk(dir, f.database()) {
		p.note("%s looks as if it were on the database's own disk.", dir)
	}
	return p.print(map[string]any{"backup": dir, "events": m.Size, "objects": len(m.Objects), "counted": true},
		"%s is counted: devices need not keep any more what is in its %d events", dir, m.Size)
}

type restoreCmd struct {
	Data   string `required:"" placeholder:"DIR" help:"The server's folder, with its keys."`
	From   string `required:"" type:"existingdir" placeholder:"DIR" help:"One backup: the folder that attuned backup made."`
	Verify bool   `help:"Change nothing: restore into a folder of its own, and say what is missing."`
	Ledger string `placeholder:"DIR" help:"Where the restriction ledger lies, if the folder does not say."`
	Lost   bool   `name:"ledger-lost" help:"Go on without the restriction ledger: what was withdrawn since the backup stays undone until a device brings it."`
	objectsFlags
}

// Help is what --help shows below the flags.
func (restoreCmd) Help() string {
	return `Examples:

  attuned restore --data /srv/attune --from /mnt/backups/attune-20261123T020000.000 --verify    every month
  attuned restore --data /srv/attune --from /mnt/backups/attune-20261123T020000.000             with the server stopped

Puts the database back, beside the one that is there, which keeps another name. What was withdrawn, revoked or disposed of
since the backup is taken from the restriction ledger. The service then recovers: it takes what devices still hold and
bring again, serves no film, opens no link and removes nothing, until an information governance officer ends that with
"attune service recovered", once everybody's devices have synced.`
}

// Run verifies, or restores.
func (c *restoreCmd) Run(ctx context.Context, p *printer) (err error) {
	f := folder(c.Data)
	for _, key := range []string{f.serverKey(), f.logKey()} {
		if !isThere(key) {
			return problem("no_key", "Put server.key and log.key back first; if they are lost, the root certifies new ones.",
				"%s is missing: a backup holds no keys.", key).status(exitMissing)
		}
	}
	if err := refuseForeign(f); err != nil {
		return err
	}
	payloads, err := c.open(ctx, f)
	if err != nil {
		return err
	}
	defer payloads.Close()
	done, err := tidied(filepath.Dir(filepath.Clean(c.From)))
	if err != nil {
		return broken(f, err)
	}
	defer done()
	if c.Verify {
		return c.verify(ctx, payloads, p)
	}
	release, err := f.alone()
	if err != nil {
		return err
	}
	defer release()
	if err := f.keepLedger(c.Ledger); err != nil {
		return err
	}
	cfg, err := storeConfig(f)
	if err != nil {
		return err
	}
	if err := c.needLedger(f, cfg.LedgerDir()); err != nil {
		return err
	}
	cfg.Objects, cfg.LedgerLost = payloads, c.Lost
	out, err := storage.Restore(ctx, cfg, c.From)
	if errors.Is(err, storage.ErrNotCertified) {
		// With the keys that were replaced it could be put back, and every device that
		// knows the new ones would refuse what it signs, for ever.
		return problem("not_certified", "Use a backup that was made since. Nothing was changed; if no keys were replaced, put server.key and log.key back as they were last.",
			"The keys in %s are not those of this backup: attuned rotate replaced them after it was made, or they are another server's.", f)
	}
	if err != nil {
		return broken(f, err)
	}
	for _, d := range out.Damaged {
		p.note("Line %d of the restriction ledger is damaged; what it said may be missing.", d.Line)
	}
	tell(p, out.Verified)
	return p.print(map[string]any{
		"restored": out.Manifest.Size, "known": out.Known, "ledger": out.Ledger, "taken": out.Taken, "owed": out.Owed,
		"damaged": len(out.Damaged), "missing": notNil(out.Verified.Missing), "before": out.Before, "log": out.Origin,
	}, "Put back with %d of at least %d events. Of %d entries of the restriction ledger %d are taken, and %d wait for what devices bring.\nThe service recovers: start it, have everybody sync, then an information governance officer ends it with: attune service recovered",
		out.Manifest.Size, out.Known, out.Ledger, out.Taken, out.Owed)
}

// needLedger refuses a restore that finds no ledger where it should be: a disk that is
// not mounted would undo every withdrawal since the backup, and nobody would see it.
func (c *restoreCmd) needLedger(f folder, dir string) error {
	m, err := storage.ReadManifest(c.From)
	if err != nil {
		return broken(f, err)
	}
	path := ledger.File(dir, m.Org.String())
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !c.Lost {
		return problem("no_ledger", "Mount its disk, or name its folder with --ledger DIR; only if it is lost for good: --ledger-lost",
			"The restriction ledger of the service in this backup is not in %s: without it, what was withdrawn since would be in force again. Nothing was changed.", dir).status(exitMissing)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(forbidden(f, err), fmt.Errorf("look for the restriction ledger: %w", err))
	}
	return nil
}

func (c *restoreCmd) verify(ctx context.Context, payloads closableObjects, p *printer) error {
	v, err := storage.VerifyBackup(ctx, c.From, payloads)
	if err != nil {
		return broken(folder(c.Data), err)
	}
	tell(p, v)
	if err := p.print(map[string]any{
		"ok": len(v.Missing) == 0, "events": v.Events, "statements": v.Statements, "clips": len(v.Manifest.Objects), "missing": notNil(v.Missing),
	}, "%d events, and %d things that people said, are as they were signed; film of %d of %d clips is where it should be",
		v.Events, v.Statements, len(v.Manifest.Objects)-len(v.Missing), len(v.Manifest.Objects)); err != nil {
		return err
	}
	if len(v.Missing) > 0 {
		return problem("film_missing", "Put those objects back too.", "The film of %d clips is missing.", len(v.Missing))
	}
	return nil
}

func tell(p *printer, v storage.Verified) {
	for _, m := range v.Missing {
		p.note("Film: %s", m)
	}
}

func notNil(list []string) []string { return append([]string{}, list...) }

func broken(f folder, err error) error {
	if errors.Is(err, storage.ErrBackup) {
		return problem("backup_damaged", "Use another backup.", "%s.", sentence(err.Error()))
	}
	return explain(f, fmt.Errorf("restore: %w", err))
}
