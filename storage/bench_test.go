package storage_test

import (
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
	for _, reference := range []string{"NF-1", "NF-2", "NF-3", "NF-4", "NF-5", "NF-6", "NF-7", "NF-8", "NF-9", "NF-10"} {
		families = append(families, w.Open(reference))
	}
	batch := func(n int) []storage.Sealed {
		var out []storage.Sealed
		for i := range n {
			s, _ := w.Sam.Say(families[i%len(families)].Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 1 + i%900})
			out = append(out, s)
		}
		return out
	}
	for range 10 {
		w.MustAccept(w.Sam.Caller(), batch(200)...)
	}
	for b.Loop() {
		b.StopTimer()
		all := batch(200)
		b.StartTimer()
		w.MustAccept(w.Sam.Caller(), all...)
	}
}
