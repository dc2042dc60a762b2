package attune

import "github.com/attune-vf/attune/policies"

// Allow lets the sweep go on with what it refused, by the digest that it printed: that clock
// on that day, or that list. Its author made sure of it first.
func (rs *Retention) Allow(what policies.SweepRefusal, of policies.Digest) (policies.StatementID, error) {
	s, err := rs.d.outbox.file(draft{policies.RecordID(rs.d.me.Org), "sweep.allow", policies.SweepAllow{What: what, Of: of}, nil})
	return s.ID, err
}
