package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKilledBackup kills backups while the server takes what people say, and restores,
// over and over. A folder that has a backup's name is a whole backup; a service that is
// put back opens, whenever its restore was killed and run again; what anybody was told is
// accepted is there once in the end, the devices having brought again what was lost.
func TestKilledBackup(t *testing.T) {
	t.Parallel()
	k := &killedBackup{killedSync: killedSync{killing: killing{service: newService(t), chance: dice(t), told: map[string]bool{},
		killed: map[string]int{}}, visits: map[string]bool{}}, usual: map[string]time.Duration{}}
	for id := range k.look("sam").visits {
		k.visits[id] = true
	}
	k.open(0, 1)
	k.sync("sam")
	k.sync("alex")
	for round := range (rounds(20) + 9) / 10 {
		k.work(3)
		for range 3 {
			k.run("backup", "backup", "--data", k.path("server"), k.path("backups"))
		}
		k.whole()
		last := k.backup()
		k.work(4) // lost, and brought again
		k.stop()
		k.restore(last)
		k.serve()
		k.recover()
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("killed: %v; %d visits", k.killed, len(k.visits))
	k.sync("alex")
	k.same()
	k.stop()
	k.attuned("log", "verify", "--data", k.path("server"))
	count := k.database().count
	for id := range k.visits {
		if n := count(`SELECT COUNT(*) FROM statements WHERE id = $1`, id); n != 1 {
			t.Errorf("visit %s is there %d times", id, n)
		}
	}
	for id := range k.told {
		if n := count(`SELECT COUNT(*) FROM statements WHERE id = $1`, id); n != 1 {
			t.Errorf("statement %s was accepted, and is there %d times", id, n)
		}
	}
}

// killedBackup is how long an operator's commands take, beside what people do.
type killedBackup struct {
	killedSync
	usual map[string]time.Duration
}

// work has Sam log visits, and send them.
func (k *killedBackup) work(n int) {
	k.t.Helper()
	k.log("sam", k.families[0], n)
	k.sync("sam")
	if k.chance.IntN(2) == 0 {
		k.sync("alex")
	}
}

// run runs a command of the operator, and kills it, unless it is done before: at any
// moment of as long as it took before. It reports whether it was done.
func (k *killedBackup) run(name string, args ...string) bool {
	k.t.Helper()
	if k.usual[name] == 0 {
		k.usual[name] = 200 * time.Millisecond
	}
	c := exec.Command(filepath.Join(builtDir, "attuned"), args...)
	r := k.ended(c, time.Duration(k.chance.Int64N(int64(k.usual[name]))), func() {
		k.killed[name]++
		_ = c.Process.Kill() // it may have ended in this moment
	})
	switch {
	case r.status == 0:
		k.usual[name] = (k.usual[name] + r.took) / 2
	case r.status > 0:
		k.t.Errorf("attuned %v: status %d", args, r.status)
	default:
		k.usual[name] = k.usual[name] * 9 / 8 // so that it is done some time
	}
	return r.status == 0
}

// backup makes one to its end, and finds nothing of those that were cut.
func (k *killedBackup) backup() string {
	k.t.Helper()
	made := member(k.t, k.attuned("backup", "--json", "--data", k.path("server"), k.path("backups")), "backup")
	all, err := os.ReadDir(k.path("backups"))
	k.must(err)
	for _, e := range all {
		if strings.Contains(e.Name(), "partial") || strings.Contains(e.Name(), "verify") {
			k.t.Errorf("%s is left over", e.Name())
		}
	}
	return made
}

// whole verifies each folder that calls itself a backup.
func (k *killedBackup) whole() {
	k.t.Helper()
	all, err := filepath.Glob(k.path("backups", "attune-*"))
	k.must(err)
	for _, dir := range all {
		if !strings.HasSuffix(dir, ".partial") {
			k.attuned("restore", "--verify", "--data", k.path("server"), "--from", dir)
			k.must(os.RemoveAll(dir))
		}
	}
}

// restore puts the service back, and is killed on the way.
func (k *killedBackup) restore(from string) {
	k.t.Helper()
	args := []string{"restore", "--data", k.path("server"), "--from", from}
	for range 4 {
		if k.run("restore", args...) {
			return
		}
		if _, err := os.Stat(k.path("server", "attune.db")); err == nil && k.chance.IntN(3) == 0 {
			k.serve() // as it was, or as it is put back: it opens
			k.stop()
		}
	}
	k.attuned(args...)
}

// recover has everybody bring what they have, and the IG officer end it.
func (k *killedBackup) recover() {
	k.t.Helper()
	for range 2 {
		for _, who := range []string{"sam", "alex", "helen", "iris"} {
			k.sync(who)
		}
	}
	k.do("iris", "service", "recovered")
	k.sync("iris")
	var said struct {
		Checks []struct {
			What, Why string
			OK        bool
		}
	}
	out, _ := exec.Command(filepath.Join(builtDir, "attuned"), "check", "--json", "--data", k.path("server")).Output() // a demonstration is always wrong
	lines := strings.SplitN(string(out), "\n", 2)
	k.must(json.Unmarshal([]byte(lines[0]), &said))
	for _, c := range said.Checks {
		if !c.OK && c.What != "no private key of anybody else" {
			k.t.Error(fmt.Sprintf("attuned check: %s: %s", c.What, c.Why))
		}
	}
}
