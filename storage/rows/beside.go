package rows

import "context"

// Notice looks whether another process has committed to the database, and if so has
// [DB.OnMove] called with nil. The same happens with each write; this is for the time in
// which nobody writes. It costs one query.
func (db *DB) Notice(ctx context.Context) error {
	var size int64
	err := db.Read(ctx, func(v *View) (err error) {
		size, err = v.LogSize()
		return err
	})
	if err != nil || size <= db.committed.Load().Size() {
		return err
	}
	return db.Write(ctx, func(*Tx) error { return nil }) // takes the lock, and with it the new frontier
}
