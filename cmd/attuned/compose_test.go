package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// composeFile is the part of docker-compose.yml that is held to something here.
// What else stands in it, docker-compose config reads.
type composeFile struct {
	Services map[string]composeService
	Networks map[string]struct{ Internal bool }
	Secrets  map[string]struct{ File, Environment string }
}

type composeService struct {
	Image       string
	Build       struct{ Context, Dockerfile string }
	User        string
	ReadOnly    bool `yaml:"read_only"`
	Privileged  bool
	CapAdd      []string `yaml:"cap_add"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Pid         string
	NetworkMode string `yaml:"network_mode"`
	Restart     string
	Tmpfs       []string
	Ports       []string
	Networks    []string
	Secrets     []string
	Profiles    []string
	Environment map[string]string
	EnvFile     any `yaml:"env_file"`
	Command     []string
	Volumes     []struct{ Type, Source, Target string }
	Healthcheck struct{ Test []string }
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
}

func (s composeService) job() bool {
	return strings.HasPrefix(strings.Join(s.Command, " "), "objects setup")
}

// serves reports whether it is the server.
func (s composeService) serves() bool { return s.ours() && s.Command[0] == "serve" }

// key is the one that a program of ours works with, by what it does; "" for the job that
// makes them all.
func (s composeService) key() string {
	return map[string]string{"serve": "server.key", "sweep": "sweeper.key", "objects holds": "holder.key"}[strings.Join(s.verb(), " ")]
}

// verb is what stands before the flags of a command.
func (s composeService) verb() []string {
	return s.Command[:slices.IndexFunc(s.Command, func(w string) bool { return strings.HasPrefix(w, "--") })]
}

func (s composeService) ours() bool { return strings.HasPrefix(s.Image, "attune/attuned:") }

// keepsObjects reports whether it is an S3 server.
func (s composeService) keepsObjects() bool { return !s.ours() }

func readCompose(t *testing.T) composeFile {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(moduleRoot(t), "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var c composeFile
	if err := yaml.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != 10 {
		t.Fatalf("%d services, want ten: the server, what sweeps and what holds, its buckets and an S3 server, twice", len(c.Services))
	}
	return c
}

func TestComposeContainersCanDoLittle(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if s.User != "10001:10001" {
			t.Errorf("%s runs as %q, want 10001:10001", name, s.User)
		}
		if !s.ReadOnly || len(s.Tmpfs) == 0 {
			t.Errorf("%s can write to its root, or has no /tmp", name)
		}
		if s.Privileged || len(s.CapAdd) > 0 || !slices.Equal(s.CapDrop, []string{"ALL"}) ||
			!slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Pid != "" || s.NetworkMode != "" {
			t.Errorf("%s may do more than it needs", name)
		}
		for _, v := range s.Volumes {
			if v.Type != "bind" || !strings.HasPrefix(v.Source, "${ATTUNE_DIR:-/srv/attune}/") {
				t.Errorf("%s mounts %s: what lasts belongs under ATTUNE_DIR", name, v.Source)
			}
		}
	}
}

func TestComposeComesBackAndSaysHowItIs(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if s.job() {
			if s.Restart != "on-failure" || len(s.Healthcheck.Test) > 0 {
				t.Errorf("%s ends by itself; restart = %q", name, s.Restart)
			}
		} else if s.Restart != "unless-stopped" || len(s.Healthcheck.Test) < 2 || s.Healthcheck.Test[0] != "CMD" {
			t.Errorf("%s: restart = %q, health check %v", name, s.Restart, s.Healthcheck.Test)
		}
	}
}

// TestComposeStartsInOrder: buckets after the S3 server answers, attuned after
// the buckets are there, each pair within one profile.
func TestComposeStartsInOrder(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		want := "service_completed_successfully"
		switch {
		case s.keepsObjects():
			continue
		case s.job():
			want = "service_healthy"
		}
		for on, how := range s.DependsOn {
			if how.Condition != want || !slices.Equal(c.Services[on].Profiles, s.Profiles) {
				t.Errorf("%s waits for %s until %s in profile %v, want %s in %v", name, on, how.Condition, c.Services[on].Profiles, want, s.Profiles)
			}
		}
		if len(s.DependsOn) != 1 {
			t.Errorf("%s waits for %d services, want 1", name, len(s.DependsOn))
		}
	}
}

// TestComposeNetworks: plain HTTP goes to an S3 server only where nobody else is,
// and the service itself is published to this machine only.
func TestComposeNetworks(t *testing.T) {
	c := readCompose(t)
	if !c.Networks["s3"].Internal {
		t.Error("the network s3 is open to the host's")
	}
	for name, s := range c.Services {
		switch {
		case s.serves():
			if !slices.Equal(s.Ports, []string{"127.0.0.1:8080:8080"}) {
				t.Errorf("%s publishes %v", name, s.Ports)
			}
		case len(s.Ports) > 0 || !slices.Equal(s.Networks, []string{"s3"}):
			t.Errorf("%s publishes %v and is on %v, want nothing and s3 only", name, s.Ports, s.Networks)
		}
	}
}

// secretName is an environment variable's name under which a secret could stand.
var secretName = regexp.MustCompile(`(?i)secret|password|passwd|access_?key|root_user|token`)

func TestComposeSecretsAreFiles(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Secrets {
		if !strings.HasPrefix(s.File, "${ATTUNE_DIR:-/srv/attune}/secrets/") || s.Environment != "" {
			t.Errorf("secret %s comes from %q %q, want a file", name, s.File, s.Environment)
		}
	}
	for name, s := range c.Services {
		if len(s.Secrets) == 0 || s.EnvFile != nil {
			t.Errorf("%s: secrets %v, environment file %v", name, s.Secrets, s.EnvFile)
		}
		for _, x := range s.Secrets {
			if _, known := c.Secrets[x]; !known {
				t.Errorf("%s uses the secret %s, which is nowhere", name, x)
			}
		}
		for key, value := range s.Environment {
			if secretName.MatchString(key) && !(strings.HasSuffix(key, "_FILE") && strings.HasPrefix(value, "/run/secrets/")) {
				t.Errorf("%s has %s in its environment", name, key)
			}
		}
	}
	if got := c.Services["minio"].Environment["MINIO_API_STALE_UPLOADS_EXPIRY"]; got != "720h" {
		t.Errorf("MinIO discards unfinished uploads after %q, want 720h", got)
	}
}

// TestComposeGivesEachItsKey: the service has the key that can neither remove film nor hold
// it, the sweeper and the holder have one each, and only what makes users has all.
func TestComposeGivesEachItsKey(t *testing.T) {
	for name, s := range readCompose(t).Services {
		var want []string
		switch {
		case s.keepsObjects():
			want = []string{"s3.user", "s3.password"}
		case s.job():
			want = []string{"s3.key", "server.key", "sweeper.key", "holder.key", "auditor.key", "anchor.key"}
		}
		if want == nil {
			want = []string{s.key()}
		}
		if !slices.Equal(s.Secrets, want) {
			t.Errorf("%s has the secrets %v, want %v", name, s.Secrets, want)
		}
		if s.ours() && !s.job() && !slices.Contains(s.Command, "--objects-key-file=/run/secrets/"+s.key()) {
			t.Errorf("%s does not use its key, %s: %v", name, s.key(), s.Command)
		}
		if s.job() && !slices.Contains(s.Command, "--keys=/run/secrets") {
			t.Errorf("%s makes no users: %v", name, s.Command)
		}
	}
}

// pinned is an image with a version: no latest, no bare name, no bare major version.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:\d[\w-]*(\.\d+[\w-]*)*$`)

// TestComposeImagesArePinned holds image names, and each FROM that is not an
// earlier stage, to a version; and the programs to those that make test runs.
func TestComposeImagesArePinned(t *testing.T) {
	root := moduleRoot(t)
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	from := regexp.MustCompile(`(?m)^FROM (\S+)`)
	program := regexp.MustCompile(`go install (\S+@\S+)`)
	for name, s := range readCompose(t).Services {
		if !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %q has no version", name, s.Image)
		}
		dockerfile, err := os.ReadFile(filepath.Join(root, s.Build.Context, s.Build.Dockerfile))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range from.FindAllSubmatch(dockerfile, -1) {
			if base := string(m[1]); base != "scratch" && (!pinned.MatchString(base) || !strings.Contains(base, ".")) {
				t.Errorf("%s: FROM %s has no version", s.Build.Dockerfile, base)
			}
		}
		for _, m := range program.FindAllSubmatch(dockerfile, -1) {
			if !bytes.Contains(makefile, m[1]) {
				t.Errorf("%s installs %s, which is not what make test runs", s.Build.Dockerfile, m[1])
			}
		}
		if !bytes.Contains(dockerfile, []byte("\nUSER 10001:10001\n")) {
			t.Errorf("%s: its image would run as root elsewhere", s.Build.Dockerfile)
		}
	}
}

// TestComposeSweepsAndHoldsBesideEachServer: in each profile what destroys film and what
// holds it go by the server's folder and its S3 server, and by nothing else.
func TestComposeSweepsAndHoldsBesideEachServer(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		if !s.serves() {
			continue
		}
		at := s.Command[slices.IndexFunc(s.Command, func(w string) bool { return strings.HasPrefix(w, "--objects=") })]
		beside := map[string]bool{}
		for other, o := range c.Services {
			if !o.ours() || o.job() || o.serves() || !slices.Equal(o.Profiles, s.Profiles) {
				continue
			}
			beside[o.key()] = true
			if !slices.Contains(o.Command, at) || !slices.Contains(o.Command, "--data=/data") || !slices.Equal(o.Volumes, s.Volumes) {
				t.Errorf("%s does not work beside %s: %v on %v", other, name, o.Command, o.Volumes)
			}
		}
		if !beside["sweeper.key"] || !beside["holder.key"] || len(beside) != 2 {
			t.Errorf("beside %s: %v", name, beside)
		}
	}
}

// TestComposeFlagsExist holds each of our commands, and the health checks, to
// what --help of that command says.
func TestComposeFlagsExist(t *testing.T) {
	flag := regexp.MustCompile(`^--[a-z-]+`)
	for name, s := range readCompose(t).Services {
		if !s.ours() {
			continue
		}
		lines := [][]string{s.Command}
		if !s.job() {
			if s.Healthcheck.Test[1] != "/attuned" {
				t.Fatalf("%s is asked by %v; its image holds only /attuned", name, s.Healthcheck.Test)
			}
			lines = append(lines, s.Healthcheck.Test[2:])
		}
		for _, line := range lines {
			first := slices.IndexFunc(line, func(w string) bool { return strings.HasPrefix(w, "--") })
			var help bytes.Buffer
			if status := run(context.Background(), append(slices.Clone(line[:first]), "--help"), &help, &help); status != 0 {
				t.Errorf("%s: attuned %v --help = %d", name, line[:first], status)
			}
			known := regexp.MustCompile(`--[a-z-]+`).FindAllString(help.String(), -1)
			for _, word := range line[first:] {
				if f := flag.FindString(word); f != "" && !slices.Contains(known, f) {
					t.Errorf("%s: attuned %v has no %s", name, line[:first], f)
				}
			}
		}
	}
}
