package rows

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// pages is a disk that SQLite itself holds to a number of pages: its SQLITE_FULL,
// and what that does to a transaction, are those of a real one, and it needs no
// mount and no rights. That the file reserve gives room back to a real disk is
// shown on one, by cmd/attune.
type pages struct {
	db   *sql.Conn // the writer's: the pragma holds for one connection
	left int       // parts of the reserve
	all  int
	step int64

	mu   sync.Mutex
	lock bool // no room to refill
}

func (p *pages) most(n int64) {
	if _, err := p.db.ExecContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
		panic(err)
	}
}

func (p *pages) count() (n int64) {
	if err := p.db.QueryRowContext(context.Background(), "PRAGMA page_count").Scan(&n); err != nil {
		panic(err)
	}
	return n
}

func (p *pages) full(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lock = yes
}

func (p *pages) Whole() bool { return p.left == p.all }

func (p *pages) Refill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.lock {
		p.left = p.all
		p.most(1 << 30)
	}
	return p.Whole()
}

func (p *pages) Spend() bool {
	if p.left == 0 {
		return false
	}
	p.left--
	p.most(p.count() + p.step)
	return true
}

// fill makes a database whose disk has just become full.
func fill(t *testing.T) (*DB, *pages) {
	t.Helper()
	db := openDB(t)
	own, err := db.writing(t.Context()) // the settings below are a connection's
	if err != nil {
		t.Fatal(err)
	}
	p := &pages{db: own.conn, left: 3, all: 3, step: 40}
	db.room = p
	p.most(p.count() + 20)
	p.full(true)
	return db, p
}

// big is an event that needs pages.
func big(i int) Event {
	e := event(i)
	e.Detail = string(bytes.Repeat([]byte("x"), 20<<10))
	return e
}

func logs(e Event) func(*Tx) error {
	return func(tx *Tx) error {
		_, _, err := tx.Log(e)
		return err
	}
}

func size(t *testing.T, db *DB) (n int64) {
	t.Helper()
	err := db.Read(context.Background(), func(v *View) error {
		edge, err := v.Edge()
		n = edge.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFullDisk: what is ordinary is refused, and leaves nothing; what must be taken
// is taken until the reserve is used up; once there is room all of it is again.
func TestFullDisk(t *testing.T) {
	db, p := fill(t)
	ctx := context.Background()
	var taken int64
	for i := 0; ; i++ {
		err := db.Write(ctx, logs(big(i)))
		if err == nil {
			taken++
			continue
		}
		if !errors.Is(err, ErrFull) || !isFull(err) {
			t.Fatalf("write on a full disk: %v, want ErrFull", err)
		}
		break
	}
	if p.left != p.all || db.Room() != nil {
		t.Errorf("an ordinary write used the reserve: %d of %d left", p.left, p.all)
	}
	if got := size(t, db); got != taken {
		t.Errorf("%d events after %d were taken", got, taken)
	}

	if err := db.WriteFromReserve(ctx, logs(big(1))); err != nil {
		t.Fatalf("from the reserve: %v", err)
	}
	taken++
	if !errors.Is(db.Room(), ErrFull) {
		t.Error("there is room for others while the reserve is in use")
	}
	// There is room now, but it is not for this.
	if err := db.Write(ctx, logs(event(1))); !errors.Is(err, ErrFull) {
		t.Errorf("an ordinary write from the reserve: %v, want ErrFull", err)
	}
	for {
		err := db.WriteFromReserve(ctx, logs(big(1)))
		if err == nil {
			taken++
			continue
		}
		if !errors.Is(err, ErrFull) {
			t.Fatalf("the reserve is used up: %v, want ErrFull", err)
		}
		break
	}
	if p.left != 0 || taken < 20 {
		t.Errorf("%d parts of the reserve left, %d events taken", p.left, taken)
	}
	if got := size(t, db); got != taken {
		t.Errorf("%d events after %d were taken", got, taken)
	}

	p.full(false)
	if err := db.Write(ctx, logs(big(1))); err != nil || db.Room() != nil {
		t.Errorf("once there is room: %v, %v", err, db.Room())
	}
}

// TestFullDiskInOneCommit: jobs that share a commit do not share its end.
func TestFullDiskInOneCommit(t *testing.T) {
	db, _ := fill(t)
	ctx := context.Background()
	for db.Write(ctx, logs(big(0))) == nil {
	}
	before := size(t, db)
	planned := errors.New("planned")
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			switch i % 3 {
			case 0:
				if err := db.WriteFromReserve(ctx, logs(event(i))); err != nil {
					t.Errorf("from the reserve: %v", err)
				}
			case 1:
				if err := db.Write(ctx, logs(big(i))); !errors.Is(err, ErrFull) {
					t.Errorf("ordinary: %v, want ErrFull", err)
				}
			case 2:
				err := db.WriteFromReserve(ctx, func(tx *Tx) error { return errors.Join(logs(event(i))(tx), planned) })
				if !errors.Is(err, planned) {
					t.Errorf("refused by itself: %v", err)
				}
			}
		})
	}
	all.Wait()
	if got := size(t, db) - before; got != 20 {
		t.Errorf("%d events were taken, want 20", got)
	}
}

// TestFullDiskBreaksTheTransaction: SQLite undoes a whole transaction by itself when
// it finds no room. A job that goes on all the same must not write beside it.
func TestFullDiskBreaksTheTransaction(t *testing.T) {
	db, _ := fill(t)
	ctx := context.Background()
	for db.Write(ctx, logs(big(0))) == nil {
	}
	before := size(t, db)
	err := db.Write(ctx, func(tx *Tx) error {
		_ = tx.exec(`INSERT INTO checkpoints (size, note) VALUES (999, 'before')`)
		_ = logs(big(1))(tx)
		_ = tx.exec(`INSERT INTO checkpoints (size, note) VALUES (1000, 'after')`)
		return logs(event(2))(tx)
	})
	if !errors.Is(err, ErrFull) {
		t.Errorf("%v, want ErrFull", err)
	}
	var left int
	if err := db.Read(ctx, func(v *View) error {
		return v.row(`SELECT COUNT(*) FROM checkpoints WHERE size IN (999, 1000)`).Scan(&left)
	}); err != nil || left != 0 {
		t.Errorf("%d rows of the job are there, %v; want none", left, err)
	}
	if got := size(t, db); got != before {
		t.Errorf("%d events, want %d", got, before)
	}
}

// TestReserve: the file is what it says, survives a restart as it is, and is filled
// again only when there is room.
func TestReserve(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attune.db")
	db, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	r := reserveBeside(path)
	length := func() int64 {
		info, err := os.Stat(reserveFile(path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		if held := info.Sys().(*syscall.Stat_t).Blocks * 512; held < info.Size() {
			t.Errorf("%d bytes long and holds %d", info.Size(), held)
		}
		return info.Size()
	}
	if got := length(); got != reserveBytes || CheckReserve(path) != nil {
		t.Errorf("%d bytes, %v", got, CheckReserve(path))
	}
	for left := int64(reserveBytes - reserveStep); left >= 0; left -= reserveStep {
		if !r.Spend() || length() != left {
			t.Errorf("%d bytes left, want %d", length(), left)
		}
	}
	if r.Spend() {
		t.Error("spent more than there was")
	}
	if r.Refill() {
		t.Error("filled in the moment in which it was spent")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	if length() != reserveBytes {
		t.Error("not made whole at the start")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestReserveOnAFullDevice: /dev/full has no room for anybody.
func TestReserveOnAFullDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attune.db")
	if err := os.Symlink("/dev/full", filepath.Join(filepath.Dir(path), "reserve")); err != nil {
		t.Fatal(err)
	}
	db, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Write(context.Background(), logs(event(1))); !errors.Is(err, ErrFull) {
		t.Errorf("ordinary: %v, want ErrFull", err)
	}
	if err := db.WriteFromReserve(context.Background(), logs(event(1))); err != nil {
		t.Errorf("what must be taken: %v", err)
	}
	if err := CheckReserve(path); !errors.Is(err, ErrFull) {
		t.Errorf("check: %v, want ErrFull", err)
	}
}
