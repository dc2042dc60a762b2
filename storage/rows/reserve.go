package rows

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrFull means that the disk has no room, or that what is left of it is kept for
// [DB.WriteFromReserve]. Nothing of the job happened.
var ErrFull = errors.New("no room on the disk")

const (
	// reserveBytes is for 2,000 withdrawals, as measured, on a disk without a free byte:
	// the write-ahead log comes to 4 MiB before SQLite uses its pages again, and
	// the rest is for what they add to the database.
	reserveBytes = 8 << 20
	// reserveStep is given back at a time, so that whoever else fills the disk at
	// that moment does not get all of it.
	reserveStep = 2 << 20
	// refillEvery bounds how often a full disk is asked for room again.
	refillEvery = time.Second
)

// reserve is disk that is kept back: a file of random bytes beside the database,
// which a full disk gets back in steps. Its length is all that there is to know,
// so that every process on the folder, and the next start, see the same.
//
// The bytes are random because a file system that compresses, or leaves holes,
// would keep nothing back for zeros. One that copies on write may need more room
// to give some back; there the reserve can fail.
type reserve struct {
	path string

	// mu guards the field below.
	mu    sync.Mutex
	tried time.Time // to fill it, last
}

func reserveBeside(database string) *reserve {
	return &reserve{path: filepath.Join(filepath.Dir(database), "reserve")}
}

// whole reports whether all of it is there.
func (r *reserve) whole() bool {
	info, err := os.Stat(r.path)
	return err == nil && info.Mode().IsRegular() && info.Size() >= reserveBytes
}

// refill makes it whole again if there is room by now, and reports whether it is.
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

// fill writes what is missing, or leaves the file as long as it was.
func (r *reserve) fill() error {
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open reserve: %w", err)
	}
	defer f.Close() // nothing is read from it: what it holds matters to nobody
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open reserve: %w", err)
	}
	block := make([]byte, 1<<20)
	for at := info.Size(); at < reserveBytes; at += int64(len(block)) {
		rand.Read(block)
		if _, err := f.WriteAt(block[:min(int64(len(block)), reserveBytes-at)], at); err != nil {
			return errors.Join(fmt.Errorf("fill reserve: %w", err), f.Truncate(info.Size()))
		}
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

// CheckReserve returns an error that says so when the reserve beside a database is
// not whole: its disk is full, or was when somebody last looked.
func CheckReserve(database string) error {
	r := reserveBeside(database)
	if r.refill() {
		return nil
	}
	return fmt.Errorf("%w: %s is not whole", ErrFull, r.path)
}

// isFull reports whether SQLite found no room. It says SQLITE_FULL for a disk
// without a free byte, and one of the others for a quota, or when it was its
// shared memory that found none.
func isFull(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return errors.Is(err, ErrFull)
	}
	switch e.Code() {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE:
		return true
	}
	return false
}

// Room returns ErrFull while the reserve is in use: who is about to fill the disk
// with anything else must not.
func (db *DB) Room() error {
	if !db.room.whole() {
		return ErrFull
	}
	return nil
}

// settle commits jobs. On a full disk those that the reserve is for are taken from
// it, and the others are told ErrFull, also while there is room that the reserve
// gave back, until it could be made whole again: or the first pull would use up
// what a withdrawal needs.
func (db *DB) settle(jobs []*job) {
	if !db.room.refill() {
		jobs = refuse(jobs)
	}
	for len(jobs) > 0 {
		if err := db.commit(jobs); err != nil {
			for _, j := range jobs {
				j.err = err
			}
		}
		if jobs = refuse(full(jobs)); len(jobs) > 0 && !db.room.spend() {
			for _, j := range jobs {
				j.err = fmt.Errorf("%w, and the reserve is used up: %w", ErrFull, j.err)
			}
			return
		}
	}
}

// full are the jobs that found no room.
func full(jobs []*job) (out []*job) {
	for _, j := range jobs {
		if isFull(j.err) {
			out = append(out, j)
		}
	}
	return out
}

// refuse tells the ordinary jobs that there is no room, and returns the others.
func refuse(jobs []*job) (rest []*job) {
	for _, j := range jobs {
		switch {
		case j.reserved:
			rest = append(rest, j)
		case j.err != nil:
			j.err = fmt.Errorf("%w: %w", ErrFull, j.err)
		default:
			j.err = ErrFull
		}
	}
	return rest
}
