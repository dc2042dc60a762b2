package objects

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 is a [Store] on an S3 server.
//
//	clips/<name>                           complete, one version; made by a multipart upload of 8 MiB parts
//	staging/<name>.<token>.<number>.<md5>  the last part of an upload while it is shorter than 8 MiB
//
// <name> is the key with a comma for each slash, as in [Dir]: a gateway that
// keeps objects as files cannot hold both a and a/b, and an operator can copy
// objects from one store to the other. A bucket's name may have a prefix, see
// [S3Config].
//
// What its key must be able to do is the policy of [RoleServer]; Delete needs
// that of [RoleSweeper], which a server has no use for. [SetupS3] and [GrantS3]
// need an administrator's key.
//
// What a crash leaves: an upload whose Begin was not answered, and short parts
// of uploads that are complete. Neither is visible to readers, and Delete of the
// key removes both. A server that drops unfinished uploads by itself must wait
// longer than uploads may lie: MinIO's default of a day is too short, set
// MINIO_API_STALE_UPLOADS_EXPIRY=720h.
//
// Bodies are not signed (UNSIGNED-PAYLOAD): TLS protects them, [ParseS3URL]
// refuses plain HTTP to other machines unless told otherwise, each part carries
// a checksum that the server verifies, and what the bytes must be is the
// manifest's SHA-256. Server-side encryption is not asked for, since payloads
// are ciphertext; with SSE-KMS ETags are no longer MD5, which [CheckS3] reports.
type S3 struct {
	core      *minio.Core
	transport *http.Transport
	clips     string // bucket
	staging   string // bucket

	// seed picks a key's lock.
	seed maphash.Seed
	// locks keep parts (shared) apart from Complete, Abort and Delete (exclusive)
	// of the same key in this process. Between processes the server decides who
	// was first.
	locks [64]sync.RWMutex
}

// maxAttempts is how often one request is tried: about three seconds in all,
// after which the device's own retry is the better one.
const maxAttempts = 5

// OpenS3 opens the buckets that [SetupS3] made, and says which one is missing.
func OpenS3(ctx context.Context, cfg S3Config) (*S3, error) {
	core, transport, err := cfg.client()
	if err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	s := &S3{
		core: core, transport: transport, seed: maphash.MakeSeed(),
		clips: cfg.bucket(bucketClips), staging: cfg.bucket(bucketStaging),
	}
	for _, bucket := range []string{s.clips, s.staging} {
		ok, err := core.BucketExists(ctx, bucket)
		if err == nil && !ok {
			err = ErrNoBucket
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open bucket %s at %s: %w", bucket, cfg, err), s.Close())
		}
	}
	return s, nil
}

// ErrNoBucket says that [SetupS3] has not been here.
var ErrNoBucket = errors.New("no such bucket")

func (c S3Config) client() (*minio.Core, *http.Transport, error) {
	transport, err := minio.DefaultTransport(!c.Plain)
	if err != nil {
		return nil, nil, err
	}
	core, err := minio.NewCore(c.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: !c.Plain,
		Transport: transport, Region: c.Region, MaxRetries: maxAttempts,
	})
	return core, transport, err
}

// Close drops idle connections. Readers that are open stay good.
func (s *S3) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// PartBytes implements [Store].
func (s *S3) PartBytes() int64 { return PartBytes }

// Stat implements [Store].
func (s *S3) Stat(ctx context.Context, key Key) (Info, error) {
	if err := ready(ctx, key); err != nil {
		return Info{}, fmt.Errorf("stat object: %w", err)
	}
	info, err := s.stat(ctx, key)
	if err != nil {
		return Info{}, fmt.Errorf("stat object %s: %w", key, err)
	}
	return Info{Bytes: info.Size}, nil
}

func (s *S3) stat(ctx context.Context, key Key) (minio.ObjectInfo, error) {
	info, err := s.core.StatObject(ctx, s.clips, fileName(key), minio.StatObjectOptions{})
	return info, translate(err)
}

// ReadRange implements [Store]. The range's end is held against the server's
// Content-Length: S3 answers a range that goes too far with what there is.
func (s *S3) ReadRange(ctx context.Context, key Key, offset, length int64) (io.ReadCloser, error) {
	if err := ready(ctx, key); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	r, err := s.readRange(ctx, s.clips, fileName(key), offset, length)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	return r, nil
}

func (s *S3) readRange(ctx context.Context, bucket, name string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || length <= 0 || length-1 > math.MaxInt64-offset {
		return nil, fmt.Errorf("%w: %d bytes at %d", ErrRange, length, offset)
	}
	var opts minio.GetObjectOptions
	opts.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
	body, info, header, err := s.core.GetObject(ctx, bucket, name, opts)
	if err != nil {
		return nil, translate(err)
	}
	// A server that ignores ranges sends the whole, which would pass for a range
	// of the same length elsewhere.
	if info.Size != length || !strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset)) {
		return nil, errors.Join(fmt.Errorf("%w: %d bytes at %d, the server has %d", ErrRange, length, offset, info.Size), body.Close())
	}
	return body, nil // net/http fails with io.ErrUnexpectedEOF when it ends early
}

// translate turns the server's words into ours; every other error keeps them.
func translate(err error) error {
	if err == nil {
		return nil
	}
	switch code := minio.ToErrorResponse(err).Code; code {
	case minio.NoSuchKey, "NotFound":
		return ErrNotFound
	case minio.NoSuchUpload:
		return ErrNoUpload
	case "InvalidRange":
		return ErrRange
	case "InvalidPart", "InvalidPartOrder", "EntityTooSmall":
		return fmt.Errorf("%w: the server says %s", ErrParts, code)
	case "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage", "QuotaExceeded":
		return fmt.Errorf("%w: the server says %s", ErrFull, code)
	}
	return err
}

func (s *S3) lock(key Key) *sync.RWMutex {
	return &s.locks[maphash.String(s.seed, string(key))%uint64(len(s.locks))]
}
