package storage

import "context"

// Notice lets devices hear of what another process has written to the database: the
// sweeper marks and disposes of film beside a server that runs. Until somebody looks, a
// device that asks in vain is told that nothing is new. It costs one query.
func (s *Store) Notice(ctx context.Context) error { return s.d.rows.Notice(ctx) }
