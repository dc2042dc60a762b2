package policies_test

import (
	"testing"

	"github.com/attune-vf/attune/policies/policiestest"
)

// TestStory founds a service and works with a family from opening to link, each
// step through Apply.
func TestStory(t *testing.T) {
	w := policiestest.NewFilmed()
	if got, want := w.Family.Count, int64(len(w.Log)); got != want {
		t.Errorf("count = %d, want %d", got, want)
	}
	if w.Family.Head.IsZero() || w.Org.Head.IsZero() {
		t.Error("a head did not advance")
	}
}
