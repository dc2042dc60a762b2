package ledger

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Entry is one statement, with all that is needed to judge it again.
type Entry struct {
	Version     int          `json:"v"`         // 1
	ID          string       `json:"id"`        // of the statement
	Record      string       `json:"record"`    // that it belongs to
	Kind        string       `json:"kind"`      // such as "consent.withdraw"
	At          int64        `json:"at"`        // when the server took it, µs
	Log         string       `json:"log"`       // name of the access log, which names the history
	Size        int64        `json:"size"`      // leaves of the log that were committed before it
	Statement   string       `json:"statement"` // compact JWS
	Attachments []Attachment `json:"attachments"`
}

// Attachment is bytes beside the statement, sealed as they came.
type Attachment struct {
	Name string `json:"name"`
	Body []byte `json:"body"`
}

// version of the entries that are written here.
const version = 1

// maxLine bounds a line: a statement of 64 KiB with attachments of 12 MiB in base64.
const maxLine = 32 << 20

// ErrDamaged is what a line is that was changed since it was written.
var ErrDamaged = errors.New("damaged line")

// encode is the entry's line: SHA-256 of the JSON in hexadecimal, a space, the JSON, and
// a line end. A person can read it, and check it with sha256sum.
func (e Entry) encode() ([]byte, error) {
	e.Version = version
	if e.Attachments == nil {
		e.Attachments = []Attachment{}
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("ledger entry %s: %w", e.ID, err)
	}
	sum := sha256.Sum256(body)
	line := append([]byte(hex.EncodeToString(sum[:])), ' ')
	return append(append(line, body...), '\n'), nil
}

// decode reads a line without its end.
func decode(line []byte) (e Entry, err error) {
	sum, body, ok := bytes.Cut(line, []byte{' '})
	want := sha256.Sum256(body)
	if !ok || hex.EncodeToString(want[:]) != string(sum) {
		return e, ErrDamaged
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if e.Version != version {
		return e, fmt.Errorf("%w: version %d", ErrDamaged, e.Version)
	}
	return e, nil
}

// scan calls take for each finished line, counted from 1, and returns how many bytes
// those are.
func scan(r io.Reader, take func(number int, e Entry, err error) error) (whole int64, err error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return whole, nil // what is left is no finished line
		}
		if err != nil {
			return whole, err
		}
		e, bad := decode(line[:len(line)-1])
		if err := take(number, e, bad); err != nil {
			return whole, err
		}
		whole += int64(len(line))
	}
}

func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("%w: longer than %d bytes", ErrDamaged, maxLine)
		}
	}
}

// Damage is a line that does not say what was written.
type Damage struct {
	Line int   // from 1
	Err  error // wraps [ErrDamaged]
}

// Read reads a ledger file: its entries in the order in which they were written, each
// statement once, and the lines that are damaged. It changes nothing.
func Read(path string) (entries []Entry, damaged []Damage, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read ledger: %w", err)
	}
	defer file.Close()
	seen := map[string]bool{}
	_, err = scan(file, func(number int, e Entry, err error) error {
		switch {
		case err != nil:
			damaged = append(damaged, Damage{number, err})
		case !seen[e.ID]:
			seen[e.ID] = true
			entries = append(entries, e)
		}
		return nil
	})
	return entries, damaged, err
}
