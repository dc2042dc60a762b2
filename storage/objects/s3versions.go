package objects

import (
	"context"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// Versions implements [Disposer].
func (s *S3) Versions(ctx context.Context, key Key) (out []Version, err error) {
	if err := ready(ctx, key); err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	for o, err := range s.versions(ctx, key) {
		if err != nil {
			return nil, fmt.Errorf("list versions of %s: %w", key, err)
		}
		out = append(out, version(o))
	}
	return out, nil
}

func version(o minio.ObjectInfo) Version {
	return Version{ID: o.VersionID, Bytes: o.Size, Marker: o.IsDeleteMarker}
}

// AbortAll implements [Disposer]. Short parts go after their uploads: a crash between
// leaves parts of no upload, which the next call finds by the key.
func (s *S3) AbortAll(ctx context.Context, key Key) (n int, err error) {
	if err := ready(ctx, key); err != nil {
		return 0, fmt.Errorf("abort uploads: %w", err)
	}
	l := s.lock(key)
	l.Lock()
	defer l.Unlock()
	for id, err := range s.uploads(ctx, key) {
		if err == nil {
			err = s.abortUpload(ctx, key, id)
		}
		if err != nil {
			return n, fmt.Errorf("abort uploads of %s: %w", key, err)
		}
		n++
	}
	if err := s.removeShort(ctx, fileName(key)+".", ""); err != nil {
		return n, fmt.Errorf("abort uploads of %s: %w", key, err)
	}
	return n, nil
}

// DeleteVersion implements [Disposer]. Servers say in different words that a hold keeps a
// version, so a refusal is followed by the question.
func (s *S3) DeleteVersion(ctx context.Context, key Key, id string) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("delete version: %w", err)
	}
	if id == "" {
		return fmt.Errorf("delete version of %s: %w", key, ErrVersion)
	}
	l := s.lock(key)
	l.Lock()
	defer l.Unlock()
	err := s.remove(ctx, s.clips, minio.ObjectInfo{Key: fileName(key), VersionID: id})
	if err == nil {
		return nil
	}
	if held, unread := s.held(ctx, key, id); unread == nil && held {
		err = ErrHeld
	}
	return fmt.Errorf("delete version %s of %s: %w", id, key, err)
}

// Remains implements [Disposer].
func (s *S3) Remains(ctx context.Context, key Key) (r Remains, err error) {
	if err := ready(ctx, key); err != nil {
		return r, fmt.Errorf("look what remains: %w", err)
	}
	for _, uErr := range s.uploads(ctx, key) {
		r.Uploads++
		err = errors.Join(err, uErr)
	}
	for _, vErr := range s.versions(ctx, key) {
		r.Versions++
		err = errors.Join(err, vErr)
	}
	for _, pErr := range s.short(ctx, fileName(key)+".") {
		r.Uploads++
		err = errors.Join(err, pErr)
	}
	if err != nil {
		return Remains{}, fmt.Errorf("look what remains of %s: %w", key, err)
	}
	return r, nil
}

func (s *S3) held(ctx context.Context, key Key, id string) (bool, error) {
	status, err := s.core.GetObjectLegalHold(ctx, s.clips, fileName(key), minio.GetObjectLegalHoldOptions{VersionID: id})
	switch minio.ToErrorResponse(err).Code {
	case "NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError": // never had one
		return false, nil
	case "NoSuchVersion", minio.NoSuchKey, "NotFound", "MethodNotAllowed": // the last for a marker
		return false, ErrNotFound
	}
	return err == nil && status != nil && *status == minio.LegalHoldEnabled, err
}
