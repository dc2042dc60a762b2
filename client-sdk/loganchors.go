package attune

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"

	"github.com/attune-vf/attune/storage/accesslog"
)

// maxAnchors bounds a folder that came from a stranger: seven years of one an hour.
const maxAnchors = 100_000

// anchored are the anchors of one verification: signed states of the log that the service
// put where it cannot change them, or e-mailed.
type anchored struct {
	marks  []memory // of rows that the log must have
	lost   int      // of rows that a restoration says were lost
	faults []string
}

// Against is the same log, verified against anchors as well: a folder with a file for each,
// from attuned anchor or from its e-mails. What contradicts one is a fault of the report.
func (l *Log) Against(anchors fs.FS) *Log { return &Log{d: l.d, anchors: anchors} }

// anchored reads the folder, and verifies each by a key that the organisation's root
// certified.
func (l *Log) anchored(origin string) (a anchored, err error) {
	if l.anchors == nil {
		return a, nil
	}
	entries, err := fs.ReadDir(l.anchors, ".")
	if err != nil || len(entries) > maxAnchors {
		return a, unreadable("The folder of anchors", err)
	}
	for _, e := range entries {
		// What attuned keeps as evidence beside an anchor contradicts it by what it is.
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || strings.Contains(e.Name(), ",against-") {
			continue
		}
		c, err := l.readAnchor(e.Name())
		if err != nil {
			a.faults = append(a.faults, fmt.Sprintf("anchor %s: no key that the organisation's root certified signed it", e.Name()))
			continue
		}
		a.take(l, memory{Checkpoint: c, by: e.Name(), anchor: true}, origin)
	}
	if len(a.marks)+a.lost+len(a.faults) == 0 {
		return a, problem(CodeInput, "Name the folder that they were copied or saved to.", "No anchors lie there.")
	}
	return a, nil
}

// take sorts an anchor by what must still be there of its history.
func (a *anchored) take(l *Log, m memory, origin string) {
	rows, admitted, ok := int64(math.MaxInt64), int64(math.MaxInt64), true
	if m.Origin != origin {
		rows, admitted, ok = l.d.mirror.Org().Carried(m.Origin)
	}
	switch {
	case !ok:
		a.faults = append(a.faults, fmt.Sprintf("anchor %s: is of a history of this log that no restoration names", m.by))
	case m.Size > admitted:
		a.faults = append(a.faults, fmt.Sprintf("rows %d to %d: were anchored before the service was put back, which admits to have lost only those before %d", admitted, m.Size-1, admitted))
	case m.Size > rows:
		a.lost++
	default:
		a.marks = append(a.marks, m)
	}
}

// readAnchor reads one as it was signed. Mail programs end lines their own way, and leave
// empty lines around what is saved.
func (l *Log) readAnchor(name string) (c accesslog.Checkpoint, err error) {
	f, err := l.anchors.Open(name)
	if err != nil {
		return c, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAbout))
	if err != nil {
		return c, err
	}
	note := strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n")) + "\n"
	origin, _, _ := strings.Cut(note, "\n")
	if !strings.HasPrefix(origin, "attune/"+l.d.me.Org.String()+"/") {
		return c, accesslog.ErrCheckpoint
	}
	keys, err := l.d.logKeys(origin)
	if err != nil {
		return c, err
	}
	for _, k := range keys {
		if c, err = accesslog.OpenCheckpoint(note, k.verifier); err == nil {
			return c, nil
		}
	}
	return c, err
}
