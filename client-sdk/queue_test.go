package attune_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestPushAnswerLost: the server took it and the device does not know. The second
// push is a duplicate, and nothing is there twice.
func TestPushAnswerLost(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)

	// Sam adds film; meanwhile a form says no to it, which Sam's device cannot know.
	f.saysNo(s, s.hire(policies.Practitioner, "Ana Lopez"))
	added := f.add(t, film(t, "visit.mp4"), "")
	_, err := sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	r, err := sam.Sync(context.Background())
	must(t, err)
	if len(r.Refused) != 1 || len(r.Accepted) != 1 || !slices.Contains(r.Refused[0].Rules, "UPLOAD-CONSENT") {
		t.Fatalf("refused %+v, accepted %d; want clip.add by UPLOAD-CONSENT and the session taken", r.Refused, len(r.Accepted))
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

// TestDismissWhileSealing: what is put away takes nothing with it that somebody is
// just making.
func TestDismissWhileSealing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	f.saysNo(s, s.hire(policies.Practitioner, "Ana Lopez"))
	f.add(t, film(t, "visit.mp4"), "")
	must(t, sam.Close())
	var refused policies.StatementID
	cfg := s.config()
	cfg.Progress = func(label string) attune.Progress {
		if label == "Sealing" {
			must(t, sam.Outbox.Dismiss(refused))
		}
		return silent{}
	}
	sam, err := attune.Open(sam.Home(), passphrase, cfg)
	must(t, err)
	defer sam.Close()
	f.practitioner = sam
	// Sam's device does not know yet that the mother said no: a sync would tell it.
	waiting := f.queued(t)
	r, err := sam.Sync(context.Background())
	if err != nil || len(r.Refused) == 0 {
		t.Fatalf("refused %v, %v", r.Refused, err)
	}
	refused = waiting
	f.signedBefore(s)
	f.add(t, film(t, "visit.mp4"), "")
	if left, err := sam.Outbox.Attention(); err != nil || len(left) != 0 {
		t.Errorf("still needs attention: %v, %v", left, err)
	}
	if files, err := os.ReadDir(filepath.Join(sam.Home(), "clips")); err != nil || len(files) != 1 {
		t.Errorf("%d files of clips, %v; want the new one", len(files), err)
	}
}

// queued is the clip that waits.
func (f family) queued(t *testing.T) policies.StatementID {
	t.Helper()
	list, err := f.practitioner.Outbox.Waiting()
	must(t, err)
	for _, o := range list {
		if o.Kind == "clip.add" {
			return o.ID
		}
	}
	t.Fatal("no clip waits")
	return policies.StatementID{}
}

type silent struct{}

func (silent) Total(int64) {}
func (silent) Add(int64)   {}
func (silent) Done()       {}

// TestOnlyCopyStays: the service refuses a clip whose recording is removed already.
// Nothing takes away what is left of it.
func TestOnlyCopyStays(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	f.saysNo(s, s.hire(policies.Practitioner, "Ana Lopez"))
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
	t.Parallel()
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

// TestRestrictionsGoFirst: a withdrawal does not wait behind a week's notes.
func TestRestrictionsGoFirst(t *testing.T) {
	t.Parallel()
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

// TestManyPages: a new colleague receives a record in several pages, each taken
// or refused whole.
func TestManyPages(t *testing.T) {
	t.Parallel()
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
