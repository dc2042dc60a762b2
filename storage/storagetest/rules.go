package storagetest

import (
	"testing"

	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
)

// Adopted is the rules and the pack that a service adopts unless it says
// otherwise: the ones the product ships.
func Adopted(t testing.TB) Rules {
	t.Helper()
	bundle, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	text, err := packs.Text("council")
	if err != nil {
		t.Fatal(err)
	}
	return Rules{Bundle: bundle, Pack: text}
}
