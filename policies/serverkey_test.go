package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestServerKeyReplaced: the root certifies another key for the server. What the one
// before signed still verifies, it signs nothing more, and no certificate counts twice.
func TestServerKeyReplaced(t *testing.T) {
	w := policiestest.New()
	first := w.Org.Server
	next := func(name string, replaces policies.StatementID) error {
		_, err := w.InOrg(w.Root, "server.certify", policies.ServerCertify{
			Key: policiestest.Key(name), LogKey: policiestest.Key(name + " log"), Replaces: replaces,
		})
		return err
	}
	if err := next("second", first.Certificate); err != nil {
		t.Fatal(err)
	}
	second := w.Org.Server
	if second.Key != policiestest.Key("second") || len(w.Org.Retired) != 1 || w.Org.Retired[0] != first {
		t.Fatalf("server %v, retired %v", second, w.Org.Retired)
	}
	for _, s := range []policies.Server{first, second} {
		if k, ok := w.Org.Key(policies.KeyID(s.Certificate)); !ok || k != s.Key {
			t.Errorf("the key of %s: %v %v", s.Certificate.Short(), k, ok)
		}
		if by, ok := w.Org.Signer(policies.KeyID(s.Certificate)); !ok || by.Signer != policies.SignServer {
			t.Errorf("the signer %s: %v %v", s.Certificate.Short(), by, ok)
		}
	}
	for kid, want := range map[policies.StatementID]error{first.Certificate: policies.ErrSigner, second.Certificate: nil} {
		_, err := w.Org.Author(policies.Statement{Kind: "clip.stored", Signer: policies.KeyID(kid)}, w.Now)
		if !errors.Is(err, want) {
			t.Errorf("clip.stored by %s: %v, want %v", kid.Short(), err, want)
		}
	}
	for name, err := range map[string]error{
		"the first's key again":     next("server", second.Certificate),
		"the one before is no more": next("third", first.Certificate),
		"no certificate":            next("third", policies.StatementID{}),
	} {
		if !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("%s: %v, want not possible", name, err)
		}
	}
	copied := w.Org.Clone()
	if err := next("third", second.Certificate); err != nil {
		t.Fatal(err)
	}
	if len(copied.Retired) != 1 || len(w.Org.Retired) != 2 {
		t.Errorf("retired: %d in the copy, %d in the organisation, want 1 and 2", len(copied.Retired), len(w.Org.Retired))
	}
}
