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

// begun is the first line of a file: what tells this ledger from any other.
type begun struct {
	Version int      `json:"v"`     // 1
	Ledger  string   `json:"begun"` // its name, drawn when it was begun
	After   []string `json:"after"` // the names of those that were lost before it, the oldest first
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

func (e Entry) encode() ([]byte, error) {
	e.Version = version
	if e.Attachments == nil {
		e.Attachments = []Attachment{}
	}
	line, err := encode(e)
	if err != nil {
		return nil, fmt.Errorf("ledger entry %s: %w", e.ID, err)
	}
	return line, nil
}

// encode is a line: SHA-256 of the JSON in hexadecimal, a space, the JSON, and a line end.
// A person can read it, and check it with sha256sum.
func encode(what any) ([]byte, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	line := append([]byte(hex.EncodeToString(sum[:])), ' ')
	return append(append(line, body...), '\n'), nil
}

// decode reads a line without its end: an entry, or the beginning of a file.
func decode(line []byte) (e Entry, b begun, err error) {
	sum, body, ok := bytes.Cut(line, []byte{' '})
	want := sha256.Sum256(body)
	if !ok || hex.EncodeToString(want[:]) != string(sum) {
		return e, b, ErrDamaged
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return e, b, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if b.Version != version {
		return e, b, fmt.Errorf("%w: version %d", ErrDamaged, b.Version)
	}
	if b.Ledger != "" {
		return e, b, nil
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, b, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return e, b, nil
}

// scan calls take for each finished line but the first that names the file, counted from 1.
// It returns that name, and how many bytes those lines are.
func scan(r io.Reader, take func(number int, e Entry, err error)) (name begun, whole int64, err error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return name, whole, nil // what is left is no finished line
		}
		if err != nil {
			return name, whole, err
		}
		whole += int64(len(line))
		e, b, bad := decode(line[:len(line)-1])
		if b.Ledger == "" || bad != nil {
			take(number, e, bad)
		} else if name.Ledger == "" {
			name = b
		}
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
	_, _, err = scan(file, func(number int, e Entry, err error) {
		switch {
		case err != nil:
			damaged = append(damaged, Damage{number, err})
		case !seen[e.ID]:
			seen[e.ID] = true
			entries = append(entries, e)
		}
	})
	return entries, damaged, err
}
