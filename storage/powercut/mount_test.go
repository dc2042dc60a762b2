//go:build power && linux

package powercut

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// renameNoReplace is of renameat2(2).
const renameNoReplace = 1

// face shows a node of a disk to the kernel.
type face struct {
	fs.Inode
	d *disk
	n *node
}

var (
	_ fs.NodeLookuper  = (*face)(nil)
	_ fs.NodeReaddirer = (*face)(nil)
	_ fs.NodeCreater   = (*face)(nil)
	_ fs.NodeMkdirer   = (*face)(nil)
	_ fs.NodeLinker    = (*face)(nil)
	_ fs.NodeRenamer   = (*face)(nil)
	_ fs.NodeUnlinker  = (*face)(nil)
	_ fs.NodeRmdirer   = (*face)(nil)
	_ fs.NodeOpener    = (*face)(nil)
	_ fs.NodeReader    = (*face)(nil)
	_ fs.NodeWriter    = (*face)(nil)
	_ fs.NodeFsyncer   = (*face)(nil)
	_ fs.NodeGetattrer = (*face)(nil)
	_ fs.NodeSetattrer = (*face)(nil)
	_ fs.NodeStatfser  = (*face)(nil)
)

func (f *face) child(ctx context.Context, n *node, out *fuse.EntryOut) *fs.Inode {
	f.d.attr(n, &out.Attr)
	return f.NewInode(ctx, &face{d: f.d, n: n}, fs.StableAttr{Mode: n.mode & syscall.S_IFMT, Ino: n.ino})
}

func (d *disk) attr(n *node, out *fuse.Attr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out.Ino, out.Mode, out.Nlink, out.Blksize = n.ino, n.mode, 1, 4096
	out.Size = uint64(len(n.live))
	out.Blocks = (out.Size + sector - 1) / sector
}

func (f *face) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	n, errno := f.d.find(f.n, name)
	if errno != 0 {
		return nil, errno
	}
	return f.child(ctx, n, out), 0
}

func (f *face) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.dead {
		return nil, syscall.EIO
	}
	var list []fuse.DirEntry
	for _, name := range sortedNames(f.n.names) {
		n := f.n.names[name]
		list = append(list, fuse.DirEntry{Name: name, Ino: n.ino, Mode: n.mode & syscall.S_IFMT})
	}
	return fs.NewListDirStream(list), 0
}

func (f *face) add(ctx context.Context, name string, n *node, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	n.shared = sharedName(name)
	if errno := f.d.name(naming{to: f.n, name: name, what: n}); errno != 0 {
		return nil, errno
	}
	return f.child(ctx, n, out), 0
}

func (f *face) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	in, errno := f.add(ctx, name, newNode(syscall.S_IFREG|mode&0o777), out)
	return in, nil, 0, errno
}

func (f *face) Mkdir(ctx context.Context, name string, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return f.add(ctx, name, newFolder(), out)
}

func (f *face) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	n := target.(*face).n
	if errno := f.d.name(naming{to: f.n, name: name, what: n}); errno != 0 {
		return nil, errno
	}
	f.d.attr(n, &out.Attr)
	return target.EmbeddedInode(), 0
}

func (f *face) Rename(_ context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	if flags&^renameNoReplace != 0 {
		return syscall.EINVAL
	}
	n, errno := f.d.find(f.n, name)
	if errno != 0 {
		return errno
	}
	if _, errno := f.d.find(to.(*face).n, newName); errno == 0 && flags&renameNoReplace != 0 {
		return syscall.EEXIST
	}
	return f.d.name(naming{from: f.n, oldName: name, to: to.(*face).n, name: newName, what: n})
}

func (f *face) Unlink(_ context.Context, name string) syscall.Errno {
	n, errno := f.d.find(f.n, name)
	if errno != 0 {
		return errno
	}
	return f.d.name(naming{from: f.n, oldName: name, what: n})
}

func (f *face) Rmdir(ctx context.Context, name string) syscall.Errno { return f.Unlink(ctx, name) }

func (f *face) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.dead && !f.n.shared {
		return nil, 0, syscall.EIO
	}
	return nil, 0, 0
}

func (f *face) Read(_ context.Context, _ fs.FileHandle, into []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n, errno := f.d.read(f.n, into, off)
	return fuse.ReadResultData(into[:n]), errno
}

func (f *face) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	if errno := f.d.write(f.n, data, off); errno != 0 {
		return 0, errno
	}
	return uint32(len(data)), 0
}

func (f *face) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno { return f.d.sync(f.n) }

func (f *face) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.d.attr(f.n, &out.Attr)
	return 0
}

func (f *face) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if errno := f.d.truncate(f.n, int64(size)); errno != 0 {
			return errno
		}
	}
	f.d.attr(f.n, &out.Attr)
	return 0
}

// Statfs says that there is room.
func (f *face) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Blocks, out.Bfree, out.Bavail, out.NameLen = 4096, 1<<24, 1<<23, 1<<23, 255
	return 0
}
