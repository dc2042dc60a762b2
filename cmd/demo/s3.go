package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// s3Kind is a program that a demonstration can keep its film on.
type s3Kind struct {
	name   string
	health string // path that answers 200 once it serves
	// run is how it is started on an address, with its files in dir.
	run func(program, dir, addr string, k s3Keys) *exec.Cmd
}

var s3Kinds = []s3Kind{
	{"minio", "/minio/health/live", func(program, dir, addr string, k s3Keys) *exec.Cmd {
		c := exec.Command(program, "server", "--quiet", "--address", addr, "--certs-dir", filepath.Join(dir, "certs"), filepath.Join(dir, "data"))
		c.Env = []string{"MINIO_ROOT_USER_FILE=" + k.path("user"), "MINIO_ROOT_PASSWORD_FILE=" + k.path("password"),
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_API_STALE_UPLOADS_EXPIRY=720h"}
		return c
	}},
	{"versitygw", "/health", func(program, dir, addr string, k s3Keys) *exec.Cmd {
		c := exec.Command(program, "--quiet", "--port", addr, "--health", "/health", "--iam-dir", filepath.Join(dir, "iam"), "--iam-cache-disable",
			"posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data"))
		// It takes its key in no other way; the environment of a process is its owner's.
		c.Env = []string{"ROOT_ACCESS_KEY=" + k.user, "ROOT_SECRET_KEY=" + k.password}
		return c
	}},
}

// s3Keys lie in a folder of the demonstration's secrets, mode 0600 or less: user and
// password of the S3 server's administrator, admin.key of both, what attuned makes
// for its four roles, and kind and address of the server.
type s3Keys struct{ dir, user, password string }

func (k s3Keys) path(name string) string { return filepath.Join(k.dir, name) }

// s3 is an S3 server that runs beside the service.
type s3 struct {
	kind s3Kind
	addr string
	keys s3Keys
	dir  string
	*child
}

// openS3 starts the S3 server of the folder, or none when it has none. A folder
// keeps the one that it was founded with: kind "" takes whichever that is.
func (st *stage) openS3(ctx context.Context, kind string, founding bool) error {
	keys := s3Keys{dir: st.secret("s3")}
	had, err := os.ReadFile(keys.path("kind"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if founding {
		had = []byte(kind)
	}
	if kind != "" && kind != string(had) {
		return &failed{"", 2, fmt.Sprintf("%s was founded with its film %s. Leave STORE out, or name another folder: make run STORE=%s DATA=FOLDER",
			st.data, where(string(had)), kind)}
	}
	if len(had) == 0 {
		return nil
	}
	i := slices.IndexFunc(s3Kinds, func(k s3Kind) bool { return k.name == string(had) })
	if i < 0 {
		return &failed{"", 2, fmt.Sprintf("%q is no S3 server that is known here; give STORE=minio or STORE=versitygw", had)}
	}
	s := &s3{kind: s3Kinds[i], keys: keys, dir: filepath.Join(st.data, "objects-store", string(had))}
	if err := s.prepare(); err != nil {
		return err
	}
	if err := s.start(ctx, st.binary(s.kind.name)); err != nil {
		return err
	}
	st.s3 = s
	return nil
}

func where(kind string) string {
	if kind == "" {
		return "in the folder itself"
	}
	return "on " + kind
}

// prepare makes folders and secrets the first time, and reads what it made later.
// The address stays, because attuned's folder remembers it.
func (s *s3) prepare() (err error) {
	for _, dir := range []string{s.keys.dir, s.dir, filepath.Join(s.dir, "data"), filepath.Join(s.dir, "versions"), filepath.Join(s.dir, "iam")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		name string
		into *string
		make func() (string, error)
	}{
		{"kind", new(string), func() (string, error) { return s.kind.name, nil }},
		{"address", &s.addr, quietPort},
		{"user", &s.keys.user, func() (string, error) { return "admin-" + rand.Text()[:8], nil }},
		{"password", &s.keys.password, func() (string, error) { return rand.Text(), nil }},
		{"admin.key", new(string), func() (string, error) { return s.keys.user + "\n" + s.keys.password + "\n", nil }},
	} {
		if *x.into, err = kept(s.keys.path(x.name), x.make); err != nil {
			return err
		}
	}
	return nil
}

// kept reads a file, or makes it for its owner only.
func kept(path string, make func() (string, error)) (string, error) {
	b, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		return string(b), err
	}
	text, err := make()
	if err != nil {
		return "", err
	}
	return text, os.WriteFile(path, []byte(text), 0o600)
}

// quietPort is a loopback address that is free now and that systems do not hand out
// to whoever asks for any port, so that it will be free at the next start as well.
func quietPort() (string, error) {
	const first, last, tries = 20000, 30000, 50
	for range tries {
		n, err := rand.Int(rand.Reader, big.NewInt(last-first))
		if err != nil {
			return "", err
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first+n.Int64()))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", errors.New("no free port for the S3 server on 127.0.0.1")
}

// start runs the program and returns once it answers. Its output goes to a file.
func (s *s3) start(ctx context.Context, program string) error {
	if _, err := os.Stat(program); err != nil {
		return &failed{"", 3, fmt.Sprintf("%s is not built; run: make stores (up to 20 minutes, once)", program)}
	}
	if l, err := net.Listen("tcp", s.addr); err != nil {
		return &failed{"", 2, fmt.Sprintf("%s, where the film of this folder lies, is taken by another program; stop that one and start again", s.addr)}
	} else if err := l.Close(); err != nil {
		return err
	}
	output, err := os.OpenFile(s.keys.path("output"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer output.Close() // the server has its own handle of it
	cmd := s.kind.run(program, s.dir, s.addr, s.keys)
	cmd.Env = append(cmd.Env, "HOME="+s.dir, "PATH="+os.Getenv("PATH"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, output, output
	if s.child, err = begin(cmd); err != nil {
		return fmt.Errorf("start %s: %w", s.kind.name, err)
	}
	go s.wait()
	if err := s.answers(ctx); err != nil {
		s.close()
		said, _ := os.ReadFile(output.Name()) // it explains, or there is nothing to add
		return fmt.Errorf("%s does not answer: %w: %s", s.kind.name, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// answers waits until the server is ready.
func (s *s3) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+s.kind.health, nil)
		if err != nil {
			return err
		}
		if reply, err := client.Do(r); err == nil {
			io.Copy(io.Discard, reply.Body)
			reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// flags are what attuned needs to find its film, with the key in a file.
func (s *s3) flags(key string) []string {
	if s == nil {
		return nil
	}
	return []string{"--objects", "s3+http://" + s.addr, "--objects-key-file", s.keys.path(key)}
}

// setUp makes buckets and the service's four keys with the administrator's, and
// has attuned look at all of it with the server's own.
func (st *stage) setUp(ctx context.Context) error {
	if st.s3 == nil {
		return nil
	}
	setup := append([]string{"objects", "setup", "--json", "--keys", st.s3.keys.dir}, st.s3.flags("admin.key")...)
	if err := st.run(ctx, nil, "attuned", setup...); err != nil {
		return err
	}
	if err := st.run(ctx, nil, "attuned", append([]string{"objects", "check", "--json"}, st.s3.flags("server.key")...)...); err != nil {
		return err
	}
	return st.sound(ctx)
}

// sound is `attuned check`, which has one thing to say of every demonstration: that
// it holds everybody's keys.
func (st *stage) sound(ctx context.Context) error {
	var said struct {
		Checks []struct {
			What, Why, Note string
			OK              bool
		}
	}
	err := st.run(ctx, &said, "attuned", append([]string{"check", "--json", "--data", st.data}, st.s3.flags("server.key")...)...)
	for _, c := range said.Checks {
		// One folder holds all of a demonstration, and the server's own key lists nothing of a store, nor sees its holds.
		noted := c.Note != "" && !strings.HasPrefix(c.What, "restriction ledger") && c.What != "film without a clip" &&
			c.What != "legal holds, with what the object store holds"
		if !c.OK && c.What != "no private key of anybody else" || noted {
			return fmt.Errorf("attuned check: %s: %s%s", c.What, c.Why, c.Note)
		}
	}
	if len(said.Checks) < 4 {
		return fmt.Errorf("attuned check made %d checks: %w", len(said.Checks), err)
	}
	return nil
}
