//go:build s3

package objects_test

import (
	"testing"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/objectstest"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

func setUp(t *testing.T, cfg objects.S3Config) {
	t.Helper()
	found, err := objects.SetupS3(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range found {
		if !b.Made || !b.OK() {
			t.Errorf("bucket %+v is not made as it should be", b)
		}
	}
}

func openS3(t *testing.T, cfg objects.S3Config) *objects.S3 {
	t.Helper()
	s, err := objects.OpenS3(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// each runs a test against every server, with buckets.
func each(t *testing.T, test func(t *testing.T, cfg objects.S3Config)) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg := server.Start(t)
			setUp(t, cfg)
			test(t, cfg)
		})
	}
}

func TestS3(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		objectstest.Conformance(t, func(t *testing.T) objects.Store { return openS3(t, cfg) })
	})
}
