// Package reserve keeps disk back for saying stop: a file of random bytes, which a
// full disk gets back in steps when a withdrawal finds no room.
//
// It promises that the file's length is all that there is to know, so that every
// process on the folder, and the next start, see the same. What may be written from
// the reserve, and that nothing else is while it is not whole, is for its two users:
// the service's tables, and a device's store.
//
// Start at [New].
package reserve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// refillEvery bounds how often a full disk is asked for room again.
const refillEvery = time.Second

// File is disk that is kept back.
//
// Its bytes are random because a file system that compresses, or leaves holes,
// would keep nothing back for zeros. One that copies on write may need more room
// to give some back; there the reserve can fail.
type File struct {
	path        string
	bytes, step int64

	// mu guards the field below.
	mu    sync.Mutex
	tried time.Time // to fill it, last
}

// New is the reserve at path, of so many bytes, of which step are given back at a
// time: whoever else fills the disk at that moment must not get all of it. It makes
// no file; [File.Refill] does.
func New(path string, bytes, step int64) *File { return &File{path: path, bytes: bytes, step: step} }

// Whole reports whether all of it is there.
func (f *File) Whole() bool {
	info, err := os.Stat(f.path)
	return err == nil && info.Mode().IsRegular() && info.Size() >= f.bytes
}

// Refill makes it whole again if there is room by now, and reports whether it is.
func (f *File) Refill() bool {
	if f.Whole() {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.tried) < refillEvery {
		return false
	}
	f.tried = time.Now()
	return f.fill() == nil && f.Whole()
}

// fill writes what is missing, or leaves the file as long as it was.
func (f *File) fill() error {
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open reserve: %w", err)
	}
	defer file.Close() // nothing is read from it: what it holds matters to nobody
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("open reserve: %w", err)
	}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], rand.Uint64())
	noise := rand.NewChaCha8(seed) // no secret: ten times as fast as the system's
	block := make([]byte, 1<<20)
	for at := info.Size(); at < f.bytes; at += int64(len(block)) {
		_, _ = noise.Read(block) // it never fails
		if _, err := file.WriteAt(block[:min(int64(len(block)), f.bytes-at)], at); err != nil {
			return errors.Join(fmt.Errorf("fill reserve: %w", err), file.Truncate(info.Size()))
		}
	}
	return nil
}

// Spend gives a step back to the disk, and reports whether there was one.
func (f *File) Spend() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried = time.Now() // nobody takes it away again before it was used
	info, err := os.Stat(f.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	return os.Truncate(f.path, max(0, info.Size()-f.step)) == nil
}

// NoRoom reports whether SQLite found no room. It says SQLITE_FULL for a disk
// without a free byte, and one of the others for a quota, or when it was its shared
// memory, with which opening a database begins, that found none.
func NoRoom(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE:
		return true
	}
	return false
}
