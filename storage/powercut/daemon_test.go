//go:build power && linux

package powercut

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"go.uber.org/goleak"
)

// The disk is served by a process of its own, the test's program again: a process that
// waits in a page of its own file system can wait for ever.
const diskAt = "ATTUNE_TEST_DISK_AT"

func TestMain(m *testing.M) {
	if at := os.Getenv(diskAt); at != "" {
		if err := serve(at, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// serve mounts a folder in which each power cut begins another disk, 0, 1, 2 …, and
// does as it is told, a line at a time, until there is no more.
func serve(at string, orders io.Reader, say io.Writer) error {
	root := &fs.Inode{}
	srv, err := fs.Mount(at, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "powercut", Name: "powercut", MaxWrite: 1 << 20},
	})
	if err != nil {
		return err
	}
	var now *disk
	generation := 0
	begin := func(d *disk) {
		now = d
		root.AddChild(strconv.Itoa(generation), root.NewPersistentInode(context.Background(), &face{d: d, n: d.root}, fs.StableAttr{Mode: fuse.S_IFDIR, Ino: d.root.ino}), true)
		generation++
	}
	begin(newDisk(nil))
	fmt.Fprintln(say, "ready")
	for lines := bufio.NewScanner(orders); lines.Scan(); {
		var n int64
		var what string
		if _, err := fmt.Sscan(lines.Text(), &what, &n); err != nil {
			return err
		}
		answer := 0
		now.mu.Lock()
		switch what {
		case "arm": // the power goes during the n-th change from now
			now.cutAt = now.done + int(n)
		case "done":
			answer = now.done
		}
		now.mu.Unlock()
		if what == "heal" {
			begin(now.left(rand.New(rand.NewPCG(uint64(n), 1))))
		}
		fmt.Fprintln(say, answer)
	}
	return srv.Unmount()
}

// drive is a disk to lay a service on.
type drive struct {
	t          *testing.T
	at         string
	generation int
	orders     io.WriteCloser
	answers    *bufio.Scanner
}

// plug mounts a disk until the test ends.
func plug(t *testing.T) *drive {
	t.Helper()
	at := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), diskAt+"="+at), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &drive{t: t, at: at, orders: in, answers: bufio.NewScanner(out)}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the disk: %v", err)
		}
	})
	if !d.answers.Scan() {
		t.Fatal("no disk was mounted: it needs root and /dev/fuse")
	}
	return d
}

func (d *drive) dir() string { return filepath.Join(d.at, strconv.Itoa(d.generation)) }

func (d *drive) tell(what string, n int64) int {
	d.t.Helper()
	if _, err := fmt.Fprintln(d.orders, what, n); err != nil || !d.answers.Scan() {
		d.t.Fatalf("the disk is gone: %v", err)
	}
	out, err := strconv.Atoi(d.answers.Text())
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// heal cuts the power, if it has not gone, and brings it back: another folder with what
// is left.
func (d *drive) heal(seed int64) {
	d.t.Helper()
	d.tell("heal", seed)
	d.generation++
}
