package objects

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/minio/minio-go/v7"
)

// S3Holds is a [Holder] on an S3 server, with the key of [RoleHolder]; with that of
// [RoleAuditor] it can look and compare, and Hold is refused.
type S3Holds struct{ s *S3 }

// OpenS3Holds opens the bucket of clips for holds.
func OpenS3Holds(ctx context.Context, cfg S3Config) (*S3Holds, error) {
	core, transport, err := cfg.client()
	if err != nil {
		return nil, fmt.Errorf("open object store for holds: %w", err)
	}
	h := &S3Holds{&S3{core: core, transport: transport, clips: cfg.bucket(bucketClips)}}
	// The key may not ask whether there is a bucket; to list what cannot be in it is all.
	_, err = h.Versions(ctx, "no-such-key")
	if minio.ToErrorResponse(err).Code == "NoSuchBucket" {
		err = ErrNoBucket
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open bucket %s at %s for holds: %w", h.s.clips, cfg, err), h.Close())
	}
	return h, nil
}

// Close drops idle connections.
func (h *S3Holds) Close() error { return h.s.Close() }

// Versions implements [Holder].
func (h *S3Holds) Versions(ctx context.Context, key Key) ([]Version, error) {
	return h.s.Versions(ctx, key)
}

// AllVersions implements [Holder].
func (h *S3Holds) AllVersions(ctx context.Context, fn func(Key, Version) error) error {
	for o, err := range h.s.list(ctx, h.s.clips, minio.ListObjectsOptions{Recursive: true, WithVersions: true}, func(minio.ObjectInfo) bool { return true }) {
		if err != nil {
			return fmt.Errorf("list all versions: %w", err)
		}
		key, err := NewKey(strings.ReplaceAll(o.Key, ",", "/"))
		if err != nil {
			continue // nothing that this program made
		}
		if err := fn(key, version(o)); err != nil {
			return err
		}
	}
	return nil
}

// Hold implements [Holder].
func (h *S3Holds) Hold(ctx context.Context, key Key, id string, on bool) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if id == "" {
		return fmt.Errorf("hold %s: %w", key, ErrVersion) // the newest, whichever that is by then
	}
	status := minio.LegalHoldDisabled
	if on {
		status = minio.LegalHoldEnabled
	}
	err := h.s.core.PutObjectLegalHold(ctx, h.s.clips, fileName(key), minio.PutObjectLegalHoldOptions{Status: &status, VersionID: id})
	switch minio.ToErrorResponse(err).Code {
	case "NoSuchVersion", minio.NoSuchKey, "NotFound", "MethodNotAllowed":
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("hold version %s of %s: %w", id, key, err)
	}
	return nil
}

// Held implements [Holder].
func (h *S3Holds) Held(ctx context.Context, key Key, id string) (bool, error) {
	if err := ready(ctx, key); err != nil {
		return false, fmt.Errorf("read hold: %w", err)
	}
	held, err := h.s.held(ctx, key, id)
	if err != nil {
		return false, fmt.Errorf("read hold of version %s of %s: %w", id, key, err)
	}
	return held, nil
}
