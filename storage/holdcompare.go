package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// HoldDifference is one version of which the record and the object store say different
// things.
type HoldDifference struct {
	Clip    policies.ClipID `json:"clip"`
	Version string          `json:"version"` // "" where the store has nothing of a clip that is held
	Held    bool            `json:"held"`    // by the record
}

// String says which way round it is, for an operator.
func (d HoldDifference) String() string {
	switch {
	case d.Version == "":
		return fmt.Sprintf("clip %s is held, and the object store has nothing of it", d.Clip.Short())
	case d.Held:
		return fmt.Sprintf("clip %s is held, and the object store would let version %s be deleted", d.Clip.Short(), d.Version)
	}
	return fmt.Sprintf("clip %s is not held, and the object store holds version %s", d.Clip.Short(), d.Version)
}

// HoldsCompared is what a comparison found.
type HoldsCompared struct {
	Versions    int              `json:"versions"` // looked at
	Waiting     int              `json:"waiting"`  // clips that the store is still to be told of
	Differences []HoldDifference `json:"differences"`
}

// CompareHolds compares what the record says is held with what the object store says, for
// every clip that is held or was; with all set, for every object that there is, which takes
// a question each. What the record holds and the store does not is told again in the next
// round. A hold of which the record knows nothing is only reported: an operator may have
// placed it by hand, and nothing here takes it away.
func (s *Store) CompareHolds(ctx context.Context, h objects.Holder, all bool) (out HoldsCompared, err error) {
	out.Differences = []HoldDifference{}
	seen := map[policies.ClipID]bool{}
	for after := (policies.ClipID{}); ; {
		var some []rows.MirroredHold
		err := s.d.rows.Read(ctx, func(v *rows.View) (err error) {
			some, err = v.Holds(after, holdBatch)
			return err
		})
		if err != nil || len(some) == 0 {
			if err == nil && all {
				err = s.compareRest(ctx, h, seen, &out)
			}
			if err == nil {
				err = s.tellAgain(ctx, out.Differences)
			}
			return out, err
		}
		after = some[len(some)-1].Clip
		for _, m := range some {
			if seen[m.Clip] = true; m.Synced == 0 {
				out.Waiting++
				continue
			}
			if err := compareHold(ctx, h, m, &out); err != nil {
				return out, err
			}
		}
	}
}

func compareHold(ctx context.Context, h objects.Holder, m rows.MirroredHold, out *HoldsCompared) error {
	key, there := payloadKey(m.Clip), 0
	versions, err := h.Versions(ctx, key)
	if err != nil {
		return fmt.Errorf("compare holds: %w", err)
	}
	for _, v := range versions {
		if v.Marker {
			continue
		}
		held, err := h.Held(ctx, key, v.ID)
		if errors.Is(err, objects.ErrNotFound) {
			continue // went meanwhile
		}
		if err != nil {
			return fmt.Errorf("compare holds: %w", err)
		}
		there++
		out.Versions++
		if held != m.Held {
			out.Differences = append(out.Differences, HoldDifference{m.Clip, v.ID, m.Held})
		}
	}
	if there == 0 && m.Held {
		out.Differences = append(out.Differences, HoldDifference{m.Clip, "", true})
	}
	return nil
}

// compareRest looks at what never was held.
func (s *Store) compareRest(ctx context.Context, h objects.Holder, seen map[policies.ClipID]bool, out *HoldsCompared) error {
	return h.AllVersions(ctx, func(key objects.Key, v objects.Version) error {
		name, ours := strings.CutPrefix(string(key), "clips/")
		id, err := policies.ParseID[policies.Clip](name)
		if !ours || err != nil || seen[id] || v.Marker {
			return nil
		}
		held, err := h.Held(ctx, key, v.ID)
		if errors.Is(err, objects.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("compare holds: %w", err)
		}
		if out.Versions++; held {
			out.Differences = append(out.Differences, HoldDifference{id, v.ID, false})
		}
		return nil
	})
}

func (s *Store) tellAgain(ctx context.Context, all []HoldDifference) error {
	return s.d.rows.Write(ctx, func(tx *rows.Tx) error {
		for _, d := range all {
			if !d.Held || d.Version == "" {
				continue
			}
			if err := tx.TellAgain(d.Clip); err != nil {
				return err
			}
		}
		return nil
	})
}
