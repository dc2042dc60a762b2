package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sniffBytes is how much of a file is looked at: key files are short, and begin
// with what they are after at most a few lines of comment.
const sniffBytes = 64 << 10

// privateMarks are how private keys of people, custodians and the root begin.
var privateMarks = [][]byte{
	[]byte("AGE-SECRET-KEY-"),     // custodians, people, families; also the stock age tool's
	[]byte("attune/keys/v1\n"),    // a device's locked keys
	[]byte("PRIVATE KEY-----"),    // PEM of any kind
	[]byte("ATTUNE-ROOT-KEY-1:"),  // the organisation's root
	[]byte("attune-invite-1:"),    // an unused invitation is a key
	[]byte("OPENSSH PRIVATE KEY"), // by accident, of an operator
}

// foreignKeys lists the files under the data folder that look like a private
// key of somebody else. The server enforces and must not be able to read: a
// custodian's or a person's key beside the database would undo that, whoever
// put it there. It is a net against accidents and lazy copies; whoever wants to
// hide a key on this machine can.
func foreignKeys(f folder) ([]string, error) {
	var found []string
	real, err := filepath.EvalSymlinks(string(f)) // a walk does not follow a link at its start
	if err != nil {
		return nil, err
	}
	f = folder(real)
	own := []string{f.serverKey(), f.logKey(), f.nextServerKey(), f.nextLogKey(), f.database(), f.database() + "-wal", f.database() + "-shm"}
	err = filepath.WalkDir(string(f), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path == f.objects():
			return filepath.SkipDir // ciphertext: storage checks each by its hash
		case !d.Type().IsRegular(), slices.Contains(own, path):
			return nil
		}
		private, err := looksPrivate(path, privateMarks)
		if filepath.Dir(path) == f.acme() { // where autocert keeps keys in PEM
			private, err = looksPrivate(path, slices.DeleteFunc(slices.Clone(privateMarks), isPEM))
		}
		if private {
			found = append(found, path)
		}
		return err
	})
	return found, err
}

func isPEM(mark []byte) bool { return bytes.HasPrefix(mark, []byte("PRIVATE KEY")) }

func looksPrivate(path string, marks [][]byte) (bool, error) {
	r, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // gone since it was listed
	}
	if err != nil {
		return false, err
	}
	defer r.Close()
	first, err := io.ReadAll(io.LimitReader(r, sniffBytes))
	if err != nil {
		return false, err
	}
	for _, mark := range marks {
		if bytes.Contains(first, mark) {
			return true, nil
		}
	}
	return false, nil
}

// refuseForeign is foreignKeys as a refusal. A demonstration keeps everybody's
// keys in one place on purpose, and says so on every page.
func refuseForeign(f folder) error {
	if f.demo() {
		return nil
	}
	found, err := foreignKeys(f)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return problem("foreign_key", "Move it to its owner's device and delete it here; the server must not be able to read.",
			"%s holds a private key that is not the server's.", strings.Join(found, ", "))
	}
	return nil
}
