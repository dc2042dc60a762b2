package storage_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/attune-vf/attune/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open founds a service on the rules and the pack that the product ships.
func open(t *testing.T) *storagetest.World {
	t.Helper()
	return storagetest.New(t, storagetest.Adopted(t))
}
