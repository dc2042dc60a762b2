package attune

import (
	"database/sql"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/attune-vf/attune/policies"
)

// A device out of contact learns of no withdrawal. So nobody films or watches on it when
// that has lasted for the pack's days, and a week later the families' keys leave it. Both
// end with one sync, which brings the keys again: only their envelopes went, and the
// person's own keys, which open them, stayed. What is queued here never leaves, with the
// keys that it alone has.
//
// Time away is counted by this device's own clock, and only ever grows: a clock that is set
// back takes nothing off it, and while it says an earlier time than before nobody films or
// watches. Small steps back, as an honest clock is corrected, are let pass, and summed: who
// sets the clock to the same minute before each start gains an hour in all. A clock that
// stands still gains nothing on a device that still talks to the service: the time that
// came with what the service signed counts as well, whether or not the sync was whole.
//
// Counted is what is seen. Starts of less than a minute each are not; who makes those has
// the passphrase, and what they may open is what they had opened already.

const (
	settingAway  = "away"      // µs counted since the last whole sync; absent before the first
	settingHigh  = "away_high" // the latest that this device's clock has said since then, µs
	settingSeen  = "away_seen" // what it said when it was looked at last, µs
	settingBack  = "away_back" // µs that the clock was put back in small steps since then
	settingMet   = "away_met"  // the service's time at that sync, µs
	settingGone  = "keys_gone" // when the families' keys left, µs of this device's clock; "" while they are here
	leaseWritten = time.Minute // how much time away may be lost with a crash
)

// lease counts time away.
type lease struct {
	d *desk

	mu sync.Mutex
	// mu guards the field below.
	written time.Time // in this process, with the clock that nobody sets
}

// absence is how long this device was away, as far as it can tell.
type absence struct {
	known  bool          // it was ever in contact
	away   time.Duration // since the last whole sync
	behind bool          // the clock says an earlier time than it did before
}

// look looks at the clock and counts on.
func (l *lease) look() (a absence, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var away, high, seen, back, told, met int64
	if away, a.known, err = number(l.d.store.db, settingAway); err != nil || !a.known {
		return a, err
	}
	if high, _, err = number(l.d.store.db, settingHigh); err != nil {
		return a, err
	}
	if seen, _, err = number(l.d.store.db, settingSeen); err != nil {
		return a, err
	}
	if back, _, err = number(l.d.store.db, settingBack); err != nil {
		return a, err
	}
	if told, _, err = number(l.d.store.db, settingTold); err != nil {
		return a, err
	}
	if met, _, err = number(l.d.store.db, settingMet); err != nil {
		return a, err
	}
	now := l.d.now()
	at, more := now.UnixMicro(), int64(0)
	switch {
	case at >= high:
		more = at - high
	case at > seen:
		more = at - seen
	case high-at <= policies.Skew.Microseconds():
		back += seen - at
	}
	if !l.written.IsZero() { // the clock on the wall may have been set since; the other counts on
		more = max(more, now.Sub(l.written).Microseconds())
	}
	a.away = time.Duration(away+more) * time.Microsecond
	if met > 0 {
		a.away = max(a.away, time.Duration(told-met)*time.Microsecond)
	}
	a.behind = max(high-at, back) > policies.Skew.Microseconds()
	if more < leaseWritten.Microseconds() && at >= seen {
		return a, nil
	}
	err = l.d.store.write(func(tx *sql.Tx) error { return keepLease(tx, away+more, max(high, at), at, back) })
	if CodeOf(err) == CodeDisk {
		return a, nil // it is counted again
	}
	if err == nil {
		l.written = now
	}
	return a, err
}

func keepLease(tx *sql.Tx, away, high, seen, back int64) error {
	for _, s := range []struct {
		name  string
		value int64
	}{{settingAway, away}, {settingHigh, high}, {settingSeen, seen}, {settingBack, back}} {
		if err := set(tx, s.name, strconv.FormatInt(s.value, 10)); err != nil {
			return err
		}
	}
	return nil
}

// met begins to count anew, after a feed that came to its end.
func (l *lease) met() error {
	a, err := l.look()
	_, gone, bad := number(l.d.store.db, settingGone)
	if err = errors.Join(err, bad); err != nil || a.known && !a.behind && !gone && a.away < leaseWritten {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.d.now()
	err = l.d.store.write(func(tx *sql.Tx) error {
		if err := keepLease(tx, 0, now.UnixMicro(), now.UnixMicro(), 0); err != nil {
			return err
		}
		if err := keepMet(tx, now.UnixMicro()); err != nil {
			return err
		}
		return set(tx, settingGone, "")
	})
	if err == nil {
		l.written = now
	}
	return err
}

// keepMet notes the service's time. A feed with nothing new brings none: it is reckoned
// from when one came last.
func keepMet(tx *sql.Tx, now int64) error {
	told, known, err := number(tx, settingTold)
	if err != nil || !known {
		return err
	}
	then, _, err := number(tx, settingSigned)
	if err != nil {
		return err
	}
	return set(tx, settingMet, strconv.FormatInt(told+max(0, now-then), 10))
}

// number reads a setting that is one; false when it was never set.
func number(q querier, name string) (int64, bool, error) {
	text, err := setting(q, name)
	if err != nil || text == "" {
		return 0, false, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil, err
}

// expire takes the families' keys off a device that was away for too long.
func (l *lease) expire() error {
	a, err := l.look()
	if err != nil || !a.known {
		return err
	}
	pack, err := l.d.figures()
	var none *Error
	if errors.As(err, &none) {
		return nil // nothing can be opened without them either
	}
	if err != nil || a.away <= pack.Clocks.KeyDays.Days() {
		return err
	}
	if _, gone, err := number(l.d.store.db, settingGone); err != nil || gone {
		return err
	}
	err = l.d.store.must(func(tx *sql.Tx) error { // it frees more than it takes
		// By their envelopes, and by the headers written for a viewer. The next feed begins
		// at the beginning, and brings all of them.
		_, err := tx.Exec(`DELETE FROM attachments WHERE (name = 'previous' OR substr(name, 1, 4) = 'key/' OR substr(name, 1, 7) = 'header/')
			AND statement IN (SELECT id FROM statements) AND statement NOT IN (SELECT id FROM outbox)`)
		for name, value := range map[string]string{settingCursor: "", settingWindow: "", settingGone: strconv.FormatInt(l.d.now().UnixMicro(), 10)} {
			if err == nil {
				err = set(tx, name, value)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return l.d.store.scrub()
}

// keysGone is nil while the families' keys have not left this device.
func (d *desk) keysGone() error {
	_, gone, err := number(d.store.db, settingGone)
	if err != nil || !gone {
		return err
	}
	return problem(CodeNoKey, "Sync once: they come again, and nothing is lost.",
		"This device was out of contact for so long that families' keys have left it.")
}

// setBack shuts the gate on a device whose clock says an earlier time than before.
func setBack() policies.Gate {
	return policies.Gate{Reasons: []policies.Reason{{Rule: policies.ContactRule,
		Text: "This device's clock is behind: it says an earlier time than it did before. Set the clock, or connect once."}}}
}

// mayOffline reports whether this device was in contact within the pack's days.
func (l *lease) mayOffline(p policies.Pack) (bool, error) {
	a, err := l.look()
	return a.known && !a.behind && a.away <= p.OfflineDays.Days(), err
}
