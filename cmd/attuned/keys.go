package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

// makeKey draws an Ed25519 key and writes it as PKCS #8 in PEM, which openssl
// reads too, for its owner to read and nobody to write.
func makeKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	body := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return key, writeNew(path, body, 0o400)
}

// readKey reads what makeKey wrote, and refuses a file that others may read: by
// then the key may be anybody's.
func readKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, problem("key_readable", "Find out who could read it; if nobody did: chmod 400 "+path,
			"%s can be read by others.", path)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	block, rest := pem.Decode(body)
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) != 0 {
		return nil, problem("key_damaged", "Restore it from the backup.", "%s is not a key file.", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, problem("key_damaged", "Restore it from the backup.", "%s is not an Ed25519 key.", path)
	}
	return key, nil
}
