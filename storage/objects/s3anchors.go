package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// ErrUnlocked says that a server took a note and did not lock it.
var ErrUnlocked = errors.New("the object store does not lock it")

// S3Anchors is [Anchors] in the bucket of checkpoints, with the key of [RoleAnchor]; with
// that of [RoleAuditor] it can look and compare, and Put is refused.
//
// Each note is locked in compliance mode: before its day nobody's key removes that version,
// not the administrator's. Somebody may hide it behind a marker or a newer version, which
// only hides it: all versions are listed, and the oldest counts. Whoever has the disks
// below the server can destroy them all the same.
type S3Anchors struct {
	core      *minio.Core
	transport *http.Transport
	bucket    string
}

// OpenS3Anchors opens the bucket of checkpoints. ErrNoBucket when there is none; ErrUnlocked
// when it was made without object lock.
func OpenS3Anchors(ctx context.Context, cfg S3Config) (*S3Anchors, error) {
	core, transport, err := cfg.client()
	if err != nil {
		return nil, fmt.Errorf("open anchors: %w", err)
	}
	s := &S3Anchors{core, transport, cfg.bucket(bucketCheckpoints)}
	b := Bucket{Name: s.bucket, Wants: true}
	switch err = b.look(ctx, core); {
	case err != nil:
	case !b.Exists:
		err = ErrNoBucket
	case !b.OK():
		err = ErrUnlocked
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open bucket %s at %s for anchors: %w", s.bucket, cfg, err), s.Close())
	}
	return s, nil
}

// Close drops idle connections.
func (s *S3Anchors) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Put implements [Anchors]. A server may take the headers of a lock and not heed them, so it
// is asked for the lock afterwards.
func (s *S3Anchors) Put(ctx context.Context, key Key, data []byte, until time.Time) (err error) {
	if err := anchorable(ctx, key, data); err != nil {
		return err
	}
	was, err := s.Get(ctx, key)
	switch {
	case err == nil && !bytes.Equal(was, data):
		return fmt.Errorf("anchor %s: %w", key, ErrExists)
	case err == nil:
		return s.locked(ctx, key)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	sum := md5.Sum(data) // S3 demands it of whatever is locked
	opts := minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: until.UTC().Truncate(time.Second), ContentType: "text/plain"}
	opts.SetMatchETagExcept("*")
	_, err = s.core.PutObject(ctx, s.bucket, fileName(key), bytes.NewReader(data), int64(len(data)), base64.StdEncoding.EncodeToString(sum[:]), "", opts)
	if minio.ToErrorResponse(err).Code == "PreconditionFailed" {
		return fmt.Errorf("anchor %s: %w", key, ErrExists) // another process was quicker; the next run compares
	}
	if err != nil {
		return fmt.Errorf("anchor %s: %w", key, err)
	}
	return s.locked(ctx, key)
}

// locked wants a retention on the version that counts. A day that has passed is one.
func (s *S3Anchors) locked(ctx context.Context, key Key) error {
	version, err := s.first(ctx, key)
	if err != nil {
		return fmt.Errorf("anchor %s: %w", key, err)
	}
	// By the headers, since versitygw 1.8.0 answers the question itself in XML of its own.
	o, err := s.core.StatObject(ctx, s.bucket, fileName(key), minio.StatObjectOptions{VersionID: version})
	if err == nil && (o.Metadata.Get("x-amz-object-lock-mode") != minio.Compliance.String() || o.Metadata.Get("x-amz-object-lock-retain-until-date") == "") {
		err = ErrUnlocked
	}
	if err != nil {
		return fmt.Errorf("anchor %s: read its lock: %w", key, err)
	}
	return nil
}

// Get implements [Anchors].
func (s *S3Anchors) Get(ctx context.Context, key Key) ([]byte, error) {
	if err := ready(ctx, key); err != nil {
		return nil, fmt.Errorf("read anchor: %w", err)
	}
	version, err := s.first(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read anchor %s: %w", key, err)
	}
	r, _, _, err := s.core.GetObject(ctx, s.bucket, fileName(key), minio.GetObjectOptions{VersionID: version})
	if err != nil {
		return nil, fmt.Errorf("read anchor %s: %w", key, err)
	}
	defer r.Close()
	return readAnchor(key, r)
}

// first is the oldest version of a key. Servers list the newest first, so of two of one
// second the later in the list is the older.
func (s *S3Anchors) first(ctx context.Context, key Key) (version string, err error) {
	var oldest time.Time
	for o := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: fileName(key), WithVersions: true}) {
		switch {
		case o.Err != nil:
			return "", o.Err
		case o.Key != fileName(key) || o.IsDeleteMarker:
		case version == "" || !o.LastModified.After(oldest):
			version, oldest = o.VersionID, o.LastModified
		}
	}
	if version == "" {
		return "", ErrNotFound
	}
	return version, nil
}

// Keys implements [Anchors], with those that a marker hides.
func (s *S3Anchors) Keys(ctx context.Context) (keys []Key, err error) {
	for o := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			return nil, fmt.Errorf("list anchors: %w", o.Err)
		}
		if key, bad := NewKey(strings.ReplaceAll(o.Key, ",", "/")); bad == nil && !o.IsDeleteMarker {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}
