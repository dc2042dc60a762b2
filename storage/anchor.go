package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// AnchorFaultKind names what an anchor proves about a log that contradicts it.
type AnchorFaultKind string

// Kinds of fault, told apart because different people did them.
const (
	// AnchorForked: the rows up to the anchor are others than those that were signed. The
	// log was rewritten, and signed again by whoever has its key.
	AnchorForked AnchorFaultKind = "forked"
	// AnchorTruncated: the log is shorter than it was, and no restoration says so. Rows were
	// cut off, or a copy was put in its place.
	AnchorTruncated AnchorFaultKind = "truncated"
	// AnchorUnadmitted: the service was put back from a backup, and lost more rows than its
	// restoration admits to know of.
	AnchorUnadmitted AnchorFaultKind = "unadmitted"
	// AnchorForeign: it is of a history of this log that no restoration names.
	AnchorForeign AnchorFaultKind = "foreign"
	// AnchorUnsigned: no key that the organisation's root certified signed it. Something else
	// lies among the anchors, or the key was changed under the log.
	AnchorUnsigned AnchorFaultKind = "unsigned"
)

// AnchorFault is one anchor that contradicts the log.
type AnchorFault struct {
	Kind AnchorFaultKind `json:"kind"`
	Key  objects.Key     `json:"key"`  // the anchor
	Rows int64           `json:"rows"` // that it commits to; 0 when it cannot be read
	Why  string          `json:"why"`
}

func (f AnchorFault) String() string { return f.Why }

// ErrAnchor is wrapped by Anchor when the log does not go on from the last anchored state.
var ErrAnchor = errors.New("the access log does not go on from what was anchored")

// Anchored is a state of the log that lies where the service's own keys cannot change it.
type Anchored struct {
	accesslog.Checkpoint
	Note string      // signed
	Key  objects.Key // under which it lies
	New  bool        // since this call
	// Last is the state before it; nil for the first of its history.
	Last *accesslog.Checkpoint
	// Faults contradict it. With one of the history in hand nothing is anchored.
	Faults []AnchorFault
}

// AnchorKey is where a state lies: by history, in order of size. Exported for those who name
// files by it.
func AnchorKey(c accesslog.Checkpoint) objects.Key {
	return objects.Key(fmt.Sprintf("%s/%015d", historyOf(c.Origin), c.Size))
}

// evidenceKey is where a state lies that contradicts an anchor; it is none itself.
func evidenceKey(c accesslog.Checkpoint) objects.Key {
	return AnchorKey(c) + objects.Key("/against-"+policies.Digest(c.Root).Short())
}

func historyOf(origin string) string { return origin[strings.LastIndexByte(origin, '/')+1:] }

// isAnchor reports whether a key is one that AnchorKey makes.
func isAnchor(k objects.Key) bool { return strings.Count(string(k), "/") == 1 }

// Anchor signs the log as it stands, proves that it extends the last anchored state of its
// history, and puts it beside that, locked for as long as keep. When it does not extend it,
// the anchored one stays, the contradicting state is kept as evidence beside it, and the
// error wraps [ErrAnchor] with Faults in the result. In a new history, after a restoration,
// the last anchor of each history before it is compared first; a fault there is returned and
// does not keep the new one from being anchored.
func (l *Log) Anchor(ctx context.Context, where objects.Anchors, keep time.Duration) (a Anchored, err error) {
	keys, err := where.Keys(ctx)
	if err != nil {
		return a, err
	}
	keys = slices.DeleteFunc(keys, func(k objects.Key) bool { return !isAnchor(k) })
	mine := historyOf(l.origin) + "/"
	var last objects.Key // keys ascend, and sizes in them have all their digits
	before := map[string]objects.Key{}
	for _, k := range keys {
		if strings.HasPrefix(string(k), mine) {
			last = k
			continue
		}
		before[strings.Split(string(k), "/")[0]] = k
	}
	var since int64
	var was accesslog.Checkpoint
	if last != "" {
		var bad *AnchorFault
		if was, bad, err = l.readAnchor(ctx, where, last); err != nil {
			return a, err
		}
		if bad != nil {
			a.Faults = append(a.Faults, *bad)
			return a, fmt.Errorf("%w: %s", ErrAnchor, bad)
		}
		since, a.Last = was.Size, &was
	} else {
		for _, k := range before {
			found, err := l.compareAnchors(ctx, where, []objects.Key{k})
			if err != nil {
				return a, err
			}
			a.Faults = append(a.Faults, found.Faults...)
		}
	}
	p, err := l.Prove(ctx, since)
	if err != nil {
		return a, err
	}
	if a.Checkpoint, err = l.opened(ctx, p.Checkpoint); err != nil {
		return a, err
	}
	a.Note, a.Key = p.Checkpoint, AnchorKey(a.Checkpoint)
	until := l.d.now().Time().Add(keep)
	if last != "" {
		if bad := extends(was, a.Checkpoint, p.Consistency, last); bad != nil {
			a.Faults = append(a.Faults, *bad)
			return a, errors.Join(fmt.Errorf("%w: %s", ErrAnchor, bad), where.Put(ctx, evidenceKey(a.Checkpoint), []byte(a.Note), until))
		}
	}
	if a.New = a.Last == nil || a.Size > a.Last.Size; a.New {
		err = where.Put(ctx, a.Key, []byte(a.Note), until)
	}
	return a, err
}

// extends says what the proof leaves of the claim that now goes on from was.
func extends(was, now accesslog.Checkpoint, proof []accesslog.Hash, key objects.Key) *AnchorFault {
	switch {
	case now.Size < was.Size:
		return truncated(key, was, now.Size)
	case now.Size == was.Size && now.Root != was.Root,
		now.Size > was.Size && accesslog.VerifyConsistency(proof, now.Size, now.Root, was.Size, was.Root) != nil:
		return forked(key, was)
	}
	return nil
}

func forked(key objects.Key, c accesslog.Checkpoint) *AnchorFault {
	return &AnchorFault{AnchorForked, key, c.Size, fmt.Sprintf("rows 0 to %d: are not those that were anchored: the log was rewritten and signed again", c.Size-1)}
}

func truncated(key objects.Key, c accesslog.Checkpoint, size int64) *AnchorFault {
	return &AnchorFault{AnchorTruncated, key, c.Size, fmt.Sprintf("rows %d to %d: were anchored and are gone: the log was cut off", size, c.Size-1)}
}

// opened verifies a note of this log by any key that the root certified for it.
func (l *Log) opened(ctx context.Context, note string) (c accesslog.Checkpoint, err error) {
	err = l.d.rows.Read(ctx, func(v *rows.View) error {
		o, err := l.d.org.read(v)
		if err == nil {
			c, err = l.open(o, note)
		}
		return err
	})
	return c, err
}
