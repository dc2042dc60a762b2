package attune_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// refusedClip is a clip that Sam filmed without knowing that Ana had entered a form
// that says no to film: the service refuses it, because nobody stopped anything. fate
// is what Sam says about the recording.
func refusedClip(t *testing.T, fate policies.SourceFate) (s *service, sam, ana *attune.Client, f family, clip policies.ClipID) {
	t.Helper()
	s = newService(t)
	sam, ana = s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f = s.family(sam)
	f.saysNo(s, ana)
	clip = f.add(t, film(t, "visit.mp4"), "Tea time").Clip
	if fate != policies.SourceUnknown {
		must(t, sam.Clips.ConfirmSource(clip, fate))
	}
	r, err := sam.Sync(context.Background())
	must(t, err)
	if len(r.Refused) == 0 || r.Refused[0].ID != policies.StatementID(clip) || !slices.Contains(r.Refused[0].Rules, "UPLOAD-CONSENT") {
		t.Fatalf("refused %+v, want the clip by UPLOAD-CONSENT", r.Refused)
	}
	a, _ := wire.AdviceOf([]string{"UPLOAD-CONSENT"})
	if r.Refused[0].Message != a.Message || r.Refused[0].Next != a.Next {
		t.Errorf("Sam is told %q %q, want what the rule means", r.Refused[0].Message, r.Refused[0].Next)
	}
	return s, sam, ana, f, clip
}

// saysNo has a colleague enter a form, from before the filming, that says no to it. The
// practitioner's device does not know it yet.
func (f family) saysNo(s *service, colleague *attune.Client) {
	s.t.Helper()
	s.sync(f.practitioner)
	must(s.t, f.practitioner.Families.AddTeam(f.id, colleague.Keys.Staff()))
	s.sync(f.practitioner)
	s.sync(colleague)
	f.practitioner = colleague
	f.signs(s, false)
}

// signedBefore enters a form that covers the time of filming.
func (f family) signedBefore(s *service) { s.t.Helper(); f.signs(s, true) }

func (f family) signs(s *service, yes bool) {
	s.t.Helper()
	form := filepath.Join(s.t.TempDir(), "form.jpg")
	must(s.t, os.WriteFile(form, []byte("a photographed form"), 0o600))
	_, err := f.practitioner.Consents.Sign(attune.SignConsent{
		Family: f.id, Form: form, From: s.now().Add(-5 * time.Minute),
		People: []policies.Covered{
			{Person: f.mum, By: f.mum, Basis: policies.Own}, {Person: f.child, By: f.mum, Basis: policies.ParentalResponsibility},
		},
		Purposes: map[policies.Purpose]bool{policies.FilmAndUse: yes, policies.FamilyCopy: yes},
	})
	must(s.t, err)
	s.sync(f.practitioner)
}

func payload(c *attune.Client, clip policies.ClipID) string {
	return filepath.Join(c.Home(), "clips", clip.String()+".payload")
}

// TestRestate: a form that covers the filming is entered later. The same sealed film
// is stated again, taken, and watched by a colleague under its title.
func TestRestate(t *testing.T) {
	t.Parallel()
	s, sam, ana, f, clip := refusedClip(t, policies.SourceUnknown)
	f.signedBefore(s)
	before, err := os.ReadFile(payload(sam, clip))
	must(t, err)
	again, err := sam.Clips.Restate(clip)
	must(t, err)
	if again.Was != clip || again.Clip == clip {
		t.Fatalf("restated %+v, want another clip in the place of %s", again, clip.Short())
	}
	after, err := os.ReadFile(payload(sam, again.Clip))
	if err != nil || string(after) != string(before) {
		t.Errorf("the sealed film changed, or is gone: %v", err)
	}
	if _, err := os.Stat(payload(sam, clip)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the film of the refused clip is still here: %v", err)
	}
	if left, err := sam.Outbox.Attention(); err != nil || len(left) != 0 {
		t.Errorf("needs attention: %+v, %v", left, err)
	}
	if r := s.sync(sam); !slices.Contains(r.Uploaded, again.Clip) {
		t.Errorf("uploaded %v, want %s", r.Uploaded, again.Clip.Short())
	}
	s.sync(ana)
	v, err := ana.Clips.Show(again.Clip)
	if err != nil || v.Title != "Tea time" || v.State != attune.ClipStored || !v.Key {
		t.Errorf("a colleague sees %+v, %v", v, err)
	}
	if _, err := sam.Clips.Restate(clip); attune.CodeOf(err) != attune.CodeUnknown {
		t.Errorf("restated twice: %v, want unknown", err)
	}
}

// TestRestateSaysWhyNot: nothing covers the filming yet. Nothing is changed, and the
// reasons are named.
func TestRestateSaysWhyNot(t *testing.T) {
	t.Parallel()
	s, sam, _, f, clip := refusedClip(t, policies.SourceUnknown)
	why := func(want ...string) {
		t.Helper()
		_, err := sam.Clips.Restate(clip)
		var no *attune.GateError
		if !errors.As(err, &no) || !slices.Equal(no.Rules, want) || len(no.Reasons) != len(want) {
			t.Errorf("restate: %v, want reasons for %v", err, want)
		}
		if _, err := os.Stat(payload(sam, clip)); err != nil {
			t.Errorf("the film is gone: %v", err)
		}
	}
	why("UPLOAD-CONSENT")
	s.forbid()
	s.sync(s.head)
	s.sync(sam)
	why("UPLOAD-APPROVAL", "UPLOAD-CONSENT")
	f.signedBefore(s)
	why("UPLOAD-APPROVAL")
	s.approve(sam, f.id)
	s.sync(sam)
	why("UPLOAD-APPROVAL") // what is granted now does not reach back
	if left, err := sam.Outbox.Attention(); err != nil || len(left) != 1 {
		t.Errorf("needs attention: %+v, %v; want the clip still", left, err)
	}
	must(t, os.WriteFile(payload(sam, clip), []byte("damaged"), 0o600))
	if _, err := sam.Clips.Restate(clip); attune.CodeOf(err) != attune.CodeSealed {
		t.Errorf("restate damaged film: %v, want sealed_mismatch", err)
	}
}

// TestRestateKeepsTheOnlyCopy: the recording was removed, so that what lies here is
// all there is of it. What was said about the recording goes with the clip.
func TestRestateKeepsTheOnlyCopy(t *testing.T) {
	t.Parallel()
	s, sam, ana, f, clip := refusedClip(t, policies.SourceRemoved)
	f.signedBefore(s)
	again, err := sam.Clips.Restate(clip)
	must(t, err)
	if left, err := sam.Outbox.Attention(); err != nil || len(left) != 0 {
		t.Errorf("needs attention: %+v, %v", left, err)
	}
	r := s.sync(sam)
	var kinds []policies.Kind
	for _, o := range r.Accepted {
		kinds = append(kinds, o.Kind)
	}
	if !slices.Equal(kinds, []policies.Kind{"clip.add", "clip.annotate"}) {
		t.Errorf("accepted %v, want the clip and what became of its recording", kinds)
	}
	s.sync(ana)
	if v, err := ana.Clips.Show(again.Clip); err != nil || v.State != attune.ClipStored {
		t.Errorf("a colleague sees %+v, %v", v, err)
	}
}

// TestHeldUploads: film that did not go is listed with why, and one that was stopped
// goes when it is tried again.
func TestHeldUploads(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	whole, err := os.ReadFile(payload(sam, clip))
	must(t, err)
	must(t, os.WriteFile(payload(sam, clip), whole[:len(whole)-1], 0o600))
	if r, err := sam.Sync(context.Background()); err != nil || len(r.Stopped) != 1 {
		t.Fatalf("sync with a film that was cut short: %+v, %v", r.Stopped, err)
	}
	held, err := sam.Uploader.Held()
	if err != nil || len(held) != 1 || held[0].Clip != clip || !held[0].Stopped || held[0].Why == "" {
		t.Errorf("held %+v, %v", held, err)
	}
	must(t, os.WriteFile(payload(sam, clip), whole, 0o600))
	if r := s.sync(sam); len(r.Uploaded) != 0 {
		t.Errorf("uploaded %v without being told to", r.Uploaded)
	}
	must(t, sam.Uploader.Retry(clip))
	if r := s.sync(sam); !slices.Contains(r.Uploaded, clip) {
		t.Errorf("uploaded %v, want the clip", r.Uploaded)
	}
	if held, err := sam.Uploader.Held(); err != nil || len(held) != 0 {
		t.Errorf("still held: %+v, %v", held, err)
	}
	if err := sam.Uploader.Retry(clip); attune.CodeOf(err) != attune.CodeUnknown {
		t.Errorf("retry what is stored: %v, want unknown", err)
	}
}

// TestDeniedUploadIsListed: a rule stands in the way of film that the service had
// taken up; it is tried again at each sync, and said so.
func TestDeniedUploadIsListed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.lose("/v1/uploads")
	if _, err := sam.Sync(context.Background()); !attune.Offline(err) {
		t.Fatalf("cut upload: %v, want offline", err)
	}
	s.spoil.Store(nil)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.Writing))
	if r, err := sam.Sync(context.Background()); err != nil || len(r.Stopped) != 1 {
		t.Fatalf("sync after the withdrawal: %+v, %v", r.Stopped, err)
	}
	if held, err := sam.Uploader.Held(); err != nil || len(held) != 1 || held[0].Stopped || held[0].Clip != clip {
		t.Errorf("held %+v, %v; want the clip, and that each sync tries again", held, err)
	}
}

// TestDismissTakesAllOfAClip: with a refused clip goes what was refused about its
// recording, so that one thing to deal with is one line to put away.
func TestDismissTakesAllOfAClip(t *testing.T) {
	t.Parallel()
	_, sam, _, _, clip := refusedClip(t, policies.SourceKept)
	if list, err := sam.Outbox.Attention(); err != nil || len(list) != 2 {
		t.Fatalf("needs attention: %+v, %v; want the clip and what became of its recording", list, err)
	}
	must(t, sam.Outbox.Dismiss(policies.StatementID(clip)))
	if list, err := sam.Outbox.Attention(); err != nil || len(list) != 0 {
		t.Errorf("still needs attention: %+v, %v", list, err)
	}
}
