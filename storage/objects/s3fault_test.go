//go:build s3

package objects_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

// onceEach loses the first answer to each different request.
func onceEach() func(*http.Request) s3test.Fault {
	seen := map[string]bool{}
	return func(r *http.Request) s3test.Fault {
		name := r.Method + " " + r.URL.String()
		if seen[name] {
			return s3test.Pass
		}
		seen[name] = true
		return s3test.Lose
	}
}

// Every request has its effect, and then its answer is lost: the client repeats
// it, and nothing is stored twice or left behind.
func TestS3EveryAnswerLostOnce(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		p := s3test.NewProxy(t, cfg)
		s, key := openS3(t, p.Config), objects.Key("clips/a")
		p.Set(onceEach())
		full := strings.Repeat("x", objects.PartBytes)
		ref := begin(t, s, key)
		parts := []objects.Part{write(t, s, key, ref, 0, full)}
		write(t, s, key, ref, objects.PartBytes, "ta")
		tail := make([]byte, 2)
		if err := s.ReadPart(t.Context(), key, ref, objects.PartBytes, tail); err != nil || string(tail) != "ta" {
			t.Fatalf("tail = %q, %v", tail, err)
		}
		parts = append(parts, write(t, s, key, ref, objects.PartBytes, "tail"))
		if err := s.Complete(t.Context(), key, ref, parts, objects.PartBytes+4); err != nil {
			t.Fatal(err)
		}
		if read(t, s, key) != full+"tail" {
			t.Error("object differs from what was written")
		}
		if got := left(t, cfg); len(got.versions) != 1 || got.short != 0 {
			t.Errorf("%d versions and %d short parts after Complete, want 1 and 0", len(got.versions), got.short)
		}
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if got := left(t, cfg, "clips,a"); len(got.versions)+got.short+got.uploads != 0 {
			t.Errorf("left after Delete: %+v", got)
		}
	})
}

// Every attempt to complete has its effect and no answer comes back. The next
// call finds the object.
func TestS3CompleteNeverAnswered(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		p := s3test.NewProxy(t, cfg)
		s, key := openS3(t, p.Config), objects.Key("clips/a")
		ref := begin(t, s, key)
		parts := []objects.Part{write(t, s, key, ref, 0, "film")}
		completing := false
		p.Set(func(r *http.Request) s3test.Fault {
			completing = completing || r.Method == http.MethodPost
			if completing { // and the look at what became of it
				return s3test.Lose
			}
			return s3test.Pass
		})
		if err := s.Complete(t.Context(), key, ref, parts, 4); err == nil {
			t.Fatal("acknowledged what nobody answered")
		}
		p.Set(nil)
		for range 2 {
			if err := s.Complete(t.Context(), key, ref, parts, 4); err != nil {
				t.Fatal(err)
			}
		}
		if got := left(t, cfg, "clips,a"); len(got.versions) != 1 || got.short+got.uploads != 0 {
			t.Errorf("left after Complete: %+v, want one version and nothing else", got)
		}
	})
}

// Another process completes the same key between our look at it and our own
// Complete: it was first, and ours must not become a newer version.
func TestS3AnotherProcessIsFirst(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		p := s3test.NewProxy(t, cfg)
		ours, theirs, key := openS3(t, p.Config), openS3(t, cfg), objects.Key("clips/a")
		ref, theirRef := begin(t, ours, key), begin(t, theirs, key)
		part, theirPart := write(t, ours, key, ref, 0, "film"), write(t, theirs, key, theirRef, 0, "FILM")
		p.Set(func(r *http.Request) s3test.Fault {
			if r.Method == http.MethodPost {
				if err := theirs.Complete(t.Context(), key, theirRef, []objects.Part{theirPart}, 4); err != nil {
					t.Error(err)
				}
			}
			return s3test.Pass
		})
		if err := ours.Complete(t.Context(), key, ref, []objects.Part{part}, 4); !errors.Is(err, objects.ErrExists) {
			t.Errorf("error = %v, want %v", err, objects.ErrExists)
		}
		if got := read(t, theirs, key); got != "FILM" {
			t.Errorf("object = %q, want theirs", got)
		}
		if got := left(t, cfg); len(got.versions) != 1 {
			t.Errorf("%d versions, want 1", len(got.versions))
		}
	})
}

// The upload is gone, and the server ends the connection before it says so.
func TestS3NoUploadUnheard(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		p := s3test.NewProxy(t, cfg)
		s, key := openS3(t, p.Config), objects.Key("clips/a")
		ref := begin(t, s, key)
		if err := s.Abort(t.Context(), key, ref); err != nil {
			t.Fatal(err)
		}
		p.Set(func(r *http.Request) s3test.Fault {
			if r.Method == http.MethodPut {
				return s3test.Lose
			}
			return s3test.Pass
		})
		if _, err := s.WritePart(t.Context(), key, ref, 0, make([]byte, objects.PartBytes)); !errors.Is(err, objects.ErrNoUpload) {
			t.Errorf("error = %v, want %v", err, objects.ErrNoUpload)
		}
	})
}

// A bit flips on the way: the server refuses the part, and it is not acknowledged.
func TestS3FlippedBit(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		p := s3test.NewProxy(t, cfg)
		s, key := openS3(t, p.Config), objects.Key("clips/a")
		ref := begin(t, s, key)
		for name, part := range map[string][]byte{"Full": make([]byte, objects.PartBytes), "Short": []byte("film")} {
			p.Set(func(r *http.Request) s3test.Fault {
				if r.Method == http.MethodPut {
					return s3test.Flip
				}
				return s3test.Pass
			})
			if etag, err := s.WritePart(t.Context(), key, ref, 0, part); err == nil {
				t.Errorf("%s: a changed part was acknowledged as %s", name, etag)
			}
			p.Set(nil)
			if _, err := s.WritePart(t.Context(), key, ref, 0, part); err != nil {
				t.Errorf("%s, again: %v", name, err)
			}
		}
	})
}

// Both the server and this process are killed in the middle of an upload.
func TestS3GoesOnAfterRestart(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			running, key := server.Run(t), objects.Key("clips/a")
			setUp(t, running.Config)
			full := strings.Repeat("x", objects.PartBytes)
			first := openS3(t, running.Config)
			ref := begin(t, first, key)
			parts := []objects.Part{write(t, first, key, ref, 0, full)}
			write(t, first, key, ref, objects.PartBytes, "ta")
			begin(t, first, key) // whose reference is lost
			running.Restart()
			second := openS3(t, running.Config)
			tail := make([]byte, 2)
			if err := second.ReadPart(t.Context(), key, ref, objects.PartBytes, tail); err != nil || string(tail) != "ta" {
				t.Fatalf("tail = %q, %v", tail, err)
			}
			parts = append(parts, write(t, second, key, ref, objects.PartBytes, "tail"))
			running.Restart()
			if err := second.Complete(t.Context(), key, ref, parts, objects.PartBytes+4); err != nil {
				t.Fatal(err)
			}
			if read(t, second, key) != full+"tail" {
				t.Error("object differs after restart")
			}
			if err := second.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			if got := left(t, running.Config, "clips,a"); len(got.versions)+got.short+got.uploads != 0 {
				t.Errorf("left after Delete: %+v", got)
			}
		})
	}
}

// Delete takes every version and marker that anybody made, but no version under a
// legal hold, and then says that it did not.
func TestS3DeleteTakesAllVersions(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		s, key, ctx := openS3(t, cfg), objects.Key("clips/a"), t.Context()
		ref := begin(t, s, key)
		if err := s.Complete(ctx, key, ref, []objects.Part{write(t, s, key, ref, 0, "film")}, 4); err != nil {
			t.Fatal(err)
		}
		c := s3test.Client(t, cfg)
		put := func(name string) string {
			t.Helper()
			info, err := c.PutObject(ctx, "clips", name, bytes.NewReader([]byte("FILM")), 4, minio.PutObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return info.VersionID
		}
		put("clips,a-twin")
		held := put("clips,a")
		if err := c.RemoveObject(ctx, "clips", "clips,a", minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		hold := func(status minio.LegalHoldStatus) {
			t.Helper()
			if err := c.PutObjectLegalHold(ctx, "clips", "clips,a", minio.PutObjectLegalHoldOptions{VersionID: held, Status: &status}); err != nil {
				t.Fatal(err)
			}
		}
		hold(minio.LegalHoldEnabled)
		if err := s.Delete(ctx, key); err == nil || errors.Is(err, objects.ErrNotFound) {
			t.Errorf("delete under a hold = %v, want a refusal", err)
		}
		hold(minio.LegalHoldDisabled)
		if err := s.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
		if got := left(t, cfg, "clips,a"); len(got.versions) != 1 || got.versions[0] != "clips,a-twin" {
			t.Errorf("left: %v, want the twin only", got.versions)
		}
	})
}

// remains is what a server holds, seen behind the store's back.
type remains struct {
	versions       []string // names, in clips
	short, uploads int
}

func left(t *testing.T, cfg objects.S3Config, uploadsOf ...string) (r remains) {
	t.Helper()
	c := s3test.Client(t, cfg)
	for bucket, found := range map[string]func(minio.ObjectInfo){
		"clips":   func(o minio.ObjectInfo) { r.versions = append(r.versions, o.Key) },
		"staging": func(minio.ObjectInfo) { r.short++ },
	} {
		for o := range c.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			found(o)
		}
	}
	for _, name := range uploadsOf {
		for u := range c.ListIncompleteUploads(t.Context(), "clips", name, true) {
			if u.Err != nil {
				t.Fatal(u.Err)
			}
			r.uploads++
		}
	}
	return r
}
