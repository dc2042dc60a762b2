package storage

import (
	"context"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Bounds on who listens at once.
const (
	// maxListeners costs about 15 MiB of connections over plain HTTP/1.1, as from a proxy
	// (BenchmarkListener in server); over HTTP/2 each costs more. Above it a device asks
	// from time to time instead, and loses nothing.
	maxListeners = 2000

	// maxListenersEach is one person's devices, ten at most, and a few connections of
	// theirs that nobody has noticed yet to be gone.
	maxListenersEach = 16
)

// Listener waits for changes of what one person receives. It learns that there are some,
// and the number of the newest, and never what.
type Listener struct {
	d     *door
	c     policies.Caller
	moved chan struct{} // one element
	wake  func()        // instead, guarded by heads.mu; nil for none
	done  int64         // told, or delivered, up to here
}

// Listen begins to wait for what comes after this cursor. Whoever may not receive the
// organisation's record is refused with a *DeniedError, which is an event; waiting is
// none. ErrBusy when too many listen. The caller closes it.
func (r *Records) Listen(ctx context.Context, c policies.Caller, cursor string) (*Listener, error) {
	r.d.upToDate(ctx)
	var at position
	var ruling policies.Ruling
	err := r.d.rows.Read(ctx, func(v *rows.View) error {
		o, err := r.d.org.read(v)
		if err != nil {
			return err
		}
		ruling = r.d.cfg.Bundle.Decide(policies.Request{Caller: c, Action: policies.ActPull, Now: r.d.now()}, o, nil)
		seal, err := newCursorSeal(v)
		if err != nil {
			return err
		}
		at, err = seal.at(c.Staff, cursor)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !ruling.Allowed {
		return nil, r.denied(ctx, c, ruling)
	}
	l := &Listener{d: r.d, c: c, moved: make(chan struct{}, 1), done: at.Done}
	if !r.d.heads.join(l) {
		return nil, ErrBusy
	}
	return l, nil
}

// denied writes the event of a refusal about no family.
func (r *Records) denied(ctx context.Context, c policies.Caller, ruling policies.Ruling) error {
	err := r.d.rows.Write(ctx, func(tx *rows.Tx) error {
		_, err := r.d.logAccess(tx, c, r.d.access(c, ruling, r.d.now(), rows.Named{}, rows.Named{}))
		return err
	})
	if err != nil {
		return err
	}
	return refusal(ruling)
}

// Moved delivers when it is worth asking Next again.
func (l *Listener) Moved() <-chan struct{} { return l.moved }

// OnMove has fn called when it is worth asking Next again, instead of Moved. It must not
// wait, nor come back here: those who commit call it. What moved before is not told again.
func (l *Listener) OnMove(fn func()) {
	l.d.heads.mu.Lock()
	defer l.d.heads.mu.Unlock()
	l.wake = fn
}

// Next is the number of the newest change that was not told yet; false for none.
func (l *Listener) Next(ctx context.Context) (head int64, ok bool, err error) {
	head, err = l.d.heads.of(ctx, l.d.rows, l.c.Staff)
	if err != nil || head <= l.done {
		return 0, false, err
	}
	l.done = head
	return head, true, nil
}

// InForce reports whether device and person still are: one that ended is told of the
// change that ended it, and nothing more.
func (l *Listener) InForce(ctx context.Context) (bool, error) {
	var in bool
	err := l.d.rows.Read(ctx, func(v *rows.View) error {
		o, err := l.d.org.read(v)
		in = err == nil && inForce(o, l.c, l.d.now())
		return err
	})
	return in, err
}

// Close ends the waiting; again is the same as once.
func (l *Listener) Close() { l.d.heads.leave(l) }

func (h *heads) join(l *Listener) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.person(l.c.Staff)
	if h.open >= maxListeners || len(p.listeners) >= maxListenersEach {
		return false
	}
	h.open++
	p.listeners[l] = struct{}{}
	return true
}

func (h *heads) leave(l *Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.people[l.c.Staff]; p != nil {
		if _, ok := p.listeners[l]; ok {
			delete(p.listeners, l)
			h.open--
		}
	}
}

// Listeners is how many listen now.
func (r *Records) Listeners() int {
	r.d.heads.mu.Lock()
	defer r.d.heads.mu.Unlock()
	return r.d.heads.open
}
