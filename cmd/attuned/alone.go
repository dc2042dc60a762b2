package main

import (
	"errors"
	"fmt"
	"os"
)

// alone takes the folder for one server, until release: two would each answer from
// what they remember, and a device revoked at the one would go on at the other.
// What only reads, and the sweeper, need not be alone.
//
// The lock is on the file "serving" and goes with the process, however it ends.
func (f folder) alone() (release func() error, err error) {
	w, err := os.OpenFile(f.path("serving"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(forbidden(f, err), fmt.Errorf("open the server's lock: %w", err))
	}
	held, err := lock(w)
	if err == nil && !held {
		err = problem("running", "Stop it first.", "A server works on %s already.", f)
	}
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w.Close, nil
}
