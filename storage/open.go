package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// Open opens a founded store. It refuses with ErrNotAdopted when the rules at hand are
// not those that the head of service adopted, and with ErrNoFigures when the pack that
// was adopted cannot be read: a server that rules by anything else must not start. With
// ErrPutBack it refuses a database that is older than the restriction ledger saw it, and
// with ErrLedger one whose ledger is not there: see [Config.LedgerLost].
//
// Uploads whose finish was interrupted are finished before Open returns.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := OpenFounding(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenBeside opens a founded store for a process that does its work beside a server, with no
// store of objects of its own: it takes no film in and hands none out, and leaves uploads to
// the server. Its errors are those of [Open].
func OpenBeside(ctx context.Context, cfg Config) (*Store, error) {
	cfg.Objects = nil
	s, err := OpenFounding(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.mayStart(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	if err := s.mayStart(ctx); err != nil {
		return err
	}
	return s.Uploads.resume(ctx)
}

// mayStart refuses what no process may work on.
func (s *Store) mayStart(ctx context.Context) error {
	o, err := s.Records.Org(ctx)
	if err != nil {
		return err
	}
	if o.Policy.Bundle != s.d.cfg.Bundle.SHA256() {
		return ErrNotAdopted
	}
	if _, err := s.Figures(ctx); err != nil {
		return err
	}
	if o.Server.Key != publicKey(s.d.cfg.Key) || o.Server.LogKey != publicKey(s.d.cfg.LogKey) {
		return ErrNotCertified
	}
	if err := s.d.inStep(ctx); err != nil {
		return err
	}
	return s.d.loadDues(ctx)
}

// OpenFounding opens a store while its organisation record is still being
// founded: it accepts statements by rule of the fold alone, since no rules are
// adopted yet. Only `attuned init` uses it.
func OpenFounding(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	db, err := rows.Open(ctx, cfg.Database)
	if err != nil {
		return nil, err
	}
	d := &door{cfg: cfg, rows: db, org: new(orgCache), heads: newHeads(), floods: newFloods()}
	db.OnMove(d.heads.moved)
	d.due.next.Store(int64(rows.Never))
	r := &Records{d: d}
	s := &Store{
		Records: r, Clips: &Clips{d: d}, Links: &Links{d: d, records: r}, Log: &Log{d: d}, d: d,
	}
	s.Uploads = &Uploads{
		d: d, records: r, holds: newHolds(), buffers: newBuffers(cmp.Or(cfg.UploadBuffers, usualBuffers), cmp.Or(cfg.UploadWait, busyAfter)),
	}
	d.log = s.Log
	if err := s.Log.load(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := d.openBook(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Found makes the database of a new service, with org.root as its first
// statement. A database that is founded already is refused.
func Found(ctx context.Context, cfg Config, orgRoot []byte) (policies.OrgID, error) {
	root, err := statement.Verify(orgRoot, nil)
	if err != nil {
		return policies.OrgID{}, fmt.Errorf("org.root: %w", err)
	}
	o, err := policies.NewOrg(root)
	if err != nil {
		return policies.OrgID{}, fmt.Errorf("org.root: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	db, err := rows.Open(ctx, cfg.Database)
	if err != nil {
		return o.ID, err
	}
	err = db.Write(ctx, func(tx *rows.Tx) error { return found(tx, o, root, orgRoot, policies.At(cfg.Now())) })
	return o.ID, errors.Join(err, db.Close())
}

func found(tx *rows.Tx, o *policies.Org, root policies.Statement, raw []byte, at policies.Micros) error {
	if org, _, err := tx.Authority(); err != nil || !org.IsZero() {
		return errors.Join(errors.New("the database belongs to a service already"), err)
	}
	if err := tx.Found(o.ID, newToken().Short(), newToken()); err != nil {
		return err
	}
	index, _, err := tx.Log(rows.Event{
		At: int64(at), Action: string(root.Kind), Outcome: accesslog.Done,
		Object: stated(root.ID),
		Accepted: &accesslog.Acceptance{
			Statement: accesslog.Digest(root.ID), Class: int(policies.Control), Position: o.Count,
			Head: accesslog.Digest(o.Head),
		},
	})
	if err != nil {
		return err
	}
	return errors.Join(
		tx.PutOrg(o),
		tx.PutStatement(rows.Statement{
			ID: root.ID, Record: policies.RecordID(o.ID), Position: o.Count, Class: policies.Control,
			Kind: root.Kind, Raw: raw, Head: o.Head, At: at, Index: index,
		}),
		tx.PutNumber(o.RootKey, root.N, root.ID),
	)
}
