package attune_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	cleaner "github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/policies"
)

// TestJourney walks a home visit from the first invitation to the verified log,
// through the real server.
func TestJourney(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	ig := s.hire(policies.IGOfficer, "Ivy Gold")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)

	// The visit, without a network.
	s.down.Store(true)
	source := film(t, "visit.mp4")
	original := cleaned(t, source)
	added := f.add(t, source, "Tea time "+marker)
	if _, err := sam.Sync(ctx); !attune.Offline(err) {
		t.Fatalf("sync without a network: %v, want offline", err)
	}
	must(t, sam.Clips.ConfirmSource(added.Clip, policies.SourceRemoved))
	if _, err := os.Stat(source); !os.IsNotExist(err) {
		t.Fatalf("the original is still there: %v", err)
	}
	played, err := sam.Clips.Open(ctx, added.Clip, policies.FilmAndUse)
	must(t, err)
	if !played.Offline || !bytes.Equal(all(t, played), original) {
		t.Error("the practitioner's own clip does not play offline as it was filmed")
	}

	// Back in reach.
	s.down.Store(false)
	report := s.sync(sam)
	if len(report.Accepted) != 2 || len(report.Uploaded) != 1 {
		t.Errorf("sync accepted %d and uploaded %d, want 2 and 1", len(report.Accepted), len(report.Uploaded))
	}

	// A colleague.
	s.sync(ana)
	played, err = ana.Clips.Open(ctx, added.Clip, policies.FilmAndUse)
	must(t, err)
	if played.Offline || !bytes.Equal(all(t, played), original) || played.Title != "Tea time "+marker {
		t.Errorf("colleague sees %d bytes, title %q", played.Size, played.Title)
	}
	shared, err := ana.Links.Create(added.Clip, f.mum, attune.LinkTerms{})
	must(t, err)
	s.sync(ana)
	s.sync(sam)
	again, err := sam.Links.Show(shared.Link)
	must(t, err)
	if again.URL != shared.URL || again.PIN != shared.PIN {
		t.Errorf("link on another device = %v, want %v", again, shared)
	}

	// A copy, and an export that stock age opens.
	if err := ana.Clips.SaveCopy(ctx, added.Clip, filepath.Join(t.TempDir(), "x.mp4"), ""); attune.CodeOf(err) != "reason_needed" {
		t.Errorf("copy without a reason: %v", err)
	}
	dst := filepath.Join(t.TempDir(), "copy.mp4")
	must(t, ana.Clips.SaveCopy(ctx, added.Clip, dst, "for the family's own keeping"))
	if got, err := os.ReadFile(dst); err != nil || !bytes.Equal(got, original) {
		t.Errorf("copy differs from the film: %v", err)
	}

	// The audit.
	s.sync(ig)
	events, _, err := ig.Log.Search(ctx, attune.LogFilter{Family: "NF-1042", Action: "clip.watch"})
	must(t, err)
	if len(events) == 0 {
		t.Error("the log shows no viewing")
	}
	v, err := ig.Log.Verify(ctx, nil)
	must(t, err)
	if !v.OK || v.Own == 0 {
		t.Errorf("log verify = %+v", v)
	}
	noMarker(t, s.dir)
}

// cleaned is what is sealed: the film as the camera left it, places blanked.
func cleaned(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	r, _, err := cleaner.Clean(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	b, err = io.ReadAll(r)
	must(t, err)
	return b
}

func all(t testing.TB, p *attune.Playing) []byte {
	t.Helper()
	b, err := io.ReadAll(p.Reader())
	must(t, err)
	must(t, p.Close())
	return b
}

// noMarker looks for the words of title, note, label and form in every file of
// server and homes.
func noMarker(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), marker) {
			t.Errorf("%s holds a marker in clear", path)
		}
		return err
	}))
}
