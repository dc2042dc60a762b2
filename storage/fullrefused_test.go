package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// What is left of a full disk is for what stops something. A restriction that is
// refused stops nothing, and can be sent again for ever.
func TestRefusalsLeaveTheReserveAlone(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	nowhere := policies.RecordID(policies.DigestOf([]byte("no family")))
	bad, _ := w.Sam.Say(nowhere, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	good, _ := w.Sam.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	send := func(batch ...storage.Sealed) ([]storage.Result, error) {
		results, _, err := w.Records.Accept(ctx, policies.Caller{}, batch, 0)
		return results, err
	}
	room := fills(t, w)
	before := size(t, w)
	for range 5 {
		if results, err := send(bad); !errors.Is(err, storage.ErrFull) {
			t.Fatalf("refused one: %+v, %v, want ErrFull", results, err)
		}
	}
	if grew := size(t, w) - before; grew != 0 {
		t.Errorf("%d events of it on a full disk", grew)
	}
	if results, err := send(bad, good); err != nil || results[0].Err == nil || results[1].Err != nil {
		t.Errorf("beside one that stops something: %+v, %v", results, err)
	}
	room()
	if results, err := send(bad); err != nil || results[0].Err == nil {
		t.Errorf("once there is room: %+v, %v, want it refused", results, err)
	}
}
