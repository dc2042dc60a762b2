package rows

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
)

// maxPrepared bounds the statements kept on a connection, some kilobytes each. There
// are about a hundred texts; those that a search puts together come and go.
const maxPrepared = 256

// session is one connection, and what was prepared on it: SQLite takes as long to read
// a statement as to run it. One goroutine has it at a time.
type session struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func openSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, prepared: map[string]*sql.Stmt{}}, nil
}

func (s *session) close() error {
	var err error
	for _, p := range s.prepared {
		err = errors.Join(err, p.Close())
	}
	return errors.Join(err, s.conn.Close())
}

// statement is text as it was prepared, nil where it is run as it is: there is no more
// room, or something is wrong with it, which running it says best.
func (s *session) statement(ctx context.Context, text string) *sql.Stmt {
	p, ok := s.prepared[text]
	if ok || len(s.prepared) >= maxPrepared {
		return p
	}
	p, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil
	}
	s.prepared[text] = p
	return p
}

func (s *session) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	if p := s.statement(ctx, text); p != nil {
		return p.ExecContext(ctx, args...)
	}
	return s.conn.ExecContext(ctx, text, args...)
}

func (s *session) row(ctx context.Context, text string, args []any) *sql.Row {
	if p := s.statement(ctx, text); p != nil {
		return p.QueryRowContext(ctx, args...)
	}
	return s.conn.QueryRowContext(ctx, text, args...)
}

func (s *session) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if p := s.statement(ctx, text); p != nil {
		return p.QueryContext(ctx, args...)
	}
	return s.conn.QueryContext(ctx, text, args...)
}

// gone reports that a connection cannot be used again.
func gone(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// readers lends sessions for reading, the one that was used last first: its pages are
// the warmest, and the others' memory is not touched.
type readers struct {
	db    *sql.DB
	slots chan struct{} // one for each session that may be in use

	// mu guards the fields below.
	mu   sync.Mutex
	idle []*session
}

func newReaders(db *sql.DB) *readers {
	return &readers{db: db, slots: make(chan struct{}, maxReaders)}
}

func (r *readers) take(ctx context.Context) (*session, error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	if last := len(r.idle) - 1; last >= 0 {
		s := r.idle[last]
		r.idle = r.idle[:last]
		r.mu.Unlock()
		return s, nil
	}
	r.mu.Unlock()
	s, err := openSession(ctx, r.db)
	if err != nil {
		<-r.slots
	}
	return s, err
}

// give takes a session back, and closes it if its connection is gone.
func (r *readers) give(s *session, err error) {
	defer func() { <-r.slots }()
	if gone(err) {
		_ = s.close() // there is nothing left to lose
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, s)
}

func (r *readers) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	for _, s := range r.idle {
		err = errors.Join(err, s.close())
	}
	r.idle = nil
	return errors.Join(err, r.db.Close())
}
