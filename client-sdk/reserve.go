package attune

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// reserveBytes lets a device without a free byte queue and send some dozens of
	// withdrawals: each writes a dozen pages of 4 KiB, and SQLite uses the same ones
	// again only after 4 MiB.
	reserveBytes = 2 << 20
	// reserveStep is given back at a time: other programs fill the disk as well.
	reserveStep = 512 << 10
	// refillEvery bounds how often a full disk is asked for room again.
	refillEvery = time.Second

	reserveFile = "reserve"
)

// reserve is disk that is kept back for saying stop: a file of random bytes in the
// home, which the disk gets back in steps when a restriction finds no room. While it
// is not whole nothing else is written, until it could be filled again. Its length
// is all that there is to know.
type reserve struct {
	path string

	mu sync.Mutex
	// mu guards the field below.
	tried time.Time // to fill it, last
}

func (r *reserve) whole() bool {
	info, err := os.Stat(r.path)
	return err == nil && info.Mode().IsRegular() && info.Size() >= reserveBytes
}

// refill makes it whole again if there is room, and reports whether it is.
func (r *reserve) refill() bool {
	if r.whole() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.tried) < refillEvery {
		return false
	}
	r.tried = time.Now()
	return r.fill() == nil && r.whole()
}

// fill writes what is missing, or leaves the file as long as it was. The bytes are
// random: a file system that compresses would keep nothing back for zeros.
func (r *reserve) fill() error {
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open reserve: %w", err)
	}
	defer f.Close() // nothing is read from it
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open reserve: %w", err)
	}
	missing := make([]byte, max(0, reserveBytes-info.Size()))
	rand.Read(missing)
	if _, err := f.WriteAt(missing, info.Size()); err != nil {
		return errors.Join(fmt.Errorf("fill reserve: %w", err), f.Truncate(info.Size()))
	}
	return nil
}

// spend gives a step back to the disk, and reports whether there was one.
func (r *reserve) spend() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = time.Now() // nobody takes it away again before it was used
	info, err := os.Stat(r.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	return os.Truncate(r.path, max(0, info.Size()-reserveStep)) == nil
}

func reserveIn(dir string) *reserve { return &reserve{path: filepath.Join(dir, reserveFile)} }

// withReserve does what stops something, and does it again from its beginning with
// a part of the reserve when it found no room.
func (s *store) withReserve(do func() error) error {
	for {
		err := do()
		if CodeOf(err) != CodeDisk || !s.kept.spend() {
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
	var e *sqlite.Error
	if errors.As(err, &e) {
		// The third is what opening a database says.
		return slices.Contains([]int{sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}, e.Code())
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
