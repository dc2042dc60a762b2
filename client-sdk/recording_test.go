package attune_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

func TestFilmingGate(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	gate := func(want string) {
		t.Helper()
		source := film(t, "visit.mp4")
		_, err := sam.Clips.Add(context.Background(), attune.AddClip{Family: f.id, File: source, Kind: policies.Film, People: []policies.PersonID{f.mum, f.child}})
		var g *attune.GateError
		if !errors.As(err, &g) || !slices.Contains(g.Rules, want) || len(g.Reasons) != len(g.Rules) {
			t.Errorf("gate: %v, want %s", err, want)
		}
	}
	t.Run("NobodyNamed", func(t *testing.T) {
		if g, err := sam.Clips.Gate(f.id, nil); err != nil || g.Open {
			t.Errorf("gate for nobody: %+v, %v", g, err)
		}
	})
	t.Run("EightDaysWithoutContact", func(t *testing.T) {
		s.pass(8 * 24 * time.Hour)
		gate("GATE-CONTACT")
		s.sync(sam)
	})
	t.Run("WithdrawnHereAndNotYetSent", func(t *testing.T) {
		s.down.Store(true)
		must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.InPerson))
		gate("UPLOAD-CONSENT")
	})
	t.Run("SignedAnewAndNotYetSent", func(t *testing.T) {
		f.consent(s)
		// The mirror still has the old consent, the outbox withdrawal and new one.
		if g, err := sam.Clips.Gate(f.id, []policies.PersonID{f.mum, f.child}); err != nil || !g.Open {
			t.Errorf("gate after a new consent: %+v, %v", g, err)
		}
		s.down.Store(false)
		s.sync(sam)
	})
	t.Run("ApprovalOnlyQueued", func(t *testing.T) {
		id, err := sam.Families.Open("NF-2000", policies.VIPPSD)
		must(t, err)
		other := f
		other.id = id
		if g, err := sam.Clips.Gate(id, []policies.PersonID{f.mum}); err != nil || g.Open {
			t.Errorf("gate of a family that the service does not know: %+v, %v", g, err)
		}
	})
}

func TestNotVideo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	whole, err := os.ReadFile(film(t, "visit.mp4"))
	must(t, err)
	for name, body := range map[string][]byte{
		"Empty": {}, "Text": []byte(strings.Repeat("not film at all ", 99)), "Cut": whole[:len(whole)/2], "PDF": []byte("%PDF-1.7 and so on"),
	} {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, body, 0o600))
		_, err := sam.Clips.Add(context.Background(), attune.AddClip{Family: f.id, File: path, Kind: policies.Film, People: []policies.PersonID{f.mum, f.child}})
		if attune.CodeOf(err) != attune.CodeNotVideo {
			t.Errorf("%s: %v, want not_a_video", name, err)
		}
	}
	empty(t, sam)
}

// empty expects no piece of film in a home.
func empty(t *testing.T, c *attune.Client) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(c.Home(), "clips"))
	must(t, err)
	if len(left) != 0 {
		t.Errorf("left in clips/: %v", left)
	}
}

// TestAddInterrupted: stopped while sealing, nothing is there but the original,
// and what a crash leaves behind is gone at the next start.
func TestAddInterrupted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	source := film(t, "visit.mp4")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := sam.Clips.Add(ctx, attune.AddClip{Family: f.id, File: source, Kind: policies.Film, People: []policies.PersonID{f.mum, f.child}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	empty(t, sam)
	must(t, os.WriteFile(filepath.Join(sam.Home(), "clips", "seal-1.tmp"), []byte("half"), 0o600))
	must(t, os.WriteFile(filepath.Join(sam.Home(), "clips", policies.ClipID{7}.String()+".payload"), []byte("never queued"), 0o600))
	must(t, sam.Close())
	sam, err = attune.Open(sam.Home(), passphrase, s.config())
	must(t, err)
	defer sam.Close()
	empty(t, sam)
	f.practitioner = sam
	f.add(t, source, "") // and it can be added now
	if w, err := sam.Outbox.Waiting(); err != nil || len(w) != 1 {
		t.Errorf("%d waiting, %v", len(w), err)
	}
}

// TestPlacedFilm: of a film that says where it was made, the record names the file as
// the camera left it, and what is sealed does not have the place.
func TestPlacedFilm(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	source := longer(t, film(t, "visit.mp4"), 20<<20) // part of it is on its way to the disk before the end
	raw, err := os.ReadFile(source)
	must(t, err)
	added := f.add(t, source, "")
	m, err := sam.Clips.Manifest(added.Clip)
	must(t, err)
	if len(added.Changed) == 0 || m.Source.SHA256 != policies.DigestOf(raw) || m.Source.Bytes != int64(len(raw)) {
		t.Errorf("source = %+v, want the %d bytes of the camera, and its place among the changes", m.Source, len(raw))
	}
	s.down.Store(true) // what is played is the sealed film of this device
	p, err := sam.Clips.Open(context.Background(), added.Clip, policies.FilmAndUse)
	must(t, err)
	if want := cleaned(t, source); !bytes.Equal(all(t, p), want) || bytes.Equal(want, raw) {
		t.Error("the sealed film is not the recording without its place")
	}
	must(t, sam.Clips.ConfirmSource(added.Clip, policies.SourceRemoved)) // which compares both again
	if _, err := os.Stat(source); err == nil {
		t.Error("the recording is still there")
	}
}

func TestConfirmSource(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	t.Run("OriginalChanged", func(t *testing.T) {
		source := film(t, "visit.mp4")
		clip := f.add(t, source, "").Clip
		must(t, os.WriteFile(source, []byte("another film stands here now"), 0o600))
		if err := sam.Clips.ConfirmSource(clip, policies.SourceRemoved); attune.CodeOf(err) != attune.CodeSource {
			t.Errorf("changed original: %v, want source_changed", err)
		}
		if _, err := os.Stat(source); err != nil {
			t.Error("the other film was removed")
		}
	})
	t.Run("SealedCopyDamaged", func(t *testing.T) {
		source := film(t, "visit.mp4")
		clip := f.add(t, source, "").Clip
		path := filepath.Join(sam.Home(), "clips", clip.String()+".payload")
		b, err := os.ReadFile(path)
		must(t, err)
		b[len(b)/2] ^= 1
		must(t, os.WriteFile(path, b, 0o600))
		if err := sam.Clips.ConfirmSource(clip, policies.SourceRemoved); attune.CodeOf(err) != attune.CodeSealed {
			t.Errorf("damaged copy: %v, want sealed_mismatch", err)
		}
		if _, err := os.Stat(source); err != nil {
			t.Error("the only good copy was removed")
		}
	})
	t.Run("RemovedBeforeTheRecord", func(t *testing.T) {
		source := film(t, "visit.mp4")
		clip := f.add(t, source, "").Clip
		must(t, os.Remove(source)) // as a crash between removal and record leaves it
		must(t, sam.Clips.ConfirmSource(clip, policies.SourceRemoved))
		if v, err := sam.Clips.Show(clip); err != nil || v.Source != policies.SourceRemoved {
			t.Errorf("source = %q, %v", v.Source, err)
		}
	})
	t.Run("Kept", func(t *testing.T) {
		source := film(t, "visit.mp4")
		clip := f.add(t, source, "").Clip
		must(t, sam.Clips.ConfirmSource(clip, policies.SourceKept))
		if _, err := os.Stat(source); err != nil {
			t.Error("a kept original was removed")
		}
	})
}
