package storage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestRevokedDevice: what a device says after it was revoked counts only where nothing shows
// that it said it later, only if it brings it itself, and only so much of it.
func TestRevokedDevice(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	visit := func(n int) *policies.SessionLog {
		return &policies.SessionLog{On: "2026-11-24", Number: n, StillHappy: true}
	}
	before := func() policies.Seen {
		p, err := w.Log.Prove(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return policies.Seen{Size: p.Size, Root: policies.Digest{1}, Head: w.FamilyState(f.ID).Head}
	}
	seen := before()
	honest := w.Sam.SaySeen(f.Record, seen, "session.log", visit(2))
	other := w.Sam.SaySeen(f.Record, seen, "session.log", visit(3))
	form, _ := w.Sam.Say(f.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.NoLink})
	_, clip, attached := f.Film(1<<20, false)
	film, filmID := w.Sam.Say(f.Record, "clip.add", clip)
	film.Attachments = attached
	said := w.Clock.Micros()

	w.Clock.Forward(time.Hour)
	w.Head.Does(policies.RecordID(w.Org), "device.revoke", &policies.DeviceRevoke{Device: w.Sam.Caller().Device})
	w.Ana.Does(f.Record, "session.log", visit(4))
	after := before()

	denied := func(what string, err error, rule string) {
		t.Helper()
		var d *storage.DeniedError
		if !errors.As(err, &d) || !slices.Contains(d.Ruling.Rules, rule) {
			t.Errorf("%s: %v, want %s", what, err, rule)
		}
	}
	results := w.Push(w.Sam.Caller(), honest)
	if results[0].Err != nil {
		t.Errorf("a visit from before: %v", results[0].Err)
	}
	denied("brought by somebody else", w.Push(w.Ana.Caller(), other)[0].Err, policies.LateRule)
	if err := w.Push(w.Sam.Caller(), form)[0].Err; !errors.Is(err, policies.ErrSigner) {
		t.Errorf("a person: %v, want %v", err, policies.ErrSigner)
	}
	if err := w.Push(w.Sam.Caller(), film)[0].Err; err != nil {
		t.Fatalf("a clip from before: %v", err)
	}
	if got := w.FamilyState(f.ID).Clips[policies.ClipID(filmID)]; got == nil || got.Late != w.Sam.Caller().Device {
		t.Errorf("clip %+v, want one that came late", got)
	}
	if _, err := w.Uploads.Create(context.Background(), w.Sam.Caller(), policies.ClipID(filmID), clip.Payload.Bytes); err == nil {
		t.Error("its film is taken before anybody decided")
	} else {
		denied("its film", err, "UPLOAD-DECISION")
	}

	back := func(seen policies.Seen, n int) storage.Sealed { // as if it had been said before
		return w.Sam.SayAt(f.Record, said, seen, "session.log", visit(n))
	}
	denied("with a later state of the log", w.Push(w.Sam.Caller(), back(policies.Seen{Size: after.Size, Root: policies.Digest{1}}, 5))[0].Err, policies.LateRule)
	denied("with a later head", w.Push(w.Sam.Caller(), back(policies.Seen{Head: after.Head}, 6))[0].Err, policies.LateRule)
	var last error
	for n := range policies.MaxLate {
		if last = w.Push(w.Sam.Caller(), back(policies.Seen{}, 7+n))[0].Err; last != nil {
			if n != policies.MaxLate-2 {
				t.Errorf("after %d more: %v", n, last)
			}
			break
		}
	}
	denied("one too many", last, policies.ManyRule)
	if err := w.Push(w.Sam.Caller(), withdrawal(w, f))[0].Err; err != nil {
		t.Errorf("a withdrawal from it: %v", err)
	}
	if report, err := w.Log.VerifyFile(context.Background(), nil); err != nil || !report.OK() {
		t.Errorf("log: %+v, %v", report.Faults, err)
	}
}

func withdrawal(w *storagetest.World, f *storagetest.Family) storage.Sealed {
	s, _ := w.Sam.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	return s
}
