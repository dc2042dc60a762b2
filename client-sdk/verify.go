package attune

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

const maxFaults = 100 // past a hundred the log is not the log, and a list of it is no help

// verification is one run over all rows. Two trees grow side by side, over the
// rows as they are and over the hashes stored for them: the one that gives the
// signed root tells whether row or hash was changed.
type verification struct {
	signed mark
	marks  []memory // that this device remembers, by size
	own    map[int64]place

	anchors anchored

	next         int64
	rows, stored accesslog.Frontier
	wrong        []memory // that the rows contradict
	atSigned     [2]accesslog.Hash
	altered      []int64
	watch        accesslog.PruneWatch
	report       VerifyReport
}

// place is where a statement of the mirror stands.
type place struct {
	id       policies.StatementID
	head     policies.Digest
	position int64
}

// places maps log indices to the statements that this device has verified there.
func (sh *shelf) places() (map[int64]place, error) {
	out := map[int64]place{}
	err := each(sh.d.store.db, func(r *sql.Rows) error {
		var id, head string
		var leaf int64
		var p place
		if err := r.Scan(&id, &head, &p.position, &leaf); err != nil {
			return err
		}
		err := errors.Join(p.id.UnmarshalText([]byte(id)), p.head.UnmarshalText([]byte(head)))
		out[leaf] = p
		return err
	}, `SELECT id, head, position, leaf FROM statements`)
	return out, err
}

func (v *verification) fault(format string, args ...any) {
	if len(v.report.Faults) < maxFaults {
		v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
	}
}

func (v *verification) row(r wire.LogRow) {
	if v.next >= v.signed.Size {
		return // newer than the checkpoint that this run verifies
	}
	if r.Index != v.next {
		v.fault("row %d: missing: row %d stands there", v.next, r.Index)
	}
	if r.Leaf == "" && v.report.Pruned == v.next { // before every row that is there
		v.report.Pruned++
		v.append(accesslog.Hash(r.Hash), accesslog.Hash(r.Hash))
		return
	}
	v.watch.From = v.report.Pruned
	v.watch.Row(v.next, []byte(r.Leaf), v.stored.Root)
	v.watch.Row(v.next, []byte(r.Leaf), v.rows.Root)
	e, err := accesslog.Decode([]byte(r.Leaf))
	switch {
	case err != nil:
		v.fault("row %d: unreadable: %v", v.next, err)
	case e.Index != v.next:
		v.fault("row %d: says of itself that it is row %d", v.next, e.Index)
	default:
		v.mine(e)
	}
	hash := accesslog.LeafHash([]byte(r.Leaf))
	if policies.Digest(hash) != r.Hash && len(v.altered) < maxFaults {
		v.altered = append(v.altered, v.next)
	}
	v.append(hash, accesslog.Hash(r.Hash))
}

// append grows both trees by a row.
func (v *verification) append(now, was accesslog.Hash) {
	v.rows, _ = v.rows.AppendHash(now)
	v.stored, _ = v.stored.AppendHash(was)
	v.next++
	for ; len(v.marks) > 0 && v.marks[0].Size <= v.next; v.marks = v.marks[1:] {
		m := v.marks[0]
		switch {
		case m.Root != v.rows.Root():
			v.wrong = append(v.wrong, m)
		case m.anchor:
			v.report.Anchors++
			continue
		}
		v.report.Seen++
	}
	if v.next == v.signed.Size {
		v.atSigned = [2]accesslog.Hash{v.rows.Root(), v.stored.Root()}
	}
}

// mine holds a row against what this device verified when it received the
// statement.
func (v *verification) mine(e accesslog.Event) {
	p, ok := v.own[e.Index]
	if !ok {
		return
	}
	v.report.Own++
	if a := e.Accepted; a == nil || policies.StatementID(a.Statement) != p.id || policies.Digest(a.Head) != p.head || a.Position != p.position {
		v.fault("row %d: should accept statement %s, as this device has it", e.Index, p.id.Short())
	}
}

func (v *verification) end() VerifyReport {
	r := &v.report
	r.Rows, r.Signed, r.Checkpoint = v.next, v.signed.Size, v.signed.note
	if v.next < v.signed.Size {
		v.fault("rows %d to %d: missing: the checkpoint commits to them", v.next, v.signed.Size-1)
	}
	if v.watch.From = r.Pruned; r.Pruned%accesslog.TileWidth != 0 || !v.watch.OK() {
		v.fault("rows 0 to %d: missing: no event of the log says that they were pruned", r.Pruned-1)
	}
	rowsRight := v.next == v.signed.Size && v.atSigned[0] == v.signed.Root || v.signed.Size == 0
	storedRight := v.next == v.signed.Size && v.atSigned[1] == v.signed.Root
	for _, i := range v.altered {
		switch {
		case rowsRight:
			v.fault("row %d: its stored hash was changed; the signed root proves the row", i)
		case storedRight:
			v.fault("row %d: altered: it differs from the hash that the signed root proves", i)
		default:
			v.fault("row %d: altered: it differs from the hash stored when it was appended", i)
		}
	}
	if !rowsRight && !(storedRight && len(v.altered) > 0) && v.next == v.signed.Size {
		v.fault("rows 0 to %d: wrong root: they do not give the signed root", max(0, v.signed.Size-1))
	}
	for _, m := range v.marks { // those that the rows never reached
		if m.anchor && v.next == v.signed.Size {
			v.fault("rows %d to %d: were anchored and are gone: the log was cut off", v.signed.Size, m.Size-1)
		}
	}
	for _, f := range v.anchors.faults {
		v.fault("%s", f)
	}
	for _, m := range v.wrong {
		if rowsRight { // else the altered row has been named, and every later root is wrong with it
			v.fault("%s", m.contradicted())
		}
	}
	r.OK = len(r.Faults) == 0
	return *r
}
