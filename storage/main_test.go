package storage_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// always allows everything that the fold finds possible: for tests that are about
// the door and not about a rule.
type always struct{}

func (always) Decide(r policies.Request, _ *policies.Org, _ *policies.Family) policies.Ruling {
	return policies.Ruling{Allowed: true, Rules: []string{"ALWAYS"}, Action: r.Action, Bundle: always{}.SHA256()}
}

func (always) SHA256() policies.Digest { return policies.DigestOf([]byte("always")) }

func open(t *testing.T) *storagetest.World {
	t.Helper()
	return storagetest.New(t, storagetest.Rules{Bundle: always{}, Name: "test", Hash: policies.DigestOf([]byte("pack")), Pack: policies.Pack{
		PINTries: policies.Figure{Value: 5}, PINPauseMins: policies.Figure{Value: 15},
	}})
}
