package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestWhoMaySign goes through authors who may not: each row is one failure, and
// the state must not move.
func TestWhoMaySign(t *testing.T) {
	type world = *policiestest.Filmed
	invite := func(w world) policies.Body {
		return policies.StaffInvite{Role: policies.Practitioner, Key: policiestest.Key("x"), Expires: w.Now + policiestest.Day(7)}
	}
	confirm := func(name string) func(w world) policies.Body {
		return func(w world) policies.Body {
			return policies.StaffConfirm{Staff: w.Staff[name].ID, Certificate: w.Staff[name].Person}
		}
	}
	for _, c := range []struct {
		name  string
		who   string
		kind  policies.Kind
		body  func(w world) policies.Body
		want  error
		setup func(w world)
	}{
		{"RootInvitesASecondPerson", "root", "staff.invite", invite, policies.ErrSigner, nil},
		{"PractitionerInvites", "ann", "staff.invite", invite, policies.ErrSigner, nil},
		{"SupervisorInvites", "sup", "staff.invite", invite, policies.ErrSigner, nil},
		{"InvitationForAMonth", "head", "staff.invite", func(w world) policies.Body {
			return policies.StaffInvite{Role: policies.Practitioner, Key: policiestest.Key("x"), Expires: w.Now + policiestest.Day(30)}
		}, policies.ErrNotPossible, nil},
		{"OneTimeKeyOfAnother", "head", "staff.invite", func(w world) policies.Body {
			return policies.StaffInvite{Role: policies.Practitioner, Key: policiestest.Key("ann device"), Expires: w.Now + policiestest.Day(7)}
		}, policies.ErrNotPossible, nil},
		{"RootAdoptsASecondPolicy", "root", "policy.adopt", func(world) policies.Body {
			return policies.NewPolicyAdopt("nhs", []byte("a"), policiestest.Digest("b"))
		}, policies.ErrSigner, nil},
		{"IGAdoptsPolicy", "ig", "policy.adopt", func(world) policies.Body {
			return policies.NewPolicyAdopt("nhs", []byte("a"), policiestest.Digest("b"))
		}, policies.ErrSigner, nil},
		{"SecondServer", "root", "server.certify", func(world) policies.Body {
			return policies.ServerCertify{Key: policiestest.Key("s"), LogKey: policiestest.Key("l")}
		}, policies.ErrNotPossible, nil},
		{"ServerReplacedByAHead", "head", "server.certify", func(w world) policies.Body {
			return policies.ServerCertify{Key: policiestest.Key("s"), LogKey: policiestest.Key("l"), Replaces: w.Org.Server.Certificate}
		}, policies.ErrSigner, nil},
		{"ServerReplacedByItself", "server", "server.certify", func(w world) policies.Body {
			return policies.ServerCertify{Key: policiestest.Key("s"), LogKey: policiestest.Key("l"), Replaces: w.Org.Server.Certificate}
		}, policies.ErrSigner, nil},
		{"ServerKeepsItsLogKey", "root", "server.certify", func(w world) policies.Body {
			return policies.ServerCertify{Key: policiestest.Key("s"), LogKey: w.Org.Server.LogKey, Replaces: w.Org.Server.Certificate}
		}, policies.ErrNotPossible, nil},
		{"ConfirmedTwice", "head", "staff.confirm", confirm("ann"), policies.ErrNotPossible, nil},
		{"ConfirmsOneself", "newhead", "staff.confirm", confirm("newhead"), policies.ErrSigner, func(w world) { w.Join("newhead", policies.HeadOfService) }},
		{"RegistrarConfirmsOneself", "deputy", "staff.confirm", confirm("deputy"), policies.ErrNotPossible, nil},
		{"WrongCertificateConfirmed", "head", "staff.confirm", func(w world) policies.Body {
			return policies.StaffConfirm{Staff: w.Staff["new"].ID, Certificate: w.Staff["ann"].Person}
		}, policies.ErrNotPossible, func(w world) { w.Join("new", policies.Practitioner) }},
		{"UnconfirmedRegistrarInvites", "newhead", "staff.invite", invite, policies.ErrSigner, func(w world) { w.Join("newhead", policies.HeadOfService) }},
		{"UnconfirmedRegistrarRevokes", "newhead", "staff.revoke", func(w world) policies.Body {
			return policies.StaffRevoke{Staff: w.Staff["head"].ID}
		}, policies.ErrSigner, func(w world) { w.Join("newhead", policies.HeadOfService) }},
		{"RevokedRegistrarRevokesAnother", "deputy", "staff.revoke", func(w world) policies.Body {
			return policies.StaffRevoke{Staff: w.Staff["head"].ID}
		}, policies.ErrSigner, func(w world) { revoke(w, "deputy") }},
		{"ExpiredCertificate", "head", "staff.invite", invite, policies.ErrSigner, func(w world) { w.Now += policiestest.Day(400) }},
		{"UnknownPersonConfirmed", "head", "staff.confirm", func(world) policies.Body {
			return policies.StaffConfirm{Staff: policies.StaffID{9}, Certificate: policies.KeyID{9}}
		}, policies.ErrMissing, nil},
		{"FamilyKindInTheOrganisation", "ann", "team.add", func(w world) policies.Body {
			return policies.TeamAdd{Staff: w.Staff["bea"].ID}
		}, policies.ErrNotPossible, nil},
		{"BodyOfAnotherKind", "head", "staff.revoke", func(w world) policies.Body {
			return policies.DeviceRevoke{Device: w.Staff["ann"].Device}
		}, policies.ErrNotPossible, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			if c.setup != nil {
				c.setup(w)
			}
			before := text(t, w.Org)
			_, err := w.InOrg(w.Key(c.who), c.kind, c.body(w))
			if !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if text(t, w.Org) != before {
				t.Error("a refusal changed the state")
			}
		})
	}
}

func revoke(w *policiestest.Filmed, name string) {
	if _, err := w.InOrg(w.Key("head"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff[name].ID}); err != nil {
		panic(err)
	}
}

// TestPhotographedInvitation: the first certificate counts, by the fold, and an
// ended invitation is worth nothing: attacks 10.
func TestPhotographedInvitation(t *testing.T) {
	w := policiestest.New()
	p := w.Join("victim", policies.Practitioner)
	thief := policies.StaffCertify{Staff: p.ID, Key: policiestest.Key("thief"), Recipient: policiestest.Recipient("thief"), Until: w.Now + policiestest.Day(300)}
	if _, err := w.InOrg(policies.KeyID(p.ID), "staff.certify", thief); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("second use: %v, want ErrNotPossible", err)
	}
	id, err := w.InOrg(w.Key("head"), "staff.invite", policies.StaffInvite{Role: policies.Practitioner, Key: policiestest.Key("once"), Expires: w.Now + policiestest.Day(7)})
	if err != nil {
		t.Fatal(err)
	}
	w.Now += policiestest.Day(7)
	thief.Staff = policies.StaffID(id)
	if _, err := w.InOrg(policies.KeyID(id), "staff.certify", thief); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("use after the end: %v, want ErrNotPossible", err)
	}
}

// TestKeysOfTheRevokedStillResolve: their old statements must verify.
func TestKeysOfTheRevokedStillResolve(t *testing.T) {
	w := policiestest.NewFilmed()
	revoke(w, "bea")
	for name, c := range map[string]struct {
		kid policies.KeyID
		key policies.PublicKey
	}{
		"device": {w.Key("bea"), policiestest.Key("bea device")}, "person": {w.Staff["bea"].Person, policiestest.Key("bea")},
		"invitation": {policies.KeyID(w.Staff["bea"].ID), policiestest.Key("bea once")},
		"root":       {w.Root, policiestest.Key("root")}, "server": {w.Server, policiestest.Key("server")},
	} {
		if got, ok := w.Org.Key(c.kid); !ok || got != c.key {
			t.Errorf("key of the %s = %x, %v", name, got, ok)
		}
	}
	for _, kid := range []policies.KeyID{{}, {1}, policies.KeyID(policiestest.Key("root"))} {
		if _, ok := w.Org.Key(kid); ok {
			t.Errorf("Key(%s) found somebody", kid)
		}
	}
}

// TestFamilyRefuses has what Apply refuses in a family, one failure per row.
func TestFamilyRefuses(t *testing.T) {
	type world = *policiestest.Filmed
	clip := func(change func(w world, b *policies.ClipAdd)) func(w world) policies.Body {
		return func(w world) policies.Body {
			b := w.ClipBody()
			change(w, &b)
			return b
		}
	}
	for _, c := range []struct {
		name string
		who  string
		kind policies.Kind
		body func(w world) policies.Body
		want error
	}{
		{"OutsiderFilms", "outsider", "clip.add", clip(func(world, *policies.ClipAdd) {}), policies.ErrSigner},
		{"SupervisorFilms", "sup", "clip.add", clip(func(world, *policies.ClipAdd) {}), policies.ErrSigner},
		{"UnknownSession", "ann", "clip.add", clip(func(_ world, b *policies.ClipAdd) { b.Session = policies.SessionID{1} }), policies.ErrMissing},
		{"UnknownApproval", "ann", "clip.add", clip(func(_ world, b *policies.ClipAdd) { b.Approval = policies.ApprovalID{1} }), policies.ErrMissing},
		{"UnknownConsent", "ann", "clip.add", clip(func(_ world, b *policies.ClipAdd) { b.Consent = policies.ConsentID{1} }), policies.ErrMissing},
		{"UnknownPerson", "ann", "clip.add", clip(func(_ world, b *policies.ClipAdd) { b.People[0] = policies.PersonID{1} }), policies.ErrMissing},
		{"OtherController", "ann", "clip.add", clip(func(_ world, b *policies.ClipAdd) { b.Controller = policies.OrgID{1} }), policies.ErrNotPossible},
		{"FilmedTomorrow", "ann", "clip.add", clip(func(w world, b *policies.ClipAdd) { b.Captured.Until = w.Now + policiestest.Day(1)/2 }), policies.ErrNotPossible},
		{"ImpossibleLength", "ann", "clip.add", clip(func(_ world, b *policies.ClipAdd) { b.Payload.Bytes = 16 + (64<<10 + 16) + 7 }), policies.ErrNotPossible},
		{"UnknownRequestGranted", "head", "approval.grant", func(w world) policies.Body {
			return policies.ApprovalGrant{Request: policies.ApprovalID{1}}
		}, policies.ErrMissing},
		{"PractitionerGrants", "ann", "approval.grant", func(w world) policies.Body { return policies.ApprovalGrant{Request: w.Approval} }, policies.ErrSigner},
		{"IGGrants", "ig", "approval.grant", func(w world) policies.Body { return policies.ApprovalGrant{Request: w.Approval} }, policies.ErrSigner},
		{"OtherProgramme", "ann", "approval.request", func(w world) policies.Body {
			b := w.RequestBody()
			b.Programme = policies.VIPPSD
			return b
		}, policies.ErrNotPossible},
		{"SupervisorJoinsTheTeam", "ann", "team.add", func(w world) policies.Body { return policies.TeamAdd{Staff: w.Staff["sup"].ID} }, policies.ErrNotPossible},
		{"HeadAddsToTheTeam", "head", "team.add", func(w world) policies.Body { return policies.TeamAdd{Staff: w.Staff["outsider"].ID} }, policies.ErrSigner},
		{"OutsiderRemoves", "outsider", "team.remove", func(w world) policies.Body { return policies.TeamRemove{Staff: w.Staff["ann"].ID} }, policies.ErrSigner},
		{"DatedNextWeek", "ann", "consent.sign", func(w world) policies.Body {
			b := w.ConsentBody()
			b.SignedOn = (w.Now + policiestest.Day(7)).Time().Format("2006-01-02")
			return b
		}, policies.ErrNotPossible},
		{"UnknownViewer", "ann", "consent.sign", func(w world) policies.Body {
			b := w.ConsentBody()
			b.Viewers[0].Staff = policies.StaffID{1}
			return b
		}, policies.ErrMissing},
		{"StoredTwice", "server", "clip.stored", func(w world) policies.Body {
			p := w.Family.Clips[w.Clip].Payload
			return policies.ClipStored{Clip: w.Clip, Bytes: p.Bytes, SHA256: p.SHA256}
		}, policies.ErrNotPossible},
		{"OtherFilmStored", "server", "clip.stored", func(w world) policies.Body {
			return policies.ClipStored{Clip: w.Clip, Bytes: 1 << 20, SHA256: policiestest.Digest("other")}
		}, policies.ErrNotPossible},
		{"DeviceSaysStored", "ann", "clip.stored", func(w world) policies.Body {
			return policies.ClipStored{Clip: w.Clip, Bytes: 1 << 20, SHA256: policiestest.Digest("payload")}
		}, policies.ErrSigner},
		{"LinkForTwoMonths", "ann", "link.create", func(w world) policies.Body {
			b := w.LinkBody("x")
			b.Expires = w.Now + policiestest.Day(60)
			return b
		}, policies.ErrNotPossible},
		{"LinkNameTwice", "ann", "link.create", func(w world) policies.Body { return w.LinkBody("link") }, policies.ErrNotPossible},
		{"PINForAnUnknownLink", "ann", "link.pin", func(world) policies.Body {
			return policies.LinkPIN{Link: policies.LinkID{1}, PIN: policiestest.Digest("new")}
		}, policies.ErrMissing},
		{"PINByAnOutsider", "outsider", "link.pin", func(w world) policies.Body {
			return policies.LinkPIN{Link: w.Link, PIN: policiestest.Digest("new")}
		}, policies.ErrSigner},
		{"PINByTheHead", "head", "link.pin", func(w world) policies.Body {
			return policies.LinkPIN{Link: w.Link, PIN: policiestest.Digest("new")}
		}, policies.ErrSigner},
		{"RootInAFamily", "root", "session.log", func(world) policies.Body { return policies.SessionLog{On: "2026-03-02", Number: 1} }, policies.ErrSigner},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			before := text(t, w.Family)
			if _, err := w.InFamily(c.who, c.kind, c.body(w)); !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if text(t, w.Family) != before {
				t.Error("a refusal changed the state")
			}
		})
	}
}

func TestStatementOfAnotherRecord(t *testing.T) {
	w := policiestest.NewFilmed()
	s := w.Make(w.Key("ann"), "session.log", policies.RecordID{1}, policies.SessionLog{On: "2026-03-02", Number: 1})
	if _, err := w.Accept(s); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("error = %v, want ErrNotPossible", err)
	}
}
