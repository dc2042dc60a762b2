//go:build s3

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

// opensObjects are the steps of the journey that reach for payloads. The rest of
// the story is the same wherever these lie.
var opensObjects = regexp.MustCompile(`(?m)^(! )?exec attuned (serve|check) --data server`)

const onS3 = `exec attuned objects setup --objects $$OBJECTS --objects-key-file $$S3KEY
${1}exec attuned $2 --data server --objects $$OBJECTS --objects-key-file $$S3KEY`

// TestJourneyOnS3 walks testdata/script/journey.txtar with the payloads on each
// S3 server. Setting up the buckets before each of them also shows that it may be
// run again beside a service that is in use, as docker-compose.yml does.
func TestJourneyOnS3(t *testing.T) {
	story, err := os.ReadFile("testdata/script/journey.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if steps := len(opensObjects.FindAll(story, -1)); steps != 5 {
		t.Fatalf("%d steps of the journey open payloads, want 5: two starts and three checks", steps)
	}
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg := server.Start(t)
			script := filepath.Join(t.TempDir(), "journey.txtar")
			key := filepath.Join(t.TempDir(), "s3.key")
			writeFor(t, script, opensObjects.ReplaceAll(story, []byte(onS3)))
			writeFor(t, key, []byte(cfg.AccessKey+"\n"+cfg.SecretKey+"\n"))
			t.Run("story", func(t *testing.T) { // ends when its parallel scripts have
				testscript.Run(t, testscript.Params{
					Files: []string{script}, Cmds: commandsOfScripts, Deadline: time.Now().Add(3 * time.Minute),
					Setup: func(env *testscript.Env) error {
						env.Setenv("OBJECTS", cfg.String())
						env.Setenv("S3KEY", key)
						return setup(env)
					},
				})
			})
			clips := contents(t, cfg, "clips")
			if len(clips) != 1 {
				t.Errorf("the bucket clips holds %d objects, want the one film", len(clips))
			}
			for name, body := range clips {
				if bytes.Contains(body, []byte("TUMBLEWEED-9F2C41")) {
					t.Errorf("%s holds the marker in clear", name)
				}
			}
			if left := contents(t, cfg, "staging"); len(left) != 0 {
				t.Errorf("%d short parts are left of uploads that are complete", len(left))
			}
		})
	}
}

func writeFor(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// contents reads a bucket behind the service's back.
func contents(t *testing.T, cfg objects.S3Config, bucket string) map[string][]byte {
	t.Helper()
	c, found := s3test.Client(t, cfg), map[string][]byte{}
	for info := range c.ListObjects(context.Background(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if info.Err != nil {
			t.Fatal(info.Err)
		}
		o, err := c.GetObject(context.Background(), bucket, info.Key, minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(o)
		if err != nil {
			t.Fatal(err)
		}
		o.Close() // read to its end
		found[info.Key] = body
	}
	return found
}
