package storage

import (
	"context"
	"sync"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Figures of the buffers. A part has to be whole in memory before an object store
// takes it, so this bounds what uploads can use, whoever sends however many.
const (
	usualBuffers = 12              // 96 MiB of parts: eight fast uploads, and some between two parts
	keptBuffers  = 4               // unused ones that stay; the rest goes back
	busyAfter    = 5 * time.Second // in which a fast upload finishes several parts
)

// buffers are the memory for parts, a fixed number for the whole server. The one
// that was given back last is given out first: it is still in the cache, and what
// is left over can be forgotten.
type buffers struct {
	most, share int
	wait        time.Duration

	// mu guards the fields below.
	mu      sync.Mutex
	out     int
	by      map[policies.DeviceID]int
	free    [][]byte
	changed chan struct{} // closed when one is given back
}

func newBuffers(most int, wait time.Duration) *buffers {
	return &buffers{
		most: most, share: max(1, most*2/3), wait: wait, // one device leaves a third to others
		by: map[policies.DeviceID]int{}, changed: make(chan struct{}),
	}
}

// take gives a device a buffer of size bytes until release. When all are out, or
// the device has its share, it waits a while and then returns ErrBusy.
func (b *buffers) take(ctx context.Context, who policies.DeviceID, size int64) (buf []byte, release func(), err error) {
	late := time.NewTimer(b.wait)
	defer late.Stop()
	for {
		buf, changed := b.try(who, size)
		if buf != nil {
			return buf, sync.OnceFunc(func() { b.give(who, buf) }), nil
		}
		select {
		case <-changed:
		case <-late.C:
			return nil, nil, ErrBusy
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

func (b *buffers) try(who policies.DeviceID, size int64) ([]byte, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out >= b.most || b.by[who] >= b.share {
		return nil, b.changed
	}
	b.out++
	b.by[who]++
	if last := len(b.free) - 1; last >= 0 {
		buf := b.free[last]
		b.free[last], b.free = nil, b.free[:last]
		return buf, nil
	}
	return make([]byte, size), nil
}

func (b *buffers) give(who policies.DeviceID, buf []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out--
	if b.by[who]--; b.by[who] == 0 {
		delete(b.by, who)
	}
	if len(b.free) < keptBuffers {
		b.free = append(b.free, buf)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}
