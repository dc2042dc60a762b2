package rows

import (
	"container/list"
	"sync"

	"github.com/attune-vf/attune/policies"
)

// maxFoldedBytes bounds the folded families kept in memory, by the length of their
// states as stored, of which they take about three times as much. A service's open
// families fit; without room one is decoded again, half a millisecond each.
const maxFoldedBytes = 16 << 20

// families keeps folded families that were read or committed lately. The head in the
// database tells whether one is current, so that nothing here has to be believed: a
// record's head fixes every statement of it, and who wrote it does not matter.
//
// A kept family is never changed: folding works on clones.
type families struct {
	// mu guards the fields below.
	mu    sync.Mutex
	byID  map[policies.FamilyID]*list.Element
	order list.List // of kept, the one used last in front
	bytes int
}

type kept struct {
	family *policies.Family
	head   policies.Digest
	bytes  int
}

func newFamilies() *families { return &families{byID: map[policies.FamilyID]*list.Element{}} }

// at is a family as it was at a head, nil if that one is not here.
func (c *families) at(id policies.FamilyID, head policies.Digest) *policies.Family {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil || e.Value.(kept).head != head {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(kept).family
}

func (c *families) keep(k kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[k.family.ID]; e != nil {
		c.drop(e)
	}
	if k.bytes > maxFoldedBytes {
		return
	}
	for c.bytes+k.bytes > maxFoldedBytes {
		c.drop(c.order.Back())
	}
	c.byID[k.family.ID] = c.order.PushFront(k)
	c.bytes += k.bytes
}

// drop is called with the lock held.
func (c *families) drop(e *list.Element) {
	k := c.order.Remove(e).(kept)
	delete(c.byID, k.family.ID)
	c.bytes -= k.bytes
}
