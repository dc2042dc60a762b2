package main

import (
	"context"
	"errors"
	"os"
	"testing"
)

// TestFilmIsElsewhere: whoever works beside the server goes where the folder's film lies, or
// nowhere. On another store, an empty one, a sweep would find nothing to delete, certify that
// nothing is left, and be wrong.
func TestFilmIsElsewhere(t *testing.T) {
	onS3, inside := folder(t.TempDir()), folder(t.TempDir())
	if err := os.WriteFile(onS3.objectsAt(), []byte("s3+http://127.0.0.1:9000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(inside.path("objects/objects/clips"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ATTUNE_S3_ACCESS_KEY", "sweeper")
	t.Setenv("ATTUNE_S3_SECRET_KEY", "sweeper's secret")
	other := objectsFlags{Objects: "s3+http://127.0.0.1:9001"}
	for name, f := range map[string]folder{"on another S3 server": onS3, "in the folder": inside} {
		_, swept := other.disposer(context.Background(), f)
		_, held := other.holder(context.Background(), f)
		_, served := other.open(context.Background(), f)
		for what, err := range map[string]error{"sweeper": swept, "holder": held, "server": served} {
			if told := new(failure); !errors.As(err, &told) || told.Code != "objects_elsewhere" {
				t.Errorf("film %s: the %s got %v", name, what, err)
			}
		}
	}
}
