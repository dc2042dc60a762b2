package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/storage"
)

// opened is a store with what must be closed after it.
type opened struct {
	*storage.Store
	objects closableObjects // nil while the organisation is being founded
	org     *policies.Org
}

func (o *opened) Close() error {
	err := o.Store.Close()
	if o.objects != nil {
		err = errors.Join(err, o.objects.Close())
	}
	return err
}

// openStore opens the folder's store with the rules of this binary, which must be
// those that the head of service adopted. The figures lie in the store.
func openStore(ctx context.Context, f folder, where objectsFlags) (*opened, error) {
	cfg, err := readyConfig(ctx, f)
	if err != nil {
		return nil, err
	}
	payloads, err := where.open(ctx, f)
	if err != nil {
		return nil, err
	}
	cfg.Objects = payloads
	s, err := open(ctx, f, cfg, storage.Open)
	if err != nil {
		return nil, errors.Join(err, payloads.Close())
	}
	s.objects = payloads
	return s, nil
}

// openBeside opens the folder's store for a process beside the server, without its payloads:
// what such a process does with them it does with a key of its own.
func openBeside(ctx context.Context, f folder) (*opened, error) {
	cfg, err := readyConfig(ctx, f)
	if err != nil {
		return nil, err
	}
	return open(ctx, f, cfg, storage.OpenBeside)
}

// readyConfig is that of a folder whose organisation is founded.
func readyConfig(ctx context.Context, f folder) (cfg storage.Config, err error) {
	founding, err := openFounding(ctx, f)
	if err != nil {
		return cfg, err
	}
	org := founding.org
	if err := founding.Close(); err != nil {
		return cfg, err
	}
	if org.Policy.Adopted.IsZero() {
		return cfg, problem("not_accepted", "Finish the ceremony: attuned init --data "+string(f)+" --accept FILE",
			"The root has not certified this server yet.").status(exitMissing)
	}
	if err := finishRotation(f, org); err != nil {
		return cfg, err
	}
	return storeConfig(f)
}

// openFounding opens a store whose organisation may not be complete, without its
// payloads: there are none yet, or nobody is to read them.
func openFounding(ctx context.Context, f folder) (*opened, error) {
	cfg, err := storeConfig(f)
	if err != nil {
		return nil, err
	}
	return open(ctx, f, cfg, storage.OpenFounding)
}

func open(ctx context.Context, f folder, cfg storage.Config, how func(context.Context, storage.Config) (*storage.Store, error)) (*opened, error) {
	s, err := how(ctx, cfg)
	if err != nil {
		return nil, explain(f, err)
	}
	org, err := s.Records.Org(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read organisation: %w", err), s.Close())
	}
	return &opened{Store: s, org: org}, nil
}

func explain(f folder, err error) error {
	if errors.Is(err, storage.ErrNotAdopted) {
		return problem("not_adopted", "Use the version of attuned that was adopted, or have the head of service adopt this one's.",
			"The rules of this version differ from those that were adopted.")
	}
	if errors.Is(err, storage.ErrNotCertified) {
		return problem("not_certified", "Restore server.key and log.key as they were last; if they are lost: attuned rotate --help",
			"The keys in %s are not those that the root certified.", f)
	}
	if errors.Is(err, storage.ErrPutBack) {
		return problem("put_back", "Put the newest backup back with: attuned restore --help",
			"The database in %s is older than its restriction ledger: what was withdrawn since is missing from it.", f)
	}
	if errors.Is(err, storage.ErrLedger) {
		return problem("no_ledger", "Mount its disk, or name its folder with attuned serve --ledger DIR; only if it is lost for good: attuned serve --ledger-lost",
			"The restriction ledger is not where it should be, and nothing is served without it: %v.", err).status(exitMissing)
	}
	if errors.Is(err, storage.ErrNoFigures) {
		return problem("no_figures", "Use the version of attuned that was adopted; if it says so too, restore the database from the backup.",
			"The figures that were adopted cannot be read: %v.", err)
	}
	return fmt.Errorf("open %s: %w", f.database(), err)
}

// storeConfig is what lies in the folder, and the rules of this binary.
func storeConfig(f folder) (cfg storage.Config, err error) {
	cfg.Database = f.database()
	if cfg.Ledger, err = f.ledger(); err != nil {
		return cfg, err
	}
	if cfg.Key, err = readKey(f.serverKey()); err != nil {
		return cfg, err
	}
	if cfg.LogKey, err = readKey(f.logKey()); err != nil {
		return cfg, err
	}
	if cfg.Now, err = f.clock(); err != nil {
		return cfg, err
	}
	if cfg.Bundle, err = authz.Load(); err != nil {
		return cfg, fmt.Errorf("load rules: %w", err)
	}
	return cfg, nil
}
