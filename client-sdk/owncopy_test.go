package attune_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/film/filmtest"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestOwnCopy: a practitioner watches the film that their own device still has. What
// a family stops is stopped in the middle of it too, and the log says how much was
// seen; only where the service cannot be reached does it play on.
func TestOwnCopy(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ig := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.IGOfficer, "Ivy Gold")
	f := s.family(sam)
	source := largeFilm(t)
	clip := f.add(t, source, "").Clip
	original := cleaned(t, source)
	s.sync(sam)
	if v, err := sam.Clips.Show(clip); err != nil || !v.Local {
		t.Fatalf("the device has no copy of its own: %+v, %v", v, err)
	}
	p, err := sam.Clips.Open(context.Background(), clip, policies.FilmAndUse)
	must(t, err)
	defer p.Close()
	again := func() error {
		t.Helper()
		body, err := io.ReadAll(p.Reader())
		if err == nil && !bytes.Equal(body, original) {
			t.Error("it shows another film")
		}
		return err
	}
	must(t, again())
	s.sync(ig)
	events, _, err := ig.Log.Search(context.Background(), attune.LogFilter{Family: "NF-1042", Action: "clip.watch"})
	must(t, err)
	seen := ""
	for _, e := range events {
		seen += " " + e.Event.Range
	}
	for _, eighth := range strings.Fields("1 2 3 4 5 6 7 8") {
		if !strings.Contains(seen, eighth) {
			t.Errorf("eighth %s is missing in the log: %s", eighth, seen)
		}
	}
	s.down.Store(true)
	must(t, again())
	s.down.Store(false)

	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
	s.sync(sam)
	if err := again(); attune.CodeOf(err) != wire.CodeDenied {
		t.Errorf("after the withdrawal: %v, want denied", err)
	}
	s.down.Store(true)
	if err := again(); !attune.Offline(err) {
		t.Errorf("after the withdrawal and without the service: %v, want offline", err)
	}
}

// largeFilm is the test film with more in it than a device keeps in memory.
func largeFilm(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile(film(t, "visit.mp4"))
	must(t, err)
	body, err = filmtest.Enlarge(body, 8<<20)
	must(t, err)
	path := filepath.Join(t.TempDir(), "large.mp4")
	must(t, os.WriteFile(path, body, 0o600))
	return path
}
