package attune

import (
	"math/rand/v2"
	"time"
)

// Bounds of how long a device waits after something failed.
const (
	firstPause = time.Second
	longPause  = 15 * time.Minute // a practitioner who drives back into reach has synced before the kettle boils

	// maxRetryAfter bounds what a server, or a proxy before it that was set wrongly, can
	// make a device wait: a withdrawal may be in its queue.
	maxRetryAfter = time.Hour
)

// Backoff says how long to wait before something that failed is tried again: any time
// between none and a ceiling that doubles with each failure in a row, from a second to a
// quarter of an hour. Full jitter: after a power cut a hundred devices come back one by
// one, and not all in the same second. The zero value is ready; it is used by one
// goroutine at a time and reads no clock.
type Backoff struct {
	Random func() float64 // in [0, 1); math/rand/v2's when nil

	failed int // in a row
}

// Next notes a failure and returns the pause after it. What the server asked for by
// Retry-After (0 for nothing), up to an hour, is waited out in full, and the jitter
// comes after it.
func (b *Backoff) Next(asked time.Duration) time.Duration {
	ceiling := b.Ceiling()
	b.failed++
	random := b.Random
	if random == nil {
		random = rand.Float64
	}
	return min(max(asked, 0), maxRetryAfter) + time.Duration(random()*float64(ceiling))
}

// Ceiling is the longest that Next can return now when the server asks for nothing.
func (b *Backoff) Ceiling() time.Duration {
	if b.failed >= 10 { // 2^10 s are past the longest already, and a shift by hundreds is 0
		return longPause
	}
	return min(firstPause<<b.failed, longPause)
}

// Failed is how many failures there were in a row.
func (b *Backoff) Failed() int { return b.failed }

// Reset begins anew: something succeeded, or the device has come into another network.
func (b *Backoff) Reset() { b.failed = 0 }
