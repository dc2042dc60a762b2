package attune_test

import (
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestLend: a home that was lent opens elsewhere, is refused while it is, and goes on with
// what was done there, without a passphrase.
func TestLend(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	again, err := sam.Lend()
	must(t, err)
	if _, err := sam.Outbox.Waiting(); err == nil {
		t.Error("the client that was lent still answers")
	}
	other, err := attune.Open(sam.Home(), passphrase, s.config())
	must(t, err)
	visit, err := other.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	if _, err := again(); attune.CodeOf(err) != attune.CodeInUse {
		t.Errorf("while another has it: %v", err)
	}
	must(t, other.Close())
	for range 2 { // what was opened again can be lent again
		if sam, err = again(); err != nil {
			t.Fatal(err)
		}
		if again, err = sam.Lend(); err != nil {
			t.Fatal(err)
		}
	}
	sam, err = again()
	must(t, err)
	defer sam.Close()
	if r := s.sync(sam); len(r.Accepted) != 1 || policies.SessionID(r.Accepted[0].ID) != visit {
		t.Errorf("what the other queued: %+v", r.Accepted)
	}
}
