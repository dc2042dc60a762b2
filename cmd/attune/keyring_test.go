package main

import (
	"errors"
	"slices"
	"testing"

	gokeyring "github.com/zalando/go-keyring"

	attune "github.com/attune-vf/attune/client-sdk"
)

// TestKeyring is the adapter over the library's own stand-in. Against a real Secret
// Service, Keychain or Credential Manager it was not run.
func TestKeyring(t *testing.T) {
	var store attune.KeyStore = keyring{}
	gokeyring.MockInit()
	secret := slices.Repeat([]byte{0, 255, '\n'}, 10)
	if err := store.Delete("device one"); err != nil {
		t.Errorf("delete what is not there: %v", err)
	}
	if _, err := store.Get("device one"); err == nil {
		t.Error("got what nobody put")
	}
	if err := store.Put("device one", secret); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Get("device one"); err != nil || !slices.Equal(got, secret) {
		t.Errorf("got %x, %v", got, err)
	}
	if err := store.Delete("device one"); err != nil {
		t.Error(err)
	}
	if _, err := store.Get("device one"); err == nil {
		t.Error("got what was deleted")
	}
	broken := errors.New("nobody answers")
	gokeyring.MockInitWithError(broken)
	if _, err := store.Get("device one"); !errors.Is(err, broken) {
		t.Errorf("nobody answers: %v", err)
	}
	if err := store.Put("device one", secret); !errors.Is(err, broken) {
		t.Errorf("nobody answers: %v", err)
	}
	gokeyring.MockInit()
}
