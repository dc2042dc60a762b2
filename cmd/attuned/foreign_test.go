package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever a hurried administrator might leave in the folder is found by what is
// in it, whatever it is called.
func TestForeignKeys(t *testing.T) {
	f := folder(t.TempDir())
	for name, body := range map[string]string{
		"server.key":              "-----BEGIN PRIVATE KEY-----\n",
		"log.key":                 "-----BEGIN PRIVATE KEY-----\n",
		"attune.db":               "AGE-SECRET-KEY-PQ-1 in a page of the database is storage's business",
		"objects/x":               "AGE-SECRET-KEY- by chance in ciphertext",
		"attune.db-wal":           "AGE-SECRET-KEY- as above",
		"attune.db.txt":           "AGE-SECRET-KEY-PQ-1DEF",
		"server.request":          "{}",
		"notes/custodian.txt":     "# created: today\nAGE-SECRET-KEY-PQ-1ABC\n",
		"old/keys.locked":         "attune/keys/v1\n...",
		"root":                    "ATTUNE-ROOT-KEY-1:abc",
		"todo.txt":                "send attune-invite-1:abc to Sam",
		"id":                      "-----BEGIN OPENSSH PRIVATE KEY-----\n",
		"certificate.pem":         "-----BEGIN CERTIFICATE-----\n",
		"acme/attune.example.org": "-----BEGIN EC PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n",
		"acme/acme_account+key":   "-----BEGIN EC PRIVATE KEY-----\n",
		"acme/notes":              "AGE-SECRET-KEY-PQ-1ABC",
		"acme/deeper/key":         "-----BEGIN EC PRIVATE KEY-----\n",
		"backup/server.key.old":   "-----BEGIN PRIVATE KEY-----\n",
	} {
		path := filepath.Join(string(f), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := foreignKeys(f)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range []string{"acme/deeper/key", "acme/notes", "attune.db.txt", "backup/server.key.old", "id", "notes/custodian.txt", "old/keys.locked", "root", "todo.txt"} {
		want = append(want, filepath.Join(string(f), name))
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Error(d)
	}
}

// A folder may lie on a disk of its own and be known here by another name.
func TestForeignKeysBehindALink(t *testing.T) {
	real := t.TempDir()
	if err := os.WriteFile(filepath.Join(real, "custodian.txt"), []byte("AGE-SECRET-KEY-PQ-1ABC"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "data")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if found, err := foreignKeys(folder(link)); err != nil || len(found) != 1 {
		t.Errorf("found %v, %v; want the custodian's key", found, err)
	}
}

func TestReadKeyRefusesWhatOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.key")
	made, err := makeKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := readKey(path); err != nil || !read.Equal(made) {
		t.Fatalf("readKey: %v", err)
	}
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	if _, err := readKey(path); err == nil {
		t.Error("a key that a group may read was taken")
	}
}
