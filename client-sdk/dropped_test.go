package attune_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// held are all values that a device's database has of a family, as they lie on its disk:
// numbers, and what is sealed.
func held(t *testing.T, home string, id policies.FamilyID) (values [][]byte) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"store.db", "store.db-wal"} { // the device has the originals open
		body, err := os.ReadFile(filepath.Join(home, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), body, 0o600)
		}
		if err != nil && name == "store.db" {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "store.db"))
	must(t, err)
	defer db.Close()
	for _, query := range []string{
		`SELECT id, '' FROM statements WHERE record = $1`, `SELECT head, raw FROM statements WHERE record = $1`,
		`SELECT record, state FROM records WHERE record = $1`,
		`SELECT statement, body FROM attachments WHERE statement IN (SELECT id FROM statements WHERE record = $1)`,
		`SELECT sha256, path FROM sources WHERE clip IN (SELECT id FROM statements WHERE record = $1)`,
	} {
		rows, err := db.Query(query, id.String())
		must(t, err)
		for rows.Next() {
			var number string
			var sealed []byte
			must(t, rows.Scan(&number, &sealed))
			values = append(values, []byte(number))
			if len(sealed) > 0 {
				values = append(values, sealed[:min(len(sealed), 48)], sealed[max(0, len(sealed)-48):])
			}
			for at := 1000; at+48 < len(sealed); at += 1000 { // a page holds no whole form
				values = append(values, sealed[at:at+48])
			}
		}
		must(t, rows.Err())
		must(t, rows.Close())
	}
	return values
}

// left counts in how many places of a folder these values still lie, names of files too.
func left(t *testing.T, dir string, values [][]byte) (n int, where string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type().IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		body = append(body, strings.TrimPrefix(path, dir)...)
		for _, v := range values {
			if bytes.Contains(body, v) {
				n, where = n+1, filepath.Base(path)
			}
		}
		return err
	}))
	return n, where
}

// TestDroppedLeavesTheDisk: of a family that somebody may see no longer nothing is left in
// any file of their device: rows, free pages, journal, film, or its number. The same after a
// crash between forgetting and clearing up.
func TestDroppedLeavesTheDisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		revoked bool // rather than taken off the team
		author  bool // of the film
		crash   bool
	}{
		{name: "TakenOffTheTeam"}, {name: "ItsAuthor", author: true}, {name: "Revoked", revoked: true},
		{name: "Crash", author: true, crash: true}, {name: "RevokedAndCrash", revoked: true, crash: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			sam, ann := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ann Bell")
			s.sync(sam)
			f := s.family(sam)
			clip := f.add(t, film(t, "visit.mp4"), "Tea time").Clip
			must(t, sam.Families.AddTeam(f.id, ann.Keys.Staff()))
			s.sync(sam)
			s.sync(ann)
			leaver, stayer := ann, sam
			if c.author {
				leaver, stayer = sam, ann
			}
			other, err := leaver.Families.Open("NF-2000", policies.VIG)
			must(t, err)
			s.sync(leaver)
			of, others := held(t, leaver.Home(), f.id), held(t, leaver.Home(), other)
			if n, _ := left(t, leaver.Home(), of); n < len(of) || len(of) < 40 {
				t.Fatalf("%d of %d values found: this looks in the wrong place", n, len(of))
			}
			of = append(of, []byte(clip.String()), []byte(f.id.String()))

			want := wire.Code("")
			if c.revoked {
				want, stayer = wire.CodeUnauthorised, s.head
				must(t, s.head.Staff.Revoke(leaver.Keys.Staff()))
			} else {
				must(t, stayer.Families.RemoveTeam(f.id, leaver.Keys.Staff()))
			}
			s.sync(stayer)
			if c.crash {
				attune.CrashBeforeClearing(leaver)
				want = "crashed"
			}
			if _, err := leaver.Sync(context.Background()); want == "" && err != nil || want != "" && attune.CodeOf(err) != want {
				t.Fatalf("sync: %v, want %q", err, want)
			}
			if c.crash {
				leaver = s.killed(leaver)
				unnamed := slices.DeleteFunc(slices.Clone(of), func(v []byte) bool { return string(v) == f.id.String() })
				if n, where := left(t, leaver.Home(), unnamed); n > 0 {
					t.Errorf("before it syncs again: %d of %d values are left, in %s", n, len(unnamed), where)
				}
				_, _ = leaver.Sync(context.Background()) // sends the word that it is gone, which names the family
			}
			for _, when := range []string{"in use", "shut", "opened again"} {
				if n, where := left(t, leaver.Home(), of); n > 0 {
					t.Errorf("%s: %d of %d values are left, in %s", when, n, len(of), where)
				}
				switch when {
				case "in use":
					must(t, leaver.Close())
				case "shut":
					leaver, err = attune.Open(leaver.Home(), passphrase, s.config())
					must(t, err)
					defer leaver.Close()
				}
			}
			n, _ := left(t, leaver.Home(), others)
			if c.revoked && n > 0 {
				t.Errorf("%d values of another family are left on a device that was revoked", n)
			}
			if !c.revoked && n < len(others) {
				t.Errorf("%d of %d values of another family are left, want all", n, len(others))
			}
			if _, err := os.Stat(filepath.Join(leaver.Home(), "person.sealed")); errors.Is(err, fs.ErrNotExist) != c.revoked {
				t.Errorf("the person's keys: %v, revoked %v", err, c.revoked)
			}
		})
	}
}

// killed is a device whose program died as it stands: its files are taken as they lie
// there, without the program having closed them, and opened elsewhere.
func (s *service) killed(c *attune.Client) *attune.Client {
	s.t.Helper()
	dir := s.t.TempDir()
	must(s.t, os.CopyFS(dir, os.DirFS(c.Home())))
	must(s.t, c.Close())
	again, err := attune.Open(dir, passphrase, s.config())
	must(s.t, err)
	s.t.Cleanup(func() { again.Close() })
	return again
}
