package server

import (
	"fmt"
	"strings"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// byteRange is one range of a payload. The zero value with whole set is no Range
// header at all.
type byteRange struct {
	whole  bool
	first  int64 // -1: the last length bytes
	length int64 // -1: to the end
}

// parseRange reads a Range header: absent, or exactly one range of bytes in one
// of the three forms of RFC 9110 §14.1.2. Several ranges are refused, where the
// RFC would let us ignore them: nobody who reads film needs them, and one
// request must be one event. If-Range is not looked at: a payload never changes.
func parseRange(headers []string) (byteRange, error) {
	if len(headers) == 0 {
		return byteRange{whole: true, length: -1}, nil
	}
	spec, ok := strings.CutPrefix(headers[0], "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	if !ok || !dash || len(headers) != 1 {
		return byteRange{}, badRange(headers)
	}
	first, hasFirst := decimal(from)
	last, hasLast := decimal(to)
	switch {
	case hasFirst && to == "":
		return byteRange{first: first, length: -1}, nil
	case hasFirst && hasLast && first <= last && last < maxSize:
		return byteRange{first: first, length: last - first + 1}, nil
	case from == "" && hasLast && last > 0:
		return byteRange{first: -1, length: last}, nil
	}
	return byteRange{}, badRange(headers)
}

func badRange(headers []string) error {
	return wire.NewError(wire.CodeRange, fmt.Errorf("range header %.80q", headers))
}

// within places the range in a payload of size bytes: what it asks for beyond
// the end is left away, as RFC 9110 says. A range that begins beyond it fails.
func (r byteRange) within(size int64) (offset, length int64, err error) {
	switch {
	case r.first < 0:
		offset = max(0, size-r.length)
		return offset, size - offset, nil
	case r.first >= size:
		return 0, 0, wire.NewError(wire.CodeRange, fmt.Errorf("begins at %d of %d", r.first, size))
	case r.length < 0:
		return r.first, size - r.first, nil
	}
	return r.first, min(r.length, size-r.first), nil
}
