package storage

import (
	"errors"
	"fmt"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// planned works a plan out again, over every family, and refuses one that says otherwise:
// what is signed is what the service would do. A statement that came in between changes the
// list, and then its maker looks at it once more.
func (j *judge) planned(b *policies.RetentionPlan) (refusal, err error) {
	moves, err := j.d.moves(j.tx, j.org, b.AsOf)
	if errors.Is(err, ErrNoFigures) {
		return fmt.Errorf("%w: the figures are not here to work it out", policies.ErrNotPossible), nil
	}
	if err != nil {
		return nil, err
	}
	if policies.NewRetentionPlan(b.Adoption, b.AsOf, moves) != *b {
		return fmt.Errorf("%w: the service comes to another list; sync, and make the plan anew", policies.ErrNotPossible), nil
	}
	return nil, nil
}

type familyReader interface {
	attachmentReader
	stateReader
	FamiliesAfter(after string, limit int) ([]policies.RecordID, error)
}

var _ familyReader = (*rows.Tx)(nil)

// britain is where a plan's days end: here and on every device alike, or they would not
// come to the same list.
func britain() *time.Location {
	if london, err := time.LoadLocation("Europe/London"); err == nil {
		return london
	}
	return time.UTC
}

// moves is what the figures in force move, of every family.
func (d *door) moves(from familyReader, o *policies.Org, asOf policies.Micros) (out []policies.Move, err error) {
	pack, err := d.figures(from, o)
	if err != nil {
		return nil, err
	}
	for after := ""; ; {
		some, err := from.FamiliesAfter(after, expireBatch)
		if err != nil || len(some) == 0 {
			return out, err
		}
		after = some[len(some)-1].String()
		for _, id := range some {
			f, err := from.Family(policies.FamilyID(id))
			if err != nil {
				return nil, err
			}
			if f != nil {
				out = append(out, f.Moves(o, pack, asOf, britain())...)
			}
		}
	}
}
