package objectstest

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/attune-vf/attune/storage/objects"
)

// Hook decides the fate of one call. A nil error lets it pass. With an error the
// caller sees that error: after the call took effect when apply is true, as when
// an answer is lost on its way, and instead of it otherwise. Operations are
// named as the methods of [objects.Store].
type Hook func(op string) (apply bool, err error)

// Faulty wraps a store with faults, and fails its test when an object that was
// once seen changes before it is deleted. It hashes whole objects: for tests.
type Faulty struct {
	t     testing.TB
	store objects.Store

	mu sync.Mutex
	// mu guards the fields below.
	hook Hook
	seen map[objects.Key][32]byte
}

// NewFaulty wraps store. A nil hook lets everything pass.
func NewFaulty(t testing.TB, store objects.Store, hook Hook) *Faulty {
	return &Faulty{t: t, store: store, hook: hook, seen: map[objects.Key][32]byte{}}
}

// SetHook replaces the hook, also while calls are under way.
func (f *Faulty) SetHook(hook Hook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// do runs effect unless the hook prevents it.
func (f *Faulty) do(op string, effect func() error) error {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook == nil {
		return effect()
	}
	apply, fault := hook(op)
	if fault == nil {
		return effect()
	}
	if apply {
		// The fault hides the outcome, good or bad, as a dead connection does.
		_ = effect()
	}
	return fault
}

// watch fails the test when the object differs from when it was first seen.
func (f *Faulty) watch(key objects.Key) {
	ctx := context.Background() // the caller's may end at any moment
	info, err := f.store.Stat(ctx, key)
	if err != nil {
		return // its absence is the caller's to notice
	}
	r, err := f.store.ReadRange(ctx, key, 0, info.Bytes)
	if err != nil {
		return
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return
	}
	sum := [32]byte(h.Sum(nil))
	f.mu.Lock()
	defer f.mu.Unlock()
	if was, ok := f.seen[key]; ok && was != sum {
		f.t.Errorf("object %s changed after it was complete", key)
	}
	f.seen[key] = sum
}

// PartBytes implements [objects.Store].
func (f *Faulty) PartBytes() int64 { return f.store.PartBytes() }

// Begin implements [objects.Store].
func (f *Faulty) Begin(ctx context.Context, key objects.Key) (ref objects.Ref, err error) {
	err = f.do("Begin", func() error {
		var err error
		ref, err = f.store.Begin(ctx, key)
		return err
	})
	if err != nil {
		return "", err // a lost answer loses the reference too
	}
	return ref, nil
}

// WritePart implements [objects.Store].
func (f *Faulty) WritePart(ctx context.Context, key objects.Key, ref objects.Ref, offset int64, p []byte) (etag string, err error) {
	err = f.do("WritePart", func() error {
		var err error
		etag, err = f.store.WritePart(ctx, key, ref, offset, p)
		return err
	})
	f.watch(key)
	if err != nil {
		return "", err
	}
	return etag, nil
}

// ReadPart implements [objects.Store].
func (f *Faulty) ReadPart(ctx context.Context, key objects.Key, ref objects.Ref, offset int64, p []byte) error {
	return f.do("ReadPart", func() error { return f.store.ReadPart(ctx, key, ref, offset, p) })
}

// Complete implements [objects.Store].
func (f *Faulty) Complete(ctx context.Context, key objects.Key, ref objects.Ref, parts []objects.Part, size int64) error {
	defer f.watch(key)
	return f.do("Complete", func() error { return f.store.Complete(ctx, key, ref, parts, size) })
}

// Abort implements [objects.Store].
func (f *Faulty) Abort(ctx context.Context, key objects.Key, ref objects.Ref) error {
	defer f.watch(key)
	return f.do("Abort", func() error { return f.store.Abort(ctx, key, ref) })
}

// Stat implements [objects.Store].
func (f *Faulty) Stat(ctx context.Context, key objects.Key) (info objects.Info, err error) {
	err = f.do("Stat", func() error {
		var err error
		info, err = f.store.Stat(ctx, key)
		return err
	})
	if err != nil {
		return objects.Info{}, err
	}
	return info, nil
}

// ReadRange implements [objects.Store].
func (f *Faulty) ReadRange(ctx context.Context, key objects.Key, offset, length int64) (r io.ReadCloser, err error) {
	f.watch(key)
	err = f.do("ReadRange", func() error {
		var err error
		r, err = f.store.ReadRange(ctx, key, offset, length)
		return err
	})
	if err != nil {
		if r != nil {
			err = errors.Join(err, r.Close())
		}
		return nil, err
	}
	return r, nil
}

// Delete implements [objects.Store].
func (f *Faulty) Delete(ctx context.Context, key objects.Key) error {
	return f.do("Delete", func() error {
		err := f.store.Delete(ctx, key)
		if err == nil {
			f.mu.Lock()
			delete(f.seen, key)
			f.mu.Unlock()
		}
		return err
	})
}
