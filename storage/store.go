package storage

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/storage/ledger"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Config opens a store.
type Config struct {
	Database string             // path of the SQLite file
	Objects  objects.Store      // where payloads lie
	Bundle   *authz.Bundle      // the rules; their hash must be the adopted one
	Key      ed25519.PrivateKey // the server's, for its own statements
	LogKey   ed25519.PrivateKey // signs checkpoints
	Now      func() time.Time   // time.Now when nil

	// Ledger is the folder of the restriction ledger, "ledger" beside the database when
	// empty. It is in no backup, and best on a disk of its own.
	Ledger string

	// LedgerLost has a new ledger begun where the one that the database knows is lost, and
	// filled with what the database holds. What only the lost one held is not in it.
	LedgerLost bool

	// Where is whose midnights end a day by which film is kept; that of London when nil and
	// the machine knows it, else UTC.
	Where *time.Location

	// Step is told of points at which a crash matters, so that a test can crash there.
	Step func(point string)

	// UploadBuffers is how many parts of uploads are in memory at once, 12 when zero.
	// UploadWait is how long one is waited for, five seconds when zero.
	UploadBuffers int
	UploadWait    time.Duration
}

func (c Config) where() *time.Location {
	if c.Where != nil {
		return c.Where
	}
	return home()
}

// home is where the service's days are counted unless it is told otherwise.
var home = sync.OnceValue(func() *time.Location {
	if london, err := time.LoadLocation("Europe/London"); err == nil {
		return london
	}
	return time.UTC
})

// Store is an open store. Its fields are its doors.
type Store struct {
	Records *Records
	Clips   *Clips
	Uploads *Uploads
	Links   *Links
	Log     *Log

	d *door
}

// door is what every noun shares: the tables, the objects, the rules.
type door struct {
	cfg  Config
	rows *rows.DB
	org  *orgCache
	log  *Log
	pack figures
	book *ledger.Ledger // nil before the foundation

	heads *heads
	seals seals
	due   dues

	heldAll lookedAt // the hold on the whole service for which every family was looked at
	floods  *floods

	stating sync.Mutex // held while the server makes a statement of its own
}

// Close tells what was counted, signs and keeps a last checkpoint, waits for the writer,
// and closes the database.
func (s *Store) Close() error {
	return errors.Join(s.Log.TellRefusals(context.Background()), s.Log.seal(context.Background()), s.d.rows.Close(), s.d.closeBook())
}

// Ready reports whether the store can take a write now.
func (s *Store) Ready(ctx context.Context) error { return s.d.rows.Ping(ctx) }

func (d *door) step(point string) {
	if d.cfg.Step != nil {
		d.cfg.Step(point)
	}
}

func (d *door) now() policies.Micros { return policies.At(d.cfg.Now()) }
