package attune_test

import (
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestInsecureAddress: no invitation names an address that could be read on the
// way, neither the first nor a later one, and none is followed there.
func TestInsecureAddress(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for name, origin := range map[string]string{
		"Name": "http://attune.example.org", "Address": "http://192.0.2.1:8080", "LooksLocal": "http://localhost.example.org",
	} {
		rootKey, root, err := attune.Found("Northfield Early Help", s.custodians(), s.now())
		must(t, err)
		_, _, err = attune.Certify(attune.Certification{
			RootKey: rootKey, OrgRoot: root, Pack: packText(t), Head: "Helen Carr", Now: s.now(),
			Request: attune.ServerRequest{Origin: origin, Key: public(s.key), LogKey: public(s.logKey)},
		})
		if attune.CodeOf(err) != attune.CodeInsecureAddress {
			t.Errorf("%s: first invitation: %v, want insecure_address", name, err)
		}
	}
	line, _, err := s.head.Staff.Invite(policies.Practitioner, "Sam Reed")
	must(t, err)
	s.sync(s.head)
	inv, err := attune.ParseInvitation(line)
	must(t, err)
	inv.Server = "http://attune.example.org"
	if _, _, err := attune.Join(context.Background(), s.home("sam"), inv.String(), passphrase, s.config()); attune.CodeOf(err) != attune.CodeInsecureAddress {
		t.Errorf("joining: %v, want insecure_address", err)
	}
	must(t, s.head.Close())
	cfg := s.config()
	cfg.Server = "http://attune.example.org"
	head, err := attune.Open(s.head.Home(), passphrase, cfg)
	must(t, err)
	defer head.Close()
	if _, _, err := head.Staff.Invite(policies.Practitioner, "Ana Moss"); attune.CodeOf(err) != attune.CodeInsecureAddress {
		t.Errorf("a later invitation: %v, want insecure_address", err)
	}
}

func (s *service) custodians() (out [3]string) {
	for i := range out {
		_, recipient, err := attune.NewCustodian()
		must(s.t, err)
		out[i] = recipient
	}
	return out
}
