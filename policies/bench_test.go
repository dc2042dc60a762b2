package policies_test

import (
	"fmt"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// BenchmarkFold is what one statement costs in a family of 200 sessions, with a clip
// each: Apply alone, as a device folds a feed; with a copy of the family first, as the
// server judges, which forgets what it refuses; and the whole record from its opening.
// make bench runs it.
func BenchmarkFold(b *testing.B) {
	w := policiestest.NewFilmed()
	for i := range 200 {
		w.Now += policies.Hour
		w.Session = policies.SessionID(w.Do("ann", "session.log", policies.SessionLog{On: "2026-03-02", Number: i + 1, StillHappy: true}))
		w.Store(policies.ClipID(w.Do("ann", "clip.add", w.ClipBody())))
	}
	next := w.ByDefault("ann", "session.log", policies.SessionLog{On: "2026-03-02", Number: 1, StillHappy: true})
	apply := func(b *testing.B, f *policies.Family) {
		if _, err := f.Apply(w.Org, next, w.Now); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Apply", func(b *testing.B) {
		f := w.Family.Clone()
		for b.Loop() {
			apply(b, f)
		}
	})
	b.Run("CloneAndApply", func(b *testing.B) {
		for b.Loop() {
			apply(b, w.Family.Clone())
		}
	})
	b.Run(fmt.Sprintf("Record%d", len(w.Log)), func(b *testing.B) {
		for b.Loop() {
			f, _, err := policies.NewFamily(w.Org, w.Log[0], w.Log[0].At)
			if err != nil {
				b.Fatal(err)
			}
			for _, s := range w.Log[1:] {
				if _, err := f.Apply(w.Org, s, s.At); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
