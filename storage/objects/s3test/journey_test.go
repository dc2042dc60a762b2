//go:build s3

package s3test_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
	"github.com/attune-vf/attune/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world founds a service whose payloads lie on the S3 server at cfg.
func world(t testing.TB, cfg objects.S3Config) *storagetest.World {
	t.Helper()
	if _, err := objects.SetupS3(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s, err := objects.OpenS3(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := storagetest.New(t, storagetest.Adopted(t))
	w.Config.Objects = s
	w.Reopen()
	return w
}

func watch(t *testing.T, w *storagetest.World, c storagetest.Clip) []byte {
	t.Helper()
	ctx := context.Background()
	v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for at := int64(0); at < v.Bytes(); at += 3 << 20 {
		body, err := v.ReadRange(ctx, at, 3<<20)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&out, body); err != nil {
			t.Fatal(err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}
	return out.Bytes()
}

// A clip of three parts comes in over four connections with a restart after each,
// and a colleague watches it.
func TestUploadInPiecesAndWatch(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			w := world(t, server.Start(t))
			ctx, sam := t.Context(), w.Sam.Caller()
			c := w.Open("NF-2041").Add(2*objects.PartBytes+1000, true)
			up, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
			if err != nil {
				t.Fatal(err)
			}
			for _, end := range []int{100_000, 5 << 20, 2*objects.PartBytes - 1, len(c.Payload)} {
				if up, err = w.Uploads.Status(ctx, sam, up.ID); err != nil {
					t.Fatal(err)
				}
				got, err := w.Uploads.Append(ctx, sam, up.ID, up.Offset, bytes.NewReader(c.Payload[up.Offset:end]))
				if err != nil || got != int64(end) {
					t.Fatalf("append to %d = %d, %v", end, got, err)
				}
				w.Reopen()
			}
			if up, err := w.Uploads.Status(ctx, sam, up.ID); err != nil || !up.Stored {
				t.Fatalf("status = %+v, %v; want stored", up, err)
			}
			if !bytes.Equal(watch(t, w, c), c.Payload) {
				t.Error("what is watched differs from what was sealed")
			}
		})
	}
}

// The S3 server completes the object and nobody hears of it: the device is told
// of no success, and the next start of the service finishes the upload.
func TestFinishAfterLostAnswers(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			p := s3test.NewProxy(t, server.Start(t))
			w := world(t, p.Config)
			ctx, sam := t.Context(), w.Sam.Caller()
			c := w.Open("NF-2041").Add(1000, true)
			up, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
			if err != nil {
				t.Fatal(err)
			}
			completing := false
			p.Set(func(r *http.Request) s3test.Fault {
				completing = completing || r.Method == http.MethodPost
				if completing {
					return s3test.Lose
				}
				return s3test.Pass
			})
			if _, err := w.Uploads.Append(ctx, sam, up.ID, 0, bytes.NewReader(c.Payload)); err == nil {
				t.Fatal("acknowledged what the S3 server never answered")
			}
			p.Set(nil)
			w.Reopen()
			if up, err := w.Uploads.Status(ctx, sam, up.ID); err != nil || !up.Stored {
				t.Fatalf("status = %+v, %v; want stored", up, err)
			}
			if !bytes.Equal(watch(t, w, c), c.Payload) {
				t.Error("what is watched differs from what was sealed")
			}
		})
	}
}
