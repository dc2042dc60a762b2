package attune

import (
	"os"
	"syscall"
)

// writeOut has the system begin to carry a part of a file to the disk, and does not
// wait. It is a hint: where a file system does not know it, the Sync at the end does
// all, and that Sync still tells of any write that failed, because this does not ask.
//
// Source: sync_file_range(2), SYNC_FILE_RANGE_WRITE.
func writeOut(f *os.File, off, size int64) {
	const write = 2
	_ = syscall.SyncFileRange(int(f.Fd()), off, size, write)
}
