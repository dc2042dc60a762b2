// Package s3test starts real S3 servers for tests, on loopback, in a folder of
// the test's own, and stops them when the test ends.
//
// The programs are built by `make stores` into .cache/bin. They are separate
// programs and never imported: MinIO's licence is AGPL-3.0, versitygw's is
// Apache-2.0. A missing one fails the test. Start at [Servers].
package s3test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/attune-vf/attune/storage/objects"
)

// Server is a kind of S3 server.
type Server struct {
	Name string // of the program in .cache/bin, and of the subtest
	args func(dir, addr string) []string
	env  []string
}

const accessKey, secretKey = "attune-test", "attune-test-secret"

// Servers are all that a store must work on.
func Servers() []Server {
	return []Server{
		{
			Name: "versitygw",
			args: func(dir, addr string) []string {
				return []string{"--port", addr, "--quiet", "posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data")}
			},
			env: []string{"ROOT_ACCESS_KEY=" + accessKey, "ROOT_SECRET_KEY=" + secretKey},
		},
		{
			Name: "minio",
			args: func(dir, addr string) []string {
				return []string{"server", "--quiet", "--address", addr, filepath.Join(dir, "data")}
			},
			env: []string{
				"MINIO_ROOT_USER=" + accessKey, "MINIO_ROOT_PASSWORD=" + secretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off",
				"MINIO_API_STALE_UPLOADS_EXPIRY=720h",
			},
		},
	}
}

// Start runs the server until the test ends and returns how to reach it. It has
// no buckets yet.
func (s Server) Start(t testing.TB) objects.S3Config {
	t.Helper()
	program, err := program(s.Name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"data", "versions"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	addr := freePort(t)
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close() // the child has its own
	cmd := exec.Command(program, s.args(dir, addr)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, output, output
	cmd.Env = append(s.env, "HOME="+dir, "PATH="+os.Getenv("PATH"))
	cmd.SysProcAttr = dieWithUs()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, cmd) })
	cfg := objects.S3Config{Host: addr, Plain: true, Region: "us-east-1", AccessKey: accessKey, SecretKey: secretKey}
	if err := answers(t.Context(), cfg); err != nil {
		said, _ := os.ReadFile(output.Name())
		t.Fatalf("%s does not answer: %v\n%s", s.Name, err, said)
	}
	return cfg
}

func stop(t testing.TB, cmd *exec.Cmd) {
	// Its data goes with the test's folder, so it need not say goodbye.
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop %s: %v", cmd.Path, err)
	}
	_ = cmd.Wait() // says "killed"
}

// answers waits until the server lets us ask for a bucket.
func answers(ctx context.Context, cfg objects.S3Config) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		s, err := objects.OpenS3(ctx, cfg)
		if errors.Is(err, objects.ErrNoBucket) {
			return nil
		}
		if err == nil {
			return errors.Join(errors.New("another server has this port"), s.Close())
		}
		if ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// freePort returns a loopback address that nobody listened on a moment ago.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// program finds what `make stores` built, above the test's folder.
func program(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, ".cache", "bin", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not built; run: make stores", path)
	}
	return path, nil
}
