package policies_test

import (
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

var pack = policies.Pack{OfflineDays: policies.Figure{Value: 7}}

// TestFilmingGate opens for a practitioner with everything in order, and names
// the rule for each thing that is not.
func TestFilmingGate(t *testing.T) {
	type world = *policiestest.Filmed
	for _, c := range []struct {
		name  string
		who   string
		given func(w world)
		days  int // since the last contact
		rules []string
	}{
		{"AllInOrder", "ann", func(world) {}, 0, nil},
		{"SixDaysOffline", "ann", func(world) {}, 6, nil},
		{"EightDaysOffline", "ann", func(world) {}, 8, []string{"GATE-CONTACT"}},
		{"ClockSetBack", "ann", func(world) {}, -1, []string{"GATE-CONTACT"}},
		{"OtherTeam", "outsider", func(world) {}, 0, []string{"TEAM-1"}},
		{"Removed", "bea", func(w world) { w.Do("ann", "team.remove", policies.TeamRemove{Staff: w.Staff["bea"].ID}) }, 0, []string{"TEAM-1"}},
		{"Revoked", "ann", func(w world) { revoke(w, "ann") }, 0, []string{"ACTIVE-1"}},
		{"LastDeviceRevoked", "ann", func(w world) {
			if _, err := w.InOrg(w.Key("head"), "device.revoke", policies.DeviceRevoke{Device: w.Staff["ann"].Device}); err != nil {
				panic(err)
			}
		}, 0, []string{"ACTIVE-1"}},
		{"NotConfirmed", "new", func(w world) { w.Join("new", policies.Practitioner) }, 0, []string{"CONFIRM-1", "TEAM-1"}},
		{"Declined", "ann", func(w world) {
			w.Do("head", "approval.decline", policies.ApprovalDecline{Request: w.Approval, Reason: policies.CourtMatter})
		}, 0, []string{"UPLOAD-APPROVAL"}},
		{"ApprovalOver", "ann", func(w world) { w.Now += policiestest.Day(181) }, 0, []string{"UPLOAD-APPROVAL"}},
		{"Withdrawn", "ann", func(w world) {
			w.Do("sup", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Kid}, Channel: policies.InPerson})
		}, 0, []string{"UPLOAD-CONSENT"}},
		{"SaidNo", "ann", func(w world) {
			b := w.ConsentBody()
			b.Purposes[0].Yes = false
			w.Do("ann", "consent.sign", b)
		}, 0, []string{"UPLOAD-CONSENT"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			c.given(w)
			g := policies.FilmingGate(w.Org, w.Family, w.Staff[c.who].ID, []policies.PersonID{w.Kid, w.Mum}, w.Now, w.Now-policiestest.Day(c.days), pack)
			var rules []string
			for _, r := range g.Reasons {
				rules = append(rules, r.Rule)
				if r.Text == "" {
					t.Errorf("%s says nothing to the person", r.Rule)
				}
			}
			if !slices.Equal(rules, c.rules) || g.Open != (len(c.rules) == 0) {
				t.Errorf("open = %v by %v, want %v", g.Open, rules, c.rules)
			}
			if g.Open && (g.Approval != w.Approval || g.Consent != w.Consent) {
				t.Errorf("gate = %+v, want the family's approval and form", g)
			}
		})
	}
}

func TestFilmingGateNeverInContact(t *testing.T) {
	w := policiestest.NewFilmed()
	if g := policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, []policies.PersonID{w.Mum}, w.Now, 0, pack); g.Open {
		t.Error("a device that never met the service may film")
	}
	if g := policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, nil, w.Now, w.Now, pack); g.Open {
		t.Error("film of nobody")
	}
}

// TestFormsApart: two adults have forms of their own. The clip names the carer's,
// and both count.
func TestFormsApart(t *testing.T) {
	w := policiestest.NewFilmed()
	dad := policies.PersonID(w.Do("ann", "person.add", policies.PersonAdd{Role: policies.Visitor, Basis: policies.Own, Contact: policies.NoLink}))
	form := w.ConsentBody()
	form.People, form.Viewers = []policies.Covered{{Person: dad, By: dad, Basis: policies.Own}}, nil
	w.Do("ann", "consent.sign", form)
	people := []policies.PersonID{dad, w.Mum}
	g := policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, people, w.Now, w.Now, pack)
	if !g.Open || g.Consent != w.Consent {
		t.Fatalf("gate = %+v, want open with the carer's form", g)
	}
	clip := w.ClipBody()
	clip.People = people
	id := policies.ClipID(w.Do("ann", "clip.add", clip))
	if w.Family.NamedViewer(w.Staff["sup"].ID, id, policies.Supervision, w.Now) {
		t.Error("a viewer whom only one of two named may watch")
	}
}

// TestNarrowerConsentBeforeSync: what was lawfully filmed arrives; only what is
// agreed to now may be done with it. Source: notes on offline races.
func TestNarrowerConsentBeforeSync(t *testing.T) {
	w := policiestest.NewFilmed()
	span := policies.Span{From: w.Now - 600*1e6, Until: w.Now - 60*1e6}
	people := []policies.PersonID{w.Mum, w.Kid}
	w.Now += 3600 * 1e6 // the same visit
	narrow := w.ConsentBody()
	narrow.Purposes[1].Yes, narrow.Viewers = false, nil
	narrow.From = w.Now
	w.Do("ann", "consent.sign", narrow)
	if got := w.Family.CaptureConsented(people, policies.Film, span); len(got) > 0 {
		t.Errorf("capture under the earlier form: %v missing", got)
	}
	if got := w.Family.ClipConsented(w.Clip, policies.Supervision, w.Now); len(got) != 2 {
		t.Errorf("supervision after the narrower form: %v missing, want both", got)
	}
	if got := w.Family.ClipConsented(w.Clip, policies.FilmAndUse, w.Now); len(got) > 0 {
		t.Errorf("use after the narrower form: %v missing", got)
	}
}
