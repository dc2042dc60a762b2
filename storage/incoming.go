package storage

import (
	"io"
	"time"
)

// How a sender is judged. A part's buffer is held while bytes travel only for those
// who fill it soon: otherwise a dozen phones at the edge of coverage would keep
// everybody else from sending.
const (
	stepBytes = 256 << 10       // what is timed
	stepTime  = 2 * time.Second // for a step: 128 KiB/s, the upload of a middling mobile connection
	slowBytes = 1 << 20         // a slow sender's own memory, and how much becomes durable at once
)

// incoming is the body of one request as it arrives.
type incoming struct {
	body io.Reader
	fast bool  // the last step came in time
	err  error // why there is no more: io.EOF, or what went wrong
	own  []byte
}

// gather reads up to limit bytes into the request's own memory, which grows with
// what arrives: until the first step shows that the sender is fast, or until a slow
// sender has brought slowBytes.
func (in *incoming) gather(limit int64) []byte {
	in.own, in.fast = in.own[:0], false
	for in.err == nil && !in.fast && int64(len(in.own)) < min(limit, slowBytes) {
		room := min(stepBytes, limit-int64(len(in.own)), slowBytes-int64(len(in.own)))
		in.own = in.step(in.own, int(room))
	}
	return in.own
}

// step appends up to n bytes, and times them.
func (in *incoming) step(to []byte, n int) []byte {
	began := time.Now()
	for n > 0 && in.err == nil {
		if len(to) == cap(to) {
			grown := make([]byte, len(to), max(2*cap(to), 128<<10))
			copy(grown, to)
			to = grown
		}
		m, err := in.body.Read(to[len(to):min(cap(to), len(to)+n)])
		to, n, in.err = to[:len(to)+m], n-m, err
	}
	in.fast = in.err == nil && time.Since(began) < stepTime
	return to
}

// fill reads on into the rest of a part's buffer for as long as the sender is fast,
// and returns how much came.
func (in *incoming) fill(room []byte) int {
	got := room[:0]
	for in.fast && len(got) < len(room) {
		got = in.step(got, min(stepBytes, len(room)-len(got)))
	}
	return len(got)
}
