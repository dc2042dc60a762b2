package storage

import (
	"context"

	"github.com/attune-vf/attune/policies"
)

// Watch has fn called with each statement to the database; nil ends it.
func (s *Store) Watch(fn func(query string)) { s.d.rows.Watch(fn) }

// EndingsWithin is Records.Endings with another bound on the bytes of an answer.
func EndingsWithin(r *Records, c policies.Caller, cursor string, most int) ([]Item, error) {
	return r.endings(context.Background(), c, cursor, most)
}
