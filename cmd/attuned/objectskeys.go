package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/attune-vf/attune/storage/objects"
)

// rolesFlags say what setup makes beside the buckets.
type rolesFlags struct {
	Keys     string `type:"path" placeholder:"DIR" help:"Make a user for each of the five keys, and write server.key, sweeper.key, holder.key, auditor.key and anchor.key there; a key that is there is used. On MinIO and versitygw."`
	Policies string `type:"path" placeholder:"DIR" help:"Write the five policies as JSON there, for a server whose users you make yourself."`
}

// make does what the flags say. It needs the buckets, and says what it made.
func (r rolesFlags) make(ctx context.Context, cfg objects.S3Config) (found []finding, err error) {
	if r.Policies != "" {
		if err := writePolicies(r.Policies, cfg); err != nil {
			return nil, err
		}
		found = append(found, finding{What: "policies in " + r.Policies, OK: true})
	}
	if r.Keys == "" {
		return found, nil
	}
	var keys []objects.RoleKey
	for _, role := range objects.Roles() {
		k, err := roleKey(r.Keys, cfg, role)
		if err != nil {
			return found, err
		}
		keys = append(keys, k)
	}
	err = objects.GrantS3(ctx, cfg, keys)
	if errors.Is(err, objects.ErrAccounts) {
		return found, problem("accounts", "Write the policies with --policies DIR, and make a user for each with the server's own tools.",
			"Only MinIO and versitygw can be asked to make users.")
	}
	if err != nil {
		return found, err
	}
	for _, k := range keys {
		found = append(found, finding{What: fmt.Sprintf("user %s, key in %s", k.AccessKey, keyPath(r.Keys, k.Role)), OK: true})
	}
	return found, nil
}

func writePolicies(dir string, cfg objects.S3Config) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write policies: %w", err)
	}
	for _, role := range objects.Roles() {
		if err := os.WriteFile(filepath.Join(dir, string(role)+".json"), cfg.Policy(role), 0o644); err != nil {
			return fmt.Errorf("write policies: %w", err)
		}
	}
	return nil
}

func keyPath(dir string, role objects.Role) string { return filepath.Join(dir, string(role)+".key") }

// roleKey reads the key of a role, or makes one. A key is on disk before the server
// hears of it: one that only the server knew could not be used by anybody.
func roleKey(dir string, cfg objects.S3Config, role objects.Role) (k objects.RoleKey, err error) {
	k.Role = role
	path := keyPath(dir, role)
	if isThere(path) {
		k.AccessKey, k.SecretKey, err = readS3Key(path)
		return k, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return k, fmt.Errorf("make key: %w", err)
	}
	k.AccessKey, k.SecretKey = "attune-"+string(role), rand.Text() // 130 bits; MinIO takes at most 40 characters
	if cfg.Prefix != "" {
		k.AccessKey = cfg.Prefix + "-" + string(role) // services that share a server have users of their own
	}
	return k, writeNew(path, []byte(k.AccessKey+"\n"+k.SecretKey+"\n"), 0o400)
}
