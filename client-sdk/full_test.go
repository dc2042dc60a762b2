package attune_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// fills leaves a device no room but what its reserve gave back: /dev/full stands
// where the reserve is to be filled again. The result makes room.
func fills(t *testing.T, c *attune.Client) (room func()) {
	t.Helper()
	reserve := filepath.Join(c.Home(), "reserve")
	must(t, os.Remove(reserve))
	must(t, os.Symlink("/dev/full", reserve))
	return func() {
		t.Helper()
		must(t, os.Remove(reserve))
		time.Sleep(1100 * time.Millisecond) // a full disk is asked once a second
	}
}

// TestDeviceIsFull: nothing is lost and no recording is touched, and a withdrawal is
// queued and sent all the same.
func TestDeviceIsFull(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	source := film(t, "visit.mp4")
	waiting := f.add(t, source, "").Clip
	room := fills(t, sam)

	full := func(name string, err error) {
		t.Helper()
		if attune.CodeOf(err) != attune.CodeDisk {
			t.Errorf("%s: %v, want disk", name, err)
		}
	}
	_, err := sam.Sessions.Log(f.id, "", 0, true, "")
	full("a note", err)
	_, err = sam.Clips.Add(context.Background(), attune.AddClip{Family: f.id, File: source, Kind: policies.Film, People: []policies.PersonID{f.mum}})
	full("a clip", err)
	full("removing the recording", sam.Clips.ConfirmSource(waiting, policies.SourceRemoved))
	if _, err := os.Stat(source); err != nil {
		t.Errorf("the recording was removed, and nothing says so: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(sam.Home(), "clips"))
	must(t, err)
	if len(left) != 2 {
		t.Errorf("%d files of clips, want 2", len(left))
	}

	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	must(t, sam.Close())
	sam, err = attune.Open(sam.Home(), passphrase, s.config()) // a full device starts
	must(t, err)
	defer sam.Close()
	r, err := sam.Sync(context.Background())
	full("sync", err)
	if len(r.Accepted) != 1 || r.Accepted[0].Kind != "consent.withdraw" {
		t.Errorf("accepted %v, want the withdrawal", r.Accepted)
	}
	s.refuses(sam, clip)

	room()
	if r, err = sam.Sync(context.Background()); err != nil || r.Waiting != 0 {
		t.Errorf("once there is room: %+v, %v", r, err)
	}
	f.practitioner = sam
	_, err = sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	// The film met the withdrawal on its way: it awaits a decision, and is not lost.
	if r, err = sam.Sync(context.Background()); err != nil || r.Waiting != 0 {
		t.Errorf("with room: %+v, %v", r, err)
	}
	if v, err := sam.Clips.Show(waiting); err != nil || v.State != attune.ClipAwaits || !v.Local {
		t.Errorf("the film that met the withdrawal: %s, here %v, %v", v.State, v.Local, err)
	}
}

// TestRemovalCutOff: a device that dies between removing a recording and saying so
// says so when it starts again; until then it takes the sealed film for what it is,
// the only copy.
func TestRemovalCutOff(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	source := film(t, "visit.mp4")
	clip := f.add(t, source, "").Clip
	must(t, sam.Close())
	db, err := sql.Open("sqlite", filepath.Join(sam.Home(), "store.db"))
	must(t, err)
	_, err = db.Exec(`UPDATE sources SET fate = 'removing' WHERE clip = $1`, clip.String())
	must(t, err)
	must(t, db.Close())

	sam, err = attune.Open(sam.Home(), passphrase, s.config())
	must(t, err)
	defer sam.Close()
	if _, err := os.Stat(source); err == nil {
		t.Error("the recording is still there")
	}
	if v, err := sam.Clips.Show(clip); err != nil || v.Source != policies.SourceRemoved {
		t.Errorf("source = %q, %v; want removed", v.Source, err)
	}
}
