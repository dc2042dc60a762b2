package s3test

import (
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/attune-vf/attune/storage/objects"
)

// Client speaks to the server behind the store's back.
func Client(t testing.TB, cfg objects.S3Config) *minio.Client {
	t.Helper()
	transport, err := minio.DefaultTransport(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := minio.New(cfg.Host, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Region: cfg.Region, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// MakePlainBucket makes a bucket as somebody does who does not know better.
func MakePlainBucket(t testing.TB, cfg objects.S3Config, name string) {
	t.Helper()
	if err := Client(t, cfg).MakeBucket(t.Context(), name, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
}
