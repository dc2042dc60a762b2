package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// fills leaves the service no room but what the reserve gave back: the device
// /dev/full stands where it is to be filled again. The result makes room.
func fills(t *testing.T, w *storagetest.World) (room func()) {
	t.Helper()
	reserve := filepath.Join(w.Dir, "reserve")
	if err := os.Remove(reserve); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", reserve); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(reserve); err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(10 * time.Second); w.Ready(context.Background()) != nil; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("still without room: %v", w.Ready(context.Background()))
			}
		}
	}
}

// TestFullDisk: what stops something is taken and logged; everything else is
// refused, and nothing is served that is not logged. Once there is room it goes on.
func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1<<20, true)
	waiting := f.Add(1<<20, false)
	l, other := f.Share(c, 5), f.Share(c, 5)
	page := opened(t, w, l)
	v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	if err != nil {
		t.Fatal(err)
	}
	upload, err := w.Uploads.Create(ctx, w.Sam.Caller(), waiting.ID, int64(len(waiting.Payload)))
	if err != nil {
		t.Fatal(err)
	}
	before := len(events(t, w, "clip.watch"))
	note, _ := w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2, StillHappy: true})
	withdraw, _ := w.Ana.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	revoke, _ := w.Head.Say(f.Record, "approval.revoke", &policies.ApprovalRevoke{Request: f.Approval, Reason: policies.NotNow})
	unlink, _ := w.Sam.Say(f.Record, "link.revoke", &policies.LinkRevoke{Link: other.ID})
	room := fills(t, w)

	for name, try := range map[string]func() error{
		"Note": func() error {
			_, _, err := w.Records.Accept(ctx, w.Sam.Caller(), []storage.Sealed{note}, 0)
			return err
		},
		"Mixed": func() error {
			_, _, err := w.Records.Accept(ctx, w.Sam.Caller(), []storage.Sealed{unlink, note}, 0)
			return err
		},
		"Pull": func() error { _, err := w.Records.Pull(ctx, w.Sam.Caller(), "", 0, 100); return err },
		"Watch": func() error {
			_, err := w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
			return err
		},
		"Playing": func() error {
			r, err := v.ReadRange(ctx, 0, 100)
			if err != nil {
				return err
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if len(got) > 0 {
				t.Errorf("%d bytes were served", len(got))
			}
			return err
		},
		"Link": func() error { _, err := openLink(w, other, other.PIN); return err },
		"Upload": func() error {
			_, err := w.Uploads.Append(ctx, w.Sam.Caller(), upload.ID, 0, bytes.NewReader(waiting.Payload))
			return err
		},
		"Search": func() error { _, _, err := w.Log.Search(ctx, w.Officer.Caller(), storage.LogQuery{}); return err },
		"Ready":  func() error { return w.Ready(ctx) },
	} {
		if err := try(); !errors.Is(err, storage.ErrFull) {
			t.Errorf("%s: %v, want ErrFull", name, err)
		}
	}
	for name, s := range map[string]storage.Sealed{"withdraw": withdraw, "revoke": revoke, "unlink": unlink} {
		results, proven, err := w.Records.Accept(ctx, policies.Caller{}, []storage.Sealed{s}, 0)
		if err != nil || results[0].Err != nil || results[0].Receipt == nil || proven.Checkpoint == "" {
			t.Errorf("%s: %+v, %v; want it taken, with its receipt", name, results, err)
		}
	}
	if err := w.Links.Stop(ctx, policies.Caller{}, l.Token, page.Session); err != nil {
		t.Errorf("ask us to stop: %v", err)
	}
	w.Reopen() // a full disk does not keep the service from starting
	results, _, err := w.Records.Accept(ctx, policies.Caller{}, []storage.Sealed{withdraw}, 0)
	if err != nil || !results[0].Duplicate {
		t.Errorf("again after a restart: %+v, %v; want a duplicate", results, err)
	}

	room()
	if got := len(events(t, w, "clip.watch")); got != before {
		t.Errorf("%d viewings in the log, want the %d from before", got, before)
	}
	for _, action := range []string{"consent.withdraw", "approval.revoke", "link.revoke", "link.stop", "consent.suspend"} {
		if got := events(t, w, action); len(got) != 1 {
			t.Errorf("%d events %s, want one", len(got), action)
		}
	}
	// The note keeps its number, though what was said after it was taken before it.
	if results, _, err := w.Records.Accept(ctx, w.Sam.Caller(), []storage.Sealed{note}, 0); err != nil || results[0].Err != nil {
		t.Errorf("the note once there is room: %+v, %v", results, err)
	}
	_, err = w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	denied(t, w, err, "clip.watch", "VIEW-CONSENT")
	if report, err := w.Log.VerifyFile(ctx, nil); err != nil || !report.OK() {
		t.Errorf("log: %+v, %v", report, err)
	}
}
