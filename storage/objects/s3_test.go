//go:build s3

package objects_test

import (
	"strings"
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

// The caller dies between writing a full part and noting it in its database: it
// comes back for the short part that it had noted, and writes the full one again.
func TestS3ShortPartOutlivesItsFullOne(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		s, key, full := openS3(t, cfg), objects.Key("clips/a"), strings.Repeat("x", objects.PartBytes)
		ref := begin(t, s, key)
		write(t, s, key, ref, 0, full[:1000])
		write(t, s, key, ref, 0, full)
		if err := s.ReadPart(t.Context(), key, ref, 0, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		part := write(t, s, key, ref, 0, full)
		if err := s.Complete(t.Context(), key, ref, []objects.Part{part}, objects.PartBytes); err != nil {
			t.Fatal(err)
		}
		if got := left(t, cfg, "clips,a"); len(got.versions) != 1 || got.short+got.uploads != 0 {
			t.Errorf("left after Complete: %+v, want one version and nothing else", got)
		}
	})
}
