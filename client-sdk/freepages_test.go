package attune_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// TestNoNumberInFreePages: SQLite overwrites what is deleted, and not what it moved from
// one page to another before. Of a family that left the device not even the number is in
// its file. Found by cmd/soak.
func TestNoNumberInFreePages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	var gone []policies.FamilyID
	for i := range 24 {
		id, err := sam.Families.Open(fmt.Sprint("NF-", i), policies.VIG)
		must(t, err)
		for range i % 5 {
			_, err = sam.Families.AddPerson(id, policies.Carer, policies.Own, "", policies.NoLink, "")
			must(t, err)
		}
		s.sync(sam)
		if i%2 == 0 {
			gone = append(gone, id)
		}
	}
	s.sync(s.head)
	for _, id := range gone {
		must(t, s.head.Families.RemoveTeam(id, sam.Keys.Staff()))
		s.sync(s.head)
		s.sync(sam)
	}
	must(t, sam.Close())
	for _, name := range []string{"store.db", "store.db-wal"} {
		b, err := os.ReadFile(filepath.Join(sam.Home(), name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, id := range gone {
			if n := bytes.Count(b, []byte(id.String())); n > 0 {
				t.Errorf("%s has the number of a family that is gone, %d times", name, n)
			}
		}
	}
}
