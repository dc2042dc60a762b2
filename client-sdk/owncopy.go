package attune

import "os"

// ownCopy is a clip's sealed payload that this device still has. Its bytes need not
// travel again, but leave to see them is asked for as if they did: somebody who
// filmed a family is stopped in the middle like everybody else once it withdraws,
// and the log says how much they watched.
type ownCopy struct {
	file   *os.File
	goesOn func(err error) bool // without the server's word, when it cannot be reached
}

// overseen has the server rule on the bytes from from through to, and reads them here.
func (r *ranges) overseen(from, to int64) ([]byte, error) {
	for _, at := range r.asked(from, to) {
		if _, err := r.read(at, at); err != nil && !r.here.goesOn(err) {
			return nil, err
		}
	}
	body := make([]byte, to-from+1)
	_, err := r.here.file.ReadAt(body, from)
	return body, err
}

// asked is the byte at from, and the first of each eighth of the payload up to to:
// the server rules on a range, and counts what it enters by eighths.
func (r *ranges) asked(from, to int64) []int64 {
	at := []int64{from}
	for e := range int64(8) {
		if first := (e*r.size + 7) / 8; from < first && first <= to {
			at = append(at, first)
		}
	}
	return at
}
