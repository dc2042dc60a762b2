package policies_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// appointment is what the tests below change: outsider, from tomorrow, for thirty days.
func appointment(w *policiestest.Filmed) policies.DeputyAppoint {
	return policies.DeputyAppoint{
		Staff: w.Staff["outsider"].ID, From: w.Now + policiestest.Day(1), Until: w.Now + policiestest.Day(31), Reason: policies.OnLeave,
	}
}

func TestDeputyAppoint(t *testing.T) {
	for _, c := range []struct {
		name, by string
		change   func(w *policiestest.Filmed, b *policies.DeputyAppoint)
		want     error
		says     string
	}{
		{name: "Practitioner", by: "head", want: nil},
		{name: "ByIGOfficer", by: "ig", want: policies.ErrSigner},
		{name: "ByPractitioner", by: "ann", want: policies.ErrSigner},
		{"HeadOfService", "head", func(w *policiestest.Filmed, b *policies.DeputyAppoint) { b.Staff = w.Staff["deputy"].ID }, policies.ErrNotPossible, "a practitioner or a supervisor"},
		{"Themselves", "head", func(w *policiestest.Filmed, b *policies.DeputyAppoint) { b.Staff = w.Staff["head"].ID }, policies.ErrNotPossible, "nobody appoints themselves"},
		{"IGOfficer", "head", func(w *policiestest.Filmed, b *policies.DeputyAppoint) { b.Staff = w.Staff["ig"].ID }, policies.ErrNotPossible, "a practitioner or a supervisor"},
		{"Outside", "head", func(w *policiestest.Filmed, b *policies.DeputyAppoint) { b.Staff = w.Staff["sup"].ID }, policies.ErrNotPossible, "works for this service"},
		{"Unconfirmed", "head", func(w *policiestest.Filmed, b *policies.DeputyAppoint) {
			b.Staff = w.Join("new", policies.Practitioner).ID
		}, policies.ErrNotPossible, "not confirmed"},
		{"Unknown", "head", func(_ *policiestest.Filmed, b *policies.DeputyAppoint) { b.Staff = policies.StaffID{1} }, policies.ErrMissing, ""},
		{"TooLong", "head", func(_ *policiestest.Filmed, b *policies.DeputyAppoint) { b.Until = b.From + policiestest.Day(185) }, policies.ErrNotPossible, "longer than 184 days"},
		{"Empty", "head", func(_ *policiestest.Filmed, b *policies.DeputyAppoint) { b.Until = b.From }, policies.ErrNotPossible, "empty"},
		{"TooFarAhead", "head", func(_ *policiestest.Filmed, b *policies.DeputyAppoint) {
			b.From, b.Until = b.From+policiestest.Day(40), b.Until+policiestest.Day(40)
		}, policies.ErrNotPossible, "a month before"},
		{"AlreadyOver", "head", func(_ *policiestest.Filmed, b *policies.DeputyAppoint) {
			b.From, b.Until = b.From-policiestest.Day(40), b.Until-policiestest.Day(40)
		}, policies.ErrNotPossible, "already ended"},
		{"NoReason", "head", func(_ *policiestest.Filmed, b *policies.DeputyAppoint) { b.Reason = "bored" }, policies.ErrNotPossible, "reason"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			b := appointment(w)
			if c.change != nil {
				c.change(w, &b)
			}
			before := text(t, w.Org)
			_, err := w.InOrg(w.Key(c.by), "deputy.appoint", b)
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error = %v, want %v saying %q", err, c.want, c.says)
			}
			if err != nil && text(t, w.Org) != before {
				t.Error("a refusal changed the state")
			}
		})
	}
}

// TestDeputyDates: a permission counts by its acceptance, and what stops something by
// when it was signed, however late it arrives.
func TestDeputyDates(t *testing.T) {
	w := policiestest.NewFilmed()
	if _, err := w.InOrg(w.Key("head"), "deputy.appoint", appointment(w)); err != nil {
		t.Fatal(err)
	}
	begin := w.Now
	request := policies.ApprovalID(w.Do("ann", "approval.request", w.RequestBody()))
	try := func(kind policies.Kind, body policies.Body, signed, accepted int) error {
		w.Now = begin + policiestest.Day(signed)
		s := w.ByDefault("outsider", kind, body)
		f := w.Family.Clone()
		_, err := f.Apply(w.Org, s, begin+policiestest.Day(accepted))
		return err
	}
	grant, revoke := policies.ApprovalGrant{Request: request}, policies.ApprovalRevoke{Request: request, Reason: policies.NotNow}
	for _, c := range []struct {
		name             string
		kind             policies.Kind
		body             policies.Body
		signed, accepted int
		want             error
	}{
		{"GrantWithin", "approval.grant", grant, 5, 5, nil},
		{"GrantBefore", "approval.grant", grant, 0, 0, policies.ErrSigner},
		{"GrantSignedBeforeAcceptedWithin", "approval.grant", grant, 0, 2, nil},
		{"GrantSignedWithinAcceptedAfter", "approval.grant", grant, 5, 31, policies.ErrSigner},
		{"RevokeSignedWithinAcceptedAfter", "approval.revoke", revoke, 5, 90, nil},
		{"RevokeSignedAfter", "approval.revoke", revoke, 31, 31, policies.ErrSigner},
		{"RevokeSignedBefore", "approval.revoke", revoke, 0, 5, policies.ErrSigner},
	} {
		if err := try(c.kind, c.body, c.signed, c.accepted); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	w.Now = begin + policiestest.Day(10)
	if _, err := w.InOrg(w.Key("head"), "deputy.end", policies.DeputyEnd{Staff: w.Staff["outsider"].ID}); err != nil {
		t.Fatal(err)
	}
	if err := try("approval.grant", grant, 9, 11); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("grant after the end: %v", err)
	}
	if err := try("approval.revoke", revoke, 9, 11); err != nil {
		t.Errorf("revocation from before the end: %v", err)
	}
	if err := try("approval.revoke", revoke, 11, 11); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("revocation after the end: %v", err)
	}
}

// TestDeputyStopsForFamilies: a practitioner who is a deputy removes from teams, lists
// and links of families that they do not work with; without it they do not.
func TestDeputyStopsForFamilies(t *testing.T) {
	w := policiestest.NewFilmed()
	stops := map[policies.Kind]policies.Body{
		"team.remove":   policies.TeamRemove{Staff: w.Staff["bea"].ID},
		"viewer.remove": policies.ViewerRemove{Staff: w.Staff["sup"].ID},
		"link.revoke":   policies.LinkRevoke{Link: w.Link},
	}
	for kind, body := range stops {
		if _, err := w.Family.Clone().Apply(w.Org, w.ByDefault("outsider", kind, body), w.Now); !errors.Is(err, policies.ErrSigner) {
			t.Errorf("%s by a stranger: %v", kind, err)
		}
	}
	b := appointment(w)
	b.From = w.Now
	if _, err := w.InOrg(w.Key("head"), "deputy.appoint", b); err != nil {
		t.Fatal(err)
	}
	for kind, body := range stops {
		if _, err := w.Family.Clone().Apply(w.Org, w.ByDefault("outsider", kind, body), w.Now); err != nil {
			t.Errorf("%s by a deputy: %v", kind, err)
		}
	}
}

// TestDeputiesReceive: from the appointment until the last day, and not once they are
// revoked.
func TestDeputiesReceive(t *testing.T) {
	w := policiestest.NewFilmed()
	desk := func(days int) bool {
		for _, id := range w.Org.Desks(w.Now + policiestest.Day(days)) {
			if id == w.Staff["outsider"].ID {
				return true
			}
		}
		return false
	}
	if desk(0) {
		t.Error("a practitioner has a desk")
	}
	if _, err := w.InOrg(w.Key("head"), "deputy.appoint", appointment(w)); err != nil {
		t.Fatal(err)
	}
	if !desk(0) || !desk(30) || desk(31) {
		t.Errorf("on the day of the appointment %v, the last day %v, the next %v", desk(0), desk(30), desk(31))
	}
	if _, err := w.InOrg(w.Key("deputy"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff["outsider"].ID}); err != nil {
		t.Fatal(err)
	}
	if desk(0) {
		t.Error("who was revoked has a desk")
	}
}

// TestDeputiesOfAnOlderState: a state stored before there were deputies folds on.
func TestDeputiesOfAnOlderState(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Org.Deputies = nil
	if w.Org.Deputises(w.Staff["ann"].ID, w.Now) || len(w.Org.Appointments()) > 0 || w.Org.Clone() == nil {
		t.Error("somebody is a deputy")
	}
	for _, step := range []struct {
		kind policies.Kind
		body policies.Body
	}{{"deputy.end", policies.DeputyEnd{Staff: w.Staff["outsider"].ID}}, {"deputy.appoint", appointment(w)}} {
		if _, err := w.InOrg(w.Key("head"), step.kind, step.body); err != nil {
			t.Errorf("%s: %v", step.kind, err)
		}
	}
}
