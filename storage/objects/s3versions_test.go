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
	"github.com/attune-vf/attune/storage/objects/objectstest"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

func openHolds(t *testing.T, cfg objects.S3Config) *objects.S3Holds {
	t.Helper()
	h, err := objects.OpenS3Holds(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// TestS3Disposal runs on each server with the three keys that a service has: none needs
// more than its own.
func TestS3Disposal(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways := granted(t, cfg)
		objectstest.Disposal(t, func(t *testing.T) objectstest.Roles {
			return objectstest.Roles{Store: openS3(t, ways[objects.RoleServer]), Disposer: openS3(t, ways[objects.RoleSweeper]), Holder: openHolds(t, ways[objects.RoleHolder])}
		})
	})
}

// TestS3OneKeyDoesOneThing: what each key is refused, asked through the store's own
// methods. The versions are there, and stay.
func TestS3OneKeyDoesOneThing(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways, ctx, key := granted(t, cfg), t.Context(), objects.Key("clips/a")
		server, sweeper := openS3(t, ways[objects.RoleServer]), openS3(t, ways[objects.RoleSweeper])
		holder, auditor := openHolds(t, ways[objects.RoleHolder]), openHolds(t, ways[objects.RoleAuditor])
		ref := begin(t, server, key)
		if err := server.Complete(ctx, key, ref, []objects.Part{write(t, server, key, ref, 0, "film")}, 4); err != nil {
			t.Fatal(err)
		}
		all, err := sweeper.Versions(ctx, key)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		id := all[0].ID
		if err := holder.Hold(ctx, key, id, true); err != nil {
			t.Fatal(err)
		}
		holderRaw := s3test.Client(t, ways[objects.RoleHolder])
		_, swept := sweeper.ReadRange(ctx, key, 0, 1)
		_, heldRead := holderRaw.StatObject(ctx, "clips", "clips,a", minio.StatObjectOptions{})
		for what, err := range map[string]error{
			"the sweeper reads film":           swept,
			"the sweeper releases a hold":      openHolds(t, ways[objects.RoleSweeper]).Hold(ctx, key, id, false),
			"the sweeper deletes what is held": sweeper.DeleteVersion(ctx, key, id),
			"the server deletes":               server.DeleteVersion(ctx, key, id),
			"the server deletes all":           server.Delete(ctx, key),
			"the auditor places a hold":        auditor.Hold(ctx, key, id, true),
			"the holder reads film":            heldRead,
			"the holder deletes":               holderRaw.RemoveObject(ctx, "clips", "clips,a", minio.RemoveObjectOptions{VersionID: id}),
		} {
			if err == nil {
				t.Errorf("%s", what)
			}
		}
		if held, err := auditor.Held(ctx, key, id); err != nil || !held {
			t.Errorf("to the auditor held = %v, %v", held, err)
		}
		if got := read(t, server, key); got != "film" {
			t.Errorf("the film is %q", got)
		}
		if err := errors.Join(holder.Hold(ctx, key, id, false), sweeper.DeleteVersion(ctx, key, id)); err != nil {
			t.Error(err)
		}
	})
}

// TestS3HiddenAndOverwritten: every version that anybody made is listed, markers too, and
// a hold on an older one does not keep the newer.
func TestS3HiddenAndOverwritten(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways, ctx, key := granted(t, cfg), t.Context(), objects.Key("clips/a")
		sweeper, holder, root := openS3(t, ways[objects.RoleSweeper]), openHolds(t, ways[objects.RoleHolder]), s3test.Client(t, cfg)
		for _, film := range []string{"first", "second"} {
			if _, err := root.PutObject(ctx, "clips", "clips,a", bytes.NewReader([]byte(film)), int64(len(film)), minio.PutObjectOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := root.RemoveObject(ctx, "clips", "clips,a", minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		all, err := sweeper.Versions(ctx, key)
		if err != nil || len(all) != 3 {
			t.Fatalf("versions = %+v, %v; want two and a marker", all, err)
		}
		var kept string
		for _, v := range all {
			if v.Bytes == 5 {
				kept = v.ID
			}
		}
		if err := holder.Hold(ctx, key, kept, true); err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			if err := sweeper.DeleteVersion(ctx, key, v.ID); (err != nil) != (v.ID == kept) {
				t.Errorf("delete %+v: %v", v, err)
			}
		}
		if got, err := sweeper.Remains(ctx, key); err != nil || got != (objects.Remains{Versions: 1}) {
			t.Errorf("remains = %+v, %v", got, err)
		}
		if err := errors.Join(holder.Hold(ctx, key, kept, false), sweeper.DeleteVersion(ctx, key, kept)); err != nil {
			t.Error(err)
		}
	})
}

// TestS3DisposalAnswersLost: every step has its effect and its first answer is lost.
func TestS3DisposalAnswersLost(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ctx, key := t.Context(), objects.Key("clips/a")
		p := s3test.NewProxy(t, cfg)
		s, h := openS3(t, p.Config), openHolds(t, p.Config)
		ref := begin(t, s, key)
		if err := s.Complete(ctx, key, ref, []objects.Part{write(t, s, key, ref, 0, "film")}, 4); err != nil {
			t.Fatal(err)
		}
		write(t, s, key, begin(t, s, key), 0, strings.Repeat("x", 100))
		all, err := s.Versions(ctx, key)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		p.Set(onceEach())
		id := all[0].ID
		_, aborted := s.AbortAll(ctx, key)
		err = errors.Join(h.Hold(ctx, key, id, true), h.Hold(ctx, key, id, false), aborted, s.DeleteVersion(ctx, key, id))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Remains(ctx, key); err != nil || !got.Empty() {
			t.Errorf("remains = %+v, %v", got, err)
		}
		p.Set(func(*http.Request) s3test.Fault { return s3test.Lose })
		if got, err := s.Remains(ctx, key); err == nil {
			t.Errorf("a store that does not answer has %+v", got)
		}
	})
}
