package accesslog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/go-json-experiment/json"
)

// maxProof is the longest audit path of a tree whose sizes stay exact in JSON.
const maxProof = 53

// maxProofLine is a line of [ProofsFile] at its longest: two integers and hashes.
const maxProofLine = 64 + maxProof*(44+3)

// Proven is a line of an export's proofs: that the row which stands at the same
// place in the file of events is leaf Index of the signed tree. Place counts the
// rows of the export from 0, so that a line taken from both files shows.
type Proven struct {
	Place int64    `json:"i"`
	Index int64    `json:"n"`
	Path  []string `json:"proof"` // hashes in standard base64, the leaf's sibling first
}

// NewProven encodes a proof for a line of an export.
func NewProven(place, index int64, path []Hash) Proven {
	p := Proven{place, index, make([]string, len(path))}
	for i, h := range path {
		p.Path[i] = h.String()
	}
	return p
}

func parseProven(line []byte) (p Proven, path []Hash, err error) {
	if err := json.Unmarshal(line, &p, json.RejectUnknownMembers(true)); err != nil {
		return p, nil, err
	}
	if len(p.Path) > maxProof {
		return p, nil, fmt.Errorf("%d hashes", len(p.Path))
	}
	for _, s := range p.Path {
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		if err != nil || len(b) != len(Hash{}) {
			return p, nil, errors.New("not hashes")
		}
		path = append(path, Hash(b))
	}
	return p, path, nil
}

// VerifyPart checks an export of some rows of a log: that each row is a leaf of
// the signed tree, at the index that it claims, and that rows and proofs pair up.
//
// It proves of each row that it is genuine. It cannot prove that no row was left
// out: that takes the whole log. Errors are those of [VerifyWhole].
func VerifyPart(files fs.FS, v *Verifier, o Options) (Checkpoint, Report, error) {
	c, err := ReadCheckpoint(files, v)
	if err != nil {
		return c, Report{}, err
	}
	next, stop := iter.Pull2(proofLines(files))
	defer stop()
	run := partRun{report: Report{Signed: c.Size, Root: c.Root}, checkpoint: c, options: o, proof: next, last: -1}
	err = eachLine(files, EventsFile, MaxLeafBytes, run.row)
	if errors.Is(err, errLine) {
		run.report.fault(run.last+1, run.last+1, Undecodable, err.Error())
		return c, run.report, nil
	}
	if err != nil {
		return c, run.report, err
	}
	return c, run.report, run.end()
}

func proofLines(files fs.FS) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := eachLine(files, ProofsFile, maxProofLine, func(line []byte) error {
			if !yield(line, nil) {
				return errStop
			}
			return nil
		})
		if errors.Is(err, errLine) {
			yield([]byte(errLine.Error()), nil) // no proof
		} else if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// partRun is one run of VerifyPart.
type partRun struct {
	report     Report
	checkpoint Checkpoint
	options    Options
	proof      func() ([]byte, error, bool)
	last       int64 // index of the row before
}

func (v *partRun) row(leaf []byte) error {
	place := v.report.Rows
	v.report.Rows++
	if tell := v.options.Progress; tell != nil && v.report.Rows%progressEvery == 0 {
		tell(v.report.Rows)
	}
	line, err, more := v.proof()
	if err != nil {
		return err
	}
	e, bad := Decode(leaf)
	if bad != nil {
		v.report.fault(v.last+1, v.last+1, Undecodable, bad.Error())
		return nil
	}
	if e.Index <= v.last {
		v.report.fault(e.Index, e.Index, OutOfStep, fmt.Sprintf("stands after row %d", v.last))
	}
	v.last = max(v.last, e.Index)
	if !more {
		v.report.fault(e.Index, e.Index, BadProof, "has no proof")
		return nil
	}
	p, path, bad := parseProven(line)
	switch {
	case bad != nil:
		v.report.fault(e.Index, e.Index, BadProof, "its proof cannot be read")
	case p.Index != e.Index:
		v.report.fault(e.Index, e.Index, BadProof, fmt.Sprintf("the proof beside it is of row %d", p.Index))
	case VerifyInclusion(path, v.checkpoint.Size, v.checkpoint.Root, e.Index, leaf) != nil:
		v.report.fault(e.Index, e.Index, Altered, "its proof does not lead to the signed root: row or proof was changed, or it is of another log")
	case p.Place != place:
		v.report.fault(e.Index, e.Index, Missing, fmt.Sprintf("was number %d of the export and is now number %d: rows before it are missing", p.Place+1, place+1))
	}
	return nil
}

// end reports proofs that are left over: their rows were taken away.
func (v *partRun) end() error {
	for {
		line, err, more := v.proof()
		if err != nil || !more {
			return err
		}
		p, _, bad := parseProven(line)
		if bad != nil {
			v.report.fault(v.last+1, v.last+1, BadProof, "a proof that belongs to no row cannot be read")
			return nil
		}
		v.report.fault(p.Index, p.Index, Missing, "has a proof and no row")
	}
}
