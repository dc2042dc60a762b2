package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/cmd/bench/fleet"
)

// sized is a copy of the service that holds more.
type sized struct {
	name       string
	statements int
	service    *fleet.Service
	cursor     string
	took       []used
}

// deltaRows is 200 changes of one's own among ten thousand, two hundred thousand and a
// million of everybody's. The copies serve side by side, and take turns.
func (b *syncBench) deltaRows(ctx context.Context) (rows []Row, err error) {
	sizes := []*sized{{name: "10 k"}, {name: "200 k", statements: 190_000}, {name: "1 M", statements: 990_000}}
	if b.w.quick {
		sizes = sizes[:2]
	}
	if err := errors.Join(b.bare.stop(), b.ours.Stop()); err != nil {
		return nil, err
	}
	b.bare = nil
	defer func() {
		for _, s := range sizes {
			if s.service != nil {
				err = errors.Join(err, s.service.Stop())
			}
		}
	}()
	for i, s := range sizes {
		if s.service, err = b.ours.Copy(fmt.Sprintf("%s-%d", b.ours.Data, i)); err != nil {
			return nil, err
		}
		if err := s.service.Fill(ctx, b.of[0][0], s.statements); err != nil {
			return nil, fmt.Errorf("fill to %s: %w", s.name, err)
		}
		if err := s.service.Start(ctx); err != nil {
			return nil, err
		}
		got, err := pullOurs(ctx, s.service, b.pat, "", "")
		if err != nil {
			return nil, err
		}
		s.cursor = got.cursor
	}
	if err := b.delta(ctx, sizes); err != nil {
		return nil, err
	}
	for _, s := range sizes[1:] {
		how := "200 new sessions of ten families pulled by a colleague, against the same on 10 k, at the same time on the same machine; the other statements were put straight into the tables, not pushed"
		rows = append(rows,
			compare("delta of 200, 10 k to "+s.name+": time", "s", each(s.took, wall), each(sizes[0].took, wall), costs).atMost(1.2).under(how),
			compare("delta of 200, 10 k to "+s.name+": CPU", "CPU s", each(s.took, cpu), each(sizes[0].took, cpu), costs).under(how))
	}
	return rows, nil
}

// delta brings each service the same 200 statements, and pulls them often: a cursor
// can be asked again, and the answer is the same.
func (b *syncBench) delta(ctx context.Context, sizes []*sized) error {
	const again = 10
	var all []wire.Sealed
	for _, f := range b.of[1] {
		said, err := f.Visits(200 / familiesOfEach)
		if err != nil {
			return err
		}
		all = append(all, said...)
	}
	for _, s := range sizes {
		if err := s.service.Push(ctx, b.team[1], all...); err != nil {
			return fmt.Errorf("push to %s: %w", s.name, err)
		}
	}
	for run := range b.w.runs {
		for i := range sizes {
			s := sizes[(run+i)%len(sizes)]
			u, err := timed(s.service.PID(), func() error {
				for range again {
					got, err := pullOurs(ctx, s.service, b.pat, s.cursor, "")
					if err != nil {
						return err
					}
					if got.statements != len(all) {
						return fmt.Errorf("%s: a delta of %d statements, want %d", s.name, got.statements, len(all))
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			u.wall, u.cpu = u.wall/again, u.cpu/again
			s.took = append(s.took, u)
		}
	}
	return nil
}
