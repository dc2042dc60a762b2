package attune

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// secrets are all that a device keeps to itself. Those of its person lie in a file of
// their own: a device that was revoked loses them at once, without anybody's passphrase,
// and can still send what was queued here.
type secrets struct {
	deviceSecrets
	personal
}

// deviceSecrets is what keys.locked holds, and ask.locked while a device asks.
type deviceSecrets struct {
	Device   policies.Digest `json:"device"`            // Ed25519 seed
	Store    policies.Digest `json:"store"`             // seals what else lies on this device
	Exchange string          `json:"exchange,omitzero"` // while asking: the age identity that opens the reply
}

// personal is what all devices of a person have in common; the zero value on a device
// that was revoked.
type personal struct {
	Person   policies.Digest `json:"person"`   // Ed25519 seed
	Identity string          `json:"identity"` // age hybrid identity
	Former   []string        `json:"former"`   // those before it
}

// forget overwrites what can be overwritten.
func (s *secrets) forget() {
	clear(s.Person[:])
	clear(s.Device[:])
	clear(s.Store[:])
	s.Identity, s.Former = "", nil
}

// lockSecrets writes both files. The passphrase locks the second: with it there, the
// home has keys.
func lockSecrets(dir string, s secrets, passphrase []byte) error {
	if err := sealPersonal(dir, personFile, s.Store, s.personal); err != nil {
		return err
	}
	return lockFile(dir, keysFile, s.deviceSecrets, passphrase)
}

func lockFile(dir, name string, s deviceSecrets, passphrase []byte) error {
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

func unlockSecrets(dir string, passphrase []byte) (s secrets, err error) {
	s.deviceSecrets, err = unlockFile(dir, keysFile, passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		return s, problem(CodeHome, "Join first, with the invitation of your service.", "%s is not the folder of a joined device.", dir).because(err)
	}
	if err != nil {
		return s, err
	}
	s.personal, err = openPersonal(dir, personFile, s.Store)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil // it was revoked
	}
	return s, err
}

// unlockFile opens a file of secrets; fs.ErrNotExist when there is none.
func unlockFile(dir, name string, passphrase []byte) (s deviceSecrets, err error) {
	locked, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return s, err
	}
	plain, err := seal.UnlockKeys(passphrase, locked)
	switch {
	case errors.Is(err, seal.ErrWrongPassphrase):
		return s, problem(CodePassphrase, "Try again.", "The passphrase is not right.")
	case err != nil:
		return s, damagedKeys(err)
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &s); err != nil {
		return s, damagedKeys(err)
	}
	return s, nil
}

func damagedKeys(err error) error {
	return problem(CodeHome, "Join again with a new invitation, in a new folder.", "The keys of this device are damaged.").because(err)
}

// sealPersonal writes a person's keys under the device's store key.
func sealPersonal(dir, name string, store policies.Digest, p personal) error {
	plain, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode keys: %w", err)
	}
	defer clear(plain)
	return writeFile(dir, name, seal.NewBox(store).Seal(in("files", name), plain))
}

// openPersonal reads what sealPersonal wrote; fs.ErrNotExist when there is nothing.
func openPersonal(dir, name string, store policies.Digest) (p personal, err error) {
	sealed, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return p, err
	}
	plain, err := seal.NewBox(store).Open(in("files", name), sealed)
	if err != nil {
		return p, damagedKeys(err)
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &p); err != nil {
		return p, damagedKeys(err)
	}
	return p, nil
}

func signingKey(seed policies.Digest) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed[:]) }

func publicKey(k ed25519.PrivateKey) policies.PublicKey {
	return policies.PublicKey(k.Public().(ed25519.PublicKey))
}
