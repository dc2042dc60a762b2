package storage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Files of a backup.
const (
	BackupDatabase = "attune.db"
	BackupManifest = "manifest.json"
)

// Manifest says what a backup is. It is written last: a folder without one is none.
type Manifest struct {
	Version    int             `json:"v"`          // 1
	Org        policies.OrgID  `json:"org"`        // whose it is
	Origin     string          `json:"origin"`     // of the log, which names the history
	Size       int64           `json:"size"`       // rows of the log in it
	Checkpoint string          `json:"checkpoint"` // signed, of those or fewer rows
	Taken      policies.Micros `json:"taken"`
	Files      []BackupFile    `json:"files"`
	Objects    []BackupObject  `json:"objects"` // what must be where payloads lie; they are not copied
}

// BackupFile is a file of a backup.
type BackupFile struct {
	Name   string          `json:"name"`
	Bytes  int64           `json:"bytes"`
	SHA256 policies.Digest `json:"sha256"`
}

// BackupObject is the sealed film of a stored clip.
type BackupObject struct {
	Key    objects.Key     `json:"key"`
	Bytes  int64           `json:"bytes"`
	SHA256 policies.Digest `json:"sha256"`
}

// ErrBackup means that a folder does not hold a whole backup of this service.
var ErrBackup = errors.New("not a whole backup")

// Backup writes a backup into a folder that must not exist, while the service goes on,
// and verifies it. Devices go on keeping what they have until it is counted: see [Store.Count].
// The restriction ledger is not in it, and must not be: it is what the backup
// could undo. Nor are keys, and sealed film, which is only named.
func (s *Store) Backup(ctx context.Context, dir string) (_ Manifest, err error) {
	partial := dir + ".partial"
	switch _, err := os.Lstat(dir); {
	case err == nil:
		return Manifest{}, fmt.Errorf("%s is there already", dir)
	case !errors.Is(err, os.ErrNotExist):
		return Manifest{}, err
	}
	defer func() { // half a backup is of no use, and holds what may have to be destroyed
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	if err := os.RemoveAll(partial); err != nil { // of a backup that was broken off
		return Manifest{}, err
	}
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return Manifest{}, fmt.Errorf("make backup: %w", err)
	}
	if err := s.Log.seal(ctx); err != nil {
		return Manifest{}, err
	}
	if err := s.d.rows.CopyTo(ctx, filepath.Join(partial, BackupDatabase)); err != nil {
		return Manifest{}, err
	}
	m, err := describe(ctx, partial, s.d.now())
	if err != nil {
		return m, err
	}
	if err := writeManifest(partial, m); err != nil {
		return m, err
	}
	if _, err := VerifyBackup(ctx, partial, nil); err != nil {
		return m, err
	}
	return m, errors.Join(os.Rename(partial, dir), syncDir(filepath.Dir(dir)))
}

// Count verifies a backup and tells devices that they need not keep any more what is in it.
// The caller makes sure that it outlives the disk of the database. ErrBackup for one that is
// damaged, or of another service or history.
func (s *Store) Count(ctx context.Context, dir string) (Manifest, error) {
	v, err := VerifyBackup(ctx, dir, nil)
	if err != nil {
		return v.Manifest, err
	}
	return v.Manifest, s.d.rows.Write(ctx, func(tx *rows.Tx) error {
		org, _, err := tx.Authority()
		if err != nil {
			return err
		}
		if m := v.Manifest; m.Org != org || m.Origin != s.Log.origin {
			return fmt.Errorf("%w: it is of the log %s, and this service's is %s", ErrBackup, m.Origin, s.Log.origin)
		}
		return tx.SetDurable(v.Manifest.Size)
	})
}

// describe makes the manifest of a copy.
func describe(ctx context.Context, dir string, now policies.Micros) (m Manifest, err error) {
	path := filepath.Join(dir, BackupDatabase)
	db, err := rows.OpenCopy(ctx, path)
	if err != nil {
		return m, err
	}
	defer db.Close()
	m = Manifest{Version: 1, Taken: now}
	err = db.Read(ctx, func(v *rows.View) (err error) {
		var history string
		if m.Org, history, err = v.Authority(); err != nil {
			return err
		}
		m.Origin = Origin(m.Org, history)
		if m.Size, err = v.LogSize(); err != nil {
			return err
		}
		if _, m.Checkpoint, err = v.Checkpoint(); err != nil {
			return err
		}
		m.Objects, err = storedObjects(v)
		return err
	})
	if err != nil {
		return m, err
	}
	f, err := summed(dir, BackupDatabase)
	m.Files = []BackupFile{f}
	return m, err
}

func storedObjects(v *rows.View) ([]BackupObject, error) {
	out := []BackupObject{}
	ids, err := v.Families()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		f, err := v.Family(id)
		if err != nil {
			return nil, err
		}
		for _, c := range f.Clips {
			if !c.Stored.IsZero() {
				out = append(out, BackupObject{payloadKey(c.ID), c.Payload.Bytes, c.Payload.SHA256})
			}
		}
	}
	return out, nil
}

func summed(dir, name string) (f BackupFile, err error) {
	r, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return f, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, r)
	return BackupFile{name, n, policies.Digest(h.Sum(nil))}, err
}

func writeManifest(dir string, m Manifest) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(filepath.Join(dir, BackupManifest), append(b, '\n'))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ReadManifest reads a backup's manifest and holds the files against it.
func ReadManifest(dir string) (m Manifest, err error) {
	b, err := os.ReadFile(filepath.Join(dir, BackupManifest))
	if errors.Is(err, os.ErrNotExist) {
		return m, fmt.Errorf("%w: %s has no %s", ErrBackup, dir, BackupManifest)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil || m.Version != 1 || len(m.Files) != 1 || m.Files[0].Name != BackupDatabase {
		return m, errors.Join(fmt.Errorf("%w: the %s of %s cannot be read", ErrBackup, BackupManifest, dir), err)
	}
	got, err := summed(dir, BackupDatabase)
	if err != nil {
		return m, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	if got != m.Files[0] {
		return m, fmt.Errorf("%w: %s has %d bytes and SHA-256 %s, not %d and %s", ErrBackup, BackupDatabase, got.Bytes, got.SHA256, m.Files[0].Bytes, m.Files[0].SHA256)
	}
	return m, nil
}

// Verified is what [VerifyBackup] found.
type Verified struct {
	Manifest   Manifest
	Events     int64
	Statements int
	Missing    []string // sealed film that is not where it should be, one sentence each
}

// VerifyBackup restores a backup into a folder of its own, which it removes again, and
// checks all of it: the file's integrity, the log against its signed checkpoint, every
// statement folded again, and, with a store of payloads, that each stored clip's film is
// there with its length. Film is not read. What is missing there is no error.
func VerifyBackup(ctx context.Context, dir string, payloads objects.Store) (out Verified, err error) {
	if out.Manifest, err = ReadManifest(dir); err != nil {
		return out, err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".attune-verify-")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(scratch)
	path := filepath.Join(scratch, BackupDatabase)
	if err := copyFile(path, filepath.Join(dir, BackupDatabase)); err != nil {
		return out, err
	}
	db, err := rows.OpenCopy(ctx, path)
	if err != nil {
		return out, err
	}
	defer db.Close()
	if err := db.Read(ctx, func(v *rows.View) (err error) {
		if err := v.Integrity(); err != nil {
			return err
		}
		size, err := v.LogSize()
		if err == nil && size != out.Manifest.Size {
			err = fmt.Errorf("the log has %d rows, not %d", size, out.Manifest.Size)
		}
		if err != nil {
			return err
		}
		out.Statements, err = refold(v)
		return err
	}); err != nil {
		return out, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	d := &door{rows: db, org: new(orgCache)}
	report, err := (&Log{d: d, origin: out.Manifest.Origin}).VerifyFile(ctx, nil)
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	if !report.OK() {
		return out, fmt.Errorf("%w: the log: %s", ErrBackup, faulty(report))
	}
	out.Events = report.Rows
	if payloads != nil {
		out.Missing, err = missing(ctx, payloads, out.Manifest.Objects)
	}
	return out, err
}

func faulty(r accesslog.Report) string {
	return fmt.Sprintf("%d rows are wrong, the first: %s", int64(len(r.Faults))+int64(r.More), r.Faults[0].String())
}

func missing(ctx context.Context, payloads objects.Store, named []BackupObject) (out []string, err error) {
	for _, o := range named {
		info, err := payloads.Stat(ctx, o.Key)
		switch {
		case errors.Is(err, objects.ErrNotFound):
			out = append(out, fmt.Sprintf("%s is missing", o.Key))
		case err != nil:
			return out, err
		case info.Bytes != o.Bytes:
			out = append(out, fmt.Sprintf("%s has %d bytes, not %d", o.Key, info.Bytes, o.Bytes))
		}
	}
	return out, nil
}

// copyFile makes a copy that is on the disk on return.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
