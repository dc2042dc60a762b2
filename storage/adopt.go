package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// adopt takes an object that is there already for the film of a clip whose device wants
// to send it, in a service that was put back: the film had arrived, and what was
// forgotten is only that it had. All of it is read, and must be what the manifest names.
// The upload is the zero one where there is nothing to adopt.
func (u *Uploads) adopt(ctx context.Context, c policies.Caller, id policies.ClipID, length int64) (Upload, error) {
	o, err := u.records.Org(ctx)
	if err != nil || len(o.Restorations) == 0 {
		return Upload{}, err
	}
	f, err := u.familyOf(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Upload{}, nil // the ordinary way refuses it
	}
	if err != nil {
		return Upload{}, err
	}
	manifest := f.Clips[id].Payload
	info, err := u.d.cfg.Objects.Stat(ctx, payloadKey(id))
	if errors.Is(err, objects.ErrNotFound) || err == nil && (info.Bytes != manifest.Bytes || length != manifest.Bytes) {
		return Upload{}, nil
	}
	if err != nil {
		return Upload{}, fmt.Errorf("look for the film of clip %s: %w", id, err)
	}
	var denied error
	err = u.d.rows.Write(ctx, func(tx *rows.Tx) (err error) {
		denied, err = u.rule(tx, c, id)
		return err
	})
	if err := errors.Join(err, denied); err != nil {
		return Upload{}, err
	}
	same, err := u.holdsFilm(ctx, id, manifest)
	if err != nil || !same {
		return Upload{}, err
	}
	err = u.records.state(context.WithoutCancel(ctx), policies.Caller{}, f.ID, func(f *policies.Family) (policies.Kind, policies.Body) {
		if c := f.Clips[id]; c == nil || !c.Stored.IsZero() {
			return "", nil
		}
		return "clip.stored", &policies.ClipStored{Clip: id, Bytes: manifest.Bytes, SHA256: manifest.SHA256}
	})
	return Upload{Clip: id, Offset: length, Length: length, Stored: err == nil}, err
}

// holdsFilm reads an object and compares it with a manifest.
func (u *Uploads) holdsFilm(ctx context.Context, id policies.ClipID, manifest policies.Payload) (bool, error) {
	body, err := u.d.cfg.Objects.ReadRange(ctx, payloadKey(id), 0, manifest.Bytes)
	if err != nil {
		return false, fmt.Errorf("read the film of clip %s: %w", id, err)
	}
	defer body.Close()
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return false, fmt.Errorf("read the film of clip %s: %w", id, err)
	}
	return policies.Digest(h.Sum(nil)) == manifest.SHA256, nil
}

func storedOr(up Upload) error {
	if up.Stored {
		return ErrStored
	}
	return nil
}
