//go:build s3

package objects_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

func openAnchors(t *testing.T, cfg objects.S3Config) *objects.S3Anchors {
	t.Helper()
	a, err := objects.OpenS3Anchors(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// TestS3Anchors: with the anchor's key, which is enough; the auditor reads the same and adds
// nothing; the server's key does neither.
func TestS3Anchors(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways := granted(t, cfg)
		anchorsKeepTheFirst(t, openAnchors(t, ways[objects.RoleAnchor]))
		auditor := openAnchors(t, ways[objects.RoleAuditor])
		if b, err := auditor.Get(t.Context(), "h/01"); err != nil || string(b) != "first" {
			t.Errorf("the auditor reads %q, %v", b, err)
		}
		if err := auditor.Put(t.Context(), "h/03", nil, time.Now().Add(time.Hour)); err == nil {
			t.Error("the auditor's key added an anchor")
		}
		server := openAnchors(t, ways[objects.RoleServer])
		if err := server.Put(t.Context(), "h/03", nil, time.Now().Add(time.Hour)); err == nil {
			t.Error("the server's key added an anchor")
		}
	})
}

// TestS3AnchorOutlivesTheAdministrator: the administrator's key cannot remove the version; it
// can hide it behind a marker or another one, and both are seen through.
func TestS3AnchorOutlivesTheAdministrator(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways, root := granted(t, cfg), s3test.Client(t, cfg)
		a := openAnchors(t, ways[objects.RoleAnchor])
		if err := a.Put(t.Context(), "h/01", []byte("first"), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for o := range root.ListObjectsIter(t.Context(), "checkpoints", minio.ListObjectsOptions{WithVersions: true}) {
			if err := root.RemoveObject(t.Context(), "checkpoints", o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: true}); err == nil {
				t.Error("the administrator removed an anchor")
			}
		}
		if _, err := root.PutObject(t.Context(), "checkpoints", "h,01", bytes.NewReader([]byte("other")), 5, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := root.RemoveObject(t.Context(), "checkpoints", "h,01", minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		if b, err := a.Get(t.Context(), "h/01"); err != nil || string(b) != "first" {
			t.Errorf("after it was hidden: %q, %v", b, err)
		}
		if keys, err := a.Keys(t.Context()); err != nil || len(keys) != 1 {
			t.Errorf("keys = %v, %v", keys, err)
		}
	})
}
