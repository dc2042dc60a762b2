package attune

import "os"

// behind writes a long file while the disk follows, so that the Sync at its end finds
// little left to do. It makes nothing durable: only that Sync does.
type behind struct {
	file    *os.File // written from its start, and by nobody else
	written int64
	begun   int64 // up to here the disk has been asked
}

// behindBytes is little beside a film, and enough that the disk is asked rarely.
const behindBytes = 8 << 20

func (b *behind) Write(p []byte) (int, error) {
	n, err := b.file.Write(p)
	b.written += int64(n)
	if b.written-b.begun >= behindBytes {
		writeOut(b.file, b.begun, b.written-b.begun)
		b.begun = b.written
	}
	return n, err
}
