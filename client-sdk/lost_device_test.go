package attune_test

import (
	"context"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestFilmOfALostDevice: a visit is filmed without a network, the tablet is left on a bus and
// revoked, and comes back. It gets nothing of the family any more; the visit and the clip
// arrive, and the film when the head of service, who sees how it came, lets it in.
func TestFilmOfALostDevice(t *testing.T) {
	s := newService(t)
	sam, bea := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Bea Hall")
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, bea.Keys.Staff()))
	s.sync(sam)
	s.sync(bea)
	var err error
	f.session, err = sam.Sessions.Log(f.id, "", 2, true, "second visit")
	must(t, err)
	clip := f.add(t, film(t, "visit.mp4"), "On the bus").Clip

	s.pass(time.Hour)
	must(t, s.head.Devices.Revoke(sam.Keys.Device()))
	s.sync(s.head)
	s.pass(time.Hour)
	r, err := sam.Sync(context.Background())
	if attune.CodeOf(err) != wire.CodeUnauthorised || len(r.Refused) > 0 || len(r.Uploaded) > 0 {
		t.Fatalf("a revoked device: %+v, %v", r, err)
	}
	if _, held := sam.Mirror.Family(f.id); held {
		t.Error("a revoked device holds a family")
	}
	s.sync(s.head)
	waits, err := s.head.Decisions.Matters()
	must(t, err)
	found := false
	for _, m := range waits {
		found = found || m.Kind == policies.ClipWaits && m.Of == clip.String()
	}
	if !found {
		t.Errorf("nobody is asked about the clip: %+v", waits)
	}
	for range 2 { // it asks again, and gets nothing
		if r, err := sam.Sync(context.Background()); attune.CodeOf(err) != wire.CodeUnauthorised || len(r.Uploaded) > 0 || r.Pulled > 0 {
			t.Fatalf("before it is decided: %+v, %v", r, err)
		}
	}
	must(t, s.head.Decisions.Make(f.id, policies.StatementID(clip), policies.Take, policies.FamilyAsked))
	s.sync(s.head)
	if r, err := sam.Sync(context.Background()); attune.CodeOf(err) != wire.CodeUnauthorised || len(r.Uploaded) != 1 {
		t.Fatalf("once it is let in: %+v, %v", r, err)
	}
	s.sync(s.head)
	if known, ok := s.head.Mirror.Family(f.id); !ok || known.Clips[clip] == nil || known.Clips[clip].Stored.IsZero() || known.Sessions[f.session] == nil {
		t.Errorf("at the head of service's: %+v", known.Clips[clip])
	}
	for range 2 {
		s.sync(bea)
	}
	if files, err := sam.Evidence(); err != nil || len(files) > 0 {
		t.Errorf("evidence %v, %v", files, err)
	}
	if held, err := sam.Uploader.Held(); err != nil || len(held) > 0 {
		t.Errorf("still held: %+v, %v", held, err)
	}
}
