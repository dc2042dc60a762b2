package attune_test

import (
	"bufio"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestKilledWhileAdding kills a device that seals film and removes originals.
// Whenever it died: each recording is there, or its clip is, whole and queued.
func TestKilledWhileAdding(t *testing.T) {
	t.Parallel()
	rounds := 4
	if n, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		rounds = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	must(t, sam.Close())
	for range rounds {
		var films []string
		sums := map[string]policies.Digest{}
		for i := range 4 {
			path := longer(t, film(t, "moov-last.mp4"), (1+4*i)<<20) // the longest are carried to the disk on the way
			b, err := os.ReadFile(path)
			must(t, err)
			films, sums[path] = append(films, path), policies.DigestOf(b)
		}
		kill(t, chance, append([]string{sam.Home(), f.id.String(), f.mum.String() + " " + f.child.String()}, films...))

		c, err := attune.Open(sam.Home(), passphrase, s.config())
		must(t, err)
		clips, err := c.Clips.List(f.id)
		must(t, err)
		sealedFrom := map[policies.Digest]bool{}
		for _, v := range clips {
			b, err := os.ReadFile(filepath.Join(c.Home(), "clips", v.ID.String()+".payload"))
			if err != nil || policies.DigestOf(b) != v.Payload.SHA256 {
				t.Errorf("clip %s is queued and its sealed film is not whole: %v", v.ID.Short(), err)
			}
			m, err := c.Clips.Manifest(v.ID)
			must(t, err)
			sealedFrom[m.Source.SHA256] = true
		}
		for path, sum := range sums {
			if _, err := os.Stat(path); err != nil && !sealedFrom[sum] {
				t.Errorf("%s is gone, and no clip was made of it", filepath.Base(path))
			}
		}
		left, err := os.ReadDir(filepath.Join(c.Home(), "clips"))
		must(t, err)
		if len(left) != len(clips) {
			t.Errorf("%d files for %d clips", len(left), len(clips))
		}
		must(t, c.Close())
	}
	c, err := attune.Open(sam.Home(), passphrase, s.config())
	must(t, err)
	defer c.Close()
	if r := s.sync(c); r.Waiting != 0 {
		t.Errorf("%d statements were not taken", r.Waiting)
	}
}

func kill(t *testing.T, chance *rand.Rand, args []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "ATTUNE_TEST_ADDING="+strings.Join(args, "\n"))
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Errorf("the device said %q", lines.Text())
	}
	time.Sleep(time.Duration(chance.IntN(250)) * time.Millisecond)
	_ = child.Process.Kill() // it may have ended by itself
	for lines.Scan() {
		if line := lines.Text(); !strings.HasSuffix(line, "<nil>") {
			t.Error(line)
		}
	}
	_ = child.Wait() // killed is what it should be
}
