package attune

import (
	"fmt"
	"io/fs"
)

// plainFiles are the files of a folder that came from a stranger, and nothing else
// that has a name there: opening a pipe waits for ever, and a device never ends.
type plainFiles struct{ fs.FS }

// Open implements [fs.FS].
func (p plainFiles) Open(name string) (fs.File, error) {
	info, err := fs.Stat(p.FS, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: %w: not a file", name, fs.ErrInvalid)
	}
	return p.FS.Open(name)
}

// Stat implements [fs.StatFS].
func (p plainFiles) Stat(name string) (fs.FileInfo, error) { return fs.Stat(p.FS, name) }
