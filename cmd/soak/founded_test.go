package soak

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/cryptotest"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/server/pages"
)

var passphrase = []byte("four hens in a boat")

// foundings are the services that worlds are copied from, by number of devices. They
// are made once: each key of a device costs a tenth of a second on purpose.
type foundings struct {
	dir  string
	made map[int]*founding
}

var kept = foundings{made: map[int]*founding{}}

// founding is a service whose people have joined, with two devices each.
type founding struct {
	now     time.Time
	service *service
	people  []*person
	devices []*device
}

// staff is who works here, by how much of the service a small world has.
var staff = []person{
	{name: "Helen Carr", role: policies.HeadOfService},
	{name: "Ivy Gold", role: policies.IGOfficer},
	{name: "Sam Reed", role: policies.Practitioner},
	{name: "Ana Silva", role: policies.Practitioner},
	{name: "Vera Lund", role: policies.Supervisor, outside: true},
	{name: "Tom Hill", role: policies.Practitioner},
	{name: "Hugo Lane", role: policies.HeadOfService},
	{name: "Ian Frost", role: policies.IGOfficer},
	{name: "Sue Marsh", role: policies.Supervisor},
	{name: "Pat North", role: policies.Practitioner},
	{name: "Zoe Ash", role: policies.Practitioner},
	{name: "Lea Brook", role: policies.Practitioner},
	{name: "Max Field", role: policies.Practitioner},
	{name: "Nia Glen", role: policies.Practitioner},
	{name: "Olu Heath", role: policies.Practitioner},
	{name: "Pia Kirk", role: policies.Practitioner},
	{name: "Ravi Moss", role: policies.Practitioner},
	{name: "Sol Nash", role: policies.Practitioner},
	{name: "Tia Orme", role: policies.Practitioner},
	{name: "Uma Pike", role: policies.Practitioner},
	{name: "Val Quay", role: policies.Practitioner},
	{name: "Wes Rowe", role: policies.Practitioner},
	{name: "Xan Stow", role: policies.Practitioner},
	{name: "Yve Thorn", role: policies.Practitioner},
	{name: "Abe Vale", role: policies.Practitioner},
	{name: "Bea Ward", role: policies.Supervisor, outside: true},
}

// founded is the service of so many devices, made if it is not there.
func founded(t *testing.T, devices int) *founding {
	t.Helper()
	if f := kept.made[devices]; f != nil {
		return f
	}
	cryptotest.SetGlobalRandom(t, uint64(devices)) // the same in each process, whatever runs before
	w := &world{t: t, dir: filepath.Join(kept.dir, fmt.Sprint(devices)), calm: true, acked: map[policies.StatementID]string{}, made: map[policies.StatementID]*device{}}
	must(t, os.MkdirAll(w.dir, 0o700))
	w.time.Store(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).UnixNano())
	s := &service{w: w, dir: filepath.Join(w.dir, "server-0")}
	must(t, os.MkdirAll(filepath.Join(s.dir, "objects"), 0o700))
	var err error
	_, s.key, err = ed25519.GenerateKey(nil)
	must(t, err)
	_, s.logKey, err = ed25519.GenerateKey(nil)
	must(t, err)
	s.bundle, err = authz.Load()
	must(t, err)
	s.pages, err = pages.New()
	must(t, err)
	w.service = s
	invitation, err := s.found()
	must(t, err)
	must(t, s.open())
	w.hire(invitation, devices/2)
	w.second()
	for range 2 {
		for _, d := range w.devices {
			must(t, d.sync())
		}
	}
	for _, d := range w.devices {
		must(t, d.client.Close())
	}
	must(t, s.close())
	if len(w.faulty) > 0 {
		t.Fatal(w.faulty)
	}
	kept.made[devices] = &founding{w.now(), s, w.people, w.devices}
	return kept.made[devices]
}

// hire has people join with their first device.
func (w *world) hire(first string, people int) {
	invitations, ids := []string{first}, []policies.StaffID{{}}
	for i := range people {
		p := staff[i]
		w.people = append(w.people, &p)
		if i == 0 {
			w.join(&p, first)
			continue
		}
		invite := w.devices[0].client.Staff.Invite
		if p.outside {
			invite = w.devices[0].client.Staff.InviteOutside
		}
		text, id, err := invite(p.role, p.name)
		must(w.t, err)
		invitations, ids = append(invitations, text), append(ids, id)
	}
	head := w.devices[0]
	must(w.t, head.sync())
	words := make([][]string, people)
	for i := 1; i < people; i++ {
		words[i] = w.join(w.people[i], invitations[i])
	}
	must(w.t, head.sync())
	confirm := func(d *device, may func(p *person) bool) {
		must(w.t, d.sync())
		for i := 1; i < people; i++ {
			if may(w.people[i]) {
				must(w.t, d.client.Staff.Confirm(ids[i], words[i]))
			}
		}
		must(w.t, d.sync())
	}
	officer := func(p *person) bool { return p == w.people[1] }
	further := func(p *person) bool {
		return !officer(p) && (p.role == policies.HeadOfService || p.role == policies.IGOfficer)
	}
	confirm(head, func(p *person) bool { return !further(p) })
	confirm(w.devices[1], further) // nobody confirms a registrar whom they invited
	for _, d := range w.devices {
		must(w.t, d.sync())
	}
}

func (w *world) join(p *person, invitation string) []string {
	d := &device{w: w, name: short(p.name), person: p}
	c, j, err := attune.Join(context.Background(), d.home(), invitation, passphrase, d.config())
	must(w.t, err)
	d.client, d.id, p.staff = c, j.Device, j.Staff
	w.devices = append(w.devices, d)
	return j.Words
}

// second gives everybody another device.
func (w *world) second() {
	ctx := context.Background()
	for _, first := range w.devices[:len(w.people):len(w.people)] {
		d := &device{w: w, name: first.name + "2", person: first.person}
		asked, err := attune.NewDeviceRequest(d.home(), passphrase)
		must(w.t, err)
		reply, _, err := first.client.Devices.Add(ctx, asked.String(), asked.Words())
		must(w.t, err)
		c, j, err := attune.AcceptDevice(ctx, d.home(), reply, passphrase, d.config())
		must(w.t, err)
		d.client, d.id = c, j.Device
		w.devices = append(w.devices, d)
	}
}

// short is a first name.
func short(name string) string {
	for i, c := range name {
		if c == ' ' {
			return name[:i]
		}
	}
	return name
}

// workshop is a folder for a world, in memory where the machine has room there: each
// commit is still written and flushed as the product does it.
func workshop(t *testing.T) string {
	dir, err := os.MkdirTemp(kept.dir, "world")
	must(t, err)
	return dir
}

// memory is where folders are made: in shared memory, or where the system says.
func memory() string {
	const shm = "/dev/shm"
	if f, err := os.CreateTemp(shm, "soak"); err == nil {
		f.Close()
		os.Remove(f.Name())
		return shm
	}
	return os.TempDir()
}

// copyTree copies a folder as a crash would leave it. The reserve, which nobody fills
// here, is the same file in all copies.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch dest := filepath.Join(to, name); {
		case e.IsDir():
			return os.MkdirAll(dest, 0o700)
		case e.Name() == "reserve":
			return os.Link(path, dest)
		case filepath.Ext(e.Name()) == ".db-shm": // memory of a process that is no more
			return nil
		default:
			return copyFile(path, dest)
		}
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
