package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// Buckets. Whether a bucket has object lock is decided when it is made: some
// servers cannot turn it on afterwards. None has a default retention, because
// erasing a film must stay possible; lock is there for legal holds, and keeps
// every version.
const (
	bucketClips       = "clips"       // payloads
	bucketForms       = "forms"       // kept free for signed forms
	bucketCheckpoints = "checkpoints" // signed states of the access log, see S3Anchors
	bucketStaging     = "staging"     // short parts of open uploads
)

var buckets = [...]struct {
	name   string
	locked bool
}{{bucketClips, true}, {bucketForms, true}, {bucketCheckpoints, true}, {bucketStaging, false}}

func (c S3Config) bucket(name string) string {
	if c.Prefix == "" {
		return name
	}
	return c.Prefix + "-" + name
}

// Bucket says how a bucket is found.
type Bucket struct {
	Name       string `json:"name"`
	Made       bool   `json:"made"` // by this call of SetupS3
	Exists     bool   `json:"exists"`
	Versioning bool   `json:"versioning"`
	Lock       bool   `json:"lock"`
	Wants      bool   `json:"wantsLock"` // object lock, and with it versioning
}

// OK reports whether the bucket is as SetupS3 makes it.
func (b Bucket) OK() bool {
	return b.Exists && (!b.Wants || b.Lock && b.Versioning)
}

// SetupS3 makes the buckets that are missing, and changes none that is there.
// Safe to call twice.
func SetupS3(ctx context.Context, cfg S3Config) ([]Bucket, error) {
	core, transport, err := cfg.client()
	if err != nil {
		return nil, fmt.Errorf("set up object store: %w", err)
	}
	defer transport.CloseIdleConnections()
	var out []Bucket
	for _, want := range buckets {
		b := Bucket{Name: cfg.bucket(want.name), Wants: want.locked}
		err := core.MakeBucket(ctx, b.Name, minio.MakeBucketOptions{Region: cfg.Region, ObjectLocking: want.locked})
		switch minio.ToErrorResponse(err).Code {
		case "BucketAlreadyOwnedByYou", "BucketAlreadyExists":
			err = nil
		default:
			b.Made = err == nil
		}
		if err == nil {
			err = b.look(ctx, core)
		}
		if err != nil {
			return out, fmt.Errorf("set up bucket %s: %w", b.Name, err)
		}
		out = append(out, b)
	}
	return out, nil
}

// look fills in what the server says.
func (b *Bucket) look(ctx context.Context, core *minio.Core) (err error) {
	if b.Exists, err = core.BucketExists(ctx, b.Name); err != nil || !b.Exists {
		return err
	}
	v, err := core.GetBucketVersioning(ctx, b.Name)
	if err != nil && !lacks(err) {
		return err
	}
	b.Versioning = v.Enabled()
	lock, _, _, _, err := core.GetObjectLockConfig(ctx, b.Name)
	if err != nil && !lacks(err) {
		return err
	}
	b.Lock = lock == "Enabled"
	return nil
}

// lacks reports whether a server says that it, or a bucket, has no such thing.
func lacks(err error) bool {
	switch minio.ToErrorResponse(err).Code {
	case "ObjectLockConfigurationNotFoundError", "NotImplemented", "VersioningNotConfigured":
		return true
	}
	return false
}

// S3Report is what CheckS3 found.
type S3Report struct {
	Buckets []Bucket `json:"buckets"`
	// Probed is false when the staging bucket is missing.
	Probed bool `json:"probed"`
	// MD5ETags: an object's ETag is the MD5 of its bytes. [S3] needs it to know its
	// own object again after a lost answer; SSE-KMS takes it away.
	MD5ETags bool `json:"md5ETags"`
	// WriteOnce: the server refuses a second object under a name on request, which
	// keeps two processes apart.
	WriteOnce bool `json:"writeOnce"`
}

// OK reports whether a service may run on it.
func (r S3Report) OK() bool {
	for _, b := range r.Buckets {
		if !b.OK() {
			return false
		}
	}
	return r.Probed && r.MD5ETags && r.WriteOnce
}

// CheckS3 looks at the buckets, and writes and removes one small object in
// staging. An error means that the server could not be asked.
func CheckS3(ctx context.Context, cfg S3Config) (r S3Report, err error) {
	core, transport, err := cfg.client()
	if err != nil {
		return r, fmt.Errorf("check object store: %w", err)
	}
	defer transport.CloseIdleConnections()
	for _, want := range buckets {
		b := Bucket{Name: cfg.bucket(want.name), Wants: want.locked}
		if err := b.look(ctx, core); err != nil {
			return r, fmt.Errorf("check bucket %s: %w", b.Name, err)
		}
		r.Buckets = append(r.Buckets, b)
		r.Probed = r.Probed || want.name == bucketStaging && b.Exists
	}
	if !r.Probed {
		return r, nil
	}
	if err := r.probe(ctx, core, cfg.bucket(bucketStaging)); err != nil {
		return r, fmt.Errorf("check object store: %w", err)
	}
	return r, nil
}

func (r *S3Report) probe(ctx context.Context, core *minio.Core, bucket string) (err error) {
	// The dot keeps it apart from every short part: a key begins with none.
	name, p := ".probe."+string(newRef()), []byte("Attune was here, and is gone again.")
	sum := md5.Sum(p)
	put := func() (minio.UploadInfo, error) {
		opts := minio.PutObjectOptions{DisableContentSha256: true}
		opts.SetMatchETagExcept("*")
		return core.PutObject(ctx, bucket, name, bytes.NewReader(p), int64(len(p)), base64.StdEncoding.EncodeToString(sum[:]), "", opts)
	}
	first, err := put()
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, core.RemoveObject(ctx, bucket, name, minio.RemoveObjectOptions{}))
	}()
	r.MD5ETags = first.ETag == hex.EncodeToString(sum[:])
	_, err = put()
	r.WriteOnce = minio.ToErrorResponse(err).Code == "PreconditionFailed"
	if r.WriteOnce {
		return nil
	}
	return err
}
