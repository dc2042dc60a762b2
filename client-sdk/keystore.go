package attune

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// A device opens with its passphrase. Its person may choose that it also opens by what the
// operating system keeps for whoever is signed in: the keyring of a desktop, the key store
// of a phone. Then keys.kept holds what keys.locked holds, sealed under a key that is
// nowhere but there. The passphrase stays, for the day on which the keyring does not
// answer, and for each act that wants the person and not only their open device.
//
// It is weaker: whoever is signed in as this person, any program of theirs too, opens the
// device. It is for machines that lock themselves and whose disk is encrypted.

// KeyStore is where an operating system keeps secrets for whoever is signed in. Names are
// this package's; a secret is 32 bytes.
type KeyStore interface {
	// Put keeps a secret under a name, in place of what was there. It is kept on return.
	Put(name string, secret []byte) error
	// Get returns what Put kept. Any error means that it is not to be had now: it is not
	// there, or the store does not answer, or the person said no.
	Get(name string) ([]byte, error)
	// Delete forgets a name; nil when there is nothing under it.
	Delete(name string) error
}

// keptFile is keys.locked once more, for the key store.
const keptFile = "keys.kept"

// keptName is what the key is called in the store: several homes may be one person's.
func keptName(me profile) string { return "device " + me.Device.String() }

// InKeyStore reports whether the home in dir opens by a key store.
func InKeyStore(dir string) bool { return exists(dir, keptFile) }

// KeepIn has this device open by a key store from now on, see [OpenKept]. The passphrase
// is asked for once more: it is the person's decision. Errors: an [*Error] with
// [CodePassphrase], or with [CodeKeyStore] when the store does not give back what it was
// handed; then nothing has changed.
func (c *Client) KeepIn(store KeyStore, passphrase []byte) error {
	dir, name := c.desk.dir, keptName(c.desk.me)
	s, err := unlockFile(dir, keysFile, passphrase)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode keys: %w", err)
	}
	defer clear(plain)
	var key policies.Digest
	rand.Read(key[:])
	defer clear(key[:])
	err = store.Put(name, key[:])
	if err == nil { // a store that takes a key and loses it is worse than none
		var back []byte
		if back, err = store.Get(name); err == nil && string(back) != string(key[:]) {
			err = errors.New("it gave back something else")
		}
		clear(back)
	}
	if err != nil {
		return problem(CodeKeyStore, "Go on with your passphrase, as before.", "This machine's keyring does not keep secrets.").because(err)
	}
	return writeFile(dir, keptFile, seal.NewBox(key).Seal(in("files", keptFile), plain))
}

// KeepNowhere has this device open by its passphrase alone again. The key store may not
// answer: what it keeps then opens nothing any more.
func (c *Client) KeepNowhere(store KeyStore) error {
	if err := destroy(c.desk.dir, keptFile); err != nil {
		return err
	}
	if err := store.Delete(keptName(c.desk.me)); err != nil {
		return problem(CodeKeyStore, "It opens nothing any more; remove it from the keyring when you can.",
			"This machine's keyring did not forget its key of this device.").because(err)
	}
	return nil
}

// OpenKept is [Open] by the key store that the person chose with [Client.KeepIn]. Where
// that does not answer, or the home does not open so, it is an [*Error] with
// [CodePassphrase]: ask for that.
func OpenKept(dir string, store KeyStore, cfg Config) (*Client, error) {
	var me profile
	if err := readJSON(dir, deviceFile, &me); err != nil {
		return nil, notKept(err)
	}
	sealed, err := os.ReadFile(filepath.Join(dir, keptFile))
	if err != nil {
		return nil, notKept(err)
	}
	secret, err := store.Get(keptName(me))
	if err == nil && len(secret) != len(policies.Digest{}) {
		err = fmt.Errorf("%d bytes", len(secret))
	}
	if err != nil {
		return nil, notKept(err)
	}
	defer clear(secret)
	plain, err := seal.NewBox([32]byte(secret)).Open(in("files", keptFile), sealed)
	if err != nil {
		return nil, notKept(err)
	}
	defer clear(plain)
	var s secrets
	if err := json.Unmarshal(plain, &s.deviceSecrets); err != nil {
		return nil, notKept(err)
	}
	if s.personal, err = openPersonal(dir, personFile, s.Store); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return open(dir, me, s, cfg)
}

func notKept(err error) error {
	return problem(CodePassphrase, "Open it with your passphrase.", "This machine's keyring does not open this device.").because(err)
}
