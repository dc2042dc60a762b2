package objects

import (
	"context"
	"errors"
)

// Version is one version of an object as a store lists it. A store that keeps no
// versions lists the one that there is.
type Version struct {
	ID     string `json:"id"` // opaque; never that of another version of the key
	Bytes  int64  `json:"bytes"`
	Marker bool   `json:"marker,omitempty"` // hides the versions before it, and has no bytes
}

// Remains is what a store still has of a key.
type Remains struct {
	Versions int `json:"versions"` // and markers
	Uploads  int `json:"uploads"`  // unfinished ones, and parts of such
}

// Empty reports whether nothing is left.
func (r Remains) Empty() bool { return r == Remains{} }

// ErrVersion says that a version's name is none that a store gave out: without one a
// delete only hides the object.
var ErrVersion = errors.New("not a version of an object")

// Disposer removes what a store has of a key, for good. It is what a sweeper needs, and
// the sweeper's key can do: it reads no bytes, and goes round no hold. Every step may be
// taken again.
//
// The order is the caller's: uploads first, since one that is completed after its object
// was deleted brings it back; then each version; then the look that finds nothing.
type Disposer interface {
	// Versions lists the versions and markers of exactly this key, the newest first
	// where the store keeps an order. None is no error.
	Versions(ctx context.Context, key Key) ([]Version, error)

	// AbortAll removes every unfinished upload of exactly this key, durably, and says how
	// many there were; never a version.
	AbortAll(ctx context.Context, key Key) (int, error)

	// DeleteVersion removes one version for good, durably on return. Absent is done.
	// ErrHeld while a hold keeps it, ErrVersion for an id that no listing gave.
	DeleteVersion(ctx context.Context, key Key, id string) error

	// Remains looks what is left, by listing: a refusal to read proves nothing.
	Remains(ctx context.Context, key Key) (Remains, error)
}

// Holder places and releases legal holds, and does nothing else: its key reads no film
// and deletes none.
type Holder interface {
	// Versions is that of [Disposer].
	Versions(ctx context.Context, key Key) ([]Version, error)

	// Hold places or releases the hold on one version, durably on return. Again is done.
	// ErrNotFound when there is no such version.
	Hold(ctx context.Context, key Key, id string, on bool) error

	// Held reports whether a hold keeps a version. ErrNotFound as for Hold.
	Held(ctx context.Context, key Key, id string) (bool, error)

	// AllVersions calls fn for every version of every key that is one of ours, markers
	// too, in no order.
	AllVersions(ctx context.Context, fn func(Key, Version) error) error
}
