package objects

import (
	"bytes"
	"context"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// Excess asks, harmlessly, whether the key of cfg can do what no server's key
// should, and names what it can: the buckets clips and forms must be there. Each
// question is about an object, a version or an upload that does not exist, so
// that a key which may ask changes nothing; only a refusal counts as a no.
//
// It cannot ask for all: a right to change a bucket's lock or policy would have to
// be used to be found, and MinIO judges retention only for an object that is there.
// Reading the policy stands for them, as no role may.
func Excess(ctx context.Context, cfg S3Config) (can []string, err error) {
	core, transport, err := cfg.client()
	if err != nil {
		return nil, fmt.Errorf("check key: %w", err)
	}
	defer transport.CloseIdleConnections()
	clips, forms, name := cfg.bucket(bucketClips), cfg.bucket(bucketForms), ".probe."+string(newRef())
	hold := minio.LegalHoldDisabled
	for _, q := range []struct {
		what string
		ask  func() error
	}{
		{"delete film for good", func() error {
			return core.RemoveObject(ctx, clips, name, minio.RemoveObjectOptions{VersionID: "null"})
		}},
		{"change legal holds", func() error {
			return core.PutObjectLegalHold(ctx, clips, name, minio.PutObjectLegalHoldOptions{Status: &hold})
		}},
		{"write forms", func() error {
			_, err := core.PutObjectPart(ctx, forms, name, "no-such-upload", 1, bytes.NewReader([]byte{0}), 1, minio.PutObjectPartOptions{})
			return err
		}},
		{"read the buckets' policies", func() error { _, err := core.GetBucketPolicy(ctx, clips); return err }},
	} {
		ok, err := permitted(q.ask())
		if err != nil {
			return can, fmt.Errorf("check whether the key can %s: %w", q.what, err)
		}
		if ok {
			can = append(can, q.what)
		}
	}
	return can, nil
}

// permitted reads an answer: a refusal is a no, every other answer of the server
// shows that the key was let in, and no answer is an error.
func permitted(err error) (bool, error) {
	if err == nil {
		return true, nil
	}
	switch code := minio.ToErrorResponse(err).Code; code {
	case "AccessDenied":
		return false, nil
	case "", "InternalError", "SlowDown", "ServiceUnavailable", "XMinioServerNotInitialized":
		return false, err
	}
	return true, nil
}
