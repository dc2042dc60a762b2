package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// builtDir holds the real binaries, built once: what the scripts run is what is
// shipped, talking over HTTP.
var builtDir string

func TestMain(m *testing.M) {
	os.Exit(withBinaries(func() int { return left(m.Run()) }))
}

// builtEnv names them to a test that runs in a process of its own.
const builtEnv = "ATTUNE_TEST_BUILT"

func withBinaries(run func() int) int {
	if builtDir = os.Getenv(builtEnv); builtDir != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "attune-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	// age: Debian's is too old for hybrid keys, so the pinned module's own command.
	for _, pkg := range []string{"../attune", "../attuned", "filippo.io/age/cmd/age"} {
		build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), pkg)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", pkg, err, out)
			return 1
		}
	}
	builtDir = dir
	return run()
}

// TestScript runs the stories in testdata/script. Each has the binaries, a free
// address in $URL, and the passphrase of its devices in a file. A story that is not
// about joining begins with the line founded, which copies the service of [newService]
// into its folder.
func TestScript(t *testing.T) {
	cmds := maps.Clone(commandsOfScripts)
	cmds["founded"] = func(ts *testscript.TestScript, _ bool, args []string) {
		want(ts, args, 0, "founded")
		ts.Check(copyFounded(founded(t), ts.Getenv("WORK")))
		ts.Setenv("ATTUNE_SERVER", ts.Getenv("URL"))
	}
	testscript.Run(t, testscript.Params{
		Dir:      "testdata/script",
		Cmds:     cmds,
		Setup:    setup,
		Deadline: time.Now().Add(10 * time.Minute), // of all scripts together, on a machine that does other work too: what hangs is told by name
	})
}

func setup(env *testscript.Env) error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	other, err := freeAddress() // for a second service
	if err != nil {
		return err
	}
	film, err := filepath.Abs("../../client-sdk/film/testdata")
	if err != nil {
		return err
	}
	env.Values[playing] = new(players)
	env.Setenv("PATH", builtDir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	env.Setenv("ADDR", addr)
	env.Setenv("URL", "http://"+addr)
	env.Setenv("ADDR2", other)
	env.Setenv("FILMS", film)
	env.Setenv("LINES", "Eve\nForged row")
	env.Setenv("TODAY", time.Now().Format(time.DateOnly))
	env.Setenv("NEXT_MONTH", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	secret := filepath.Join(env.WorkDir, "passphrase")
	env.Setenv("ATTUNE_PASSPHRASE_FILE", secret)
	return os.WriteFile(secret, []byte("correct horse battery staple\n"), 0o600)
}

// freeAddress is a port that nobody has now, below those that the kernel hands out
// by itself: one of them could be a player's, or a connection's, by the time that the
// server starts.
func freeAddress() (string, error) {
	for {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.N(12_000))
		if l, err := net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
}
