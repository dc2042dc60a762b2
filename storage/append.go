package storage

import (
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Append takes the bytes that follow offset and returns how many are durable now,
// also with an error: a connection that dies keeps what it delivered.
//
// ErrConflict when the upload stands elsewhere; ErrNotSealed when the first bytes
// are film in clear; ErrMismatch when the whole is not what the manifest names, and
// then the upload has ended. The bytes that complete the payload are acknowledged
// only once clip.stored is committed.
func (u *Uploads) Append(ctx context.Context, c policies.Caller, id UploadID, offset int64, body io.Reader) (int64, error) {
	release, err := u.holds.take(ctx, id)
	if err != nil {
		return 0, err
	}
	defer release()
	up, err := u.own(ctx, c, id)
	if err != nil {
		return 0, err
	}
	if up.State == rows.UploadStored {
		return up.Done, ErrStored
	}
	if up.Done != offset {
		return up.Done, ErrConflict
	}
	if denied, err := u.allowed(ctx, c, up.Clip); err != nil || denied != nil {
		return up.Done, errors.Join(err, denied)
	}
	w := &writer{u: u, who: c.Device, up: &up}
	if err := w.copy(ctx, body); err != nil {
		return up.Done, err
	}
	if up.Done < up.Length {
		return up.Done, nil
	}
	return up.Done, u.close(ctx, c, up)
}

// close finishes an upload whose bytes are all there, if that is still allowed: one
// request can take hours, and consent may have ended since it began.
func (u *Uploads) close(ctx context.Context, c policies.Caller, up rows.Upload) error {
	if up.State == rows.UploadOpen {
		if denied, err := u.allowed(context.WithoutCancel(ctx), c, up.Clip); err != nil || denied != nil {
			return errors.Join(err, denied)
		}
	}
	return u.finish(ctx, up)
}

// allowed asks again at each request: consent may have ended since the last.
func (u *Uploads) allowed(ctx context.Context, c policies.Caller, id policies.ClipID) (denied, err error) {
	err = u.d.rows.Write(ctx, func(tx *rows.Tx) error {
		denied, err = u.rule(tx, c, id)
		return err
	})
	return denied, err
}

// writer turns one request's body into durable parts.
type writer struct {
	u    *Uploads
	who  policies.DeviceID
	up   *rows.Upload
	hash hash.Hash
	buf  []byte // the part in hand, from its first byte
}

// copy reads to the body's end, or to the payload's. Each full part and the tail
// are durable before the offset that covers them is committed.
//
// Bytes are gathered in the request's own memory first, and a part's buffer is
// taken when there is something for it: a phone that sends slowly holds none while
// it does. ErrBusy when there is none to be had; what was gathered is then lost,
// and sent again.
func (w *writer) copy(ctx context.Context, body io.Reader) error {
	var err error
	if w.hash, err = unmarshal(w.up.Hash); err != nil {
		return err
	}
	in := &incoming{body: body}
	for w.up.Done < w.up.Length && in.err == nil {
		if first := in.gather(w.room()); len(first) > 0 {
			if err := w.part(ctx, in, first); err != nil {
				return err
			}
		}
	}
	if in.err != nil && in.err != io.EOF { //nolint:errorlint // readers return it as it is
		return fmt.Errorf("read upload: %w", in.err)
	}
	return nil
}

// room is how much of the part in hand, and of the payload, is still to come.
func (w *writer) room() int64 {
	size := w.u.d.cfg.Objects.PartBytes()
	return min(size-w.up.Done%size, w.up.Length-w.up.Done)
}

// part makes first durable, and what the sender brings as fast up to the part's end.
// The buffer goes back after each part, so that whoever waits has a turn.
func (w *writer) part(ctx context.Context, in *incoming, first []byte) error {
	size := w.u.d.cfg.Objects.PartBytes()
	buf, release, err := w.u.buffers.take(ctx, w.who, size)
	if err != nil {
		return err
	}
	defer release()
	w.buf = buf[:w.up.Done%size]
	if tail := w.buf; len(tail) > 0 {
		key, ref := payloadKey(w.up.Clip), objects.Ref(w.up.Ref)
		if err := w.u.d.cfg.Objects.ReadPart(ctx, key, ref, w.up.Done-int64(len(tail)), tail); err != nil {
			return w.gone(ctx, err)
		}
	}
	fresh := w.buf[len(w.buf) : int64(len(w.buf))+w.room()]
	n := copy(fresh, first)
	n += in.fill(fresh[n:])
	return w.keep(ctx, fresh[:n])
}

// keep makes the part in hand durable with the fresh bytes, then commits the
// offset. Cancelling the request must not lose bytes that have arrived.
func (w *writer) keep(ctx context.Context, fresh []byte) error {
	if len(fresh) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if w.up.Done < sniffed && !plausible(w.buf[:len(w.buf)+len(fresh)]) {
		return errors.Join(ErrNotSealed, w.u.end(ctx, *w.up))
	}
	if err := w.u.d.rows.Room(); err != nil {
		return err // on the same disk a part would use up what is kept for withdrawals
	}
	start := w.up.Done - int64(len(w.buf))
	w.buf = w.buf[:len(w.buf)+len(fresh)]
	etag, err := w.u.d.cfg.Objects.WritePart(ctx, payloadKey(w.up.Clip), objects.Ref(w.up.Ref), start, w.buf)
	if err != nil {
		return w.gone(ctx, err)
	}
	w.hash.Write(fresh)
	state, err := marshal(w.hash)
	if err != nil {
		return err
	}
	done := w.up.Done + int64(len(fresh))
	var moved bool
	err = w.u.d.rows.Write(ctx, func(tx *rows.Tx) (err error) {
		moved, err = tx.Advance(w.up.ID, w.up.Done, done, state, []rows.Part{{At: start, Bytes: int64(len(w.buf)), ETag: etag}})
		return err
	})
	if err != nil {
		return err
	}
	if !moved {
		return ErrConflict
	}
	w.up.Done, w.up.Hash = done, state
	if int64(len(w.buf)) == w.u.d.cfg.Objects.PartBytes() {
		w.buf = w.buf[:0]
	}
	return nil
}

// sniffed is how many bytes tell film in clear from a sealed payload.
const sniffed = 64

func plausible(first []byte) bool { return !seal.LooksLikeMedia(first) }

// gone ends an upload whose parts the store has dropped: the device starts again
// instead of coming back for ever.
func (w *writer) gone(ctx context.Context, err error) error {
	if !errors.Is(err, objects.ErrNoUpload) {
		return fmt.Errorf("store part: %w", err)
	}
	return errors.Join(ErrGone, w.u.end(ctx, *w.up))
}

// end gives an upload up: the row first, so that no request goes on with it.
func (u *Uploads) end(ctx context.Context, up rows.Upload) error {
	ctx = context.WithoutCancel(ctx)
	err := u.d.rows.Write(ctx, func(tx *rows.Tx) error { return tx.SetUploadState(up.ID, rows.UploadEnded) })
	return errors.Join(err, u.d.cfg.Objects.Abort(ctx, payloadKey(up.Clip), objects.Ref(up.Ref)))
}

func marshal(h hash.Hash) ([]byte, error) {
	b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("keep hash: %w", err)
	}
	return b, nil
}

func unmarshal(state []byte) (hash.Hash, error) {
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("resume hash: %w", err)
	}
	return h, nil
}
