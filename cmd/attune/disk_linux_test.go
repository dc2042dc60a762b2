package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// disk is a folder that can be left without room.
type disk struct {
	t    *testing.T
	dir  string
	real bool // else the reserve alone is: it finds no room to be whole
}

// onDisk runs a story on a small disk of its own: a tmpfs, in a mount namespace that
// ends with the test, for which most kernels ask for no rights. Where this one
// forbids it, the story is told all the same, with /dev/full in the place of the
// reserve: everything then happens as on a full disk whose reserve is in use, and
// only that the file system gives back what the reserve held is not shown.
func onDisk(t *testing.T, story func(*testing.T, *disk)) {
	const inside = "ATTUNE_TEST_DISK"
	if dir := os.Getenv(inside); dir != "" {
		if err := syscall.Mount("attune", dir, "tmpfs", 0, "size=40m"); err != nil {
			t.Fatalf("mount: %v", err)
		}
		story(t, &disk{t, dir, true})
		return
	}
	founded(t) // by one process
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), inside+"="+t.TempDir(), builtEnv+"="+builtDir)
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	said, err := child.CombinedOutput()
	var ended *exec.ExitError
	switch {
	case err == nil:
		t.Logf("on a real disk:\n%s", said)
	case errors.As(err, &ended) && !strings.Contains(string(said), "mount: operation not permitted"):
		t.Errorf("on a real disk: %v\n%s", err, said)
	default:
		t.Logf("no disk of its own here (%v): with /dev/full", err)
		story(t, &disk{t, t.TempDir(), false})
	}
}

// fill leaves not a byte.
func (d *disk) fill() {
	d.t.Helper()
	if !d.real {
		if _, err := os.Lstat(d.path("reserve.was")); err == nil {
			return
		}
		d.must(os.Rename(d.path("reserve"), d.path("reserve.was")))
		d.must(os.Symlink("/dev/full", d.path("reserve")))
		return
	}
	f, err := os.OpenFile(d.path("filler"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	d.must(err)
	defer f.Close()
	for _, step := range []int{1 << 20, 4 << 10, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, step))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			d.t.Fatalf("fill: %v", err)
		}
	}
}

// room gives all of it back.
func (d *disk) room() {
	d.t.Helper()
	if !d.real {
		d.must(os.Remove(d.path("reserve")))
		d.must(os.Rename(d.path("reserve.was"), d.path("reserve")))
		return
	}
	d.must(os.Remove(d.path("filler")))
}

func (d *disk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *disk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// TestServersDiskIsFull: withdrawals are taken and logged, nothing else is, and
// nothing is served; also by a server that starts so. Nothing is lost by it.
func TestServersDiskIsFull(t *testing.T) {
	t.Parallel()
	onDisk(t, func(t *testing.T, d *disk) {
		s := newService(t, func(s *service) { s.must(os.Symlink(d.dir, s.path("server"))) })
		s.do("sam", "person", "add", "NF-1", "--role", "carer", "--basis", "own", "--label", "Gran")
		film := "../../client-sdk/film/testdata/visit.mp4"
		film, err := filepath.Abs(film)
		s.must(err)
		clip := member(t, s.do("sam", "clip", "add", "NF-1", film, "--kind", "film", "--people", "Mum"), "id")
		s.do("sam", "sync")
		s.do("alex", "sync")
		later := member(t, s.do("sam", "clip", "add", "NF-1", film, "--kind", "film", "--people", "Mum"), "id")

		d.fill()
		// SQLite goes on as long as what it has written before is long enough.
		notes := 0
		for r := (told{}); r.Code != "storage_full"; notes++ {
			s.do("alex", "session", "log", "NF-1", "--number", fmt.Sprint(100+notes), "--note", strings.Repeat("word ", 24_000))
			if r = s.try("alex", "sync"); r.status != 0 && r.Code != "storage_full" || notes > 100 {
				t.Fatalf("sync on a full disk: %d %s %s after %d notes", r.status, r.Code, r.Message, notes)
			}
		}
		s.refused("storage_full", "sam", "sync")
		taken := 0
		withdraw := func() {
			t.Helper()
			s.do("alex", "consent", "withdraw", "NF-1", "--person", "Gran", "--channel", "phone")
			r := s.refused("storage_full", "alex", "sync") // the notes are not taken
			if kind := member(t, r.out, "accepted.0.kind"); kind != "consent.withdraw" {
				t.Errorf("accepted %s, want the withdrawal", r.out)
			}
			taken++
		}
		withdraw()
		s.refused("storage_full", "alex", "watch", clip, "--save-copy", s.path("copy.mp4"), "--reason", "to look")
		s.refused("storage_full", "alex", "watch", clip, "--print-url")
		s.unhealthy()
		// A start without a byte. It closes the database once, which gives back what
		// SQLite had written ahead: somebody else takes that as well.
		s.kill()
		d.fill()
		s.startFull()
		d.fill()
		withdraw()
		s.unhealthy()
		s.kill()
		d.fill()
		if out, err := exec.Command(filepath.Join(builtDir, "attuned"), "check", "--data", s.path("server")).Output(); err == nil || !strings.Contains(string(out), "WRONG room on the disk") {
			t.Errorf("check says, with %v:\n%s", err, out)
		}
		s.startFull()
		d.fill()
		withdraw()

		d.room()
		s.ready() // the running server finds that out by itself
		s.do("alex", "sync")
		s.do("sam", "sync")
		for _, id := range []string{clip, later} {
			s.do("alex", "sync")
			copied := s.path(id + ".mp4")
			s.do("alex", "watch", id, "--save-copy", copied, "--reason", "to compare")
		}
		if r := s.try("sam", "status"); !strings.Contains(string(r.out), `"waiting":[]`) {
			t.Errorf("still waiting: %s", r.out)
		}
		s.stop()
		s.attuned("log", "verify", "--data", s.path("server"))
		db := s.database()
		for action, want := range map[string]int{"consent.withdraw": taken, "session.log": notes + 1, "clip.add": 2, "clip.stored": 2, "clip.watch": 0} {
			if got := db.count(`SELECT COUNT(*) FROM events WHERE action = $1 AND outcome IN ('done', 'allowed')`, action); got != want {
				t.Errorf("%d events %s, want %d", got, action, want)
			}
		}
		if n := db.count(`SELECT COUNT(*) FROM events WHERE action = 'clip.copy' AND n < (SELECT MAX(n) FROM events WHERE action = 'consent.withdraw')`); n > 0 {
			t.Errorf("%d viewings on a full disk", n)
		}
		t.Logf("%d notes until there was no room; %d withdrawals without", notes, taken)
	})
}

// TestDevicesDiskIsFull: nothing is lost, no recording is touched, a withdrawal is
// queued and sent, and what could not be received is received once there is room.
func TestDevicesDiskIsFull(t *testing.T) {
	t.Parallel()
	onDisk(t, func(t *testing.T, d *disk) {
		s := newService(t, func(s *service) { s.must(os.Symlink(d.dir, s.path("sam"))) })
		s.do("sam", "person", "add", "NF-1", "--role", "carer", "--basis", "own", "--label", "Gran")
		s.do("sam", "sync")
		s.do("alex", "sync")
		raw, err := os.ReadFile("../../client-sdk/film/testdata/visit.mp4")
		s.must(err)
		s.must(os.WriteFile(s.path("visit.mp4"), raw, 0o600))
		clip := member(t, s.do("sam", "clip", "add", "NF-1", s.path("visit.mp4"), "--kind", "film", "--people", "Mum"), "id")
		// More than SQLite holds in memory: it finds in the middle that there is no room.
		for i := range 25 {
			s.do("alex", "session", "log", "NF-1", "--number", fmt.Sprint(100+i), "--note", strings.Repeat("word ", 24_000))
		}
		s.do("alex", "sync")

		d.fill()
		s.refused("disk", "sam", "clip", "add", "NF-1", s.path("visit.mp4"), "--kind", "film", "--people", "Mum", "--remove-source")
		for full := false; !full; { // SQLite has room of its own for a few
			r := s.try("sam", "session", "log", "NF-1", "--note", strings.Repeat("word ", 24_000))
			if full = r.Code == "disk"; !full && r.status != 0 {
				t.Fatalf("a note: %s %s", r.Code, r.Message)
			}
		}
		s.do("sam", "consent", "withdraw", "NF-1", "--person", "Gran", "--channel", "phone")
		r := s.refused("disk", "sam", "sync")
		if kind := member(t, r.out, "accepted.0.kind"); kind != "consent.withdraw" {
			t.Errorf("accepted %s, want the withdrawal", r.out)
		}
		s.refused("disk", "sam", "sync")

		d.room()
		for range 2 {
			s.do("sam", "sync")
		}
		s.do("alex", "sync")
		if sam, alex := s.do("sam", "session", "list", "NF-1"), s.do("alex", "session", "list", "NF-1"); string(sam) != string(alex) {
			t.Errorf("Sam has the visits\n%s\nand Alex\n%s", sam, alex)
		}
		if got, err := os.ReadFile(s.path("visit.mp4")); err != nil || string(got) != string(raw) {
			t.Errorf("the recording was touched: %v", err)
		}
		pieces, err := os.ReadDir(d.path("clips"))
		s.must(err)
		if len(pieces) != 1 || pieces[0].Name() != clip+".payload" {
			t.Errorf("clips holds %v, want the one that was queued before", pieces)
		}
		s.do("alex", "watch", clip, "--save-copy", s.path("copy.mp4"), "--reason", "to compare")
	})
}

// unhealthy expects the health check to say that the disk is full.
func (s *service) unhealthy() {
	s.t.Helper()
	out, err := exec.Command(filepath.Join(builtDir, "attuned"), "health", "--addr", "http://"+s.addr).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no room on its disk") {
		s.t.Errorf("health says, with %v: %s", err, out)
	}
}
