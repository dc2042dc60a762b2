//go:build power && linux

package powercut

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// disk is a file system in memory that knows which of its contents would outlive a
// power cut. Its rules are the harsher reading of POSIX: syncing a file does not sync
// its name, and syncing a folder syncs the names in that folder alone.
type disk struct {
	mu    sync.Mutex
	root  *node
	names []naming // not synced yet, the oldest first
	done  int      // operations that change something
	cutAt int      // the operation during which the power goes; 0 for none
	dead  bool
	onCut func()
}

// node is a file or a folder. What is live is what a process sees, and what is kept
// is what a disk holds for certain.
type node struct {
	ino  uint64
	mode uint32

	live, kept []byte
	pending    []change // to kept, since the last sync

	names, keptNames map[string]*node // of a folder; nil of a file
	shared           bool             // memory between processes: it outlives nothing, and is always there
}

// change is a write, or a new length when there is no data.
type change struct {
	off  int64
	data []byte
}

// naming adds a name, or removes one, or both at once.
type naming struct {
	from, to      *node // folders; nil when nothing is removed, or added
	oldName, name string
	what          *node
}

func newDisk(image *node) *disk {
	if image == nil {
		image = newFolder()
	}
	return &disk{root: image}
}

var inodes struct {
	sync.Mutex
	last uint64
}

func newNode(mode uint32) *node {
	inodes.Lock()
	defer inodes.Unlock()
	inodes.last++
	return &node{ino: inodes.last + 1, mode: mode}
}

func newFolder() *node {
	n := newNode(syscall.S_IFDIR | 0o700)
	n.names, n.keptNames = map[string]*node{}, map[string]*node{}
	return n
}

// begin counts an operation that changes something. The one during which the power
// goes is done like the others, which says nothing of what is left of it, and fails.
func (d *disk) begin() (last bool, errno syscall.Errno) {
	if d.dead {
		return false, syscall.EIO
	}
	d.done++
	return d.cutAt != 0 && d.done >= d.cutAt, 0
}

func (d *disk) end(last bool) syscall.Errno {
	if !last {
		return 0
	}
	d.cut()
	return syscall.EIO
}

func (d *disk) cut() {
	if !d.dead {
		d.dead = true
		if d.onCut != nil {
			d.onCut()
		}
	}
}

func (d *disk) write(n *node, data []byte, off int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n.shared {
		n.live = overlay(n.live, data, off)
		return 0
	}
	last, errno := d.begin()
	if errno != 0 {
		return errno
	}
	c := change{off, slices.Clone(data)}
	n.live, n.pending = overlay(n.live, c.data, off), append(n.pending, c)
	return d.end(last)
}

func (d *disk) truncate(n *node, size int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n.shared {
		n.live = resize(n.live, size)
		return 0
	}
	last, errno := d.begin()
	if errno != 0 {
		return errno
	}
	n.live, n.pending = resize(n.live, size), append(n.pending, change{off: size})
	return d.end(last)
}

// sync makes a file's bytes, or a folder's names, outlive a cut.
func (d *disk) sync(n *node) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	last, errno := d.begin()
	if errno != 0 {
		return errno
	}
	if last { // it may have come to any part of it
		return d.end(last)
	}
	for _, c := range n.pending {
		n.keep(c)
	}
	n.pending = nil
	d.names = slices.DeleteFunc(d.names, func(m naming) bool {
		if m.from != n && m.to != n {
			return false
		}
		m.keep()
		return true
	})
	return 0
}

// name does what a naming says, in the eyes of the living.
func (d *disk) name(m naming) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	last, errno := d.begin()
	if errno != 0 {
		return errno
	}
	if m.from != nil {
		delete(m.from.names, m.oldName)
	}
	if m.to != nil {
		m.to.names[m.name] = m.what
	}
	d.names = append(d.names, m)
	return d.end(last)
}

// find is a file or folder by its name; nil when there is none.
func (d *disk) find(in *node, name string) (*node, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, syscall.EIO
	}
	n := in.names[name]
	if n == nil {
		return nil, syscall.ENOENT
	}
	return n, 0
}

func (d *disk) read(n *node, into []byte, off int64) (int, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead && !n.shared { // a page of shared memory that cannot be read kills its reader
		return 0, syscall.EIO
	}
	if off >= int64(len(n.live)) {
		return 0, 0
	}
	return copy(into, n.live[off:]), 0
}

func (m naming) keep() {
	if m.from != nil && m.from.keptNames[m.oldName] == m.what {
		delete(m.from.keptNames, m.oldName)
	}
	if m.to != nil {
		m.to.keptNames[m.name] = m.what
	}
}

func (n *node) keep(c change) {
	if c.data == nil {
		n.kept = resize(n.kept, c.off)
		return
	}
	n.kept = overlay(n.kept, c.data, c.off)
}

// sharedName tells memory between processes from files.
func sharedName(name string) bool { return strings.HasSuffix(name, "-shm") }

func overlay(b, data []byte, off int64) []byte {
	if end := off + int64(len(data)); end > int64(len(b)) {
		b = resize(b, end)
	}
	copy(b[off:], data)
	return b
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// fate is how much of what was not synced outlives a cut.
type fate int

const (
	nothing fate = iota
	everything
	anything
	fates
)

// left is the disk after the power comes back: what was synced, and some of the rest. It
// takes the place of the old one, whose bytes nobody reads again: five hundred such disks
// do not fit into a machine.
func (d *disk) left(r *rand.Rand) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
	how := fate(r.IntN(int(fates)))
	names := 0
	switch how {
	case everything:
		names = len(d.names)
	case anything:
		names = r.IntN(len(d.names) + 1)
	}
	for _, m := range d.names[:names] {
		m.keep()
	}
	image := d.root.image(how, r, map[*node]*node{})
	d.root.forget()
	d.names = nil
	return newDisk(image)
}

// forget lets go of all bytes but those of memory that a process may still have mapped.
func (n *node) forget() {
	names, kept := n.names, n.keptNames
	n.names, n.keptNames = nil, nil
	if !n.shared {
		n.live, n.kept, n.pending = nil, nil, nil
	}
	for _, child := range names {
		child.forget()
	}
	for _, child := range kept {
		child.forget()
	}
}

func (n *node) image(how fate, r *rand.Rand, done map[*node]*node) *node {
	if out := done[n]; out != nil {
		return out // by another name
	}
	out := newNode(n.mode)
	done[n] = out
	if n.names != nil {
		out.names, out.keptNames = map[string]*node{}, map[string]*node{}
		for _, name := range sortedNames(n.keptNames) {
			child := n.keptNames[name]
			if !child.shared {
				out.names[name] = child.image(how, r, done)
				out.keptNames[name] = out.names[name]
			}
		}
		return out
	}
	for _, c := range n.pending {
		for _, part := range c.sectors() {
			if how == everything || how == anything && r.IntN(2) == 0 {
				n.keep(part)
			}
		}
	}
	out.live, out.kept = slices.Clone(n.kept), slices.Clone(n.kept)
	return out
}

// sectors are the parts of a write that a disk does one by one.
func (c change) sectors() (out []change) {
	if c.data == nil {
		return []change{c}
	}
	for data, off := c.data, c.off; len(data) > 0; {
		take := min(sector-off%sector, int64(len(data)))
		out = append(out, change{off, data[:take]})
		data, off = data[take:], off+take
	}
	return out
}

func sortedNames(m map[string]*node) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
