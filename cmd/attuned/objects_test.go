//go:build s3

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

// keyFile writes credentials as an operator does.
func keyFile(t *testing.T, cfg objects.S3Config) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s3.key")
	if err := os.WriteFile(path, []byte(cfg.AccessKey+"\n"+cfg.SecretKey+"\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestObjectsSetupAndCheck(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg := server.Start(t)
			where := []string{"--objects", cfg.String() + "/northfield", "--objects-key-file", keyFile(t, cfg)}
			command := func(name string) (int, string) {
				return attuned(t, append([]string{"objects", name}, where...)...)
			}
			if status, said := command("check"); status != exitFailed || !strings.Contains(said, "WRONG bucket northfield-clips: it is missing") {
				t.Errorf("check before setup = %d: %s", status, said)
			}
			if status, said := command("setup"); status != 0 || strings.Count(said, "made just now") != 4 {
				t.Errorf("setup = %d: %s", status, said)
			}
			if status, said := command("setup"); status != 0 || strings.Contains(said, "made just now") {
				t.Errorf("setup again = %d: %s", status, said)
			}
			status, said := command("check")
			if status != 0 || strings.Contains(said, "WRONG") || !strings.Contains(said, "ok    bucket northfield-clips, versioning, object lock") {
				t.Errorf("check = %d: %s", status, said)
			}
		})
	}
}

// A bucket that somebody made by hand lacks the lock, and cannot be given it.
func TestObjectsBucketWithoutLock(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg := server.Start(t)
			s3test.MakePlainBucket(t, cfg, "clips")
			status, said := attuned(t, "objects", "setup", "--objects", cfg.String(), "--objects-key-file", keyFile(t, cfg))
			if status != exitFailed || !strings.Contains(said, "WRONG bucket clips: it was made without object lock") {
				t.Errorf("setup = %d: %s", status, said)
			}
		})
	}
}

func TestObjectsCredentials(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg := server.Start(t)
			path := keyFile(t, cfg)
			if err := os.Chmod(path, 0o440); err != nil {
				t.Fatal(err)
			}
			status, said := attuned(t, "objects", "setup", "--objects", cfg.String(), "--objects-key-file", path)
			if status != exitFailed || !strings.Contains(said, "can be read by others") {
				t.Errorf("with a readable key file = %d: %s", status, said)
			}
			t.Setenv("ATTUNE_S3_ACCESS_KEY", cfg.AccessKey)
			if status, said := attuned(t, "objects", "setup", "--objects", cfg.String()); status != exitMissing {
				t.Errorf("without a secret = %d: %s", status, said)
			}
			t.Setenv("ATTUNE_S3_SECRET_KEY", "not "+cfg.SecretKey)
			if status, said := attuned(t, "objects", "setup", "--objects", cfg.String()); status != exitFailed {
				t.Errorf("with a wrong secret = %d: %s", status, said)
			}
			t.Setenv("ATTUNE_S3_SECRET_KEY", cfg.SecretKey)
			if status, said := attuned(t, "objects", "setup", "--objects", cfg.String()); status != 0 {
				t.Errorf("with credentials from the environment = %d: %s", status, said)
			}
		})
	}
}

// A folder's payloads stay where they are: serving it with another store would
// make every clip seem lost.
func TestFolderRemembersItsObjects(t *testing.T) {
	cfg := s3test.Servers()[0].Start(t)
	f, where := folder(t.TempDir()), objectsFlags{Objects: cfg.String(), ObjectsKeyFile: keyFile(t, cfg)}
	if _, err := where.open(t.Context(), f); err == nil || !strings.Contains(err.Error(), "attuned objects setup") {
		t.Fatalf("open without buckets = %v, want what to do", err)
	}
	if _, err := objects.SetupS3(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	opens := func(where objectsFlags, want bool) {
		t.Helper()
		s, err := where.open(t.Context(), f)
		if (err == nil) != want {
			t.Fatalf("open %q = %v, want %v", where.Objects, err, want)
		}
		if err == nil {
			if _, ok := s.(*objects.S3); !ok {
				t.Errorf("open %q = %T, want the S3 store", where.Objects, s)
			}
			s.Close()
		}
	}
	opens(where, true)
	if err := where.remember(f); err != nil {
		t.Fatal(err)
	}
	opens(where, true)
	opens(objectsFlags{ObjectsKeyFile: where.ObjectsKeyFile}, true)
	opens(objectsFlags{Objects: cfg.String() + "/other", ObjectsKeyFile: where.ObjectsKeyFile}, false)
	if err := os.Remove(f.objectsAt()); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(f.path("objects/objects/clips,a"), 0o700); err != nil {
		t.Fatal(err)
	}
	opens(where, false)
}

// TestObjectsKeys: setup makes the five keys, twice over without a change, and
// the server's is found to do no more than it should; the administrator's is
// noted, and is no failure.
func TestObjectsKeys(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg := server.Start(t)
			admin, dir := keyFile(t, cfg), t.TempDir()
			command := func(name, key string, more ...string) (int, string) {
				return attuned(t, append([]string{"objects", name, "--objects", cfg.String() + "/northfield", "--objects-key-file", key}, more...)...)
			}
			var before []byte
			for range 2 {
				status, said := command("setup", admin, "--keys", filepath.Join(dir, "keys"), "--policies", filepath.Join(dir, "policies"))
				if status != 0 || strings.Count(said, "ok    user northfield-") != 5 {
					t.Fatalf("setup = %d: %s", status, said)
				}
				key, err := os.ReadFile(filepath.Join(dir, "keys", "server.key"))
				if err != nil || before != nil && !bytes.Equal(key, before) {
					t.Fatalf("server.key = %q, %v; was %q", key, err, before)
				}
				before = key
			}
			for _, role := range objects.Roles() {
				b, err := os.ReadFile(filepath.Join(dir, "policies", string(role)+".json"))
				if err != nil || !bytes.Contains(b, []byte("arn:aws:s3:::northfield-")) {
					t.Errorf("policy of %s: %v: %s", role, err, b)
				}
				if info, err := os.Stat(filepath.Join(dir, "keys", string(role)+".key")); err != nil || info.Mode().Perm() != 0o400 {
					t.Errorf("key of %s: %v, %v", role, info, err)
				}
			}
			status, said := command("check", filepath.Join(dir, "keys", "server.key"))
			if status != 0 || !strings.Contains(said, "ok    the S3 key does no more") {
				t.Errorf("check with the server's key = %d: %s", status, said)
			}
			status, said = command("check", admin)
			if status != 0 || !strings.Contains(said, "note  the S3 key "+cfg.AccessKey+": it can also delete film for good") {
				t.Errorf("check with the administrator's key = %d: %s", status, said)
			}
			// A key that leaked: it is removed, another one made, and the old one is no good.
			server, old := filepath.Join(dir, "keys", "server.key"), filepath.Join(dir, "old.key")
			if err := os.Rename(server, old); err != nil {
				t.Fatal(err)
			}
			if status, said := command("setup", admin, "--keys", filepath.Join(dir, "keys")); status != 0 {
				t.Errorf("setup for another key = %d: %s", status, said)
			}
			if status, said := command("check", server); status != 0 {
				t.Errorf("check with the new key = %d: %s", status, said)
			}
			if status, _ := command("check", old); status == 0 {
				t.Error("the old key still opens the server")
			}
			if status, said := command("setup", filepath.Join(dir, "keys", "server.key"), "--keys", t.TempDir()); status == 0 {
				t.Errorf("the server's key made users: %s", said)
			}
		})
	}
}
