package attune

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// A home is the folder of one person's device, readable by its owner only:
//
//	device.json   who and where, public
//	keys.locked   the three secret keys, under the passphrase
//	store.db      mirror, outbox, uploads
//	clips/        sealed payloads
//	services/     a folder like this one for each further service: see services.go
//	evidence/     what shows that the server lied, if it ever did
const (
	deviceFile = "device.json"
	keysFile   = "keys.locked"
	nextFile   = "keys.next"  // while this person's key is being replaced: the secrets to come
	askFile    = "ask.locked" // while this device asks to be certified by another
	joinFile   = "join.json"  // while joining: what was signed, so that a lost answer does no harm
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

// secrets is what keys.locked holds.
type secrets struct {
	Person   policies.Digest `json:"person"`   // Ed25519 seed
	Device   policies.Digest `json:"device"`   // Ed25519 seed
	Identity string          `json:"identity"` // age hybrid identity
	Former   []string        `json:"former"`   // those before it
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

func lockSecrets(dir string, s secrets, passphrase []byte) error {
	return lockFile(dir, keysFile, s, passphrase)
}

func lockFile(dir, name string, s secrets, passphrase []byte) error {
	if len(strings.TrimSpace(string(passphrase))) == 0 {
		return problem(CodePassphrase, "Choose a passphrase for this device.", "The passphrase is empty.")
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode keys: %w", err)
	}
	defer clear(plain)
	locked, err := seal.LockKeys(passphrase, plain)
	if err != nil {
		return err
	}
	return writeFile(dir, name, locked)
}

func unlockSecrets(dir string, passphrase []byte) (secrets, error) {
	s, err := unlockFile(dir, keysFile, passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		return s, problem(CodeHome, "Join first, with the invitation of your service.", "%s is not the folder of a joined device.", dir).because(err)
	}
	return s, err
}

// unlockFile opens a file of secrets; fs.ErrNotExist when there is none.
func unlockFile(dir, name string, passphrase []byte) (s secrets, err error) {
	locked, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return s, err
	}
	plain, err := seal.UnlockKeys(passphrase, locked)
	switch {
	case errors.Is(err, seal.ErrWrongPassphrase):
		return s, problem(CodePassphrase, "Try again.", "The passphrase is not right.")
	case err != nil:
		return s, problem(CodeHome, "Join again with a new invitation, in a new folder.", "The keys of this device are damaged.").because(err)
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &s); err != nil {
		return s, fmt.Errorf("read keys: %w", err)
	}
	return s, nil
}

// Unlock checks a passphrase anew, for an act that wants the person and not only
// their open device. Errors: an [*Error] with [CodePassphrase].
func (c *Client) Unlock(passphrase []byte) error {
	s, err := unlockSecrets(c.desk.dir, passphrase)
	clear(s.Person[:])
	clear(s.Device[:])
	return err
}

func signingKey(seed policies.Digest) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed[:]) }

func publicKey(k ed25519.PrivateKey) policies.PublicKey {
	return policies.PublicKey(k.Public().(ed25519.PublicKey))
}
