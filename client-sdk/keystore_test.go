package attune_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// ring is a key store that can fail.
type ring struct {
	kept  map[string][]byte
	fails bool
	loses bool
}

func (r *ring) Put(name string, secret []byte) error {
	if r.fails {
		return errors.New("nobody answers")
	}
	if !r.loses {
		r.kept[name] = bytes.Clone(secret)
	}
	return nil
}

func (r *ring) Get(name string) ([]byte, error) {
	if secret, ok := r.kept[name]; ok && !r.fails {
		return bytes.Clone(secret), nil
	}
	return nil, errors.New("not there")
}

func (r *ring) Delete(name string) error {
	if r.fails {
		return errors.New("nobody answers")
	}
	delete(r.kept, name)
	return nil
}

// TestKeyStore: a device opens by what the machine keeps for its person if they chose it,
// and by the passphrase all the same.
func TestKeyStore(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	dir, store := sam.Home(), &ring{kept: map[string][]byte{}}
	opens := func(when string, want bool) {
		t.Helper()
		must(t, sam.Close())
		c, err := attune.OpenKept(dir, store, s.config())
		if (err == nil) != want || err != nil && attune.CodeOf(err) != attune.CodePassphrase {
			t.Errorf("%s: %v, want it to open %v", when, err, want)
		}
		if err == nil {
			if _, err := c.Families.Show(f.id); err != nil || attune.Lacking(c, f.id) != nil {
				t.Errorf("%s: opened, and of no use: %v", when, err)
			}
			must(t, c.Close())
		}
		sam, err = attune.Open(dir, passphrase, s.config())
		must(t, err)
		t.Cleanup(func() { sam.Close() })
	}
	if attune.InKeyStore(dir) {
		t.Error("nobody chose it")
	}
	opens("nobody chose it", false)
	wantCode(t, "another passphrase", sam.KeepIn(store, []byte("wrong")), attune.CodePassphrase)
	store.fails = true
	wantCode(t, "a store that does not answer", sam.KeepIn(store, passphrase), attune.CodeKeyStore)
	store.fails, store.loses = false, true
	wantCode(t, "a store that loses it", sam.KeepIn(store, passphrase), attune.CodeKeyStore)
	store.loses = false
	if attune.InKeyStore(dir) {
		t.Error("it failed, and is chosen")
	}
	must(t, sam.KeepIn(store, passphrase))
	opens("chosen", true)
	for _, secret := range store.kept {
		if len(traces(t, dir, string(secret))) > 0 {
			t.Error("the key of the store lies in the home")
		}
	}
	must(t, sam.KeepIn(store, passphrase)) // again: another key, and one only
	opens("chosen twice", true)
	if len(store.kept) != 1 {
		t.Errorf("%d keys are kept", len(store.kept))
	}
	store.fails = true
	opens("the store does not answer", false)
	store.fails = false
	was := bytes.Clone(onlyOne(store.kept))
	must(t, sam.KeepNowhere(store))
	opens("not any more", false)
	if len(store.kept) != 0 {
		t.Error("the store still has the key")
	}

	// The file of another time under the key of this one.
	must(t, sam.KeepIn(store, passphrase))
	for name := range store.kept {
		store.kept[name] = was
	}
	opens("another key", false)
	must(t, os.WriteFile(filepath.Join(dir, "keys.kept"), []byte("cut"), 0o600))
	opens("a damaged file", false)
}

func onlyOne(kept map[string][]byte) (secret []byte) {
	for _, secret = range kept {
	}
	return secret
}

// TestKeyStoreOfARevokedDevice: it opens, and has lost what every revoked device has.
func TestKeyStoreOfARevokedDevice(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	store := &ring{kept: map[string][]byte{}}
	must(t, sam.KeepIn(store, passphrase))
	must(t, s.head.Staff.Revoke(sam.Keys.Staff()))
	s.sync(s.head)
	_, err := sam.Sync(t.Context())
	wantCode(t, "revoked", err, "unauthorised")
	must(t, sam.Close())
	c, err := attune.OpenKept(sam.Home(), store, s.config())
	must(t, err)
	defer c.Close()
	if c.Keys.Recipient() != "" || c.Devices.Over() == nil {
		t.Error("its person's keys are still there")
	}
}
