package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// damage changes one byte of the stored film behind the service's back, and returns
// what mends it. On an S3 server it is a newer version under the same name, as
// whoever holds the administrator's key could make it.
func (st *stage) damage(ctx context.Context, clip string) (mend func() error, err error) {
	if st.s3 != nil {
		return st.s3.damage(ctx, "clips,"+clip)
	}
	object, err := largestFile(filepath.Join(st.data, "objects"))
	if err != nil {
		return nil, err
	}
	return func() error { return flip(object) }, flip(object)
}

func (s *s3) damage(ctx context.Context, name string) (mend func() error, err error) {
	core, err := minio.NewCore(s.addr, &minio.Options{Creds: credentials.NewStaticV4(s.keys.user, s.keys.password, ""), Region: "us-east-1"})
	if err != nil {
		return nil, err
	}
	body, _, _, err := core.GetObject(ctx, "clips", name, minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	film, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	film[damagedByte] ^= 1
	put, err := core.PutObject(ctx, "clips", name, bytes.NewReader(film), int64(len(film)), "", "", minio.PutObjectOptions{DisableContentSha256: true})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return func() error {
		return core.RemoveObject(context.WithoutCancel(ctx), "clips", name, minio.RemoveObjectOptions{VersionID: put.VersionID})
	}, nil
}
