package rows

import (
	"container/list"
	"slices"
	"sync"

	"github.com/attune-vf/attune/policies"
)

const (
	// maxBegunBytes bounds what is kept of records' changes, with what lies beside them.
	// Ten thousand statements, what a service of thirty practitioners works on, take 23 MB:
	// read from the tables they cost four times as much as all the rest of a first sync.
	maxBegunBytes = 32 << 20

	// maxRecordBytes bounds what is kept of one record: the rest of it is read each time.
	maxRecordBytes = maxBegunBytes / 4
)

// beginnings keeps the changes of records that were read lately, from each record's first
// change on. What was accepted never changes, and stands in the order of the log; so a
// beginning can only grow, and one of an older or a newer snapshot is as good.
//
// What may change is what lies beside the statements: it is deleted, when a viewer leaves, a
// family's locks are changed, a clip is disposed of. A beginning therefore names how many
// deletions its record had seen when it was read, and is not there for a snapshot that has
// seen another number. That is not left to who deletes, in whatever process: the tables count
// it (00012_erasures.sql). Until its record is asked for again, or others push it out, what
// was deleted may stay in this process's memory, from which nothing hands it out: keys and
// forms, all of them sealed.
type beginnings struct {
	// mu guards the fields below.
	mu       sync.Mutex
	byRecord map[policies.RecordID]*list.Element
	order    list.List // of beginning, the one used last in front
	bytes    int
}

// beginning is a record's changes up to an index, -1 for none: all of them.
type beginning struct {
	record  policies.RecordID
	erased  int64
	upTo    int64
	changes []Change
	bytes   int
}

func newBeginnings() *beginnings {
	return &beginnings{byRecord: map[policies.RecordID]*list.Element{}}
}

// at is what is kept of a record that has seen so many deletions.
func (c *beginnings) at(record policies.RecordID, erased int64) beginning {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byRecord[record]
	if e == nil || e.Value.(beginning).erased != erased {
		return beginning{record: record, erased: erased, upTo: -1}
	}
	c.order.MoveToFront(e)
	return e.Value.(beginning)
}

// between is those of a beginning with from < index ≤ to, most at the most, and whether they
// are all that there are.
func (b beginning) between(from, to int64, most int) (out []Change, last bool) {
	first, _ := slices.BinarySearchFunc(b.changes, from+1, byIndex)
	end, _ := slices.BinarySearchFunc(b.changes, to+1, byIndex)
	if end-first > most {
		return b.changes[first : first+most], false
	}
	return b.changes[first:end], b.upTo >= to
}

func byIndex(c Change, index int64) int {
	switch {
	case c.Index < index:
		return -1
	case c.Index > index:
		return 1
	}
	return 0
}

// extend keeps what was read after a beginning, unless another was faster or has seen more.
func (c *beginnings) extend(b beginning, more []Change, upTo int64) {
	for _, m := range more {
		b.bytes += m.size()
	}
	if b.bytes > maxRecordBytes {
		return
	}
	before := b.upTo
	b.changes, b.upTo = append(slices.Clip(b.changes), more...), upTo
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byRecord[b.record]; e != nil {
		there := e.Value.(beginning)
		if there.erased > b.erased || there.erased == b.erased && there.upTo != before {
			return
		}
		c.drop(e)
	} else if before >= 0 {
		return // it was pushed out meanwhile: others need the room more
	}
	for c.bytes+b.bytes > maxBegunBytes {
		c.drop(c.order.Back())
	}
	c.byRecord[b.record] = c.order.PushFront(b)
	c.bytes += b.bytes
}

// drop is called with the lock held.
func (c *beginnings) drop(e *list.Element) {
	b := c.order.Remove(e).(beginning)
	delete(c.byRecord, b.record)
	c.bytes -= b.bytes
}
