package main

import (
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestKilledWhileSyncing kills server and devices while a week's work of two people goes
// up in several pushes, and down in pages to each other. Each visit is at the service once
// and on each device once, no matter how often a push or a page was sent again; what a
// device was told is accepted stays so, and both devices say the same in the end.
func TestKilledWhileSyncing(t *testing.T) {
	t.Parallel()
	k := &killedSync{killing: killing{service: newService(t), chance: dice(t), told: map[string]bool{},
		killed: map[string]int{}}, visits: map[string]bool{}}
	before := k.look("sam").visits
	for round := range (rounds(20) + 9) / 10 {
		k.open(2*round, 250)
		k.through("sam")
		k.open(2*round+1, 250)
		k.through("sam")
		k.through("alex") // two pages of 500
		k.log("alex", k.families[len(k.families)-1], 210)
		k.through("alex")
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	for _, who := range []string{"sam", "alex", "sam"} {
		k.sync(who)
	}
	t.Logf("killed: %v, with %d pushes and %d pulls done in part; %d visits", k.killed, k.pushes, k.pulls, len(k.visits))
	for id := range before {
		k.visits[id] = true
	}
	k.same()
	k.do("iris", "sync")
	k.do("iris", "log", "verify")
	k.stop()
	k.attuned("log", "verify", "--data", k.path("server"))
	k.once()
}

// killedSync is what two people did, beside the state of [killing].
type killedSync struct {
	killing
	families []policies.FamilyID
	visits   map[string]bool // by id: all that anybody logged

	pushes, pulls int // that a kill left done in part
}

// at does something with a person's device, as the tool does, in this program.
func (k *killedSync) at(who string, do func(c *attune.Client)) {
	k.t.Helper()
	c, err := attune.Open(k.path(who), []byte("correct horse battery staple"), attune.Config{Server: k.url})
	k.must(err)
	do(c)
	k.must(c.Close())
}

// open has Sam open a family with Alex on its team, and log so many visits.
func (k *killedSync) open(number, visits int) {
	k.t.Helper()
	k.at("sam", func(c *attune.Client) {
		id, err := c.Families.Open(fmt.Sprintf("NF-%d", 100+number), policies.VIG)
		k.must(err)
		alex, err := c.Staff.Find("Alex Moor")
		k.must(err)
		k.must(c.Families.AddTeam(id, alex))
		k.families = append(k.families, id)
	})
	k.log("sam", k.families[len(k.families)-1], visits)
}

// log logs visits without a network.
func (k *killedSync) log(who string, family policies.FamilyID, n int) {
	k.t.Helper()
	k.at(who, func(c *attune.Client) {
		for i := range n {
			id, err := c.Sessions.Log(family, "", 1+i, true, "")
			k.must(err)
			k.visits[id.String()] = true
		}
	})
}

// through syncs until a sync comes to its end, and is killed on the way there: the device,
// the server, or both.
func (k *killedSync) through(who string) {
	k.t.Helper()
	for range 4 {
		before := k.look(who)
		if r := k.cut(who, 1+k.chance.IntN(2)); r.status == 0 {
			return
		}
		after := k.look(who)
		if after.waiting > 0 && after.waiting < before.waiting {
			k.pushes++
		}
		if len(after.visits) > len(before.visits) {
			k.pulls++
		}
	}
	k.sync(who)
}

// cut is interrupt in the midst: once the server has committed so often since the sync
// began, a push or a page of a pull, and mostly before the device has heard of it.
func (k *killedSync) cut(who string, commits int) told {
	k.t.Helper()
	db, err := sql.Open("sqlite", "file:"+k.path("server", "attune.db")+"?mode=ro")
	k.must(err)
	last := func() (n int) {
		k.must(db.QueryRow(`SELECT MAX(n) FROM events`).Scan(&n))
		return n
	}
	at := last()
	c, down := k.command(who, "sync"), false
	r := k.ended(c, 0, func() {
		for c.Process.Signal(syscall.Signal(0)) == nil {
			if n := last(); n > at {
				at = n
				commits--
			}
			if commits == 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if commits > 0 {
			return // it ended by itself
		}
		// A push is through in some milliseconds; a page that a device has been sent it folds
		// for longer, and asks for the next meanwhile.
		longest := 10 * time.Millisecond
		if k.chance.IntN(2) == 0 {
			longest = 200 * time.Millisecond
		}
		time.Sleep(time.Duration(k.chance.Int64N(int64(longest))))
		k.killed[who+" sync"]++
		victim := k.chance.IntN(3)
		if victim < 2 {
			_ = c.Process.Kill() // it may have ended in this moment
		}
		if victim > 0 {
			k.kill()
			down = true
		}
	})
	k.must(db.Close())
	if down {
		k.serve()
	}
	if r.status > 0 && (!down || r.Code != "offline") {
		k.t.Errorf("%s: sync: %s %s", who, r.Code, r.Message)
	}
	k.heard(r)
	return r
}

// seen is what a device shows.
type seen struct {
	waiting int
	visits  map[string]policies.Session
}

func (k *killedSync) look(who string) (out seen) {
	k.t.Helper()
	out.visits = map[string]policies.Session{}
	k.at(who, func(c *attune.Client) {
		waiting, err := c.Outbox.Waiting()
		k.must(err)
		out.waiting = len(waiting)
		families, err := c.Families.List()
		k.must(err)
		for _, f := range families {
			list, err := c.Sessions.List(f.ID)
			k.must(err)
			for _, v := range list {
				if _, twice := out.visits[v.ID.String()]; twice {
					k.t.Errorf("%s has visit %s twice", who, v.ID)
				}
				out.visits[v.ID.String()] = v
			}
		}
	})
	return out
}

// same holds the devices against what was logged, and against each other.
func (k *killedSync) same() {
	sam, alex := k.look("sam"), k.look("alex")
	if len(sam.visits) != len(k.visits) || sam.waiting+alex.waiting != 0 {
		k.t.Errorf("Sam has %d visits, want %d; %d and %d things wait", len(sam.visits), len(k.visits), sam.waiting, alex.waiting)
	}
	if d := cmp.Diff(sam.visits, alex.visits); d != "" {
		k.t.Errorf("what Alex has and Sam has not: %s", d)
	}
	for id := range k.visits {
		if _, has := sam.visits[id]; !has {
			k.t.Errorf("visit %s is lost", id)
		}
	}
	for _, who := range []string{"sam", "alex"} {
		k.must(filepath.WalkDir(k.path(who), func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.Contains(d.Name(), "tmp") {
				k.t.Errorf("%s is left over", path)
			}
			return err
		}))
	}
}

// once looks into the server's folder.
func (k *killedSync) once() {
	t, count := k.t, k.database().count
	for _, ids := range []map[string]bool{k.told, k.visits} {
		for id := range ids {
			if n := count(`SELECT COUNT(*) FROM statements WHERE id = $1`, id); n != 1 {
				t.Fatalf("statement %s is there %d times", id, n)
			}
		}
	}
	for what, query := range map[string]string{
		"visits":                       `SELECT COUNT(*) FROM statements WHERE kind = 'session.log'`,
		"events that accept one":       `SELECT COUNT(*) FROM events WHERE action = 'session.log' AND outcome = 'done'`,
		"devices that used one number": `SELECT COUNT(DISTINCT n || signer) FROM numbers WHERE statement IN (SELECT id FROM statements WHERE kind = 'session.log')`,
	} {
		if n := count(query); n != len(k.visits) {
			t.Errorf("%d %s, want %d", n, what, len(k.visits))
		}
	}
	if n := count(`SELECT COUNT(*) FROM events WHERE outcome IN ('refused', 'denied')`); n != 0 {
		t.Errorf("%d refusals; an interruption is nobody's fault", n)
	}
	if n := count(`SELECT COUNT(*) FROM (SELECT signer FROM numbers GROUP BY signer HAVING COUNT(*) <> MAX(n))`); n != 0 {
		t.Errorf("%d devices have lost a number", n)
	}
	k.must(filepath.WalkDir(k.path("server"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), "tmp") {
			err = fmt.Errorf("%s is left over", path)
		}
		return err
	}))
}
