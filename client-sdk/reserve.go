package attune

import (
	"errors"
	"path/filepath"
	"syscall"

	"github.com/attune-vf/attune/storage/reserve"
)

const (
	// reserveBytes lets a device without a free byte queue and send some dozens of
	// withdrawals: each writes a dozen pages of 4 KiB, and SQLite uses the same ones
	// again only after 4 MiB.
	reserveBytes = 2 << 20
	// reserveStep is given back at a time: other programs fill the disk as well.
	reserveStep = 512 << 10
)

// reserveIn is the disk that a device keeps back for saying stop. While it is not
// whole nothing else is written.
func reserveIn(dir string) *reserve.File {
	return reserve.New(filepath.Join(dir, "reserve"), reserveBytes, reserveStep)
}

// withReserve does what stops something, and does it again from its beginning with
// a part of the reserve when it found no room.
func (s *store) withReserve(do func() error) error {
	for {
		err := do()
		if CodeOf(err) != CodeDisk || !s.kept.Spend() {
			return err
		}
	}
}

// roomless turns a disk without room into a sentence for people. What was begun is
// undone by then: a transaction as a whole, a file by its removal.
func roomless(err error) error {
	if err == nil || CodeOf(err) == CodeDisk || !noRoom(err) {
		return err
	}
	return problem(CodeDisk, "Make room and try again; what was queued before is kept, and a recording stays where it is.",
		"This device has no room left.").because(err)
}

// noRoom reports whether the disk, or a quota on it, is full.
func noRoom(err error) bool {
	return reserve.NoRoom(err) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
