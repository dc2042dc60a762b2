package attune_test

import (
	"context"
	"errors"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// outdate has the service answer a range of versions in which this program's is not.
func (s *service) outdate(versions wire.ProtocolRange) {
	s.serve(s.head.Mirror.Org().ID, versions)
}

// TestTooOld: the service has moved on past this program. What stops something reaches
// it, what this person may no longer see goes, all else waits here; once the program is
// updated nothing is lost.
func TestTooOld(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Wren")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	s.sync(ana)
	must(t, sam.Families.RemoveTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	_, err := ana.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	must(t, ana.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))

	s.outdate(wire.ProtocolRange{Min: wire.Protocol + 1, Max: wire.Protocol + 2})
	r, err := ana.Sync(context.Background())
	if !attune.Outdated(err) {
		t.Errorf("sync: %v, want outdated", err)
	}
	if len(r.Accepted) != 1 || r.Accepted[0].Kind != "consent.withdraw" {
		t.Errorf("accepted %v, want the withdrawal", r.Accepted)
	}
	if len(r.Dropped) != 1 || r.Waiting != 1 {
		t.Errorf("dropped %v, %d waiting; want the family gone and the session kept", r.Dropped, r.Waiting)
	}
	if _, held := ana.Mirror.Family(f.id); held {
		t.Error("the family is still here")
	}
	if told, err := ana.Outdated(); err != nil || told == nil || told.Code != wire.CodeTooOld {
		t.Errorf("told %v, %v; want it told", told, err)
	}

	s.outdate(wire.ProtocolRange{})
	s.refuses(sam, clip)
	r, err = ana.Sync(context.Background())
	must(t, err)
	if len(r.Accepted)+len(r.Refused) != 1 || r.Waiting != 0 {
		t.Errorf("once updated: %+v; want the session judged", r)
	}
	if told, err := ana.Outdated(); err != nil || told != nil {
		t.Errorf("told %v, %v; want nothing any more", told, err)
	}
}

// TestTooOldAndRevoked: what this device holds goes at once, as of one that is up to date.
func TestTooOldAndRevoked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.sync(sam)
	must(t, s.head.Devices.Revoke(sam.Keys.Device()))
	s.sync(s.head)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	s.outdate(wire.ProtocolRange{Min: wire.Protocol + 1, Max: wire.Protocol + 1})
	for range 2 { // asked again, it is told again
		r, err := sam.Sync(context.Background())
		if !attune.Outdated(err) || r.Waiting != 0 {
			t.Errorf("sync: %v, %d waiting; want outdated, and the withdrawal taken", err, r.Waiting)
		}
		if _, held := sam.Mirror.Family(f.id); held {
			t.Error("the family is still here")
		}
	}
}

// TestTooOldAndLiedTo: a server gets nothing forgotten by saying that the program is too old.
func TestTooOldAndLiedTo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.sync(sam)
	item := wire.Item{Kind: wire.ItemDropScope, Place: wire.Place{Record: policies.RecordID(f.id)}, Attachments: []wire.Attachment{}}
	s.outdate(wire.ProtocolRange{Min: wire.Protocol + 1, Max: wire.Protocol + 1})
	s.alter("/v1/sync/endings", func([]byte) []byte {
		b, err := wire.Encode(wire.EndingsReply{Items: []wire.Item{item}, Time: policies.At(s.now())})
		must(t, err)
		return b
	})
	_, err := sam.Sync(context.Background())
	if !errors.Is(err, &attune.Error{Code: attune.CodeNoCause}) {
		t.Errorf("sync: %v, want dropped without cause", err)
	}
	if _, held := sam.Mirror.Family(f.id); !held {
		t.Error("the family was forgotten on the server's word")
	}
}

// TestTooOldAndEndedInSteps: somebody was taken off the team, and then off the viewer list.
// A device that is too old hears of both at once.
func TestTooOldAndEndedInSteps(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	ana := w.hire(policies.Practitioner, "Ana Lopez")
	w.sync(w.sam)
	w.agree(ana.Keys.Staff())
	w.sync(w.sam)
	_, err := w.sam.Viewers.Add(w.id, ana.Keys.Staff(), policies.Supervision, time.Time{})
	must(t, err)
	must(t, w.sam.Families.AddTeam(w.id, ana.Keys.Staff()))
	w.sync(w.sam)
	w.sync(ana)
	must(t, w.sam.Families.RemoveTeam(w.id, ana.Keys.Staff()))
	w.sync(w.sam)
	must(t, w.sam.Viewers.Remove(w.id, ana.Keys.Staff()))
	w.sync(w.sam)
	w.outdate(wire.ProtocolRange{Min: wire.Protocol + 1, Max: wire.Protocol + 1})
	r, err := ana.Sync(context.Background())
	if !attune.Outdated(err) || attune.Lied(err) || len(r.Dropped) != 1 {
		t.Errorf("sync: %v, dropped %v; want outdated, and the family gone", err, r.Dropped)
	}
}

// TestTooOldThenUpdated: more came in a family before somebody left its team. The device was
// too old meanwhile, and has forgotten the family; what the feed goes on with is no lie.
func TestTooOldThenUpdated(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Wren")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	s.sync(sam)
	must(t, sam.Families.RemoveTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.outdate(wire.ProtocolRange{Min: wire.Protocol + 1, Max: wire.Protocol + 1})
	for range 2 { // the second asks by the same cursor
		if _, err := ana.Sync(context.Background()); !attune.Outdated(err) {
			t.Errorf("sync: %v, want outdated", err)
		}
	}
	if _, held := ana.Mirror.Family(f.id); held {
		t.Error("the family is still here")
	}
	s.outdate(wire.ProtocolRange{})
	s.sync(ana)
	if list, err := ana.Evidence(); err != nil || len(list) > 0 {
		t.Errorf("evidence against an honest server: %v, %v", list, err)
	}
}
