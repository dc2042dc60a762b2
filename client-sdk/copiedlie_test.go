package attune_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestCopiedByTheServersWord: a service says at each sync that the number of what is sent was
// used by another copy of the device, and nothing shows it. It is believed once (and the key is
// certified, whatever the answer to that said), and not at
// each of them: else it would use up the devices that a person may have.
func TestCopiedByTheServersWord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.replies("/v1/sync/push", func(_ *http.Request, a *httptest.ResponseRecorder) {
		var in wire.PushReply
		if a.Code != http.StatusOK || wire.Decode(bytes.NewReader(a.Body.Bytes()), 8<<20, &in) != nil {
			return
		}
		for i := range in.Results {
			in.Results[i].Status, in.Results[i].Code, in.Results[i].Receipt = wire.Refused, wire.CodeReused, nil
		}
		b, err := wire.Encode(in)
		must(t, err)
		a.Body = bytes.NewBuffer(b)
	})
	names := map[policies.DeviceID]bool{sam.Keys.Device(): true}
	for n := range 4 {
		_, err := sam.Sessions.Log(f.id, "", 3+n, true, "")
		must(t, err)
		_, err = sam.Sync(context.Background())
		if n > 1 && attune.CodeOf(err) != wire.CodeReused {
			t.Errorf("round %d: %v, want to be told", n, err)
		}
		names[sam.Keys.Device()] = true
		s.pass(time.Hour)
	}
	if len(names) > 2 {
		t.Errorf("the device went on as %d others", len(names)-1)
	}
	s.honest()
	for range 2 {
		s.sync(sam)
	}
	if got := sessions(t, sam, f.id); got != 5 {
		t.Errorf("%d sessions, want 5", got)
	}
}
