package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", the one the product uses
)

// control measures the machine: a figure of another row is worth comparing with
// yesterday's only where these are as they were.
func control(ctx context.Context, w *workshop) ([]Row, error) {
	var hashed, inserted []float64
	for range w.runs {
		hashed = append(hashed, sha256Rate(w.quick))
		rate, err := insertRate(ctx, w)
		if err != nil {
			return nil, err
		}
		inserted = append(inserted, rate)
	}
	return []Row{
		alone("control: SHA-256, one core", "MB/s", hashed).under("Go's crypto/sha256, from memory"),
		alone("control: bare insert and commit", "/s", inserted).under("SQLite, WAL, synchronous=FULL, one row of 300 bytes, one caller"),
	}, nil
}

// glance is a short control, half a second of it.
func glance(ctx context.Context, w *workshop) ([]Row, error) {
	short := *w
	short.quick, short.runs = true, 3
	return control(ctx, &short)
}

// sha256Rate is in 10^6 bytes a second.
func sha256Rate(quick bool) float64 {
	block, times := make([]byte, 1<<20), 512
	if quick {
		times = 64
	}
	h := sha256.New()
	begun := time.Now()
	for range times {
		h.Write(block)
	}
	return float64(times*len(block)) / 1e6 / time.Since(begun).Seconds()
}

// insertRate is durable commits a second, on a new file.
func insertRate(ctx context.Context, w *workshop) (float64, error) {
	dir, err := w.dir("insert")
	if err != nil {
		return 0, err
	}
	db, err := openSQLite(filepath.Join(dir, "control.db"))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `CREATE TABLE events (id INTEGER PRIMARY KEY, leaf BLOB NOT NULL)`); err != nil {
		return 0, err
	}
	leaf, times := make([]byte, 300), 500
	if w.quick {
		times = 100
	}
	begun := time.Now()
	for range times {
		if _, err := db.ExecContext(ctx, `INSERT INTO events (leaf) VALUES ($1)`, leaf); err != nil {
			return 0, err
		}
	}
	return float64(times) / time.Since(begun).Seconds(), nil
}

// openSQLite opens a file with the promises that the product asks of it.
func openSQLite(path string) (*sql.DB, error) {
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	if err := db.Ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}
