// Package certificate is the certificate of destruction of a clip as a file of its own: for
// a file on a shelf, a court, or a family who asked. It says what was destroyed, on whose
// word, what was looked at to be sure, and when nothing can bring it back.
//
// It promises that [File.Verify] needs nothing but the file: no service, no device, no
// network. What the file cannot prove by itself Verify says: that the organisation's root is
// the one that the reader knows, and what devices said that they let go of.
//
// It leaves to others to gather what stands in it. Start at [Parse] and [File.Verify]. There
// are no names in it, only identifiers.
package certificate

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/policies"
)

// Format names the form of the file, and its version.
const Format = "attune/destruction-certificate/v1"

// MaxBytes bounds a file that is read.
const MaxBytes = 1 << 20

// File is a certificate with what proves it.
type File struct {
	Format       string               `json:"format"`
	Organisation policies.OrgID       `json:"organisation"` // the fingerprint of its root key
	Family       policies.FamilyID    `json:"family"`
	Certificate  policies.StatementID `json:"certificate"` // SHA-256 of Statement
	Body         policies.ClipDispose `json:"body"`        // what Statement says, to be read
	Accepted     string               `json:"accepted"`    // when it entered the access log, RFC 3339
	Ends         Ends                 `json:"ends"`
	Devices      Devices              `json:"devices"`
	Proof        Proof                `json:"proof"`
	Statement    string               `json:"statement"` // clip.dispose, as the server signed it
	Chain        []string             `json:"chain"`     // org.root, then each server.certify by which it is the server
}

// Ends are the two dates of a destruction, and what the second still waits for.
type Ends struct {
	Unopenable string `json:"unopenable"` // since then nothing in the live system opens it, RFC 3339
	Backup     string `json:"backup"`     // the last day on which a backup may hold it
	ForGood    string `json:"for_good"`   // the day after which nothing anywhere opens it; "" while a device is outstanding
}

// Devices is who could have opened the clip, and what they said. A device's word is its own:
// nobody can look inside.
type Devices struct {
	AsOf        string              `json:"as_of"` // RFC 3339
	Received    []Receipt           `json:"received"`
	Outstanding []policies.DeviceID `json:"outstanding"`
}

// Receipt is a device's word that it has no key of the clip, and no film.
type Receipt struct {
	Device    policies.DeviceID `json:"device"`
	At        string            `json:"at"`        // RFC 3339; "" where only that it came is known
	Statement string            `json:"statement"` // device.purged as it was signed; "" where this device does not hold it
}

// Proof is that the certificate stands in the access log, as [RFC 6962] has it.
//
// [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1
type Proof struct {
	Index      int64             `json:"index"`
	Leaf       string            `json:"leaf"`       // exactly the bytes that were hashed
	Path       []policies.Digest `json:"path"`       // leaf's sibling first
	Checkpoint string            `json:"checkpoint"` // the signed note
}

// ErrFile says that a file is no certificate.
var ErrFile = errors.New("not a certificate of destruction")

// Parse reads a file strictly: a member that this version does not know is not one that it
// may leave out when it says what was verified, and bytes that differ from their own
// encoding are not what was exported.
func Parse(b []byte) (f File, err error) {
	if len(b) > MaxBytes {
		return f, fmt.Errorf("%w: more than %d bytes", ErrFile, MaxBytes)
	}
	if err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true)); err != nil {
		return f, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if f.Format != Format {
		return f, fmt.Errorf("%w: its format is %q, not %q", ErrFile, f.Format, Format)
	}
	if again, err := f.JSON(); err != nil || !bytes.Equal(again, b) {
		return f, fmt.Errorf("%w: it is not as it was exported, byte for byte", ErrFile)
	}
	return f, nil
}

// JSON is the file as it is written: indented, for people.
func (f File) JSON() ([]byte, error) {
	b, err := json.Marshal(f, jsontext.WithIndent("  "), json.FormatNilSliceAsNull(false))
	return append(b, '\n'), err
}

// NewEnds works out the two dates.
func NewEnds(body policies.ClipDispose, d Devices) Ends {
	e := Ends{Unopenable: Stamp(body.KeysAt), Backup: body.Backup}
	if len(d.Outstanding) > 0 {
		return e
	}
	e.ForGood = body.Backup
	for _, r := range d.Received {
		if day, _, ok := cutDay(r.At); ok && day > e.ForGood {
			e.ForGood = day
		}
	}
	return e
}

func cutDay(at string) (day, rest string, ok bool) {
	if _, err := time.Parse(time.RFC3339, at); err != nil {
		return "", "", false
	}
	return at[:len(time.DateOnly)], at[len(time.DateOnly):], true
}

// Stamp is a time as the file has it: UTC, to the second.
func Stamp(at policies.Micros) string { return at.Time().UTC().Format(time.RFC3339) }
