package attune

import (
	"cmp"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// WholeRecord is a family's whole record, and what becomes of it.
type WholeRecord struct {
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	policies.Fated
}

// Record says what becomes of a family's whole record: forms, notes, keys, once its film is
// gone. It destroys nothing.
func (rs *Retention) Record(family policies.FamilyID) (WholeRecord, error) {
	f, err := rs.d.mirror.provisional(family)
	if err != nil {
		return WholeRecord{}, err
	}
	pack, err := rs.d.figures()
	if err != nil {
		return WholeRecord{}, err
	}
	org, err := rs.d.mirror.provisionalOrg()
	if err != nil {
		return WholeRecord{}, err
	}
	now := rs.d.now()
	return WholeRecord{family, f.Reference, f.RecordFate(policies.NewTerms(org, pack, now.Location(), policies.At(now)))}, nil
}

// LetRecordGo is an IG officer's word that a whole record goes, a month from when the service
// takes it. Closed is the day on which the case closed and the last contact was, where the
// dates count from that; else "". Until is the last day that it was kept, as its author saw it:
// "" for what [Retention.Record] says.
//
// Errors: an [*Error] with [CodeInput] where no date is known.
func (rs *Retention) LetRecordGo(family policies.FamilyID, closed, until string) (policies.StatementID, error) {
	w, err := rs.Record(family)
	if err != nil {
		return policies.StatementID{}, err
	}
	if until == "" && !w.Until.IsZero() {
		until = w.Until.String()
	}
	if until == "" {
		return policies.StatementID{}, problem(CodeInput, "Name the last day that it was kept, and the day on which the case closed.", "The record alone does not say when its time was over.")
	}
	s, err := rs.d.outbox.file(draft{policies.RecordID(rs.d.me.Org), "record.approve", policies.RecordApprove{Family: family, Closed: closed, Until: until}, nil})
	return s.ID, err
}

// EndedRecord is a family's record of which digests are left.
type EndedRecord struct {
	Family      policies.FamilyID    `json:"family"`
	Certificate policies.StatementID `json:"certificate"`
	Authority   policies.StatementID `json:"authority"`
	At          time.Time            `json:"at"`
	Backup      string               `json:"backup"` // the last day on which a backup may hold any of it
	Head        policies.Digest      `json:"head"`
	Count       int64                `json:"count"`
	Received    int                  `json:"received"` // devices that said that they let go of it
}

// Records lists the whole records that were destroyed, the newest first. Nobody's device knows
// whose they were.
func (ds *Destroyed) Records() ([]EndedRecord, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	out := []EndedRecord{}
	for id, e := range org.Ended {
		out = append(out, EndedRecord{id, e.ID, e.Authority, e.At.Time(), e.Backup, e.Head, e.Count, len(e.Purged)})
	}
	slices.SortFunc(out, func(a, b EndedRecord) int { return cmp.Or(b.At.Compare(a.At), compareIDs(a.Family, b.Family)) })
	return out, nil
}
