package main

import (
	"encoding/base64"
	"errors"

	gokeyring "github.com/zalando/go-keyring"

	attune "github.com/attune-vf/attune/client-sdk"
)

// keyring is the operating system's: the Secret Service of a Linux desktop, the Keychain,
// the Windows Credential Manager.
type keyring struct{}

// keyringService is what the system shows its person as the program that keeps something.
const keyringService = "attune"

// Put implements [attune.KeyStore].
func (keyring) Put(name string, secret []byte) error {
	return gokeyring.Set(keyringService, name, base64.RawURLEncoding.EncodeToString(secret))
}

// Get implements [attune.KeyStore].
func (keyring) Get(name string) ([]byte, error) {
	text, err := gokeyring.Get(keyringService, name)
	if err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.DecodeString(text)
}

// Delete implements [attune.KeyStore].
func (keyring) Delete(name string) error {
	err := gokeyring.Delete(keyringService, name)
	if errors.Is(err, gokeyring.ErrNotFound) {
		return nil
	}
	return err
}

// unlocked opens a device by this machine's keyring, if its person chose that and named
// no file with the passphrase, and else by the passphrase, which ask asks for. Of an attune
// sync --watch that has it open it is borrowed.
func (g *global) unlocked(dir string, cfg attune.Config, ask func() ([]byte, error)) (*attune.Client, error) {
	if attune.InKeyStore(dir) && g.PassphraseFile == "" {
		c, err := g.borrowed(dir, func() (*attune.Client, error) { return attune.OpenKept(dir, keyring{}, cfg) })
		if err == nil || attune.CodeOf(err) != attune.CodePassphrase {
			return c, err
		}
		g.note("This machine's keyring does not open this device; your passphrase does.")
	}
	pass, err := ask()
	if err != nil {
		return nil, err
	}
	defer clear(pass)
	return g.borrowed(dir, func() (*attune.Client, error) { return attune.Open(dir, pass, cfg) })
}

type deviceKeyringCmd struct {
	State string `arg:"" enum:"on,off" help:"on, or off."`
}

// Help is what --help shows below the flags.
func (deviceKeyringCmd) Help() string {
	return `Example: attune device keyring on

Has this device open without its passphrase while you are signed in to this machine, by the machine's own
keyring. The passphrase still opens it, and what wants you in person still asks for it. Choose this only on a
machine that locks itself and whose disk is encrypted: whoever sits at it signed in as you opens the device.`
}

func (c *deviceKeyringCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		if c.State == "off" {
			if err := d.KeepNowhere(keyring{}); err != nil {
				return err
			}
			return g.print(map[string]any{"keyring": false}, "This device opens by its passphrase alone.")
		}
		pass, err := g.passphrase(false)
		if err != nil {
			return err
		}
		defer clear(pass)
		if err := d.KeepIn(keyring{}, pass); err != nil {
			return err
		}
		return g.print(map[string]any{"keyring": true}, "This device opens by this machine's keyring while you are signed in. Its passphrase opens it too.")
	})
}
