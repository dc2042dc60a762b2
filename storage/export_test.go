package storage

// Watch has fn called with each statement to the database; nil ends it.
func (s *Store) Watch(fn func(query string)) { s.d.rows.Watch(fn) }
