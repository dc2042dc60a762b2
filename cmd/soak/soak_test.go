package soak

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	tapAll()
	var err error
	if kept.dir, err = os.MkdirTemp(memory(), "attune-soak"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.RemoveAll(kept.dir)
	os.Exit(code)
}

const (
	manyDevices = 52
	manySteps   = 2000
	between     = 500 // steps from one look at everything to the next
)

// run is one seed from beginning to end, or to the first broken promise.
func (w *world) run(steps, between int) {
	defer func() {
		if p := recover(); p != nil && p != (stopped{}) {
			panic(p)
		}
	}()
	for w.step < steps && len(w.faulty) == 0 {
		if step := plants[w.refuse].step; step != nil {
			step(w)
		}
		if plants[w.refuse].late {
			lateRestore(w)
		}
		w.oneStep()
		if w.step%between == 0 || w.step == steps {
			w.heal()
			w.compare()
		}
	}
	if len(w.faulty) == 0 {
		w.disks()
	}
}

// TestSoak runs seeds for as long as it has time, and one in any case. SEED runs one,
// SEEDS so many, STEPS steps each.
func TestSoak(t *testing.T) {
	seeds, steps := []uint64{}, number("STEPS", manySteps)
	if one := number("SEED", 0); one > 0 {
		seeds = append(seeds, uint64(one))
	}
	most := number("SEEDS", 0)
	began, budget := time.Now(), 30*time.Second
	total := 0
	for n := uint64(1); len(seeds) == 1 && total == 0 || len(seeds) == 0 && more(total, most, time.Since(began), budget); n++ {
		seed := n
		if len(seeds) == 1 {
			seed = seeds[0]
		}
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			w := newWorld(t, seed, number("DEVICES", manyDevices))
			start := time.Now()
			w.run(steps, between)
			t.Logf("seed %d: %d steps in %v, %+v", seed, w.step, time.Since(start).Round(time.Millisecond), w.count)
			w.report(steps)
		})
		if total++; t.Failed() {
			return
		}
	}
	t.Logf("proof: %d seeds of %d steps with %d devices, nothing lost, nothing kept, nothing shown to the wrong person", total, steps, number("DEVICES", manyDevices))
}

func more(done, most int, spent, budget time.Duration) bool {
	if most > 0 {
		return done < most
	}
	return done == 0 || spent+spent/time.Duration(done) < budget
}

// report fails the test for what was found, and says how to see it again.
func (w *world) report(steps int) {
	w.t.Helper()
	if len(w.faulty) == 0 {
		return
	}
	w.t.Errorf("%d promises broken:\n%s", len(w.faulty), strings.Join(w.faulty[:min(len(w.faulty), 20)], "\n"))
	w.t.Logf("the last steps:\n%s", strings.Join(w.history[max(0, len(w.history)-60):], "\n"))
	w.t.Logf("the records concerned:\n%s", strings.Join(w.records(), "\n"))
	w.t.Logf("again: SEED=%d STEPS=%d go test ./cmd/soak -run TestSoak -v", w.seed, steps)
}

func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

// TestReplay: one seed is one run, to the last statement's bytes.
func TestReplay(t *testing.T) {
	var heads [2]string
	var told [2][]string
	for i := range heads {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w := newWorld(t, 7, 12)
			w.run(200, 100)
			w.report(200)
			all, err := w.service.accepted("")
			must(t, err)
			told[i] = w.history
			for _, f := range all {
				heads[i] += f.id + "\n"
			}
		})
	}
	if heads[0] != heads[1] || !slices.Equal(told[0], told[1]) {
		for i := range min(len(told[0]), len(told[1])) {
			if told[0][i] != told[1][i] {
				t.Fatalf("one seed, two runs: they part at\n%s\n%s", told[0][i], told[1][i])
			}
		}
		t.Fatal("one seed, two runs: the statements differ")
	}
}

// records is who stated what about who sees what in the families that a fault names.
func (w *world) records() (lines []string) {
	all, err := w.service.accepted("")
	if err != nil {
		return []string{err.Error()}
	}
	c := all.crowd(w.service.org.String(), 0)
	name := func(staff string) string {
		for _, p := range w.people {
			if p.staff.String() == staff {
				return short(p.name)
			}
		}
		return "-"
	}
	faults := strings.Join(w.faulty, " ")
	for _, f := range all {
		if strings.Contains(faults, f.id[:8]) {
			lines = append(lines, fmt.Sprintf("%5d %s is %s %d of %s by %s", f.leaf, f.id[:8], f.kind, f.position, f.record[:8], name(c.of[f.signer])))
			for _, family := range w.families {
				if family.id.String() == f.record {
					faults += " " + family.reference
				}
			}
		}
	}
	for _, f := range all {
		for _, family := range w.families {
			if f.record == family.id.String() && strings.Contains(faults, family.reference) && slices.Contains(seating, f.kind) {
				lines = append(lines, fmt.Sprintf("%5d %s %3d %s by %s: %s, until %d, knew %d", f.leaf, family.reference, f.position, f.kind, name(c.of[f.signer]), name(f.body.Staff), f.body.Until, len(f.deps)))
			}
		}
	}
	return lines
}

// seating is the kinds that say who receives a record.
var seating = []string{"family.open", "team.add", "team.remove", "cover.authorise", "viewer.add", "viewer.remove", "countersign", "key.turn"}
