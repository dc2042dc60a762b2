package rows

import (
	"cmp"
	"errors"
	"slices"

	"github.com/attune-vf/attune/policies"
)

// Change is one change of a record's feed: a statement with what came with it, or what came
// to one later. It is shared by all who receive it, and nobody changes it.
type Change struct {
	Index     int64
	Statement Statement    // of a late attachment: the ID, the class and the kind of what it lies beside
	Beside    []Attachment // by name
	Late      bool
}

// changeBytes is about what a change takes beside its bytes.
const changeBytes = 512

func (c Change) size() int {
	n := changeBytes + len(c.Statement.Raw)
	for _, a := range c.Beside {
		n += len(a.Name) + len(a.Body)
	}
	return n
}

// Changes are a record's with from < index ≤ to, in order: most at the most, and whether
// they are the last. Reading ends, after one, at so many bytes of attachments.
//
// What is at hand of them counts only if nothing of the record was deleted since, by the
// snapshot that is answered from: see [beginnings].
func (v *View) Changes(record policies.RecordID, from, to int64, most, bytes int) (out []Change, last bool, err error) {
	erased, err := v.erasures(record)
	if err != nil {
		return nil, false, err
	}
	kept := v.begun.at(record, erased)
	if from > kept.upTo { // what lies between is not at hand, so nothing can be added to what is
		out, upTo, err := v.readChanges(record, from, to, most, bytes)
		return out, upTo == to, err
	}
	out, last = kept.between(from, to, most)
	if last || len(out) == most {
		return out, last, nil
	}
	more, upTo, err := v.readChanges(record, kept.upTo, to, most-len(out), bytes)
	if err != nil {
		return nil, false, err
	}
	v.begun.extend(kept, more, upTo)
	return append(slices.Clip(out), more...), upTo == to, nil
}

// erasures counts what was ever deleted beside a record's statements: see 00012_erasures.sql.
func (q q) erasures(record policies.RecordID) (n int64, err error) {
	_, err = found(q.row(`SELECT n FROM erasures WHERE record = $1`, record.String()).Scan(&n))
	return n, err
}

// readChanges is Changes from the tables. Everything up to the index that it returns is
// there; it is to if that is all.
func (q q) readChanges(record policies.RecordID, from, to int64, most, bytes int) (out []Change, upTo int64, err error) {
	statements, err := q.Statements(record, from, to, most)
	if err != nil {
		return nil, from, err
	}
	late, err := q.lateAttachments(record, from, to, most)
	if err != nil {
		return nil, from, err
	}
	whole, came := to, map[int64][]Attachment(nil)
	if n := len(statements); n > 0 {
		through := statements[n-1].Index
		if came, whole, err = q.cameWithin(record, from, through, bytes); err != nil {
			return nil, from, err
		}
		if whole == through {
			whole = to
		}
	}
	for _, s := range statements {
		out = append(out, Change{Index: s.Index, Statement: s, Beside: came[s.Index]})
	}
	out = append(out, late...)
	slices.SortFunc(out, func(a, b Change) int { return cmp.Compare(a.Index, b.Index) })
	upTo = to
	if len(out) >= most {
		out = out[:most]
		upTo = out[most-1].Index
	}
	if beyond := slices.IndexFunc(out, func(c Change) bool { return c.Index > whole }); beyond >= 0 {
		out, upTo = out[:beyond], out[beyond-1].Index // what lies beside the rest would be too much
	}
	return out, upTo, nil
}

// lateAttachments reads the attachments that came with from < index ≤ to to statements of a
// record, in order, at most limit.
func (q q) lateAttachments(record policies.RecordID, from, to int64, limit int) ([]Change, error) {
	var out []Change
	err := q.each(func(scan func(...any) error) error {
		c := Change{Late: true, Beside: make([]Attachment, 1)}
		var id, kind string
		if err := scan(&id, &kind, &c.Statement.Class, &c.Beside[0].Name, &c.Beside[0].Body, &c.Index); err != nil {
			return err
		}
		c.Statement.Kind = policies.Kind(kind)
		out = append(out, c)
		return out[len(out)-1].Statement.ID.UnmarshalText([]byte(id))
	}, `SELECT s.id, s.kind, s.class, a.name, a.body, a.log_index FROM attachments a JOIN statements s ON s.id = a.statement
		WHERE a.record = $1 AND a.log_index > $2 AND a.log_index <= $3 ORDER BY a.log_index LIMIT $4`,
		record.String(), from, to, limit)
	return out, err
}

// cameWithin reads what came with a record's statements with from < index ≤ to, by their
// indexes, until it has most bytes. All of it is there for statements up to the index
// that it returns.
func (q q) cameWithin(record policies.RecordID, from, to int64, most int) (map[int64][]Attachment, int64, error) {
	all := map[int64][]Attachment{}
	bytes, last := 0, from
	err := q.each(func(scan func(...any) error) error {
		var index int64
		var a Attachment
		if err := scan(&index, &a.Name, &a.Body); err != nil {
			return err
		}
		if index != last && bytes >= most {
			return errEnough
		}
		all[index], last = append(all[index], a), index
		bytes += len(a.Body)
		return nil
	}, `SELECT s.log_index, a.name, a.body FROM statements s JOIN attachments a ON a.statement = s.id
		WHERE s.record = $1 AND s.log_index > $2 AND s.log_index <= $3 AND a.log_index IS NULL ORDER BY s.log_index, a.name`,
		record.String(), from, to)
	if errors.Is(err, errEnough) {
		return all, last, nil
	}
	return all, to, err
}

// errEnough ends a query whose further rows are not needed.
var errEnough = errors.New("enough")
