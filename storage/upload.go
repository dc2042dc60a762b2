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

// Uploads is the door through which payloads come in.
type Uploads struct {
	d       *door
	records *Records
	holds   *holds
}

// uploadFor is how long an upload may lie unfinished: a fortnight's leave. It must
// stay below the time after which the object store drops parts by itself.
const uploadFor = policies.Micros(14 * 24 * 60 * 60 * 1_000_000)

// Create opens the upload of a clip's payload, or finds the one that is open. The
// length must be the manifest's. ErrStored when the payload is there already;
// ErrNotFound for a clip that the caller may not know.
func (u *Uploads) Create(ctx context.Context, c policies.Caller, id policies.ClipID, length int64) (Upload, error) {
	if live, err := u.ForClip(ctx, c, id); err == nil {
		if live.Stored {
			return live, ErrStored
		}
		return live, u.sameLength(live, length)
	} else if !errors.Is(err, ErrNotFound) {
		return Upload{}, err
	}
	key := payloadKey(id)
	ref, err := u.d.cfg.Objects.Begin(ctx, key)
	if err != nil {
		return Upload{}, fmt.Errorf("begin upload: %w", err)
	}
	up, err := u.create(ctx, c, id, length, ref)
	if err != nil || up.Ref != string(ref) {
		// Refused, or another request opened one first: this one's parts go.
		err = errors.Join(err, u.d.cfg.Objects.Abort(context.WithoutCancel(ctx), key, ref))
	}
	return upload(up), err
}

func (u *Uploads) sameLength(live Upload, length int64) error {
	if live.Length != length {
		return ErrMismatch
	}
	return nil
}

func (u *Uploads) create(ctx context.Context, c policies.Caller, id policies.ClipID, length int64, ref objects.Ref) (rows.Upload, error) {
	var up rows.Upload
	var denied error
	err := u.d.rows.Write(ctx, func(tx *rows.Tx) error {
		var err error
		if denied, err = u.rule(tx, c, id); err != nil || denied != nil {
			return err
		}
		var ok bool
		if up, ok, err = tx.LiveUpload(id); ok || err != nil {
			return err
		}
		row, _, err := tx.Clip(id)
		if err != nil {
			return err
		}
		if row.Stored {
			denied = ErrStored
			return nil
		}
		if row.Bytes != length {
			denied = ErrMismatch
			return nil
		}
		state, err := marshal(sha256.New())
		if err != nil {
			return err
		}
		up = rows.Upload{ID: newToken(), Clip: id, Staff: c.Staff, Ref: string(ref), Length: length,
			Hash: state, State: rows.UploadOpen, Expires: u.d.now() + uploadFor}
		return tx.PutUpload(up)
	})
	return up, errors.Join(err, denied)
}

// rule asks whether the caller may upload this clip now, and logs the answer.
func (u *Uploads) rule(tx *rows.Tx, c policies.Caller, id policies.ClipID) (denied, err error) {
	o, err := u.d.org.read(tx)
	if err != nil {
		return nil, err
	}
	row, ok, err := tx.Clip(id)
	if err != nil {
		return nil, err
	}
	var f *policies.Family
	about := rows.Named{}
	if ok {
		if f, err = tx.Family(row.Family); err != nil {
			return nil, err
		}
		about = family(row.Family)
	}
	now := u.d.now()
	ruling := u.d.cfg.Bundle.Decide(policies.Request{Caller: c, Action: policies.ActUpload, Clip: id, Now: now}, o, f)
	if _, _, err := tx.Log(u.d.access(c, ruling, now, about, clip(id))); err != nil {
		return nil, err
	}
	if denied = hidden(ruling); !ok {
		denied = ErrNotFound
	}
	return denied, nil
}

// ForClip tells where the upload of a clip stands: stored, open, or ErrNotFound
// where there is none that the caller may know of.
func (u *Uploads) ForClip(ctx context.Context, c policies.Caller, id policies.ClipID) (Upload, error) {
	var row rows.Clip
	var live rows.Upload
	var known, open bool
	err := u.d.rows.Read(ctx, func(v *rows.View) (err error) {
		if row, known, err = v.Clip(id); err != nil {
			return err
		}
		live, open, err = v.LiveUpload(id)
		return err
	})
	switch {
	case err != nil:
		return Upload{}, err
	case !known || row.Author != c.Staff:
		return Upload{}, ErrNotFound
	case row.Stored:
		return Upload{Clip: id, Offset: row.Bytes, Length: row.Bytes, Stored: true}, nil
	case !open || live.Expires <= u.d.now():
		return Upload{}, ErrNotFound
	}
	return u.Status(ctx, c, live.ID)
}

// Status tells how many bytes are durable. An upload whose bytes are all there but
// whose finish was interrupted is finished first: it is never reported as whole
// before its payload is committed.
func (u *Uploads) Status(ctx context.Context, c policies.Caller, id UploadID) (Upload, error) {
	up, err := u.own(ctx, c, id)
	if err != nil {
		return Upload{}, err
	}
	if up.State == rows.UploadFinalising || up.State == rows.UploadOpen && up.Done == up.Length {
		release, err := u.holds.take(ctx, id)
		if err != nil {
			return Upload{}, err
		}
		defer release()
		if err := u.finish(ctx, up); err != nil {
			return Upload{}, err
		}
		up.State = rows.UploadStored
	}
	return upload(up), nil
}

// own reads an upload for the person who opened it. Anyone else's does not exist.
func (u *Uploads) own(ctx context.Context, c policies.Caller, id UploadID) (rows.Upload, error) {
	var up rows.Upload
	var ok bool
	err := u.d.rows.Read(ctx, func(v *rows.View) (err error) {
		up, ok, err = v.Upload(id)
		return err
	})
	switch {
	case err != nil:
		return up, err
	case !ok || up.Staff != c.Staff:
		return up, ErrNotFound
	case up.State == rows.UploadEnded || up.State == rows.UploadOpen && up.Expires <= u.d.now():
		return up, ErrGone
	}
	return up, nil
}

func upload(up rows.Upload) Upload {
	return Upload{ID: up.ID, Clip: up.Clip, Offset: up.Done, Length: up.Length, Expires: up.Expires, Stored: up.State == rows.UploadStored}
}

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
	w := &writer{u: u, up: &up}
	if err := w.copy(ctx, body); err != nil {
		return up.Done, err
	}
	if up.Done < up.Length {
		return up.Done, nil
	}
	return up.Done, u.finish(ctx, up)
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
	up   *rows.Upload
	hash hash.Hash
	buf  []byte // the part in hand, from its first byte
}

// copy reads to the body's end, or to the payload's. Each full part and the tail
// are durable before the offset that covers them is committed.
func (w *writer) copy(ctx context.Context, body io.Reader) error {
	var err error
	if w.hash, err = unmarshal(w.up.Hash); err != nil {
		return err
	}
	size := w.u.d.cfg.Objects.PartBytes()
	w.buf = make([]byte, w.up.Done%size, size)
	if tail := w.buf; len(tail) > 0 {
		key, ref := payloadKey(w.up.Clip), objects.Ref(w.up.Ref)
		if err := w.u.d.cfg.Objects.ReadPart(ctx, key, ref, w.up.Done-int64(len(tail)), tail); err != nil {
			return w.gone(ctx, err)
		}
	}
	for w.up.Done < w.up.Length {
		room := min(size-int64(len(w.buf)), w.up.Length-w.up.Done)
		fresh := w.buf[len(w.buf) : int64(len(w.buf))+room]
		n, readErr := io.ReadFull(body, fresh)
		if err := w.keep(ctx, fresh[:n]); err != nil {
			return err
		}
		if readErr == io.EOF || readErr == io.ErrUnexpectedEOF {
			return nil
		}
		if readErr != nil {
			return fmt.Errorf("read upload: %w", readErr)
		}
	}
	return nil
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
