package server

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// addresses is a limiter that is asked by address.
type addresses struct{ *limiter[netip.Prefix] }

func (l addresses) take(addr string, now time.Time) time.Duration {
	return l.limiter.take(network(addr), now)
}

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	l := addresses{newLimiter[netip.Prefix](10)}
	for i := range 10 {
		if wait := l.take("192.0.2.1", now); wait != 0 {
			t.Fatalf("try %d waits %s", i+1, wait)
		}
	}
	if wait := l.take("192.0.2.1", now); wait != 6*time.Second {
		t.Errorf("eleventh try waits %s, want 6s", wait)
	}
	if wait := l.take("192.0.2.2", now); wait != 0 {
		t.Errorf("another address waits %s", wait)
	}
	if wait := l.take("192.0.2.1", now.Add(6*time.Second)); wait != 0 {
		t.Errorf("after six seconds it still waits %s", wait)
	}
	if wait := l.take("192.0.2.1", now.Add(-time.Hour)); wait == 0 {
		t.Error("a clock set back gave a try")
	}
}

func TestLimiterNetwork(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true}, // one household
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"", "not an address", true},
	} {
		if same := network(tt.a) == network(tt.b); same != tt.same {
			t.Errorf("%q and %q: same = %v, want %v", tt.a, tt.b, same, tt.same)
		}
	}
}

func TestLimiterIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	l := addresses{newLimiter[netip.Prefix](10)}
	for i := range maxBuckets + 500 {
		l.take(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), now)
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("remembers %d addresses, at most %d", len(l.buckets), maxBuckets)
	}
	l.take("192.0.2.1", now.Add(time.Minute))
	if len(l.buckets) > 1 {
		t.Errorf("%d addresses that are owed nothing are still remembered", len(l.buckets)-1)
	}
}
