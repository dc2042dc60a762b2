package objects

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/minio/minio-go/v7"
)

// Abort implements [Store].
func (s *S3) Abort(ctx context.Context, key Key, ref Ref) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("abort upload: %w", err)
	}
	l := s.lock(key)
	l.Lock()
	defer l.Unlock()
	if err := s.abort(ctx, key, ref); err != nil {
		return fmt.Errorf("abort upload of %s: %w", key, err)
	}
	return nil
}

// abort removes an upload, then its short parts: a crash between leaves objects
// that belong to no upload, which Delete finds by the key.
func (s *S3) abort(ctx context.Context, key Key, ref Ref) error {
	token, id, err := splitRef(key, ref)
	if err != nil {
		return nil // what was never a reference is surely absent
	}
	if err := s.abortUpload(ctx, key, id); err != nil {
		return err
	}
	return s.removeShort(ctx, fileName(key)+"."+token+".", "")
}

func (s *S3) abortUpload(ctx context.Context, key Key, id string) error {
	err := translate(s.core.AbortMultipartUpload(ctx, s.clips, fileName(key), id))
	if errors.Is(err, ErrNoUpload) || errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Delete implements [Store]. Uploads go first: one that is completed after the
// object was deleted would bring it back. Versions go by their ids, since a
// delete without one only hides the object behind a marker.
func (s *S3) Delete(ctx context.Context, key Key) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("delete object: %w", err)
	}
	l := s.lock(key)
	l.Lock()
	defer l.Unlock()
	// Twice: what another process begins between listing and removing is seen by
	// the second look.
	for range 2 {
		if err := s.deleteAll(ctx, key); err != nil {
			return fmt.Errorf("delete object %s: %w", key, err)
		}
	}
	left, err := s.left(ctx, key)
	if err != nil {
		return fmt.Errorf("verify deletion of %s: %w", key, err)
	}
	if left != "" {
		return fmt.Errorf("verify deletion of %s: %s still there", key, left)
	}
	return nil
}

func (s *S3) deleteAll(ctx context.Context, key Key) error {
	for id, err := range s.uploads(ctx, key) {
		if err == nil {
			err = s.abortUpload(ctx, key, id)
		}
		if err != nil {
			return err
		}
	}
	for v, err := range s.versions(ctx, key) {
		if err == nil {
			err = s.remove(ctx, s.clips, v)
		}
		if err != nil {
			return err
		}
	}
	return s.removeShort(ctx, fileName(key)+".", "")
}

// left names what is left of a key, or "".
func (s *S3) left(ctx context.Context, key Key) (string, error) {
	for id, err := range s.uploads(ctx, key) {
		return "upload " + id, err
	}
	for v, err := range s.versions(ctx, key) {
		return "version " + v.VersionID, err
	}
	for v, err := range s.short(ctx, fileName(key)+".") {
		return "part " + v.Key, err
	}
	return "", nil
}

// uploads lists the open uploads of exactly this key. It asks with the whole key
// as prefix, the only listing that MinIO answers completely after a crash; to
// other servers the same prefix also begins other keys.
func (s *S3) uploads(ctx context.Context, key Key) iter.Seq2[string, error] {
	name := fileName(key)
	return func(yield func(string, error) bool) {
		var keyMarker, idMarker string
		for {
			page, err := s.core.ListMultipartUploads(ctx, s.clips, name, keyMarker, idMarker, "", 1000)
			if err != nil {
				yield("", translate(err))
				return
			}
			for _, u := range page.Uploads {
				if u.Key == name && !yield(u.UploadID, nil) {
					return
				}
			}
			if !page.IsTruncated {
				return
			}
			keyMarker, idMarker = page.NextKeyMarker, page.NextUploadIDMarker
		}
	}
}

// versions lists the versions and delete markers of exactly this key.
func (s *S3) versions(ctx context.Context, key Key) iter.Seq2[minio.ObjectInfo, error] {
	name := fileName(key)
	return s.list(ctx, s.clips, minio.ListObjectsOptions{Prefix: name, Recursive: true, WithVersions: true},
		func(o minio.ObjectInfo) bool { return o.Key == name })
}

// short lists short parts, by a prefix that ends with a dot.
func (s *S3) short(ctx context.Context, prefix string) iter.Seq2[minio.ObjectInfo, error] {
	return s.list(ctx, s.staging, minio.ListObjectsOptions{Prefix: prefix, Recursive: true},
		func(minio.ObjectInfo) bool { return true })
}

func (s *S3) list(ctx context.Context, bucket string, opts minio.ListObjectsOptions, ours func(minio.ObjectInfo) bool) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		for o := range s.core.ListObjectsIter(ctx, bucket, opts) {
			if o.Err != nil {
				yield(o, translate(o.Err))
				return
			}
			if ours(o) && !yield(o, nil) {
				return
			}
		}
	}
}

// removeShort removes the short parts that a prefix begins, except one.
func (s *S3) removeShort(ctx context.Context, prefix, except string) error {
	for o, err := range s.short(ctx, prefix) {
		if err == nil && o.Key != except {
			err = s.remove(ctx, s.staging, o)
		}
		if err != nil {
			return fmt.Errorf("remove short part: %w", err)
		}
	}
	return nil
}

// remove removes one version. Absent is done, whichever way the server says it.
func (s *S3) remove(ctx context.Context, bucket string, o minio.ObjectInfo) error {
	err := s.core.RemoveObject(ctx, bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID})
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchKey, "NoSuchVersion", "NotFound":
		return nil
	}
	return err
}
