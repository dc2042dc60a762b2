package attune_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// early has a device say something that rests on what a colleague said and did not send
// yet; send sends that.
func (s *service) early(sam *attune.Client, f family) (send func()) {
	s.t.Helper()
	ana := s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	must(s.t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	id, err := ana.Sessions.Log(f.id, "2026-11-01", 5, true, "")
	must(s.t, err)
	must(s.t, attune.SayKnowing(sam, f.id, policies.StatementID(id)))
	return func() { s.sync(ana) }
}

// TestDeferred: what rests on something that has not arrived waits at the service, is told
// as waiting, and is at its place when that has come; the answer can be lost on the way.
func TestDeferred(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	early := s.early(sam, f)

	r, err := sam.Sync(context.Background())
	must(t, err)
	if len(r.Deferred) != 1 || r.Waiting != 0 || len(r.Refused) != 0 {
		t.Fatalf("first sync: %+v", r)
	}
	list, err := sam.Outbox.Deferred()
	must(t, err)
	if waiting, err := sam.Outbox.Waiting(); err != nil || len(list) != 1 || len(waiting) != 0 {
		t.Errorf("waits at the service: %v; here: %v, %v", list, waiting, err)
	}
	if n := sessions(t, sam, f.id); n != 2 {
		t.Errorf("%d sessions on the device while one waits, want 2", n)
	}
	s.sync(sam) // asks nothing again so soon
	early()
	if r := s.sync(sam); len(r.Deferred) != 0 {
		t.Errorf("when it has come: %+v", r)
	}
	s.sync(sam)
	if list, err := sam.Outbox.Deferred(); err != nil || len(list) != 0 {
		t.Errorf("still waits: %v, %v", list, err)
	}
	if known, ok := sam.Mirror.Family(f.id); !ok || len(known.Sessions) != 3 {
		t.Error("it is not in the record")
	}
}

// TestDeferredLapses: after a month it needs attention, also on a device that was away.
func TestDeferredLapses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.early(sam, f)
	_, err := sam.Sync(context.Background())
	must(t, err)
	s.pass(31 * 24 * time.Hour)
	_, err = s.store.Records.SweepWaiting(context.Background())
	must(t, err)
	r, err := sam.Sync(context.Background())
	must(t, err)
	if len(r.Refused) != 1 || r.Refused[0].Code != wire.CodeLapsed {
		t.Errorf("after a month: %+v", r.Refused)
	}
	list, err := sam.Outbox.Attention()
	must(t, err)
	if len(list) != 1 || list[0].Next == "" {
		t.Errorf("needs attention: %+v", list)
	}
}

// TestRefusalIsAcknowledged: an answer that was lost is given again, and forgotten by the
// service once the device has it.
func TestRefusalIsAcknowledged(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	f := s.family(sam)
	f.saysNo(s, ana)
	f.add(t, film(t, "visit.mp4"), "")
	var answers []string
	s.alter("/v1/sync/push", func(body []byte) []byte {
		var reply wire.PushReply
		must(t, json.Unmarshal(body, &reply))
		for _, r := range reply.Results {
			if r.Status == wire.Refused {
				if answers = append(answers, string(r.Code)+r.Message); len(answers) == 1 {
					return nil
				}
			}
		}
		return body
	})
	if _, err := sam.Sync(context.Background()); !attune.Offline(err) {
		t.Fatal(err)
	}
	r, err := sam.Sync(context.Background())
	must(t, err)
	if len(r.Refused) != 1 || len(answers) != 2 || answers[0] != answers[1] {
		t.Errorf("answers %q, refused %+v", answers, r.Refused)
	}
	if n := attune.Acknowledged(sam); n != 1 {
		t.Errorf("%d to be acknowledged, want 1", n)
	}
	_, err = sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	s.sync(sam)
	if n := attune.Acknowledged(sam); n != 0 {
		t.Errorf("%d still to be acknowledged", n)
	}
}
