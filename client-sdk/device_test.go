package attune_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

func TestHome(t *testing.T) {
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

// TestPushAnswerLost: the server took it and the device does not know. The second
// push is a duplicate, and nothing is there twice.
func TestPushAnswerLost(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	_, err := sam.Sessions.Log(f.id, "2026-11-20", 7, true, "")
	must(t, err)
	s.lose("/v1/sync/push")
	if _, err := sam.Sync(context.Background()); !attune.Offline(err) {
		t.Fatalf("lost answer: %v, want offline", err)
	}
	s.spoil.Store(nil)
	if r := s.sync(sam); len(r.Accepted) != 1 || r.Waiting != 0 {
		t.Errorf("after the lost answer: %d accepted, %d waiting", len(r.Accepted), r.Waiting)
	}
	list, err := sam.Sessions.List(f.id)
	must(t, err)
	if len(list) != 2 {
		t.Errorf("%d sessions, want 2", len(list))
	}
}

// TestRefusedStays: what the server refuses needs attention and blocks nothing.
func TestRefusedStays(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	request, err := sam.Approvals.Request(f.id, 1)
	must(t, err)
	s.sync(sam)
	s.sync(s.head)

	// Sam adds film; meanwhile filming is revoked, which Sam's device cannot know.
	list, err := s.head.Approvals.List()
	must(t, err)
	for _, a := range list {
		if a.ID != request {
			must(t, s.head.Approvals.Revoke(a.ID, policies.Safeguarding))
		}
	}
	s.sync(s.head)
	added := f.add(t, film(t, "visit.mp4"), "")
	_, err = sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	r, err := sam.Sync(context.Background())
	must(t, err)
	if len(r.Refused) != 1 || len(r.Accepted) != 1 || !slices.Contains(r.Refused[0].Rules, "UPLOAD-APPROVAL") {
		t.Fatalf("refused %+v, accepted %d; want clip.add by UPLOAD-APPROVAL and the session taken", r.Refused, len(r.Accepted))
	}
	list2, err := sam.Outbox.Attention()
	must(t, err)
	if len(list2) != 1 || list2[0].ID != policies.StatementID(added.Clip) || list2[0].Message == "" || list2[0].Next == "" {
		t.Errorf("needs attention: %+v", list2)
	}
	sealed := filepath.Join(sam.Home(), "clips", added.Clip.String()+".payload")
	if _, err := os.Stat(sealed); err != nil {
		t.Errorf("the sealed film of a refused clip is gone: %v", err)
	}
	must(t, sam.Outbox.Dismiss(list2[0].ID))
	if _, err := os.Stat(sealed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the sealed film of a clip that was put away is still here: %v", err)
	}
}

// TestOnlyCopyStays: the service refuses a clip whose recording is removed already.
// Nothing takes away what is left of it.
func TestOnlyCopyStays(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	list, err := s.head.Approvals.List()
	must(t, err)
	must(t, s.head.Approvals.Revoke(list[0].ID, policies.Safeguarding))
	s.sync(s.head)
	added := f.add(t, film(t, "visit.mp4"), "")
	must(t, sam.Clips.ConfirmSource(added.Clip, policies.SourceRemoved))
	if r, err := sam.Sync(context.Background()); err != nil || len(r.Refused) == 0 || r.Refused[0].Kind != "clip.add" {
		t.Fatalf("refused %+v, %v; want the clip", r.Refused, err)
	}
	if err := sam.Outbox.Dismiss(policies.StatementID(added.Clip)); attune.CodeOf(err) != wire.CodeNotPossible {
		t.Errorf("dismiss the only copy: %v, want not_possible", err)
	}
	if _, err := os.Stat(filepath.Join(sam.Home(), "clips", added.Clip.String()+".payload")); err != nil {
		t.Errorf("the only copy is gone: %v", err)
	}
}

// TestPullsWhenNothingIsTaken: a service without room still tells what it knows.
func TestPullsWhenNothingIsTaken(t *testing.T) {
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	must(t, ana.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.Writing))
	s.sync(ana)
	_, err := sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	var pushes atomic.Int64
	full := func(r *http.Request, body []byte) []byte {
		if r.URL.Path != "/v1/sync/push" || pushes.Add(1) > 1 {
			return body
		}
		var reply wire.PushReply
		if err := wire.Decode(bytes.NewReader(body), 1<<20, &reply); err != nil {
			t.Error(err)
		}
		reply.Results[0] = wire.Result{ID: reply.Results[0].ID, Status: wire.Refused, Code: wire.CodeFull}
		out, err := wire.Encode(reply)
		if err != nil {
			t.Error(err)
		}
		return out
	}
	s.spoil.Store(&full)
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != wire.CodeFull {
		t.Errorf("%v, want storage_full", err)
	}
	if g, err := sam.Clips.Gate(f.id, []policies.PersonID{f.mum}); err != nil || g.Open {
		t.Errorf("gate %v, %v: the withdrawal did not arrive", g, err)
	}
}

func TestFilmingGate(t *testing.T) {
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
	f.practitoner = sam
	f.add(t, source, "") // and it can be added now
	if w, err := sam.Outbox.Waiting(); err != nil || len(w) != 1 {
		t.Errorf("%d waiting, %v", len(w), err)
	}
}

func TestConfirmSource(t *testing.T) {
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

// TestUploadGoesOn: cut off after the server has taken a piece, the upload goes on
// from where the server has it.
func TestUploadGoesOn(t *testing.T) {
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
				if !slices.Contains(r.Stopped[0].Rules, "UPLOAD-CONSENT") {
					t.Errorf("rules %v, want UPLOAD-CONSENT", r.Stopped[0].Rules)
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
			f.practitoner = ana
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

// TestClockWrong: a device an hour off signs in with the server's time.
func TestClockWrong(t *testing.T) {
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

// TestLinkRefusedHere: what the device can know needs no server.
func TestLinkRefusedHere(t *testing.T) {
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
		_, err := sam.Links.Create(c.clip, c.person, c.days, 0)
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
	if _, err := sam.Links.Create(chosen, f.mum, 0, 0); attune.CodeOf(err) != attune.CodeInsecureAddress {
		t.Errorf("link without HTTPS: %v, want insecure_address", err)
	}
}

// TestExport: what leaves Attune opens with age alone.
func TestExport(t *testing.T) {
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

// TestRestrictionsGoFirst: a withdrawal does not wait behind a week's notes.
func TestRestrictionsGoFirst(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	for range 3 {
		_, err := sam.Sessions.Log(f.id, "", 0, true, "")
		must(t, err)
	}
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.Writing))
	r := s.sync(sam)
	if len(r.Accepted) != 4 || r.Accepted[0].Kind != "consent.withdraw" {
		t.Errorf("accepted %v, want the withdrawal first", r.Accepted)
	}
}

// TestTeamOfConfirmedOnly: nothing is wrapped to a key whose words nobody heard.
func TestTeamOfConfirmedOnly(t *testing.T) {
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

// TestManyPages: a new colleague receives a record in several pages, each taken
// or refused whole.
func TestManyPages(t *testing.T) {
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	for i := range 12 {
		_, err := sam.Sessions.Log(f.id, "", 0, true, strings.Repeat("word ", 200_000+i))
		must(t, err)
	}
	s.sync(sam)
	pages := 0
	s.pulled(func(*wire.PullReply) { pages++ })
	s.sync(ana)
	mine, _ := sam.Mirror.Family(f.id)
	hers, _ := ana.Mirror.Family(f.id)
	if pages < 3 || mine.Head != hers.Head {
		t.Errorf("%d pages, and the records agree: %v; want several and true", pages, mine.Head == hers.Head)
	}
}
