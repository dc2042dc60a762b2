package main

import (
	"errors"
	"os"
)

// writeNew writes a file for its owner, which must not be there yet: what these
// commands write is secret or in clear, and never worth overwriting something.
func writeNew(path string, body []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return cannotWrite(path, err)
	}
	_, err = w.Write(body)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return cannotWrite(path, err)
	}
	return nil
}

func cannotWrite(path string, err error) error {
	if errors.Is(err, os.ErrExist) {
		return problem("input", "Name another file; this one was left as it is.", "%s is there already.", path)
	}
	return problem("input", "Name a file in a folder that you may write to.", "%s cannot be written: %v.", path, err)
}
