package storage

import (
	"fmt"
	"io"
)

// eighths is the set of eighths that a range touches, one bit each.
func eighths(offset, length, total int64) int64 {
	first, last := offset*8/total, (offset+length-1)*8/total
	var set int64
	for e := first; e <= last; e++ {
		set |= 1 << e
	}
	return set
}

// eighthEnd is where the eighth that holds the byte at offset ends.
func eighthEnd(offset, total int64) int64 {
	next := offset*8/total + 1
	return (next*total + 7) / 8
}

func ranges(set int64) string {
	s := "eighths"
	for e := range 8 {
		if set&(1<<e) != 0 {
			s += fmt.Sprintf(" %d", e+1)
		}
	}
	return s
}

// gated is a range of a payload that asks again at each eighth: whoever takes the
// whole film in one request, however slowly, is stopped like one who takes it in
// pieces. It ends with the refusal, and so before the length that was announced.
type gated struct {
	io.ReadCloser
	at, free int64 // offset of the next byte; where what was ruled on ends
	total    int64
	ask      func(eighth int64) error
}

// gate guards a body that begins at offset, whose first eighth was ruled on.
func gate(body io.ReadCloser, offset, total int64, ask func(eighth int64) error) *gated {
	return &gated{ReadCloser: body, at: offset, free: eighthEnd(offset, total), total: total, ask: ask}
}

// Read implements [io.Reader].
func (g *gated) Read(p []byte) (int, error) {
	if g.at == g.total {
		return g.ReadCloser.Read(p)
	}
	if g.at == g.free {
		if err := g.ask(eighths(g.at, 1, g.total)); err != nil {
			return 0, err
		}
		g.free = eighthEnd(g.at, g.total)
	}
	n, err := g.ReadCloser.Read(p[:min(int64(len(p)), g.free-g.at)])
	g.at += int64(n)
	return n, err
}
