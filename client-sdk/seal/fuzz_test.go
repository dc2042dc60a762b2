package seal

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzOpenHeader(f *testing.F) {
	id := newIdentity(f)
	f.Add(headerFor(f, NewFileKey(), id.Recipient()))
	f.Add(headerFor(f, NewFileKey(), newIdentity(f).Recipient(), id.Recipient()))
	f.Add([]byte("age-encryption.org/v1\n-> X25519 x\n\n--- " + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, header []byte) {
		key, err := OpenHeader(header, id)
		if err == nil {
			if again, err := Rewrap(header, id, id.Recipient()); err != nil || len(again) == 0 {
				t.Errorf("opens but does not rewrap: %v", err)
			}
			return
		}
		if !errors.Is(err, ErrHeader) && !errors.Is(err, ErrHeaderMAC) && !errors.Is(err, ErrNotForYou) {
			t.Errorf("error without a kind: %v", err)
		}
		if key != (FileKey{}) {
			t.Error("a key beside an error")
		}
	})
}

func FuzzParseFragment(f *testing.F) {
	f.Add(LinkSecret{}.Fragment())
	f.Add(LinkSecret{1, 2, 3}.Fragment()[:40])
	f.Add("")
	f.Add("2abc")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseFragment(s)
		switch {
		case err == nil && l.Fragment() != s:
			t.Errorf("%q is a second spelling of %q", s, l.Fragment())
		case err != nil && !errors.Is(err, ErrFragmentIncomplete) && !errors.Is(err, ErrFragmentVersion):
			t.Errorf("error without a kind: %v", err)
		}
	})
}

func FuzzUnlockKeys(f *testing.F) {
	locked, err := LockKeys([]byte("p"), []byte("k"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(locked)
	f.Add(locked[:lockHead])
	f.Add([]byte(lockMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := UnlockKeys([]byte("p"), b)
		if err == nil && !bytes.Equal(plain, []byte("k")) {
			t.Errorf("opened to %q", plain)
		}
		if err != nil && !errors.Is(err, ErrWrongPassphrase) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTruncated) {
			t.Errorf("error without a kind: %v", err)
		}
	})
}

func FuzzOpenPayload(f *testing.F) {
	s, payload := sealed(f, film(300))
	f.Add(payload)
	f.Add(payload[:40])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := openWhole(s.Key, b)
		if err == nil && !bytes.Equal(b, payload) {
			t.Error("bytes that were never sealed opened")
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTruncated) {
			t.Errorf("error without a kind: %v", err)
		}
	})
}
