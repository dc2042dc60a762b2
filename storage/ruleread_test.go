package storage

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/policiestest"
)

// failing reads what its fields do not say to fail at.
type failing struct {
	w           *policiestest.Filmed
	org, family error
}

func (r failing) OrgHead() (string, error)    { return "head", nil }
func (r failing) Org() (*policies.Org, error) { return r.w.Org, r.org }
func (r failing) Family(policies.FamilyID) (*policies.Family, error) {
	return r.w.Family, r.family
}

// TestUnreadableStateIsNotAskedAbout: Cedar's store has no errors, and what cannot be
// read looks to it like a thing that nobody forbids. So nothing is asked then: there
// is an error, and no ruling.
func TestUnreadableStateIsNotAskedAbout(t *testing.T) {
	bundle, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	disk := errors.New("the disk cannot be read")
	for name, at := range map[string]struct {
		reads   failing
		allowed bool
	}{
		"Nothing":         {failing{}, true},
		"TheOrganisation": {failing{org: disk}, false},
		"TheFamily":       {failing{family: disk}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			at.reads.w = w
			v := &Viewing{d: &door{cfg: Config{Bundle: bundle}, org: &orgCache{}}, who: w.Staff["ann"].Caller()}
			v.row.Clip, v.row.Purpose, v.clip.Family = w.Clip, policies.FilmAndUse, w.Family.ID
			ruling, refused, err := v.rule(at.reads, w.Now)
			if ruling.Allowed != at.allowed || (err == nil) != at.allowed || refused != nil {
				t.Errorf("allowed %v, refused %v, error %v", ruling.Allowed, refused, err)
			}
			if err != nil && (!errors.Is(err, disk) || len(ruling.Rules) > 0) {
				t.Errorf("error %v by %v, want the disk's and no rule", err, ruling.Rules)
			}
		})
	}
}
