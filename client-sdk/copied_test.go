package attune_test

import (
	"context"
	"os"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// duplicate copies a device's home, as a backup does, or a thief, and opens both.
func (s *service) duplicate(c *attune.Client, as string) (one, other *attune.Client) {
	s.t.Helper()
	must(s.t, c.Close())
	must(s.t, os.CopyFS(s.home(as), os.DirFS(c.Home())))
	return s.openAgain(c.Home()), s.openAgain(s.home(as))
}

func (s *service) openAgain(dir string) *attune.Client {
	s.t.Helper()
	c, err := attune.Open(dir, passphrase, s.config())
	must(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	return c
}

func sessions(t *testing.T, c *attune.Client, f policies.FamilyID) int {
	t.Helper()
	list, err := c.Sessions.List(f)
	must(t, err)
	return len(list)
}

// TestCopiedDevice: two copies of one device are in use at once, each with work that the
// other does not know. All of it arrives, once, film too; one of them goes on as another
// device, and the registrars read in the record that there was a copy.
func TestCopiedDevice(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	_, err := sam.Sessions.Log(f.id, "2026-11-01", 2, true, "") // queued in both
	must(t, err)
	one, other := s.duplicate(sam, "copy")
	was := one.Keys.Device()

	for _, c := range []*attune.Client{one, other} {
		f.practitioner = c
		for n := range 3 {
			_, err := c.Sessions.Log(f.id, "2026-11-02", 3+n, true, "a note with "+marker)
			must(t, err)
		}
	}
	on, err := other.Sessions.Log(f.id, "2026-11-03", 9, true, "")
	must(t, err)
	clip, err := other.Clips.Add(context.Background(), attune.AddClip{
		Family: f.id, File: film(t, "visit.mp4"), Kind: policies.Excerpt, Chosen: true, Title: "First smile",
		People: []policies.PersonID{f.mum, f.child}, Session: on,
	})
	must(t, err)

	if r := s.sync(one); r.Copied || len(r.Accepted) != 4 {
		t.Errorf("the first to sync: copied %v, %d accepted", r.Copied, len(r.Accepted))
	}
	r := s.sync(other)
	if !r.Copied || r.Waiting != 0 || len(r.Uploaded) != 1 {
		t.Errorf("the second to sync: %+v", r)
	}
	if other.Keys.Device() == was || one.Keys.Device() != was {
		t.Error("the copy did not go on as another device, or the first did")
	}
	s.sync(one)
	if a, b := sessions(t, one, f.id), sessions(t, other, f.id); a != 9 || b != 9 {
		t.Errorf("%d and %d sessions, want 9: the first, one queued in both, twice three, and the clip's", a, b)
	}
	if v, err := one.Clips.Show(clip.Clip); err != nil || v.Title != "First smile" {
		t.Errorf("the copy's clip on the first: %+v, %v", v, err)
	}

	// Both work on, and after a restart too.
	must(t, other.Close())
	other = s.openAgain(s.home("copy"))
	if other.Keys.Device() == was {
		t.Error("after a restart the copy is the old device again")
	}
	for i, c := range []*attune.Client{one, other, one, other} {
		_, err := c.Sessions.Log(f.id, "2026-11-05", 20+i, true, "")
		must(t, err)
		if r := s.sync(c); r.Copied || len(r.Accepted) != 1 {
			t.Errorf("afterwards: %+v", r)
		}
	}
	s.sync(s.head)
	if list := s.waiting(s.head, policies.DeviceCopied); len(list) != 1 || list[0].Of != was.String() {
		t.Errorf("the registrar's desk: %+v", list)
	}
	devices, err := one.Devices.List(policies.StaffID{})
	must(t, err)
	if len(devices) != 2 || devices[0].State != attune.DeviceCopied || !devices[0].This || devices[1].State != attune.DeviceInUse {
		t.Errorf("devices: %+v", devices)
	}
}

// TestRestoredDevice: a device comes back from a backup that is older than what it had
// sent. It learns what it said since, and what it says now arrives.
func TestRestoredDevice(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	lost, back := s.duplicate(sam, "backup")
	for n := range 5 {
		_, err := lost.Sessions.Log(f.id, "2026-11-02", 2+n, true, "")
		must(t, err)
	}
	s.sync(lost)
	must(t, lost.Close())

	f.practitioner = back
	_, err := back.Sessions.Log(f.id, "2026-11-06", 40, true, "")
	must(t, err)
	must(t, back.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
	s.alter("/v1/sync/push", func(body []byte) []byte { // the answer about the new key is lost
		org, err := s.store.Records.Org(context.Background())
		must(t, err)
		for _, d := range org.Devices {
			if !d.Continues.IsZero() {
				return nil
			}
		}
		return body
	})
	if _, err := back.Sync(context.Background()); !attune.Offline(err) {
		t.Fatalf("lost answer: %v, want offline", err)
	}
	s.spoil.Store(nil)
	must(t, back.Close())
	back = s.openAgain(s.home("backup"))
	r := s.sync(back)
	if r.Waiting != 0 || sessions(t, back, f.id) != 7 {
		t.Errorf("after the restore: %+v, %d sessions, want 7", r, sessions(t, back, f.id))
	}
	devices, err := back.Devices.List(policies.StaffID{})
	must(t, err)
	if len(devices) != 2 {
		t.Errorf("%d devices: the lost answer made another one", len(devices))
	}
	if f, ok := back.Mirror.Family(f.id); !ok || len(f.Withdrawn) != 1 {
		t.Error("the withdrawal did not arrive")
	}
}

// TestCopyWhoseDeviceWasRevoked: a copy of a device that a registrar ended does not come
// back as another.
func TestCopyWhoseDeviceWasRevoked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	one, other := s.duplicate(sam, "copy")
	for _, c := range []*attune.Client{one, other} {
		_, err := c.Sessions.Log(f.id, "2026-11-02", 2, true, "")
		must(t, err)
	}
	s.sync(one)
	id := one.Keys.Device()
	s.sync(s.head)
	must(t, s.head.Devices.Revoke(id))
	s.sync(s.head)
	_, err := other.Sync(context.Background())
	if attune.CodeOf(err) != wire.CodeUnauthorised {
		t.Errorf("a copy of a device that was revoked: %v", err)
	}
	if list, err := other.Devices.List(policies.StaffID{}); err != nil || len(list) != 1 {
		t.Errorf("it made itself another device: %+v, %v", list, err)
	}
}
