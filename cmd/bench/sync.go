package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/cmd/bench/fleet"
	"github.com/attune-vf/attune/policies"
)

// What the services of the sync rows hold: a team of five, ten families each, and a
// colleague who is on all fifty teams and whose first sync is what is pulled.
const (
	practitioners    = 5
	familiesOfEach   = 10
	statementsOfEach = 200
	manyClients      = 32
)

// syncBench is the services that sync is measured on, on the same work.
type syncBench struct {
	w      *workshop
	ours   *fleet.Service
	peer   *pocketbase
	bare   *bare
	pat    *fleet.Person   // on every team
	team   []*fleet.Person // with ten families each
	of     [][]*fleet.Family
	single []*fleet.Family // one each of practitioners who write one statement at a time
}

// syncRows measures sync on loopback: the product as it is served, PocketBase with a
// viewer rule, and the least that a server on SQLite could do.
func syncRows(ctx context.Context, w *workshop) (rows []Row, err error) {
	b, err := newSyncBench(ctx, w)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, part := range []func(context.Context) ([]Row, error){
		b.idleRows, b.bytesRows, b.pullRows, b.pollRows, b.listenerRows, b.pushRows, b.singleRows, b.deltaRows,
	} {
		more, err := part(ctx)
		if err != nil {
			return rows, err
		}
		fmt.Fprint(os.Stderr, table(more)) // it takes a while
		rows = append(rows, more...)
	}
	return rows, nil
}

// newSyncBench founds a service and brings the same records into the peer.
func newSyncBench(ctx context.Context, w *workshop) (b *syncBench, err error) {
	attuned, err := w.build(ctx, "./cmd/attuned")
	if err != nil {
		return nil, err
	}
	dir, err := w.dir("sync")
	if err != nil {
		return nil, err
	}
	b = &syncBench{w: w}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.ours, err = fleet.Found(ctx, attuned, filepath.Join(dir, "data")); err != nil {
		return b, err
	}
	if err := b.load(ctx); err != nil {
		return b, err
	}
	if b.peer, err = w.newPocketBase(ctx, filepath.Join(dir, "peer"), b.of); err != nil {
		return b, err
	}
	b.bare, err = w.newBare(ctx, filepath.Join(b.ours.Data, "attune.db"), filepath.Join(dir, "bare.db"))
	return b, err
}

// load brings in the staff and the 10,000 statements, by their devices and pushes.
func (b *syncBench) load(ctx context.Context) (err error) {
	if b.pat, err = b.ours.Join(ctx, policies.Practitioner); err != nil {
		return err
	}
	for i := range practitioners {
		p, err := b.ours.Join(ctx, policies.Practitioner)
		if err != nil {
			return err
		}
		of, err := b.ours.Open(ctx, p, b.pat, fmt.Sprintf("NF-%d", i), familiesOfEach, statementsOfEach)
		if err != nil {
			return fmt.Errorf("load families: %w", err)
		}
		b.team, b.of = append(b.team, p), append(b.of, of)
	}
	return nil
}

// alone lets those join who write one statement at a time, when they are needed: the
// colleague who pulls is not on their teams.
func (b *syncBench) alone(ctx context.Context) error {
	for i := range manyClients {
		p, err := b.ours.Join(ctx, policies.Practitioner)
		if err != nil {
			return err
		}
		of, err := b.ours.Open(ctx, p, b.team[0], fmt.Sprintf("NS-%d", i), 1, 8)
		if err != nil {
			return err
		}
		b.single = append(b.single, of...)
	}
	return nil
}

func (b *syncBench) close() error {
	var err error
	if b.ours != nil {
		err = b.ours.Stop()
	}
	if b.peer != nil {
		err = errors.Join(err, b.peer.stop())
	}
	if b.bare != nil {
		err = errors.Join(err, b.bare.stop())
	}
	return err
}

// work is the next statements of a practitioner's families, as their device would
// bring them, and the index of the family of each.
func (b *syncBench) work(practitioner, count int) (all []wire.Sealed, family []int, err error) {
	of := b.of[practitioner]
	for i, f := range of {
		some, err := f.Work(count / len(of))
		if err != nil {
			return nil, nil, err
		}
		all = append(all, some...)
		for range some {
			family = append(family, practitioner*familiesOfEach+i)
		}
	}
	return all, family, nil
}
