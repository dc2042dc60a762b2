package attune_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	attune "github.com/attune-vf/attune/client-sdk"
)

// TestBackoffBounds: whatever fails, succeeds and is asked for, a pause is never longer
// than its ceiling after what the server asked for, never shorter than that, and the
// ceiling is a second doubled by each failure in a row, up to a quarter of an hour.
func TestBackoffBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var drawn float64
		b := attune.Backoff{Random: func() float64 { return drawn }}
		failed := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 19).Draw(t, "what") == 0 {
				b.Reset()
				failed = 0
				continue
			}
			drawn = rapid.Float64Range(0, 0.999999).Draw(t, "jitter")
			asked := rapid.SampledFrom([]time.Duration{-time.Hour, 0, 0, 0, time.Second, 10 * time.Minute, time.Hour, 365 * 24 * time.Hour}).Draw(t, "asked")
			ceiling := 15 * time.Minute
			if failed < 10 {
				ceiling = min(ceiling, time.Duration(1<<failed)*time.Second)
			}
			if got := b.Ceiling(); got != ceiling {
				t.Fatalf("ceiling after %d failures = %v, want %v", failed, got, ceiling)
			}
			least := min(max(asked, 0), time.Hour)
			got := b.Next(asked)
			if got < least || got >= least+ceiling {
				t.Fatalf("pause after %d failures, asked %v = %v, want in [%v, %v)", failed, asked, got, least, least+ceiling)
			}
			if want := least + time.Duration(drawn*float64(ceiling)); got != want {
				t.Fatalf("pause = %v, want %v: jitter over the whole of it", got, want)
			}
			failed++
			if b.Failed() != failed {
				t.Fatalf("failed = %d, want %d", b.Failed(), failed)
			}
		}
	})
}

// TestBackoffSpreads: a thousand devices that fail together do not come back together.
func TestBackoffSpreads(t *testing.T) {
	t.Parallel()
	var tenths [10]int
	for range 1000 {
		var b attune.Backoff
		for range 20 {
			b.Next(0)
		}
		tenths[int(b.Next(0)*10/(15*time.Minute))]++
	}
	for i, n := range tenths {
		if n < 40 || n > 180 { // 100 ± 6 standard deviations and more
			t.Errorf("tenth %d of the quarter of an hour has %d of 1,000 devices: %v", i, n, tenths)
		}
	}
}
