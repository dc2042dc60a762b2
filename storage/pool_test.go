package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
)

// What was given back last is given out first; little is kept; each device has its
// share, and all of them together no more than there is.
func TestBuffers(t *testing.T) {
	ctx := context.Background()
	b := newBuffers(6, 50*time.Millisecond)
	take := func(device byte) ([]byte, func()) {
		t.Helper()
		buf, release, err := b.take(ctx, policies.DeviceID{device}, 100)
		if err != nil {
			t.Fatalf("device %d: %v", device, err)
		}
		return buf, release
	}
	refuses := func(device byte) {
		t.Helper()
		if _, _, err := b.take(ctx, policies.DeviceID{device}, 100); !errors.Is(err, ErrBusy) {
			t.Errorf("device %d: %v, want busy", device, err)
		}
	}
	var release []func()
	for i := range 6 {
		_, r := take(byte(i / 4))
		release = append(release, r)
	}
	refuses(9)
	release[5]()
	release[5]() // twice is once
	refuses(0)   // has its share of four
	_, again := take(9)
	refuses(8)
	again()
	for _, r := range release {
		r()
	}
	if b.out != 0 || len(b.by) != 0 || len(b.free) != keptBuffers {
		t.Errorf("%d out, %d devices, %d kept; want 0, 0, %d", b.out, len(b.by), len(b.free), keptBuffers)
	}
	buf, r := take(1)
	r()
	if same, r := take(2); &same[0] != &buf[0] {
		t.Error("not the one that was given back last")
	} else {
		r()
	}
	cancelled, cancel := context.WithCancel(ctx)
	b = newBuffers(1, time.Hour)
	if _, _, err := b.take(ctx, policies.DeviceID{1}, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, _, err := b.take(cancelled, policies.DeviceID{2}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who went away: %v", err)
	}
}

// Whoever waits is let in when one is given back.
func TestBuffersAreWaitedFor(t *testing.T) {
	b := newBuffers(1, time.Minute)
	_, release, err := b.take(context.Background(), policies.DeviceID{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 3)
	for i := range 3 {
		go func() {
			_, r, err := b.take(context.Background(), policies.DeviceID{byte(2 + i)}, 1)
			if err == nil {
				r()
			}
			got <- err
		}()
	}
	release()
	for range 3 {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
}
