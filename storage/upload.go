package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Uploads is the door through which payloads come in.
type Uploads struct {
	d       *door
	records *Records
	holds   *holds
	buffers *buffers
}

// uploadFor is how long an upload may lie unfinished: a fortnight's leave. It must
// stay below the time after which the object store drops parts by itself.
const uploadFor = 14 * 24 * policies.Hour

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
	if adopted, err := u.adopt(ctx, c, id, length); err != nil || adopted.Stored {
		return adopted, errors.Join(err, storedOr(adopted))
	}
	key := payloadKey(id)
	ref, err := u.d.cfg.Objects.Begin(ctx, key)
	if err != nil {
		return Upload{}, fmt.Errorf("begin upload: %w", err)
	}
	up, over, err := u.create(ctx, c, id, length, ref)
	var unused []objects.Ref
	if over != "" {
		unused = append(unused, over)
	}
	if err != nil || up.Ref != string(ref) {
		unused = append(unused, ref) // refused, or another request opened one first
	}
	for _, r := range unused {
		err = errors.Join(err, u.d.cfg.Objects.Abort(context.WithoutCancel(ctx), key, r))
	}
	return upload(up), err
}

func (u *Uploads) sameLength(live Upload, length int64) error {
	if live.Length != length {
		return ErrMismatch
	}
	return nil
}

// create writes the upload's row, or finds the one that another request has just
// written. One whose time is over makes room: its parts are named in over.
func (u *Uploads) create(ctx context.Context, c policies.Caller, id policies.ClipID, length int64, ref objects.Ref) (up rows.Upload, over objects.Ref, err error) {
	var denied error
	err = u.d.rows.Write(ctx, func(tx *rows.Tx) error {
		var err error
		if denied, err = u.rule(tx, c, id); err != nil || denied != nil {
			return err
		}
		live, ok, err := tx.LiveUpload(id)
		if err != nil {
			return err
		}
		if ok && !u.over(live) {
			up, denied = live, u.sameLength(upload(live), length)
			return nil
		}
		if ok {
			over = objects.Ref(live.Ref)
			if err := tx.SetUploadState(live.ID, rows.UploadEnded); err != nil {
				return err
			}
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
	return up, over, errors.Join(err, denied)
}

// over reports whether an upload's time has passed. One that is being finished has
// all its bytes and no time limit.
func (u *Uploads) over(up rows.Upload) bool {
	return up.State == rows.UploadOpen && up.Expires <= u.d.now()
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
	if _, err := u.d.logAccess(tx, c, u.d.access(c, ruling, now, about, clip(id))); err != nil {
		return nil, err
	}
	if denied = hidden(ruling, o, f, c); !ok {
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
	case !open || u.over(live):
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
		if up, err = u.own(ctx, c, id); err != nil { // whoever held it may have finished it, or ended it
			return Upload{}, err
		}
		if up.State != rows.UploadStored {
			if err := u.close(ctx, c, up); err != nil {
				return Upload{}, err
			}
			up.State = rows.UploadStored
		}
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
	case up.State == rows.UploadEnded || u.over(up):
		return up, ErrGone
	}
	return up, nil
}

func upload(up rows.Upload) Upload {
	return Upload{ID: up.ID, Clip: up.Clip, Offset: up.Done, Length: up.Length, Expires: up.Expires, Stored: up.State == rows.UploadStored}
}
