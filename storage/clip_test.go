package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/storagetest"
)

func TestUpload(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	sam := w.Sam.Caller()

	t.Run("InPiecesAcrossARestart", func(t *testing.T) {
		c := f.Add(20<<20, true) // three parts of the store, the last one short
		up, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
		if err != nil {
			t.Fatal(err)
		}
		// A connection dies in the middle of a part.
		cut := 9<<20 + 12345
		n, err := w.Uploads.Append(ctx, sam, up.ID, 0, io.MultiReader(bytes.NewReader(c.Payload[:cut]), iotest.ErrReader(errors.New("cut"))))
		if err == nil || n != int64(cut) {
			t.Fatalf("cut upload: %d bytes, %v; want %d and an error", n, err, cut)
		}
		w.Reopen()
		again, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
		if err != nil || again.ID != up.ID || again.Offset != int64(cut) {
			t.Fatalf("after a restart: %+v, %v; want the same upload at %d", again, err, cut)
		}
		if _, err := w.Uploads.Append(ctx, sam, up.ID, 5, strings.NewReader("x")); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("wrong offset: %v, want a conflict", err)
		}
		if _, err := w.Uploads.Append(ctx, sam, up.ID, int64(cut), bytes.NewReader(c.Payload[cut:])); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload))); !errors.Is(err, storage.ErrStored) {
			t.Errorf("upload of a stored clip: %v, want stored", err)
		}
		if got := watch(t, w, c); !bytes.Equal(got, c.Payload) {
			t.Error("what is watched differs from what was uploaded")
		}
	})
	t.Run("FilmInClear", func(t *testing.T) {
		c := f.Add(1000, true)
		up, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
		if err != nil {
			t.Fatal(err)
		}
		mp4 := append([]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"), make([]byte, 500)...)
		if _, err := w.Uploads.Append(ctx, sam, up.ID, 0, bytes.NewReader(mp4)); !errors.Is(err, storage.ErrNotSealed) {
			t.Errorf("film in clear: %v, want not sealed", err)
		}
	})
	t.Run("OtherBytesThanTheManifest", func(t *testing.T) {
		c := f.Add(1000, true)
		up, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
		if err != nil {
			t.Fatal(err)
		}
		c.Payload[500] ^= 1
		if _, err := w.Uploads.Append(ctx, sam, up.ID, 0, bytes.NewReader(c.Payload)); !errors.Is(err, storage.ErrMismatch) {
			t.Errorf("altered payload: %v, want a mismatch", err)
		}
		// The device starts again from its sealed copy.
		c.Payload[500] ^= 1
		if up, err = w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload))); err != nil || up.Offset != 0 {
			t.Fatalf("again: %+v, %v; want a new upload at 0", up, err)
		}
		if _, err := w.Uploads.Append(ctx, sam, up.ID, 0, bytes.NewReader(c.Payload)); err != nil {
			t.Error(err)
		}
	})
	t.Run("SomebodyElses", func(t *testing.T) {
		c := f.Add(1000, true)
		up, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Uploads.Append(ctx, w.Officer.Caller(), up.ID, 0, bytes.NewReader(c.Payload)); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another person's append: %v, want not found", err)
		}
	})
	t.Run("EndsAfterAFortnight", func(t *testing.T) {
		c := f.Add(1000, true)
		up, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Forward(15 * 24 * time.Hour)
		if _, err := w.Uploads.Append(ctx, sam, up.ID, 0, bytes.NewReader(c.Payload)); !errors.Is(err, storage.ErrGone) {
			t.Errorf("after a fortnight: %v, want gone", err)
		}
		// The practitioner is back from a long leave: the device starts again.
		fresh, err := w.Uploads.Create(ctx, sam, c.ID, int64(len(c.Payload)))
		if err != nil || fresh.ID == up.ID {
			t.Fatalf("again: %+v, %v; want a new upload", fresh, err)
		}
		if _, err := w.Uploads.Append(ctx, sam, fresh.ID, 0, bytes.NewReader(c.Payload)); err != nil {
			t.Error(err)
		}
	})
}

// incomplete is an object store that is cut off before it completes an object.
type incomplete struct{ objects.Store }

func (incomplete) Complete(context.Context, objects.Key, objects.Ref, []objects.Part, int64) error {
	return errors.New("cut off")
}

// TestStartAfterPartsWereLost: the server stops between the last byte and the
// object, and the store drops the parts before it starts again.
func TestStartAfterPartsWereLost(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	whole := w.Config.Objects
	w.Config.Objects = incomplete{whole}
	w.Reopen()
	c := w.Open("NF-2041").Add(1000, true)
	up, err := w.Uploads.Create(ctx, w.Sam.Caller(), c.ID, int64(len(c.Payload)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Uploads.Append(ctx, w.Sam.Caller(), up.ID, 0, bytes.NewReader(c.Payload)); err == nil {
		t.Fatal("acknowledged before the object was whole")
	}
	if err := whole.Delete(ctx, objects.Key("clips/"+c.ID.String())); err != nil {
		t.Fatal(err)
	}
	w.Config.Objects = whole
	w.Reopen() // fails the test if the service does not start
	again, err := w.Uploads.Create(ctx, w.Sam.Caller(), c.ID, int64(len(c.Payload)))
	if err != nil || again.Offset != 0 {
		t.Fatalf("again: %+v, %v; want a new upload at 0", again, err)
	}
	if _, err := w.Uploads.Append(ctx, w.Sam.Caller(), again.ID, 0, bytes.NewReader(c.Payload)); err != nil {
		t.Error(err)
	}
}

// watch reads a whole payload as a team member does, in ranges.
func watch(t *testing.T, w *storagetest.World, c storagetest.Clip) []byte {
	t.Helper()
	ctx := context.Background()
	v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for at := int64(0); at < v.Bytes(); at += 512 << 10 {
		body, err := v.ReadRange(ctx, at, 512<<10)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&out, body); err != nil {
			t.Fatal(err)
		}
		body.Close()
	}
	return out.Bytes()
}

func TestViewing(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1<<20, true)

	t.Run("EachEighthIsOneEventBeforeItsBytes", func(t *testing.T) {
		before := len(events(t, w, "clip.watch"))
		watch(t, w, c)
		watched := events(t, w, "clip.watch")[before:]
		if len(watched) < 3 { // the start, and the eighths of at least two pulls
			t.Fatalf("%d events of one viewing, want the start and its eighths", len(watched))
		}
		if watched[0].Range != "start" {
			t.Errorf("first event is %q, want the start", watched[0].Range)
		}
		entered := map[string]bool{}
		for _, e := range watched[1:] {
			for _, n := range strings.Fields(e.Range)[1:] {
				if entered[n] {
					t.Errorf("eighth %s was logged twice", n)
				}
				entered[n] = true
			}
		}
		if len(entered) != 8 {
			t.Errorf("%d eighths logged, want 8", len(entered))
		}
	})
	t.Run("RangesAtOnceEnterAnEighthOnce", func(t *testing.T) {
		before := len(events(t, w, "clip.watch"))
		v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				body, err := v.ReadRange(ctx, 0, 1000)
				if err != nil {
					t.Error(err)
					return
				}
				body.Close()
			})
		}
		all.Wait()
		if got := len(events(t, w, "clip.watch")) - before; got != 2 {
			t.Errorf("%d events of one viewing of one eighth, want its start and the eighth", got)
		}
	})
	t.Run("UnknownClip", func(t *testing.T) {
		_, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: policies.ClipID(policies.DigestOf([]byte("none"))), Purpose: policies.FilmAndUse})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("unknown clip: %v, want not found", err)
		}
	})
	t.Run("CopyNeedsAReason", func(t *testing.T) {
		if _, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse, Copy: true}); !errors.Is(err, storage.ErrReason) {
			t.Errorf("copy without a reason: %v, want a reason asked for", err)
		}
		for _, reason := range []string{"for the family\n192.0.2.7", strings.Repeat("x", 501)} {
			if _, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FamilyCopy, Copy: true, Reason: reason}); !errors.Is(err, storage.ErrReason) {
				t.Errorf("reason %.20q: %v, want one line asked for", reason, err)
			}
		}
	})
	t.Run("OnAnotherDevice", func(t *testing.T) {
		v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Clips.Viewing(ctx, w.Sam.Caller(), v.ID()); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another device's viewing: %v, want not found", err)
		}
	})
}
