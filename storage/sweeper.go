package storage

import (
	"context"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
)

// Sweeper destroys film whose end has come. It is a part of its own, with its own key for
// the objects, and may run as a process of its own beside the server: on the same database,
// whose lock puts its steps and the server's in one order.
//
// Every step is a transaction or a call to the object store, never both; each may be cut and
// is then done again, with the same end. What becomes of film is asked of
// [policies.Family.Fate] before each step, and nowhere else. Start at [Sweeper.Run].
//
// Source: DESIGN §9, retention.
type Sweeper struct {
	d       *door
	records *Records
	cfg     SweepConfig
}

// SweepConfig opens a sweeper.
type SweepConfig struct {
	Objects Disposer       // with the sweeper's own key; over the store's own when nil
	Clock   func() Clock   // the machine's when nil
	Where   *time.Location // whose midnights end a day; UTC when nil
}

// Clock is what a machine says of time, in three ways that seldom err together.
type Clock struct {
	Wall    time.Time
	Running time.Duration // since the machine started, as nobody can set it
	Boot    string        // names this start of the machine; "" where it is not known
}

// Disposer removes what is stored of one object, for good.
type Disposer interface {
	// Dispose ends every upload of exactly this key and deletes every version of it, then
	// lists both to see that nothing is left, and returns what it deleted. Safe to call
	// again: what an earlier call deleted is not in the later one's answer.
	Dispose(ctx context.Context, key objects.Key) (Deleted, error)

	// Gone lists as Dispose does and deletes nothing; false while anything is there.
	Gone(ctx context.Context, key objects.Key) (bool, error)
}

// Deleted is what was removed of an object.
type Deleted struct {
	Versions []DeletedVersion
	Uploads  int // unfinished ones
}

// DeletedVersion is one stored version that was removed.
type DeletedVersion struct {
	ID    string // as the store names it
	Bytes int64
}

// Sweep is what one run did.
type Sweep struct {
	Looked    int               // clips whose state was worked out anew
	Marked    []policies.ClipID // hidden from now on, to be destroyed after their grace
	Spared    []policies.ClipID // shown again: what their mark followed from is so no longer
	Ordered   []policies.ClipID // past the point of no return
	Destroyed []policies.ClipID // with their certificate
	Verified  []policies.ClipID // looked for a second time, and not found
	Failed    []SweepFailure    // to be tried again at the next run
	Refused   *SweepRefused     // why it stopped before it was done; nil where it did not
}

// SweepFailure is a clip with which a run could not go on.
type SweepFailure struct {
	Clip policies.ClipID
	Err  error
}

// SweepRefused is why a sweep does nothing before an IG officer lets it go on: sweep.allow
// names Of.
type SweepRefused struct {
	What policies.SweepRefusal
	Of   policies.Digest
	Why  string // a sentence
	Due  []DueClip
}

// DueClip is a clip of a list that people decide on.
type DueClip struct {
	Clip   policies.ClipID
	Family policies.FamilyID
	Fate   policies.Fated
}
