package storage_test

import (
	"fmt"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// BenchmarkPush is 200 sessions of ten families that have 200 and more each: verified,
// ruled, logged, synchronous=FULL. make bench measures it over HTTP against PocketBase.
func BenchmarkPush(b *testing.B) {
	w := storagetest.New(b, storagetest.Adopted(b))
	var families []*storagetest.Family
	batch := func() []storage.Sealed {
		var out []storage.Sealed
		for i := range 200 {
			s, _ := w.Sam.Say(families[i%len(families)].Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 1 + i})
			out = append(out, s)
		}
		return out
	}
	before := func(n int) []storage.Sealed {
		if n%10 == 0 { // before any of them has all the sessions that a family may have
			families = nil
			for i := range 10 {
				families = append(families, w.Open(fmt.Sprintf("NF-%d", n+i)))
			}
			for range 10 {
				w.MustAccept(w.Sam.Caller(), batch()...)
			}
		}
		return batch()
	}
	n := 0
	for b.Loop() {
		b.StopTimer()
		all := before(n)
		n++
		b.StartTimer()
		w.MustAccept(w.Sam.Caller(), all...)
	}
}
