package accesslog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxCheckpointBytes leaves room for a hundred cosignatures; more is abuse.
const maxCheckpointBytes = 16 << 10

// ErrCheckpoint is wrapped by every refusal of [OpenCheckpoint].
var ErrCheckpoint = errors.New("not a checkpoint of this log")

// Checkpoint commits to all leaves of a log up to Size.
type Checkpoint struct {
	Origin string // the log's name, "attune/<org id>/<history>"
	Size   int64
	Root   Hash
}

// Body returns the text that is signed: origin, size and root in base64, a line
// each (C2SP tlog-checkpoint, without extension lines).
func (c Checkpoint) Body() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// Sign returns the checkpoint as a signed note. The first key bears the log's
// origin as its name; further keys serve rotation and cosigning.
func Sign(c Checkpoint, key *Signer, more ...*Signer) (string, error) {
	if key.Name() != c.Origin {
		return "", fmt.Errorf("sign checkpoint of %q: key is named %q", c.Origin, key.Name())
	}
	if _, err := parseBody(c.Body()); err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	signers := []note.Signer{key}
	for _, k := range more {
		signers = append(signers, k)
	}
	signed, err := note.Sign(&note.Note{Text: c.Body()}, signers...)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint of %q: %w", c.Origin, err)
	}
	return string(signed), nil
}

// OpenCheckpoint checks a signed note and returns what it commits to. Every
// refusal wraps [ErrCheckpoint]. Signatures of others are ignored.
//
// The origin must be the verifier's name: a note of another history that the
// same key signed is a true note and the wrong log.
func OpenCheckpoint(signed string, v *Verifier) (Checkpoint, error) {
	if len(signed) > maxCheckpointBytes {
		return Checkpoint{}, fmt.Errorf("%w: %d bytes", ErrCheckpoint, len(signed))
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := parseBody(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if c.Origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("%w: origin %q, want %q", ErrCheckpoint, c.Origin, v.Name())
	}
	return c, nil
}

// parseBody accepts exactly what Body writes.
func parseBody(body string) (Checkpoint, error) {
	lines := strings.Split(body, "\n")
	if len(lines) != 4 || lines[0] == "" {
		return Checkpoint{}, errors.New("body is not origin, size and root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > maxInteger {
		return Checkpoint{}, fmt.Errorf("size %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, fmt.Errorf("root %q", lines[2])
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: Hash(root)}
	if c.Body() != body {
		return Checkpoint{}, errors.New("body differs from its own re-encoding")
	}
	if size == 0 && c.Root != (Frontier{}).Root() {
		return Checkpoint{}, errors.New("empty tree with another root")
	}
	return c, nil
}
