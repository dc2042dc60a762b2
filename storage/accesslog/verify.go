package accesslog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Verify recomputes the root from an export, one leaf a line, and compares it
// with a checkpoint that [OpenCheckpoint] returned. It names each line that is
// no leaf or stands in the wrong place; a well-formed altered row shows only as
// a wrong root, because lines alone hold no second copy of its hash: that needs
// [VerifyRows] over the export's tiles. The error is the reader's.
func Verify(lines io.Reader, c Checkpoint, o Options) (Report, error) {
	v := lineRun{run: newRun(c, o)}
	in := bufio.NewReaderSize(lines, MaxLeafBytes+1)
	for {
		// ReadSlice and no line scanner: those drop a carriage return, and with
		// it a change to the bytes.
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			v.report.fault(v.next, v.next, Undecodable, fmt.Sprintf("longer than %d bytes", MaxLeafBytes))
			return v.end(), nil
		}
		if err != nil && err != io.EOF {
			return v.report, fmt.Errorf("read row %d: %w", v.next, err)
		}
		if len(line) > 0 {
			v.line(bytes.TrimSuffix(line, []byte("\n")))
		}
		if err == io.EOF {
			return v.end(), nil
		}
	}
}

// run is what both verifications share: where they are, and the tree over the
// rows as they are.
type run struct {
	checkpoint Checkpoint
	options    Options
	report     Report
	next       int64 // index that the next row must have
	rows       prefix
	pruned     PruneWatch
}

func newRun(c Checkpoint, o Options) run {
	return run{checkpoint: c, options: o, rows: newPrefix(c.Size), pruned: PruneWatch{From: o.From}}
}

// read counts a row and reads the index that it claims.
func (v *run) read(leaf []byte) (index int64, ok bool) {
	v.report.Rows++
	if tell := v.options.Progress; tell != nil && v.report.Rows%progressEvery == 0 {
		tell(v.report.Rows)
	}
	if index, ok := scan(leaf); ok {
		return index, true
	}
	e, err := Decode(leaf)
	if err != nil {
		v.report.fault(v.next, v.next, Undecodable, err.Error())
	}
	return e.Index, err == nil
}

// close ends the count at the checkpoint and reports rows that never came.
func (v *run) close() {
	if v.next < v.checkpoint.Size {
		v.report.fault(v.next, v.checkpoint.Size-1, Missing, "the checkpoint commits to more rows")
	}
	if !v.pruned.OK() {
		v.report.fault(0, v.pruned.From-1, Missing, "no event of the log says that they were pruned")
	}
	v.report.Signed = min(v.next, v.checkpoint.Size)
	v.report.Unsigned = max(0, v.next-v.checkpoint.Size)
	v.report.Root = v.rows.root
}

// prefix is a growing tree that remembers its root at one size.
type prefix struct {
	tree Frontier
	at   int64
	root Hash
	done bool // the size was reached
}

func newPrefix(at int64) prefix {
	p := prefix{at: at}
	p.note()
	return p
}

func (p *prefix) note() {
	if p.tree.Size() == p.at {
		p.root, p.done = p.tree.Root(), true
	}
}

func (p *prefix) append(h Hash) (full []FullTile) {
	p.tree, full = p.tree.AppendHash(h)
	p.note()
	return full
}

// gives reports whether the tree reached the checkpoint and has its root.
func (p *prefix) gives(c Checkpoint) bool { return p.done && p.root == c.Root }

// lineRun is one run of Verify.
type lineRun struct{ run }

// line hashes a line where it stands, and holds what it says of itself against
// that. After a gap or a swap it goes on from what it found, so that one fault
// does not put every later row out of step.
func (v *lineRun) line(leaf []byte) {
	n, ok := v.read(leaf)
	v.rows.append(LeafHash(leaf))
	switch {
	case !ok || n == v.next:
		v.next++
	case n > v.next:
		v.report.fault(v.next, n-1, Missing, fmt.Sprintf("row %d stands there", n))
		v.next = n + 1
	default:
		v.report.fault(n, n, OutOfStep, fmt.Sprintf("stands where row %d belongs", v.next))
	}
}

func (v *lineRun) end() Report {
	v.close()
	if !v.rows.gives(v.checkpoint) {
		v.report.fault(0, max(0, v.checkpoint.Size-1), WrongRoot,
			"the rows do not give the signed root; verify with tiles to name the altered one")
	}
	return v.report
}
