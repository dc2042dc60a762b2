package attune_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestUploadGoesOn: cut off after the server has taken a piece, the upload goes on
// from where the server has it.
func TestUploadGoesOn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	source := longer(t, film(t, "visit.mp4"), 20<<20)
	clip := f.add(t, source, "").Clip
	var patches atomic.Int64
	spoil := func(r *http.Request, body []byte) []byte {
		if r.Method == http.MethodPatch && patches.Add(1) == 2 {
			return nil
		}
		return body
	}
	s.spoil.Store(&spoil)
	if _, err := sam.Sync(context.Background()); !attune.Offline(err) {
		t.Fatalf("cut upload: %v, want offline", err)
	}
	if r := s.sync(sam); len(r.Uploaded) != 1 {
		t.Errorf("uploaded %v", r.Uploaded)
	}
	if n := patches.Load(); n != 3 { // 8 + 8 + what is left
		t.Errorf("%d pieces were sent, want 3", n)
	}
	if v, err := sam.Clips.Show(clip); err != nil || v.State != attune.ClipStored {
		t.Errorf("clip is %s %s, %v", v.State, v.Why, err)
	}
	// Played from the server, by seeking.
	must(t, os.Remove(filepath.Join(sam.Home(), "clips", clip.String()+".payload")))
	p, err := sam.Clips.Open(context.Background(), clip, policies.FilmAndUse)
	must(t, err)
	defer p.Close()
	want := cleaned(t, source)
	for _, at := range []int64{0, 9 << 20, p.Size - 100, 12345678} {
		got := make([]byte, 100)
		if _, err := p.ReadAt(got, at); err != nil || !bytes.Equal(got, want[at:at+100]) {
			t.Errorf("100 bytes at %d: %v", at, err)
		}
	}
}

// TestUploadRefused: a clip that may no longer be sent keeps nobody from learning
// why, and no other clip from arriving.
func TestUploadRefused(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		end  func(t *testing.T, sam, ana *attune.Client, f family) // by Sam, while Ana's film waits
		want wire.Code
		then func(t *testing.T, ana *attune.Client, f family, r attune.Report)
	}{
		"ConsentWithdrawn": {
			end: func(t *testing.T, sam, _ *attune.Client, f family) {
				must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.Writing))
			},
			want: wire.CodeDenied,
			then: func(t *testing.T, ana *attune.Client, f family, r attune.Report) {
				if !slices.Contains(r.Stopped[0].Rules, "UPLOAD-DECISION") {
					t.Errorf("rules %v, want UPLOAD-DECISION", r.Stopped[0].Rules)
				}
				if g, err := ana.Clips.Gate(f.id, []policies.PersonID{f.mum}); err != nil || g.Open {
					t.Errorf("gate %v, %v: the withdrawal did not arrive", g, err)
				}
			},
		},
		"TakenOffTheTeam": {
			end: func(t *testing.T, sam, ana *attune.Client, f family) {
				must(t, sam.Families.RemoveTeam(f.id, ana.Keys.Staff()))
			},
			want: wire.CodeNotFound,
			then: func(t *testing.T, ana *attune.Client, f family, r attune.Report) {
				if _, held := ana.Mirror.Family(f.id); held || !slices.Contains(r.Dropped, f.id) {
					t.Errorf("dropped %v, still held: %v", r.Dropped, held)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
			s.sync(sam)
			f := s.family(sam)
			must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
			s.sync(sam)
			s.sync(ana)
			f.practitioner = ana
			clip := f.add(t, film(t, "visit.mp4"), "").Clip
			s.lose("/v1/uploads")
			if _, err := ana.Sync(context.Background()); !attune.Offline(err) {
				t.Fatalf("cut upload: %v, want offline", err)
			}
			s.spoil.Store(nil)
			story.end(t, sam, ana, f)
			s.sync(sam)
			r, err := ana.Sync(context.Background())
			if err != nil || len(r.Stopped) != 1 || r.Stopped[0].Clip != clip || r.Stopped[0].Code != story.want {
				t.Fatalf("stopped %v, %v; want the clip, %s", r.Stopped, err, story.want)
			}
			story.then(t, ana, f, r)
		})
	}
}

// TestUploadBeginsAgain: what arrived otherwise than it was sealed is sent once
// more; what is damaged here is not sent for ever.
func TestUploadBeginsAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	for name, mended := range map[string]bool{"DamagedOnTheWay": true, "DamagedHere": false} {
		t.Run(name, func(t *testing.T) {
			clip := f.add(t, film(t, "visit.mp4"), "").Clip
			path := filepath.Join(sam.Home(), "clips", clip.String()+".payload")
			good, err := os.ReadFile(path)
			must(t, err)
			bad := bytes.Clone(good)
			bad[len(bad)/2] ^= 1
			must(t, os.WriteFile(path, bad, 0o600))
			var patches atomic.Int64
			count := func(r *http.Request, body []byte) []byte {
				if r.Method == http.MethodPatch && patches.Add(1) == 1 && mended {
					if err := os.WriteFile(path, good, 0o600); err != nil {
						t.Error(err)
					}
				}
				return body
			}
			s.spoil.Store(&count)
			defer s.spoil.Store(nil)
			r, err := sam.Sync(context.Background())
			must(t, err)
			if mended && (len(r.Uploaded) != 1 || len(r.Stopped) != 0) || !mended && (len(r.Stopped) != 1 || r.Stopped[0].Code != wire.CodeMismatch) {
				t.Errorf("uploaded %v, stopped %v", r.Uploaded, r.Stopped)
			}
			if n := patches.Load(); n != 2 {
				t.Errorf("sent %d times, want 2", n)
			}
		})
	}
}

// longer puts a free box behind a film, so that it is worth several pieces.
func longer(t *testing.T, path string, size int) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	box := make([]byte, size-len(b))
	binary.BigEndian.PutUint32(box, uint32(len(box)))
	copy(box[4:], "free")
	must(t, os.WriteFile(path, append(b, box...), 0o600))
	return path
}
