package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// finish makes the object of an upload whose bytes are all durable. Told with its
// crash points, since each of them is met again by the same code:
//
//  1. Compare the hash of the bytes with the manifest. A crash before or after
//     changes nothing.
//  2. Mark the upload as finalising. From here every request and every start of
//     the server comes back to this function.
//  3. Complete the object; safe to call twice.
//  4. Sign clip.stored and accept it, as any statement is: the clip's row says
//     stored from this commit on.
//  5. Mark the upload as stored. A crash before it finds the clip stored in 4.
func (u *Uploads) finish(ctx context.Context, up rows.Upload) error {
	ctx = context.WithoutCancel(ctx)
	f, err := u.familyOf(ctx, up.Clip)
	if err != nil {
		return err
	}
	manifest := f.Clips[up.Clip].Payload
	h, err := unmarshal(up.Hash)
	if err != nil {
		return err
	}
	if policies.Digest(h.Sum(nil)) != manifest.SHA256 || up.Length != manifest.Bytes {
		return errors.Join(ErrMismatch, u.end(ctx, up))
	}
	if err := u.mark(ctx, up.ID, rows.UploadFinalising); err != nil {
		return err
	}
	if err := u.complete(ctx, up); err != nil {
		return err
	}
	if f.Clips[up.Clip].Stored.IsZero() {
		err := u.records.state(ctx, policies.Caller{}, f.ID, func(*policies.Family) (policies.Kind, policies.Body) {
			return "clip.stored", &policies.ClipStored{Clip: up.Clip, Bytes: manifest.Bytes, SHA256: manifest.SHA256}
		})
		if err != nil {
			return err
		}
	}
	return u.mark(ctx, up.ID, rows.UploadStored)
}

func (u *Uploads) familyOf(ctx context.Context, id policies.ClipID) (*policies.Family, error) {
	var f *policies.Family
	err := u.d.rows.Read(ctx, func(v *rows.View) error {
		row, ok, err := v.Clip(id)
		if err != nil || !ok {
			return errors.Join(err, ErrNotFound)
		}
		f, err = v.Family(row.Family)
		return err
	})
	return f, err
}

func (u *Uploads) mark(ctx context.Context, id UploadID, s rows.UploadState) error {
	return u.d.rows.Write(ctx, func(tx *rows.Tx) error { return tx.SetUploadState(id, s) })
}

func (u *Uploads) complete(ctx context.Context, up rows.Upload) error {
	var parts []objects.Part
	err := u.d.rows.Read(ctx, func(v *rows.View) error {
		stored, err := v.Parts(up.ID)
		for _, p := range stored {
			parts = append(parts, objects.Part{Offset: p.At, Bytes: p.Bytes, ETag: p.ETag})
		}
		return err
	})
	if err != nil {
		return err
	}
	err = u.d.cfg.Objects.Complete(ctx, payloadKey(up.Clip), objects.Ref(up.Ref), parts, up.Length)
	if errors.Is(err, objects.ErrNoUpload) {
		return errors.Join(ErrGone, u.end(ctx, up))
	}
	if err != nil {
		return fmt.Errorf("complete clip %s: %w", up.Clip, err)
	}
	return nil
}

// resume finishes what a stopped server left behind. An upload whose parts the
// store has dropped has been ended, and its device starts again: one lost upload
// must not keep the service from starting.
func (u *Uploads) resume(ctx context.Context) error {
	var waiting []rows.Upload
	if err := u.d.rows.Read(ctx, func(v *rows.View) (err error) {
		waiting, err = v.Finalising()
		return err
	}); err != nil {
		return err
	}
	for _, up := range waiting {
		// One that cannot be finished now, because the objects cannot be reached or a
		// rule has come to stand in the way, stays as it is: its device's next request
		// comes back to finish and is told. It must not keep the service from starting.
		_ = u.finish(ctx, up)
	}
	return nil
}

// holds gives each upload to one request at a time. A newcomer waits: the server's
// read deadline ends a connection that has died, and what it delivered is kept.
type holds struct {
	// mu guards the map.
	mu   sync.Mutex
	held map[UploadID]chan struct{} // closed when released
}

func newHolds() *holds { return &holds{held: map[UploadID]chan struct{}{}} }

func (h *holds) take(ctx context.Context, id UploadID) (release func(), err error) {
	for {
		h.mu.Lock()
		busy, taken := h.held[id]
		if !taken {
			mine := make(chan struct{})
			h.held[id] = mine
			h.mu.Unlock()
			return func() {
				h.mu.Lock()
				delete(h.held, id)
				h.mu.Unlock()
				close(mine)
			}, nil
		}
		h.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
