package objectstest_test

import (
	"testing"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/objectstest"
)

// TestMemory: what tests believe of the store in memory is what the product's promise.
func TestMemory(t *testing.T) {
	m := objectstest.NewMemory()
	objectstest.Conformance(t, func(*testing.T) objects.Store { return m })
	objectstest.Disposal(t, func(*testing.T) objectstest.Roles { return objectstest.Roles{Store: m, Disposer: m, Holder: m} })
}
