package storage

import (
	"context"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// heads knows for whoever asked lately the index of the newest change of what they
// receive, so that a device that asks in vain costs no query. It is told of each commit
// of this process, and that another process has committed: see [Store.Notice].
type heads struct {
	// mu guards the fields below.
	mu     sync.Mutex
	era    int // counts what is not known any more
	people map[policies.StaffID]*head
	open   int // listeners, of all
}

// head is one person's. It exists before it is read, so that it misses nothing that is
// committed while it is being read.
type head struct {
	at        int64
	read      bool
	listeners map[*Listener]struct{}
}

func newHeads() *heads { return &heads{people: map[policies.StaffID]*head{}} }

// of is a person's head.
func (h *heads) of(ctx context.Context, db *rows.DB, who policies.StaffID) (int64, error) {
	h.mu.Lock()
	p, era := h.person(who), h.era
	if p.read {
		defer h.mu.Unlock()
		return p.at, nil
	}
	h.mu.Unlock()
	var at int64
	err := db.Read(ctx, func(v *rows.View) (err error) {
		at, err = v.Head(who)
		return err
	})
	if err != nil {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p.at, p.read = max(p.at, at), era == h.era
	return p.at, nil
}

// person is called with the lock held.
func (h *heads) person(who policies.StaffID) *head {
	p := h.people[who]
	if p == nil {
		p = &head{at: -1, listeners: map[*Listener]struct{}{}}
		h.people[who] = p
	}
	return p
}

// moved takes what a commit changed, and wakes whom it concerns.
func (h *heads) moved(m rows.Moved) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m == nil {
		h.era++
		for _, p := range h.people {
			p.read = false
			p.wake()
		}
		return
	}
	for who, at := range m {
		if p := h.people[who]; p != nil {
			p.at = max(p.at, at)
			p.wake()
		}
	}
}

func (p *head) wake() {
	for l := range p.listeners {
		if l.wake != nil {
			l.wake()
			continue
		}
		select {
		case l.moved <- struct{}{}:
		default: // it has not looked since it was last woken
		}
	}
}
