package storage

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// AnchorReport is what comparing a log with its anchors found.
type AnchorReport struct {
	Compared int64         `json:"compared"` // anchors that the log goes on from
	Lost     int64         `json:"lost"`     // anchors of rows that a restoration says were lost
	Last     int64         `json:"last"`     // rows that the largest of those compared commits to
	Faults   []AnchorFault `json:"faults"`
}

// OK reports whether no anchor contradicts the log.
func (r AnchorReport) OK() bool { return len(r.Faults) == 0 }

// VerifyAnchors compares the log with every anchor that lies in where: whether its rows up
// to there are still those that were signed then. It goes by the hashes that are stored for
// the rows; that rows and hashes agree is for [Log.VerifyFile].
func (l *Log) VerifyAnchors(ctx context.Context, where objects.Anchors) (AnchorReport, error) {
	keys, err := where.Keys(ctx)
	if err != nil {
		return AnchorReport{}, err
	}
	return l.compareAnchors(ctx, where, slices.DeleteFunc(keys, func(k objects.Key) bool { return !isAnchor(k) }))
}

func (l *Log) compareAnchors(ctx context.Context, where objects.Anchors, keys []objects.Key) (r AnchorReport, err error) {
	for _, k := range keys {
		c, bad, err := l.readAnchor(ctx, where, k)
		if err == nil && bad == nil {
			err = l.d.rows.Read(ctx, func(v *rows.View) (err error) {
				bad, err = l.compareAnchor(v, k, c, &r)
				return err
			})
		}
		if err != nil {
			return r, fmt.Errorf("compare anchor %s: %w", k, err)
		}
		if bad != nil {
			r.Faults = append(r.Faults, *bad)
		}
	}
	return r, nil
}

// readAnchor reads one and verifies its signature, by any key that was ever certified, under
// the name that it gives itself.
func (l *Log) readAnchor(ctx context.Context, where objects.Anchors, key objects.Key) (c accesslog.Checkpoint, bad *AnchorFault, err error) {
	note, err := where.Get(ctx, key)
	if err != nil {
		return c, nil, err
	}
	origin, _, _ := strings.Cut(string(note), "\n")
	ours, _, _ := strings.Cut(l.origin, "/"+historyOf(l.origin))
	if !strings.HasPrefix(origin, ours+"/") {
		return c, &AnchorFault{AnchorUnsigned, key, 0, fmt.Sprintf("anchor %s: is not of this service's log", key)}, nil
	}
	err = l.d.rows.Read(ctx, func(v *rows.View) error {
		o, err := l.d.org.read(v)
		if err != nil {
			return err
		}
		bad = &AnchorFault{AnchorUnsigned, key, 0, fmt.Sprintf("anchor %s: was signed by no key that the organisation's root certified", key)}
		for _, s := range append([]policies.Server{o.Server}, o.Retired...) {
			by, err := accesslog.NewVerifier(origin, ed25519.PublicKey(s.LogKey[:]))
			if err != nil {
				continue // a name that no log has
			}
			if c, err = accesslog.OpenCheckpoint(string(note), by); err == nil {
				bad = nil
				break
			}
		}
		if bad == nil && AnchorKey(c) != key {
			bad = &AnchorFault{AnchorUnsigned, key, c.Size, fmt.Sprintf("anchor %s: says of itself that it is %s", key, AnchorKey(c))}
		}
		return nil
	})
	return c, bad, err
}

// compareAnchor holds one state against the tree. Of a history before the last restoration
// only those rows are still here that the backup held.
func (l *Log) compareAnchor(v *rows.View, key objects.Key, c accesslog.Checkpoint, r *AnchorReport) (*AnchorFault, error) {
	edge, err := v.Edge()
	if err != nil {
		return nil, err
	}
	here := edge.Size()
	if c.Origin != l.origin {
		o, err := l.d.org.read(v)
		if err != nil {
			return nil, err
		}
		rows, admitted, ok := o.Carried(c.Origin)
		switch here = min(here, rows); {
		case !ok:
			return &AnchorFault{AnchorForeign, key, c.Size, fmt.Sprintf("anchor %s: is of a history of this log that no restoration names", key)}, nil
		case c.Size > admitted:
			return &AnchorFault{AnchorUnadmitted, key, c.Size, fmt.Sprintf("rows %d to %d: were anchored before the service was put back, which admits to have lost only those before %d", admitted, c.Size-1, admitted)}, nil
		}
		if c.Size > here {
			r.Lost++
			return nil, nil
		}
	}
	if c.Size > here {
		return truncated(key, c, here), nil
	}
	tree, err := accesslog.Load(v.Tiles(), c.Size)
	if err != nil {
		return nil, err
	}
	if tree.Root() != c.Root {
		return forked(key, c), nil
	}
	r.Compared, r.Last = r.Compared+1, max(r.Last, c.Size)
	return nil, nil
}
