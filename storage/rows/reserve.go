package rows

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/attune-vf/attune/storage/reserve"
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
)

func reserveFile(database string) string { return filepath.Join(filepath.Dir(database), "reserve") }

func reserveBeside(database string) *reserve.File {
	return reserve.New(reserveFile(database), reserveBytes, reserveStep)
}

// CheckReserve returns an error that says so when the reserve beside a database is
// not whole: its disk is full, or was when somebody last looked.
func CheckReserve(database string) error {
	if reserveBeside(database).Refill() {
		return nil
	}
	return fmt.Errorf("%w: %s is not whole", ErrFull, reserveFile(database))
}

// Keep has the database go by another reserve as well, which is kept on its disk or on
// another: while that is not whole, what it gave back is not for ordinary jobs. Call it
// before the first of them.
func (db *DB) Keep(other Reserve) { db.room = both{db.room, other} }

// Reserve is room that somebody else keeps back.
type Reserve interface {
	Whole() bool
	Refill() bool
}

// both are whole when each is; only the database's own is spent for the database.
type both struct {
	room
	other Reserve
}

func (b both) Whole() bool { return b.room.Whole() && b.other.Whole() }

func (b both) Refill() bool {
	own := b.room.Refill()
	return b.other.Refill() && own
}

// isFull reports whether SQLite found no room, or had found none before.
func isFull(err error) bool { return reserve.NoRoom(err) || errors.Is(err, ErrFull) }

// Room returns ErrFull while the reserve is in use: who is about to fill the disk
// with anything else must not.
func (db *DB) Room() error {
	if !db.room.Whole() {
		return ErrFull
	}
	return nil
}

// settle commits jobs. On a full disk those that the reserve is for are taken from
// it, and the others are told ErrFull, also while there is room that the reserve
// gave back, until it could be made whole again: or the first pull would use up
// what a withdrawal needs.
func (db *DB) settle(jobs []*job) {
	if !db.room.Refill() {
		jobs = refuse(jobs)
	}
	for len(jobs) > 0 {
		if err := db.commit(jobs); err != nil {
			for _, j := range jobs {
				j.err = err
			}
		}
		if jobs = refuse(full(jobs)); len(jobs) > 0 && !db.room.Spend() {
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
