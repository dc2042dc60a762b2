package attune_test

import (
	"bytes"
	"context"
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

// logTo adds rows to the log until it has so many.
func (s *service) logTo(size int64) {
	s.t.Helper()
	ctx := context.Background()
	org, err := s.store.Records.Org(ctx)
	must(s.t, err)
	for n := int64(1); ; n++ {
		p, err := s.store.Log.Prove(ctx, 0)
		must(s.t, err)
		if p.Size >= size {
			return
		}
		raw, _, err := statement.Sign(policies.Statement{
			Signer: policies.KeyID(org.Server.Certificate), Record: policies.RecordID(org.ID), Kind: "service.recovered", N: n,
			At: policies.At(s.now()), Body: &policies.ServiceRecovered{Restored: policies.StatementID{1}},
		}, s.key)
		must(s.t, err)
		_, _, err = s.store.Records.Accept(ctx, policies.Caller{Server: true}, []storage.Sealed{{Statement: raw}}, 0)
		must(s.t, err)
	}
}

// TestDurableLie: a service says that all of its log is in a verified backup, so that devices
// give up what they were shown of it. Then it says that it was put back to a little before,
// and shows another past, which its own keys sign. Whoever was shown the first says so.
func TestDurableLie(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.sync(sam)
	early := s.backup()
	s.replies("/v1/sync/pull", func(r *http.Request, a *httptest.ResponseRecorder) {
		if a.Code != http.StatusOK {
			return
		}
		var page wire.PullReply
		must(t, wire.Decode(bytes.NewReader(a.Body.Bytes()), 8<<20, &page))
		page.Proven.Durable = 1 << 40
		b, err := wire.Encode(page)
		must(t, err)
		a.Body = bytes.NewBuffer(b)
	})
	s.family(sam)
	for range 3 {
		s.pass(2 * time.Hour)
		s.sync(sam)
	}
	s.honest()
	shown, err := sam.Mirror.Checkpoint()
	must(t, err)

	s.loseLedger()
	s.putBack(early)
	s.logTo(shown.Size - 4)
	other := s.backup()
	if put := s.putBack(other); put.Manifest.Size >= shown.Size {
		t.Fatalf("the other past has %d rows, and the device saw %d: the test shows nothing", put.Manifest.Size, shown.Size)
	}
	s.replies("/v1/log/history", func(r *http.Request, a *httptest.ResponseRecorder) {
		var in wire.HistoryReply
		must(t, wire.Decode(bytes.NewReader(a.Body.Bytes()), 8<<20, &in))
		in.Restored = in.Restored[len(in.Restored)-1:] // and nothing of the time before
		b, err := wire.Encode(in)
		must(t, err)
		a.Body = bytes.NewBuffer(b)
	})
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeForked {
		t.Errorf("another past: %v, want %s", err, attune.CodeForked)
	}
	if files, err := sam.Evidence(); err != nil || len(files) == 0 {
		t.Errorf("evidence %v, %v", files, err)
	}
}
