//go:build s3

package main

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

// TestDisposalOnS3 walks testdata/s3/disposal.txtar on each S3 server.
func TestDisposalOnS3(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg := server.Start(t)
			key := filepath.Join(t.TempDir(), "s3.key")
			writeFor(t, key, []byte(cfg.AccessKey+"\n"+cfg.SecretKey+"\n"))
			cmds := maps.Clone(commandsOfScripts)
			cmds["founded"] = func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Check(copyFounded(founded(t), ts.Getenv("WORK")))
				ts.Setenv("ATTUNE_SERVER", ts.Getenv("URL"))
			}
			cmds["versions"] = func(ts *testscript.TestScript, _ bool, args []string) { versionsAre(ts, t, cfg, args) }
			cmds["deletes"] = func(ts *testscript.TestScript, neg bool, args []string) { deletes(ts, t, cfg, neg, args) }
			t.Run("story", func(t *testing.T) { // ends when its parallel scripts have
				testscript.Run(t, testscript.Params{
					Files: []string{"testdata/s3/disposal.txtar"}, Cmds: cmds, Deadline: time.Now().Add(3 * time.Minute),
					Setup: func(env *testscript.Env) error {
						env.Setenv("OBJECTS", cfg.String())
						env.Setenv("S3KEY", key)
						return setup(env)
					},
				})
			})
		})
	}
}

// versionsOf are the versions of a clip, and its markers, as the administrator sees them.
func versionsOf(ts *testscript.TestScript, t *testing.T, cfg objects.S3Config, clip string) (out []minio.ObjectInfo) {
	for o := range s3test.Client(t, cfg).ListObjects(context.Background(), "clips", minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		ts.Check(o.Err)
		if strings.Contains(o.Key, clip) {
			out = append(out, o)
		}
	}
	return out
}

// versions CLIP N wants so many versions of a clip on the S3 server, markers counted.
func versionsAre(ts *testscript.TestScript, t *testing.T, cfg objects.S3Config, args []string) {
	want(ts, args, 2, "versions CLIP N")
	if all := versionsOf(ts, t, cfg, args[0]); strconv.Itoa(len(all)) != args[1] {
		ts.Fatalf("the S3 server lists %d versions, want %s: %+v", len(all), args[1], all)
	}
}

// deletes CLIP KEYFILE asks the S3 server to delete every version of a clip with a key, as
// somebody would who had stolen it; ! deletes wants each of them refused.
func deletes(ts *testscript.TestScript, t *testing.T, cfg objects.S3Config, neg bool, args []string) {
	want(ts, args, 2, "deletes CLIP KEYFILE")
	all := versionsOf(ts, t, cfg, args[0])
	lines := strings.Fields(string(read(ts, args[1])))
	cfg.AccessKey, cfg.SecretKey = lines[0], lines[1]
	c, refused := s3test.Client(t, cfg), 0
	for _, o := range all {
		err := c.RemoveObject(context.Background(), "clips", o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: true})
		err = errors.Join(err, c.RemoveObject(context.Background(), "clips", o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID}))
		if err != nil {
			refused++
		}
	}
	if len(all) == 0 || neg != (refused == len(all)) {
		ts.Fatalf("%s: %d of %d versions refused", args[1], refused, len(all))
	}
}
