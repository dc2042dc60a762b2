package attune

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// evidenceDir keeps what shows that a server lied, a file for each thing it did.
const evidenceDir = "evidence"

// Bounds of the folder: a server that lies at every sync must not fill the disk. The
// first of each lie is what counts, so that later ones are left out.
const (
	maxEvidenceFiles = 64
	maxEvidenceBytes = 240 << 10 // a statement of 64 KiB, escaped, sealed and in base64, and two signed notes, twice
)

// exhibit is what was sent, and what it contradicts.
//
// Statements and signed states of the log stand there whole: they are signed, and a
// statement holds nothing sealed. Of film, keys, forms and titles only length and
// SHA-256 are kept: disposal deletes those, and a copy here would outlive it.
type exhibit struct {
	Code      wire.Code         `json:"code"`
	Says      string            `json:"says"`
	Why       string            `json:"why"`
	Noticed   string            `json:"noticed"`
	Item      wire.ItemKind     `json:"item,omitempty"`      // of the feed
	ID        string            `json:"id,omitempty"`        // of the statement that it is about
	Place     *wire.Place       `json:"place,omitempty"`     // where the server says that it stands
	Statement string            `json:"statement,omitempty"` // as it was sent
	Leaf      string            `json:"leaf,omitempty"`      // of a receipt
	Proof     []policies.Digest `json:"proof,omitempty"`     // of a receipt
	Sealed    []sealedThing     `json:"sealed,omitempty"`    // that came with it
	Expected  string            `json:"expected,omitempty"`  // by what this device has verified
	Got       string            `json:"got,omitempty"`
	Before    string            `json:"remembered,omitempty"` // the signed state that this device saw before
	Shown     string            `json:"shown,omitempty"`      // the signed state that came with it
	Extends   []policies.Digest `json:"consistency,omitempty"`
	About     []policies.ClipID `json:"clips,omitempty"`
	Record    policies.RecordID `json:"record,omitzero"`
	Server    string            `json:"server"`
}

// kept is a file of the folder. A family's statements, and its number, must not lie open on
// a device that its person takes home, and that forgets the family one day: the exhibit is
// sealed under the device's key, and what is no family's stands beside it. [Client.ShowEvidence]
// opens it.
type kept struct {
	Code    wire.Code         `json:"code"`
	Noticed string            `json:"noticed"`
	Server  string            `json:"server"`
	Before  string            `json:"remembered,omitempty"`
	Shown   string            `json:"shown,omitempty"`
	Extends []policies.Digest `json:"consistency,omitempty"`
	Sealed  []byte            `json:"sealed"` // JSON of the exhibit
}

// sealedThing stands for bytes that are not kept.
type sealedThing struct {
	Name   string          `json:"name"`
	Bytes  int             `json:"bytes"`
	SHA256 policies.Digest `json:"sha256"`
}

func sealedThings(all []wire.Attachment) (out []sealedThing) {
	for _, a := range all {
		if len(out) == 100 {
			break
		}
		out = append(out, sealedThing{a.Name[:min(len(a.Name), 100)], len(a.Body), policies.DigestOf(a.Body)})
	}
	return out
}

// ofItem shows an item of the feed.
func ofItem(i wire.Item) exhibit {
	place := i.Place
	raw := i.Statement
	if len(raw) > 64<<10 { // no statement; its beginning will do
		raw = raw[:64<<10]
	}
	return exhibit{Item: i.Kind, ID: i.ID.String(), Place: &place, Record: place.Record, Statement: raw, Sealed: sealedThings(i.Attachments)}
}

// ofReceipt shows what the server answered about a statement that was sent.
func ofReceipt(statement string, r wire.Result) exhibit {
	x := exhibit{ID: r.ID.String(), Statement: statement, Got: string(r.Status)}
	if r.Receipt != nil {
		place := r.Receipt.Place
		x.Place, x.Record = &place, place.Record
		x.Leaf = r.Receipt.Leaf[:min(len(r.Receipt.Leaf), 16<<10)]
		x.Proof = r.Receipt.Proof[:min(len(r.Receipt.Proof), 64)]
	}
	return x
}

// with is the exhibit and the signed states of the log around it.
func (x exhibit) with(before, shown string, proof []policies.Digest) exhibit {
	x.Before, x.Shown, x.Extends = before[:min(len(before), 4<<10)], shown[:min(len(shown), 4<<10)], proof[:min(len(proof), 128)]
	return x
}

// name is the same for the same lie, told again: by what was sent, and not by when.
func (x exhibit) name() (string, error) {
	x.Noticed = ""
	if x.Item != "" || x.Leaf != "" {
		x.Before, x.Shown, x.Extends = "", "", nil
	}
	b, err := json.Marshal(x)
	sum := policies.DigestOf(b)
	return fmt.Sprintf("%s-%s.json", x.Code, base64.RawURLEncoding.EncodeToString(sum[:9])), err
}

// convict keeps what shows a lie, of each lie in err, and adds to it where that is; any
// other error stays as it is. Fresh: this device had not noticed one of them before.
func (d *desk) convict(err error) (told error, fresh bool) {
	var failed []error
	for _, e := range lying(err) {
		x := *e.shows
		e.shows = nil // once
		x.Noticed, x.Server = d.now().UTC().Format(time.RFC3339), d.remote.base
		path, first, keepErr := d.exhibit(x)
		if failed = append(failed, keepErr); path != "" {
			e.Next += " What shows it is kept, sealed, in " + path + "."
		}
		fresh = fresh || first
	}
	if keepErr := errors.Join(failed...); keepErr != nil {
		return errors.Join(err, keepErr), fresh
	}
	return err, fresh
}

// lying are the errors in err of which something is still to be kept.
func lying(err error) (out []*Error) {
	if e, ok := err.(*Error); ok && e.shows != nil { //nolint:errorlint // each of the tree is looked at
		out = append(out, e)
	}
	switch u := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		out = append(out, lying(u.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, e := range u.Unwrap() {
			out = append(out, lying(e)...)
		}
	}
	return out
}

// exhibit writes a file of the folder; "" when the folder holds enough.
func (d *desk) exhibit(x exhibit) (path string, fresh bool, err error) {
	dir := filepath.Join(d.dir, evidenceDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", false, err
	}
	name, err := x.name()
	if err != nil {
		return "", false, err
	}
	path = filepath.Join(dir, name)
	if exists(dir, name) {
		return path, false, nil
	}
	plain, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return "", false, err
	}
	b := plain
	if exists(d.dir, deviceFile) { // while it joins it knows no family, and may never open its store again
		k := kept{x.Code, x.Noticed, x.Server, x.Before, x.Shown, x.Extends, d.store.box.Seal(in(evidenceDir, name), plain)}
		if b, err = json.MarshalIndent(k, "", "  "); err != nil {
			return "", false, err
		}
	}
	there, err := os.ReadDir(dir)
	if err != nil || len(there) >= maxEvidenceFiles || len(b) > maxEvidenceBytes {
		return "", false, err
	}
	return path, true, writeFile(dir, name, append(b, '\n'))
}

// Evidence lists the files that show what this server did, oldest names first; none
// where it never lied to this device.
func (c *Client) Evidence() ([]string, error) {
	return filepath.Glob(filepath.Join(c.desk.dir, evidenceDir, "*.json"))
}

// ShowEvidence is one of those files as it is to be shown to others, JSON, with what the
// device keeps sealed. An [*Error] with [CodeUnknown] where there is none of that name, with
// [CodeSealed] for one that this device did not make.
func (c *Client) ShowEvidence(file string) ([]byte, error) {
	name := filepath.Base(file)
	raw, err := os.ReadFile(filepath.Join(c.desk.dir, evidenceDir, name))
	if err != nil {
		return nil, problem(CodeUnknown, "List what needs attention: attune status.", "There is no evidence of the name %s.", name).because(err)
	}
	var k kept
	err = json.Unmarshal(raw, &k)
	if err == nil && len(k.Sealed) == 0 {
		return raw, nil // from before this device had joined
	}
	plain, bad := c.desk.store.box.Open(in(evidenceDir, name), k.Sealed)
	if err = errors.Join(err, bad); err != nil {
		return nil, problem(CodeSealed, "Keep the file, and tell your IG officer.", "%s is not as this device wrote it.", name).because(err)
	}
	return append(plain, '\n'), nil
}
