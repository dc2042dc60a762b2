package accesslog

import "fmt"

// maxFaults bounds a report: past a hundred faults the log is not the log.
const maxFaults = 100

// progressEvery is the number of rows between two calls of Options.Progress.
const progressEvery = 4096

// FaultKind tells failures apart.
type FaultKind string

// Kinds of fault.
const (
	Undecodable FaultKind = "undecodable" // not a canonical leaf
	OutOfStep   FaultKind = "out of step" // stands elsewhere than its index says
	Missing     FaultKind = "missing"     // no such row where one belongs
	Altered     FaultKind = "altered"     // differs from the hash stored when it was appended
	BadTile     FaultKind = "bad tile"    // the stored hash is wrong, the rows are not
	BadBundle   FaultKind = "bad bundle"  // an entry bundle of an export differs from the tree
	BadProof    FaultKind = "bad proof"   // the proof beside a row is absent, or another's
	WrongRoot   FaultKind = "wrong root"  // the whole does not give the signed root
)

// Fault is one thing wrong, at row Index, or somewhere in rows Index to Last
// where the evidence cannot name one.
type Fault struct {
	Index, Last int64
	Kind        FaultKind
	Why         string
}

// String names the rows first.
func (f Fault) String() string {
	if f.Last > f.Index {
		return fmt.Sprintf("rows %d to %d: %s: %s", f.Index, f.Last, f.Kind, f.Why)
	}
	return fmt.Sprintf("row %d: %s: %s", f.Index, f.Kind, f.Why)
}

// Report is the outcome of a verification. A fault is a result, not an error.
type Report struct {
	Rows     int64   // rows read
	Signed   int64   // rows that the checkpoint commits to
	Unsigned int64   // rows after those: well-formed or not, nobody has signed them yet
	Root     Hash    // recomputed from the rows up to Signed
	Faults   []Fault // in the order found, at most 100
	More     int64   // faults beyond those
}

// OK reports whether nothing is wrong. Unsigned rows are not a fault.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

func (r *Report) fault(index, last int64, kind FaultKind, why string) {
	if len(r.Faults) == maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, Fault{index, last, kind, why})
}

// Options of a verification; the zero value is a silent full run.
type Options struct {
	// Progress is told every few thousand rows how many have been read.
	Progress func(rows int64)
	// From is the first row kept after older leaves were pruned, a multiple of
	// 256. The hashes of the rows before it are taken from the tiles, and an event
	// of [PruneAction] under the signed root must say that they were pruned.
	From int64
}
