package attune

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/policies"
)

// A home is the folder of one person's device, readable by its owner only:
//
//	device.json   who and where, public
//	keys.locked   this device's signing key and its store key, under the passphrase
//	keys.kept     the same under a key of the machine's keyring, if the person chose that
//	person.sealed its person's key and age identity, under the store key
//	device.sealed signing keys that this device made itself, when it had been copied
//	store.db      mirror, outbox, uploads
//	clips/        sealed payloads
//	services/     a folder like this one for each further service: see services.go
//	evidence/     what shows that the server lied, if it ever did
const (
	deviceFile = "device.json"
	keysFile   = "keys.locked"
	personFile = "person.sealed"
	nextFile   = "person.next"   // while this person's key is being replaced: the secrets to come
	ownFile    = "device.sealed" // keys that this device made itself once it turned out to have been copied
	askFile    = "ask.locked"    // while this device asks to be certified by another
	joinFile   = "join.json"     // while joining: what was signed, so that a lost answer does no harm
	clipsDir   = "clips"
)

// maxName bounds what people call each other and their films, in bytes: it stands
// in a column of a list, and on a carer's phone.
const maxName = 200

func tooLong(what string, most int) error {
	return problem(CodeInput, "Make it shorter.", "The %s is longer than %d letters.", what, most)
}

// profile is device.json.
type profile struct {
	Version     int               `json:"v"`
	Server      string            `json:"server"`
	Org         policies.OrgID    `json:"org"`
	Staff       policies.StaffID  `json:"staff"`
	Certificate policies.KeyID    `json:"certificate"` // staff.certify
	Device      policies.DeviceID `json:"device"`
	Service     string            `json:"service,omitzero"` // its name when this device joined
}

func makeHome(dir string) error {
	for _, d := range []string{dir, filepath.Join(dir, clipsDir)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("make %s: %w", d, err)
		}
	}
	return os.Chmod(dir, 0o700) // it may have been there, with other rights
}

// exists reports whether a file of the home is there.
func exists(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// writeFile replaces a file whole and durably: a crash leaves the old or the new.
func writeFile(dir, name string, body []byte) error {
	tmp, err := os.CreateTemp(dir, name+".tmp*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(tmp.Name()) // absent once renamed
	_, err = tmp.Write(body)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, name))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// syncDir makes names durable. Windows cannot sync a folder, and needs not: NTFS
// writes names to its journal.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func writeJSON(dir, name string, v any) error {
	b, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return writeFile(dir, name, append(b, '\n'))
}

func readJSON(dir, name string, v any) error {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v, json.RejectUnknownMembers(true)); err != nil {
		return problem(CodeHome, "Join again with a new invitation, in a new folder.", "%s in %s cannot be read.", name, dir).because(err)
	}
	return nil
}

// Unlock checks a passphrase anew, for an act that wants the person and not only
// their open device. Errors: an [*Error] with [CodePassphrase].
func (c *Client) Unlock(passphrase []byte) error {
	s, err := unlockSecrets(c.desk.dir, passphrase)
	s.forget()
	return err
}
