package storage_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestStolenKey: a person's own key outlives the device that it was stolen with. Without
// a device of that person in force it takes in no other, and replaces nothing.
func TestStolenKey(t *testing.T) {
	w := storagetest.New(t, storagetest.Adopted(t))
	record := policies.RecordID(w.Org)
	refused := func(what string, c policies.Caller, s storage.Sealed) {
		t.Helper()
		var denied *storage.DeniedError
		if r := w.Push(c, s)[0]; !errors.As(r.Err, &denied) || !slices.Contains(denied.Ruling.Rules, "DEVICE-HELD") {
			t.Errorf("%s: %v, want DEVICE-HELD", what, r.Err)
		}
	}
	fresh, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	rekey := &policies.StaffRekey{Staff: w.Sam.Staff, Device: w.Sam.Device, Key: storagetest.FreshKey(), Recipient: fresh.Recipient().String()}
	s, _ := w.Sam.NewDevice()
	refused("by nobody's device", policies.Caller{Request: "join"}, s)
	s, _ = w.Sam.NewDevice()
	refused("by a colleague's", w.Ana.Caller(), s)
	s, second := w.Sam.NewDevice()
	w.MustAccept(w.Sam.Caller(), s)

	w.Head.Does(record, "device.revoke", &policies.DeviceRevoke{Device: w.Sam.Device})
	s, _ = w.Sam.NewDevice()
	refused("by one that was revoked", w.Sam.Caller(), s)
	rekey.Device = policies.DeviceID(second)
	s, _ = w.Sam.SayOwn("staff.rekey", rekey)
	refused("a new key, by one that was revoked", w.Sam.Caller(), s)
}

// TestUselessRecipient: a person's new recipient is one that something can be sealed to.
func TestUselessRecipient(t *testing.T) {
	w := storagetest.New(t, storagetest.Adopted(t))
	s, _ := w.Sam.SayOwn("staff.rekey", &policies.StaffRekey{Staff: w.Sam.Staff, Device: w.Sam.Device, Key: storagetest.FreshKey(), Recipient: "age1pq1qqqq"})
	if r := w.Push(w.Sam.Caller(), s)[0]; !errors.Is(r.Err, policies.ErrNotPossible) {
		t.Errorf("error = %v, want not possible", r.Err)
	}
}

// TestCopiedDevice: of two statements with one number the second is refused, and taken
// from the device that goes on with the work of the copy: one that the person's own key
// certified for it, and nobody else's. The other copy's numbers stay its own.
func TestCopiedDevice(t *testing.T) {
	w := storagetest.New(t, storagetest.Adopted(t))
	f := w.Open("NF-2041")
	say := func(p *storagetest.Person, number int) storage.Sealed {
		s, _ := p.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: number})
		return s
	}
	copied := w.Sam.Copy()
	w.MustAccept(w.Sam.Caller(), say(w.Sam, 1), say(w.Sam, 2))
	mine := []storage.Sealed{say(copied, 3), say(copied, 4), say(copied, 5)}
	for i, want := range []error{storage.ErrNumberUsed, storage.ErrNumberUsed, nil} {
		if got := w.Push(copied.Caller(), mine[i])[0].Err; !errors.Is(got, want) {
			t.Errorf("statement %d of the copy: %v, want %v", i+1, got, want)
		}
	}
	next := w.Sam.GoesOn()
	other := w.Sam.GoesOn()
	if got := w.Push(w.Ana.Caller(), mine[0])[0].Err; !errors.Is(got, storage.ErrNumberUsed) {
		t.Errorf("brought by a colleague: %v", got)
	}
	w.MustAccept(next, mine...)
	lost := say(copied, 6)
	late := say(copied, 7)
	if got := w.Push(copied.Caller(), late)[0].Err; !errors.Is(got, storage.ErrGap) {
		t.Errorf("after a lost one: %v, want a gap", got)
	}
	w.MustAccept(other, late, lost)
	if got := w.Push(w.Sam.Caller(), say(w.Sam, 8))[0].Err; !errors.Is(got, storage.ErrNumberUsed) {
		t.Errorf("the number of what the copy sent itself: %v", got)
	}
	w.MustAccept(w.Sam.Caller(), say(w.Sam, 9)) // the number of lost, which was brought and took none
}
