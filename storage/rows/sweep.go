package rows

import (
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// SweepViewings removes at most limit viewings that ended before this time, and
// returns how many.
func (tx *Tx) SweepViewings(before policies.Micros, limit int) (int64, error) {
	return tx.sweep(`DELETE FROM viewings WHERE id IN (SELECT id FROM viewings WHERE expires < $1 LIMIT $2)`, before, limit)
}

// SweepLinkSessions removes at most limit opened pages that ended before this time,
// and returns how many.
func (tx *Tx) SweepLinkSessions(before policies.Micros, limit int) (int64, error) {
	return tx.sweep(`DELETE FROM link_sessions WHERE id IN (SELECT id FROM link_sessions WHERE expires < $1 LIMIT $2)`, before, limit)
}

func (tx *Tx) sweep(query string, before policies.Micros, limit int) (int64, error) {
	res, err := tx.change(query, before, limit)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	return res.RowsAffected()
}
