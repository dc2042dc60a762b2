package seal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// ErrWrongPassphrase means that the passphrase does not open the key store; a
// changed key store answers the same, since only the right key could tell.
var ErrWrongPassphrase = errors.New("wrong passphrase")

// A locked key store is, in bytes:
//
//	lockMagic | memory KiB, 4 big-endian | passes, 1 | lanes, 1 | salt, 16 | nonce, 24 | ciphertext
//
// and everything before the nonce is associated data of the ciphertext.
const (
	lockMagic  = "attune/keys/v1\n"
	lockParams = len(lockMagic) + 4 + 1 + 1
	lockHead   = lockParams + 16

	// OWASP's argon2id choice for one pass; about 50 ms on a laptop and bearable
	// on an old phone. Also the least that is accepted: no downgrade by file.
	lockMemoryKiB, lockPasses, lockLanes = 46 << 10, 1, 1

	// The most that is accepted: a changed file must not take a phone's memory.
	maxLockMemoryKiB, maxLockPasses, maxLockLanes = 128 << 10, 4, 4
	maxLockedBytes                                = 1 << 20 // some hundred keys
)

// LockKeys seals a device's keys under a passphrase, which must not be empty:
// argon2id (46 MiB, 1 pass, 1 lane), random salt, XChaCha20-Poly1305. The bytes
// say themselves how they were made. passphrase is used byte for byte.
//
// Source: DESIGN.md §4, People and devices; RFC 9106.
func LockKeys(passphrase, plain []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, errors.New("lock keys: empty passphrase")
	}
	if len(plain) > maxLockedBytes-lockHead-64 {
		return nil, fmt.Errorf("lock keys: %d bytes are too many", len(plain))
	}
	head := make([]byte, lockHead)
	copy(head, lockMagic)
	binary.BigEndian.PutUint32(head[len(lockMagic):], lockMemoryKiB)
	head[lockParams-2], head[lockParams-1] = lockPasses, lockLanes
	rand.Read(head[lockParams:])
	key, err := lockKey(passphrase, head)
	if err != nil {
		return nil, err
	}
	sealed, err := sealShort(key, plain, head)
	if err != nil {
		return nil, fmt.Errorf("lock keys: %w", err)
	}
	return append(head, sealed...), nil
}

// UnlockKeys opens what LockKeys made. [ErrWrongPassphrase]; [ErrDamaged] when
// it is not a key store, or asks for less or more work than is accepted;
// [ErrTruncated] when it is cut short.
func UnlockKeys(passphrase, locked []byte) ([]byte, error) {
	if len(locked) < lockHead || len(locked) > maxLockedBytes {
		return nil, fmt.Errorf("unlock keys: %d bytes: %w", len(locked), ErrTruncated)
	}
	if len(locked) < lockHead+24+tagBytes {
		return nil, fmt.Errorf("unlock keys: %w", ErrTruncated)
	}
	head := locked[:lockHead]
	key, err := lockKey(passphrase, head)
	if err != nil {
		return nil, err
	}
	plain, err := openShort(key, locked[lockHead:], head)
	if errors.Is(err, ErrDamaged) {
		return nil, ErrWrongPassphrase
	}
	return plain, err
}

func lockKey(passphrase, head []byte) ([32]byte, error) {
	if string(head[:len(lockMagic)]) != lockMagic {
		return [32]byte{}, fmt.Errorf("unlock keys: not a key store of this version: %w", ErrDamaged)
	}
	memory := binary.BigEndian.Uint32(head[len(lockMagic):])
	passes, lanes := head[lockParams-2], head[lockParams-1]
	if memory < lockMemoryKiB || memory > maxLockMemoryKiB || passes < lockPasses || passes > maxLockPasses ||
		lanes < lockLanes || lanes > maxLockLanes {
		return [32]byte{}, fmt.Errorf("unlock keys: argon2id %d KiB, %d passes, %d lanes: %w", memory, passes, lanes, ErrDamaged)
	}
	return [32]byte(argon2.IDKey(passphrase, head[lockParams:lockHead], uint32(passes), memory, lanes, 32)), nil
}
