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
	"slices"
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
				return []string{"--port", addr, "--quiet", "--iam-dir", filepath.Join(dir, "iam"), "--iam-cache-disable", "posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data")}
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

// Running is a server that runs, until its test ends.
type Running struct {
	// Config is how to reach it. It has no buckets yet.
	Config objects.S3Config

	t       testing.TB
	server  Server
	program string
	dir     string
	cmd     *exec.Cmd
}

// Start runs the server until the test ends and returns how to reach it.
func (s Server) Start(t testing.TB) objects.S3Config {
	t.Helper()
	return s.Run(t).Config
}

// Run is Start for tests that stop the server in between.
func (s Server) Run(t testing.TB) *Running {
	t.Helper()
	program, err := program(s.Name)
	if err != nil {
		t.Fatal(err)
	}
	r := &Running{t: t, server: s, program: program, dir: t.TempDir()}
	for _, name := range []string{"data", "versions", "iam"} {
		if err := os.Mkdir(filepath.Join(r.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.Config = objects.S3Config{Host: freePort(t), Plain: true, Region: "us-east-1", AccessKey: accessKey, SecretKey: secretKey}
	t.Cleanup(r.kill)
	r.start()
	return r
}

// Restart kills the server, as a power cut does, and starts it on the same data.
func (r *Running) Restart() {
	r.t.Helper()
	r.kill()
	r.start()
}

func (r *Running) start() {
	r.t.Helper()
	output, err := os.Create(filepath.Join(r.dir, "output"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer output.Close() // the child has its own
	r.cmd = exec.Command(r.program, r.server.args(r.dir, r.Config.Host)...)
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = r.dir, output, output
	r.cmd.Env = append(slices.Clone(r.server.env), "HOME="+r.dir, "PATH="+os.Getenv("PATH"))
	r.cmd.SysProcAttr = dieWithUs()
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	if err := answers(r.t.Context(), r.Config); err != nil {
		said, _ := os.ReadFile(output.Name())
		r.t.Fatalf("%s does not answer: %v\n%s", r.server.Name, err, said)
	}
}

// kill leaves no process. Its data goes with the test's folder, so it need not
// say goodbye.
func (r *Running) kill() {
	if r.cmd == nil || r.cmd.Process == nil {
		return // it never started
	}
	if err := r.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Errorf("stop %s: %v", r.server.Name, err)
	}
	_ = r.cmd.Wait() // says "killed"
}

// answers waits until the server lets us ask for a bucket. One of the test's
// folder may be there already, after a restart.
func answers(ctx context.Context, cfg objects.S3Config) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		s, err := objects.OpenS3(ctx, cfg)
		if err == nil {
			return s.Close()
		}
		if errors.Is(err, objects.ErrNoBucket) {
			return nil
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
