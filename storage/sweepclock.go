package storage

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Clock is what a machine says of time, in two ways that seldom err together.
type Clock struct {
	Wall    time.Time
	Running time.Duration // since the machine started, as nobody can set it
	Boot    string        // names this start of the machine; "" where it is not known
}

// What a clock may do between two runs. Film is destroyed by dates: a clock that was set a
// year ahead would destroy a year's film.
//
// Source: DESIGN §9: refuses when the clock jumped.
const (
	mayDrift = 5 * time.Minute // ahead of what the machine itself has counted
	mayRest  = 24 * time.Hour  // ahead across a restart, when nobody counted
)

// machineClock reads the machine's, with a wall clock that is given.
//
// Source: proc(5), /proc/uptime, which goes on while a machine sleeps.
func machineClock(wall time.Time) Clock {
	c := Clock{Wall: wall}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return c
	}
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return c
	}
	first, _, _ := strings.Cut(string(text), " ")
	if seconds, err := strconv.ParseFloat(first, 64); err == nil {
		c.Running, c.Boot = time.Duration(seconds*float64(time.Second)), strings.TrimSpace(string(boot))
	}
	return c
}

// checkClock refuses a clock that went back, or further ahead than it can have gone, since
// the last run or the last event of the log. An IG officer who looked at it lets the sweep go
// on, on that day, by the digest of what was seen.
func (w *Sweeper) checkClock(ctx context.Context) (*SweepRefused, error) {
	now := w.clock()
	var last rows.SweepMark
	var logged policies.Micros
	var o *policies.Org
	err := w.d.rows.Read(ctx, func(v *rows.View) (err error) {
		if last, err = v.SweepMark(); err != nil {
			return err
		}
		if logged, err = v.LastEventAt(); err != nil {
			return err
		}
		o, err = w.d.org.read(v)
		return err
	})
	if err != nil {
		return nil, err
	}
	why := suspicious(now, last, logged)
	if why == "" {
		return nil, nil
	}
	of := clockDigest(now, last)
	if a := o.Allowed[of]; a != nil && a.What == policies.RefusedClock {
		return nil, nil
	}
	return &SweepRefused{What: policies.RefusedClock, Of: of, Why: why}, nil
}

// suspicious says what is wrong with a clock, as a sentence; "" for nothing.
func suspicious(now Clock, last rows.SweepMark, logged policies.Micros) string {
	wall := policies.At(now.Wall)
	if logged > wall+policies.Micros(mayDrift.Microseconds()) {
		return fmt.Sprintf("The clock says %s, and the log has something of %s.", stamp(wall), stamp(logged))
	}
	if last.Wall == 0 {
		return "" // the first run
	}
	gone := time.Duration(wall-last.Wall) * time.Microsecond
	if gone < 0 {
		return fmt.Sprintf("The clock says %s, and at the last run it said %s: it went back.", stamp(wall), stamp(last.Wall))
	}
	if now.Boot != "" && now.Boot == last.Boot {
		counted := now.Running - time.Duration(last.Running)*time.Microsecond
		if gone > counted+mayDrift {
			return fmt.Sprintf("The clock says %s, which is %s after the last run; the machine has counted %s.", stamp(wall), days(gone), days(counted))
		}
		return ""
	}
	if gone > mayRest {
		return fmt.Sprintf("The clock says %s, which is %s after the last run, and the machine was started in between.", stamp(wall), days(gone))
	}
	return ""
}

func stamp(m policies.Micros) string { return m.Time().Format("2 January 2006, 15:04 UTC") }

// clockDigest names what was seen: the last run, and the day that the clock says now.
func clockDigest(now Clock, last rows.SweepMark) policies.Digest {
	return sha256.Sum256(fmt.Appendf(nil, "attune/sweep/clock/v1\n%d %d %q\n%q %s\n", last.Wall, last.Running, last.Boot, now.Boot, now.Wall.UTC().Format(time.DateOnly)))
}

// LastSweep is when a sweep last came to its end, by the clock of then; zero where none has.
func (s *Store) LastSweep(ctx context.Context) (at time.Time, err error) {
	err = s.d.rows.Read(ctx, func(v *rows.View) error {
		m, err := v.SweepMark()
		if m.Wall != 0 {
			at = m.Wall.Time()
		}
		return err
	})
	return at, err
}

// keepClock notes what the clock says at the end of a run.
func (w *Sweeper) keepClock(ctx context.Context) error {
	now := w.clock()
	return w.d.rows.Write(ctx, func(tx *rows.Tx) error {
		return tx.PutSweepClock(rows.SweepMark{Wall: policies.At(now.Wall), Running: policies.Micros(now.Running.Microseconds()), Boot: now.Boot})
	})
}
