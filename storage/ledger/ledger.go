// Package ledger keeps the restriction ledger: each statement that stops something,
// ends somebody's access, or disposes of something, in a file of its own, outside the
// database and outside its backups. A service that is put back from a backup replays
// it, so that nothing that was withdrawn comes back.
//
// It promises that what [Ledger.Append] returned nil for is on the disk, also when that
// disk is full, and that a line which was cut by a crash is told from one that was
// changed afterwards. What belongs into it, and when it is written, is for storage: before
// the statement is committed, so that none was acknowledged that is not here. One that
// is here and was never committed is what somebody signed to stop something: to replay it
// stops no more than they wanted.
//
// Start at [Open] and [Read].
package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/attune-vf/attune/storage/reserve"
)

// Room that is kept for the ledger on its own disk: some 400 statements, and the
// database beside a full disk takes no more than that from its own reserve at once.
const (
	reserveBytes = 1 << 20
	reserveStep  = 256 << 10
)

// Ledger is one authority's ledger, open for writing. Its methods may be called from
// several goroutines. Several processes may have it open: lines are appended whole.
type Ledger struct {
	path string
	name begun
	kept *reserve.File

	// mu guards the fields below.
	mu   sync.Mutex
	file *os.File
	have map[string]bool  // statements, as read at the start and written since
	size map[string]int64 // by log, the longest that any line saw committed
}

// ErrFull means that the ledger's disk has no room, and nothing is left in reserve.
var ErrFull = errors.New("no room for the restriction ledger")

// ErrLost means that the ledger that a database knows is not where it should be.
var ErrLost = errors.New("not the restriction ledger of this database")

// File is where an authority's ledger lies in a folder.
func File(dir, authority string) string { return filepath.Join(dir, authority+".ledger") }

// Open opens the ledger that a database knows by its name: the one of an authority in a
// folder. A database that knows none, "", takes the one that is there, or begins one. A
// last line that was not finished is cut off: its statement was acknowledged to nobody.
// Damaged lines before it stay as they are; see [Read].
//
// ErrLost when there is none, as on a disk that is not mounted, or another one than that
// and than what was begun after it was lost: see [Begin].
func Open(dir, authority, known string) (*Ledger, error) {
	if known == "" {
		return open(dir, authority, known, true)
	}
	return open(dir, authority, known, false)
}

// Begin is Open when the known ledger is lost for good: one is begun in its place, which
// says so, unless one is there that somebody has brought.
func Begin(dir, authority, known string) (*Ledger, error) { return open(dir, authority, known, true) }

func open(dir, authority, known string, begin bool) (*Ledger, error) {
	path, how := File(dir, authority), os.O_RDWR|os.O_APPEND
	if begin {
		how |= os.O_CREATE
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make ledger: %w", err)
		}
	}
	file, err := os.OpenFile(path, how, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: nothing is at %s", ErrLost, path)
	}
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &Ledger{path: path, file: file, kept: reserve.New(path+".reserve", reserveBytes, reserveStep), have: map[string]bool{}, size: map[string]int64{}}
	if err := l.load(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := l.be(known, begin); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	l.kept.Refill() // a full disk keeps no service from starting that has to take withdrawals
	return l, nil
}

func (l *Ledger) load() (err error) {
	var whole int64
	l.name, whole, err = scan(l.file, func(_ int, e Entry, err error) {
		if err == nil {
			l.saw(e)
		}
	})
	if err != nil {
		return fmt.Errorf("read ledger %s: %w", l.path, err)
	}
	if err := l.file.Truncate(whole); err != nil {
		return fmt.Errorf("cut ledger %s: %w", l.path, err)
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("sync ledger %s: %w", l.path, err)
	}
	return syncDir(filepath.Dir(l.path))
}

// be is the ledger that is known, or begins.
func (l *Ledger) be(known string, begin bool) error {
	switch {
	case l.name.Ledger != "" && (begin || l.name.Ledger == known || slices.Contains(l.name.After, known)):
		return nil
	case !begin:
		return fmt.Errorf("%w: %s is not it", ErrLost, l.path)
	}
	l.name = begun{Version: version, Ledger: rand.Text(), After: []string{}}
	if known != "" {
		l.name.After = append(l.name.After, known)
	}
	line, err := encode(l.name)
	if err == nil {
		err = l.append(line)
	}
	if err != nil {
		return fmt.Errorf("begin ledger %s: %w", l.path, err)
	}
	return nil
}

// Name is what tells this ledger from any other.
func (l *Ledger) Name() string { return l.name.Ledger }

// Close closes the file.
func (l *Ledger) Close() error { return l.file.Close() }

// Path is where the ledger lies.
func (l *Ledger) Path() string { return l.path }

// Has reports whether a statement stands in the ledger.
func (l *Ledger) Has(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.have[id]
}

// Empty reports whether nothing stands in it.
func (l *Ledger) Empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.have) == 0
}

// Size is how long any line saw the log of that name committed. A database in which it is
// shorter was put back.
func (l *Ledger) Size(log string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size[log]
}

func (l *Ledger) saw(e Entry) { l.have[e.ID], l.size[e.Log] = true, max(l.size[e.Log], e.Size) }

// Append writes an entry, durable on return; one that is there already is not written
// again. On a full disk it takes what it needs from its reserve.
func (l *Ledger) Append(e Entry) error {
	line, err := e.encode()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.have[e.ID] {
		return nil
	}
	for {
		err := l.append(line)
		if err == nil {
			l.saw(e)
			return nil
		}
		if full(err) && l.kept.Spend() {
			continue
		}
		if full(err) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
		return fmt.Errorf("write ledger %s: %w", l.path, err)
	}
}

// append leaves the file as long as it was when the line could not be written: what
// comes after a torn line would be a damaged one.
func (l *Ledger) append(line []byte) error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	if _, err = l.file.Write(line); err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(info.Size()))
	}
	return nil
}

// Reserve is the room that is kept on the ledger's disk.
func (l *Ledger) Reserve() *reserve.File { return l.kept }

// Whole returns an error when the room that is kept on the ledger's disk is used.
func (l *Ledger) Whole() error {
	if l.kept.Refill() {
		return nil
	}
	return fmt.Errorf("%w: %s.reserve is not whole", ErrFull, l.path)
}

func full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// syncDir makes a new file's name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
