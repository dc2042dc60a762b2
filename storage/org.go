package storage

import (
	"context"
	"errors"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// orgCache holds the organisation's folded state as last read. Its head tells
// whether it is current, so another process's write is seen at once.
type orgCache struct {
	// mu guards the fields below. The state itself is never changed: folding
	// works on clones.
	mu   sync.Mutex
	head string
	org  *policies.Org
}

type orgReader interface {
	OrgHead() (string, error)
	Org() (*policies.Org, error)
}

var errNotFounded = errors.New("the service is not founded: run attuned init")

func (c *orgCache) read(from orgReader) (*policies.Org, error) {
	head, err := from.OrgHead()
	if err != nil {
		return nil, err
	}
	if head == "" {
		return nil, errNotFounded
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.head != head {
		org, err := from.Org()
		if err != nil {
			return nil, err // what is cached stays good for whoever reads the head before
		}
		c.head, c.org = head, org
	}
	return c.org, nil
}

// last is the state as it was read last, nil for never. It may be behind: whoever uses
// it knows otherwise that nothing that concerns the caller has happened since.
func (c *orgCache) last() *policies.Org {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.org
}

// Org is the organisation's folded state. The caller must not change it.
func (r *Records) Org(ctx context.Context) (*policies.Org, error) {
	var o *policies.Org
	err := r.d.rows.Read(ctx, func(v *rows.View) (err error) {
		o, err = r.d.org.read(v)
		return err
	})
	return o, err
}
