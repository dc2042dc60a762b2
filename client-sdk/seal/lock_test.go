package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

func TestLockedKeys(t *testing.T) {
	plain := []byte("AGE-SECRET-KEY-PQ-1INVENTED")
	locked, err := LockKeys([]byte("three quiet otters"), plain)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(locked, plain) {
		t.Fatal("the keys stand in clear in the key store")
	}
	if got, err := UnlockKeys([]byte("three quiet otters"), locked); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("UnlockKeys = %q, %v", got, err)
	}
	with := func(change func(b []byte) []byte) []byte { return change(bytes.Clone(locked)) }
	memory := func(kib uint32) []byte {
		return with(func(b []byte) []byte { binary.BigEndian.PutUint32(b[len(lockMagic):], kib); return b })
	}
	for _, c := range []struct {
		name, passphrase string
		locked           []byte
		want             error
	}{
		{"WrongPassphrase", "three quiet otter", locked, ErrWrongPassphrase},
		{"SaltChanged", "three quiet otters", with(func(b []byte) []byte { b[lockParams] ^= 1; return b }), ErrWrongPassphrase},
		{"KeysChanged", "three quiet otters", with(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), ErrWrongPassphrase},
		{"MorePassesThanMadeWith", "three quiet otters", with(func(b []byte) []byte { b[lockParams-2] = 2; return b }), ErrWrongPassphrase},
		{"OtherVersion", "three quiet otters", with(func(b []byte) []byte { b[13] = '2'; return b }), ErrDamaged},
		{"WeakerThanAllowed", "three quiet otters", memory(8), ErrDamaged},
		{"HungrierThanAllowed", "three quiet otters", memory(1 << 31), ErrDamaged},
		{"NoPasses", "three quiet otters", with(func(b []byte) []byte { b[lockParams-2] = 0; return b }), ErrDamaged},
		{"NoLanes", "three quiet otters", with(func(b []byte) []byte { b[lockParams-1] = 0; return b }), ErrDamaged},
		{"Cut", "three quiet otters", locked[:lockHead+24], ErrTruncated},
		{"Empty", "three quiet otters", nil, ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := UnlockKeys([]byte(c.passphrase), c.locked); !errors.Is(err, c.want) {
				t.Errorf("err = %v, want %v", err, c.want)
			}
		})
	}
	if _, err := LockKeys(nil, plain); err == nil {
		t.Error("keys were locked with an empty passphrase")
	}
}
