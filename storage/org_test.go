package storage

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// snapshot is what one reader of the database sees.
type snapshot struct {
	head string
	org  *policies.Org
	err  error
}

func (s snapshot) OrgHead() (string, error)    { return s.head, nil }
func (s snapshot) Org() (*policies.Org, error) { return s.org, s.err }

// TestOrgCacheAfterAReaderGaveUp: one request is cut off while it reads a newer
// state, and another, whose snapshot is older, still has the state of its head.
func TestOrgCacheAfterAReaderGaveUp(t *testing.T) {
	older, cut := &policies.Org{Count: 1}, errors.New("cut off")
	var c orgCache
	if _, err := c.read(snapshot{head: "one", org: older}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.read(snapshot{head: "two", err: cut}); !errors.Is(err, cut) {
		t.Fatalf("a failed read = %v, want its error", err)
	}
	if got, err := c.read(snapshot{head: "one"}); err != nil || got != older {
		t.Errorf("state of the older head = %v, %v; want what was cached", got, err)
	}
}
