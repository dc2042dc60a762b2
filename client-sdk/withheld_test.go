package attune_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// keepOut answers what is brought again without taking any of it, as an operator would who
// put the service back to be rid of something. The state of the log is honest and signed.
func (s *service) keepOut(answer wire.Result, recovering bool) {
	next := *s.web.Load()
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/sync/again" {
			next.ServeHTTP(w, r)
			return
		}
		var in wire.AgainRequest
		must(s.t, wire.Decode(r.Body, 8<<20, &in))
		asked := in.Statements
		in.Statements, in.Evidence = []wire.Again{}, []wire.Evidence{}
		b, err := wire.Encode(in)
		must(s.t, err)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
		r.Header.Del("Accept-Encoding")
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		var out wire.PushReply
		must(s.t, wire.Decode(bytes.NewReader(rec.Body.Bytes()), 8<<20, &out))
		out.Results = []wire.Result{}
		for _, a := range asked {
			st, err := statement.Parse([]byte(a.Sealed.Statement))
			must(s.t, err)
			said := answer
			said.ID = st.ID
			out.Results = append(out.Results, said)
		}
		out.Proven.Recovering = recovering
		b, err = wire.Encode(out)
		must(s.t, err)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b)
	})
	s.web.Store(&h)
}

// TestRollbackWithoutRefusal: the service is put back with an empty ledger, to be rid of a
// withdrawal. It refuses nothing: it says that it must wait for something, or that it still
// recovers, for ever; or takes it for what it cannot be just now. Whoever had seen the
// withdrawal says so, whatever the words.
func TestRollbackWithoutRefusal(t *testing.T) {
	refused := wire.Result{Status: wire.Refused, Code: wire.CodeNotPossible}
	for name, c := range map[string]struct {
		answer     wire.Result
		recovering bool
		after      time.Duration
	}{
		"Deferred":   {wire.Result{Status: wire.Deferred, Code: wire.CodeMissing}, false, 0},
		"Recovering": {refused, true, 0},
		"Refused":    {refused, false, 0},
		"Busy":       {wire.Result{Status: wire.Refused, Code: wire.CodeBusy}, false, 8 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			sam, iris := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.IGOfficer, "Iris Gray")
			f := s.family(sam)
			s.sync(iris)
			dir := s.backup()
			must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
			s.sync(sam)
			s.loseLedger()
			s.pass(time.Minute)
			s.putBack(dir)
			s.sync(iris)
			_, err := iris.Restored.Recovered()
			must(t, err)
			s.sync(iris)
			s.keepOut(c.answer, c.recovering)
			for range 3 {
				if _, err = sam.Sync(context.Background()); attune.Lied(err) {
					break
				}
				must(t, err)
				s.pass(c.after + time.Minute)
			}
			if attune.CodeOf(err) != attune.CodeRolledBack {
				t.Errorf("sync: %v, want %s", err, attune.CodeRolledBack)
			}
			if n, err := sam.Evidence(); err != nil || len(n) == 0 {
				t.Errorf("evidence %v, %v", n, err)
			}
		})
	}
}

// TestRecoveryWithoutEnd: while nobody has said that the recovery is over nobody is accused;
// one that lasts too long is shown as what it is.
func TestRecoveryWithoutEnd(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	dir := s.backup()
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
	s.sync(sam)
	s.loseLedger()
	s.pass(time.Minute)
	s.putBack(dir)
	s.keepOut(wire.Result{Status: wire.Refused, Code: wire.CodeNotPossible}, false)
	for day := range 9 {
		s.sync(sam)
		st, err := sam.Restored.Show()
		must(t, err)
		if want := day >= 7; st.Overdue != want {
			t.Errorf("day %d: overdue %v", day, st.Overdue)
		}
		s.pass(24 * time.Hour)
	}
	if files, err := sam.Evidence(); err != nil || len(files) != 0 {
		t.Errorf("evidence %v, %v", files, err)
	}
}

// TestEndedTooEarly: the IG officer ends the recovery before a family is back that a
// colleague opened who was revoked since. It cannot come back, and neither can what was
// withdrawn in it: the service cannot help that, and is not accused.
func TestEndedTooEarly(t *testing.T) {
	s := newService(t)
	sam, bea := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Bea Hall")
	iris := s.hire(policies.IGOfficer, "Iris Gray")
	s.sync(sam)
	dir := s.backup()
	s.pass(time.Minute)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, bea.Keys.Staff()))
	s.sync(sam)
	s.sync(bea)
	must(t, bea.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
	s.sync(bea)
	s.sync(bea)
	s.sync(s.head)
	must(t, s.head.Staff.Revoke(sam.Keys.Staff()))
	s.sync(s.head)
	s.pass(time.Hour)
	s.putBack(dir)
	s.sync(iris)
	_, err := iris.Restored.Recovered()
	must(t, err)
	s.sync(iris)
	for round := range 4 {
		s.pass(3 * 24 * time.Hour)
		if r, err := bea.Sync(context.Background()); err != nil || r.Unreturned == 0 {
			t.Errorf("round %d: %d not taken, %v", round, r.Unreturned, err)
		}
	}
	if files, err := bea.Evidence(); err != nil || len(files) != 0 {
		t.Errorf("an honest service was convicted: %v, %v", files, err)
	}
}

// TestUnseatedSince: the ledger is lost with the disk, and a practitioner is taken off the
// team before their request to film comes back, which was declined. The service can take
// neither any more, and is not accused.
func TestUnseatedSince(t *testing.T) {
	s := newService(t)
	sam, bea := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Bea Hall")
	iris := s.hire(policies.IGOfficer, "Iris Gray")
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, bea.Keys.Staff()))
	s.sync(sam)
	s.sync(bea)
	s.sync(s.head)
	dir := s.backup()
	s.pass(time.Minute)
	asked, err := bea.Approvals.Request(f.id, 0)
	must(t, err)
	s.sync(bea)
	s.sync(s.head)
	must(t, s.head.Approvals.Decline(asked, policies.NotNow))
	s.sync(s.head)
	s.loseLedger()
	s.pass(time.Minute)
	s.putBack(dir)
	s.sync(iris)
	_, err = iris.Restored.Recovered()
	must(t, err)
	s.sync(iris)
	s.sync(sam)
	must(t, sam.Families.RemoveTeam(f.id, bea.Keys.Staff()))
	s.sync(sam)
	for range 2 {
		if _, err := s.head.Sync(context.Background()); err != nil {
			t.Errorf("sync: %v", err)
		}
		if _, err := bea.Sync(context.Background()); err != nil {
			t.Errorf("sync: %v", err)
		}
	}
	if files, err := bea.Evidence(); err != nil || len(files) != 0 {
		t.Errorf("an honest service was convicted: %v, %v", files, err)
	}
}

// TestPutBackInTheMidst: a service states that it was put back where it was not, so that it
// would recover for ever. Whoever knows its history is not told so.
func TestPutBackInTheMidst(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.sync(sam)
	ctx := context.Background()
	org, err := s.store.Records.Org(ctx)
	must(t, err)
	c, err := s.head.Mirror.Checkpoint()
	must(t, err)
	for n := int64(1); n < 100; n++ {
		p, err := s.store.Log.Prove(ctx, 0)
		must(t, err)
		was := policies.LogState{Origin: c.Origin, Size: p.Size, Root: policies.Digest{1}}
		raw, _, err := statement.Sign(policies.Statement{
			Signer: policies.KeyID(org.Server.Certificate), Record: policies.RecordID(org.ID), Kind: "service.restored", N: n,
			At: policies.At(s.now()), Seen: policies.Seen{Head: org.Head}, Body: &policies.ServiceRestored{Log: was, Known: was},
		}, s.key)
		must(t, err)
		results, _, err := s.store.Records.Accept(ctx, policies.Caller{Server: true}, []storage.Sealed{{Statement: raw}}, 0)
		must(t, err)
		if results[0].Err == nil {
			break
		}
	}
	if _, err := sam.Sync(ctx); attune.CodeOf(err) != attune.CodeForged {
		t.Errorf("sync: %v, want %s", err, attune.CodeForged)
	}
}
