package accesslog

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// PruneAction is what the log calls the deletion of its oldest leaves. Their hashes
// stay: the tree, every root and every proof of it are as they were.
const PruneAction = "log.prune"

// Pruned is what an event of [PruneAction] says in its range.
type Pruned struct {
	Kept int64 // the first leaf that is still there, a multiple of [TileWidth]
	Size int64 // of the log just before the event, which is the event's own index
	Root Hash  // of that tree
}

// String is the range: "rows below 512 of 1234 <root in standard base64>".
func (p Pruned) String() string {
	return fmt.Sprintf("rows below %d of %d %s", p.Kept, p.Size, p.Root)
}

// ParsePruned accepts exactly what String writes.
func ParsePruned(s string) (p Pruned, ok bool) {
	var root string
	if _, err := fmt.Sscanf(s, "rows below %d of %d %s", &p.Kept, &p.Size, &root); err != nil {
		return Pruned{}, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(root)
	if err != nil || len(b) != len(p.Root) {
		return Pruned{}, false
	}
	p.Root = Hash(b)
	return p, p.String() == s && p.Kept > 0 && p.Kept%TileWidth == 0 && p.Kept <= p.Size
}

// PruneWatch looks for the event that accounts for the rows missing at the beginning of
// a log. Without it whoever takes rows away could say that they were pruned: anybody can
// keep hashes. The event is a leaf like every other, under the signed root.
//
// The zero value is for a log that nothing is missing from.
type PruneWatch struct {
	From  int64 // the first row that is there
	found bool
}

var pruneMark = []byte(`"act":"` + PruneAction + `"`)

// Row is told of a row and where it stands. Root gives the root of the tree before it.
func (w *PruneWatch) Row(index int64, leaf []byte, root func() Hash) {
	if w.From == 0 || w.found || !bytes.Contains(leaf, pruneMark) {
		return
	}
	e, err := Decode(leaf)
	if err != nil || e.Index != index || e.Action != PruneAction || e.Outcome != Done {
		return
	}
	p, ok := ParsePruned(e.Range)
	w.found = ok && p.Kept == w.From && p.Size == index && p.Root == root()
}

// OK reports whether what is missing is accounted for.
func (w *PruneWatch) OK() bool { return w.From == 0 || w.found }
