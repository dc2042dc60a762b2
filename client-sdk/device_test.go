package attune_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

func TestHome(t *testing.T) {
	t.Parallel()
	s := newService(t)
	dir := s.head.Home()
	if _, err := attune.Open(dir, passphrase, s.config()); attune.CodeOf(err) != attune.CodeInUse {
		t.Errorf("second program: %v, want home_in_use", err)
	}
	must(t, s.head.Close())
	if _, err := attune.Open(dir, []byte("wrong"), s.config()); attune.CodeOf(err) != attune.CodePassphrase {
		t.Errorf("wrong passphrase: %v, want passphrase", err)
	}
	if _, err := attune.Open(t.TempDir(), passphrase, s.config()); attune.CodeOf(err) != attune.CodeHome {
		t.Errorf("an empty folder: %v, want home", err)
	}
	again, err := attune.Open(dir, passphrase, s.config())
	must(t, err)
	s.sync(again)
	must(t, again.Close())
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	}))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("home has mode %v, want 0700", info.Mode())
	}
}

// TestClockWrong: a device an hour off signs in with the server's time.
func TestClockWrong(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	must(t, sam.Close())
	cfg := s.config()
	cfg.Now = func() time.Time { return s.now().Add(-time.Hour) }
	sam, err := attune.Open(sam.Home(), passphrase, cfg)
	must(t, err)
	defer sam.Close()
	s.sync(sam)
}

// TestClockAheadFilmsNothing: film from the future is refused for good, so a device
// that is ahead learns of it before it films, and films once its clock is right.
func TestClockAheadFilmsNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	source := film(t, "visit.mp4")
	sam = s.withClock(sam, 26*time.Hour)
	s.sync(sam)
	_, err := sam.Clips.Add(context.Background(), attune.AddClip{Family: f.id, File: source, Kind: policies.Film, People: []policies.PersonID{f.mum, f.child}})
	var shut *attune.GateError
	if !errors.As(err, &shut) || !slices.Contains(shut.Rules, policies.ContactRule) || !strings.Contains(shut.Error(), "clock") {
		t.Errorf("a day ahead: %v, want the gate shut for its clock", err)
	}
	sam = s.withClock(sam, 0)
	s.sync(sam)
	f.practitioner = sam
	f.add(t, source, "")
	if r := s.sync(sam); len(r.Uploaded) != 1 {
		t.Errorf("uploaded %v, want the film", r.Uploaded)
	}
}

// TestLinkRefusedHere: what the device can know needs no server.
func TestLinkRefusedHere(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	chosen := f.add(t, film(t, "visit.mp4"), "").Clip
	hevc := f.add(t, film(t, "hevc.mp4"), "").Clip
	for name, c := range map[string]struct {
		clip   policies.ClipID
		person policies.PersonID
		days   int
		rule   string
	}{
		"UnsafeContact": {chosen, f.child, 0, "LINK-CONTACT"}, "Unplayable": {hevc, f.mum, 0, "LINK-PLAYS"}, "TooLong": {chosen, f.mum, 99, ""},
	} {
		_, err := sam.Links.Create(c.clip, c.person, attune.LinkTerms{Days: c.days})
		var e *attune.Error
		if !errors.As(err, &e) || (c.rule != "" && !slices.Contains(e.Rules, c.rule)) {
			t.Errorf("%s: %v, want %q", name, err, c.rule)
		}
	}
	must(t, sam.Close())
	cfg := s.config()
	cfg.Server = "http://attune.example.org"
	sam, err := attune.Open(sam.Home(), passphrase, cfg)
	must(t, err)
	defer sam.Close()
	if _, err := sam.Links.Create(chosen, f.mum, attune.LinkTerms{}); attune.CodeOf(err) != attune.CodeInsecureAddress {
		t.Errorf("link without HTTPS: %v, want insecure_address", err)
	}
}

// TestExport: what leaves Attune opens with age alone.
func TestExport(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	source := film(t, "visit.mp4")
	clip := f.add(t, source, "Tea time").Clip
	s.sync(sam)
	want := cleaned(t, source)
	court, recipient, err := attune.NewCustodian()
	must(t, err)
	for name, how := range map[string]attune.ExportClip{"ForTheCourt": {Recipient: recipient, Reason: "court order"}, "WithKey": {WithKey: true}} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			must(t, sam.Clips.Export(ctx, clip, dir, how))
			key := court
			if how.WithKey {
				b, err := os.ReadFile(filepath.Join(dir, "family.key"))
				must(t, err)
				key = strings.TrimSpace(string(b))
			} else if _, err := os.Stat(filepath.Join(dir, "family.key")); err == nil {
				t.Error("a copy for the court carries the family's key")
			}
			id, err := age.ParseHybridIdentity(key)
			must(t, err)
			header, err := os.Open(filepath.Join(dir, "header"))
			must(t, err)
			defer header.Close()
			payload, err := os.Open(filepath.Join(dir, "payload"))
			must(t, err)
			defer payload.Close()
			r, err := age.Decrypt(io.MultiReader(header, payload), id)
			must(t, err)
			got, err := io.ReadAll(r)
			must(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("age gives %d bytes, want the film's %d", len(got), len(want))
			}
			for _, name := range []string{"manifest.json", "statement.jws", "README.txt"} {
				if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(b) == 0 {
					t.Errorf("%s: %d bytes, %v", name, len(b), err)
				}
			}
			if err := sam.Clips.Export(ctx, clip, dir, how); attune.CodeOf(err) != attune.CodeInput {
				t.Errorf("export into the same folder: %v, want input", err)
			}
		})
	}
}

// TestTeamOfConfirmedOnly: nothing is wrapped to a key whose words nobody heard.
func TestTeamOfConfirmedOnly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	line, eve, err := s.head.Staff.Invite(policies.Practitioner, "Eve Hart")
	must(t, err)
	s.sync(s.head)
	s.join("eve", line)
	s.sync(sam)
	if err := sam.Families.AddTeam(f.id, eve); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("somebody unconfirmed: %v, want input", err)
	}
	if err := sam.Families.AddTeam(f.id, s.head.Keys.Staff()); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("the head of service: %v, want input", err)
	}
}

// TestTeamRemoved: who leaves the team loses record and keys at the next contact,
// and keeps what was queued.
func TestTeamRemoved(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	must(t, sam.Families.RemoveTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	if r := s.sync(ana); !slices.Contains(r.Dropped, f.id) {
		t.Errorf("dropped %v, want the family", r.Dropped)
	}
	if _, ok := ana.Mirror.Family(f.id); ok {
		t.Error("the family is still in the mirror")
	}
	if note, _ := ana.Sessions.Note(f.id, f.session); note != "" {
		t.Error("a note of the family still opens")
	}
}
