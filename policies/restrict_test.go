package policies_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// offline makes a statement by a device that knows no restriction.
func offline(w *policiestest.Filmed, who string, kind policies.Kind, body policies.Body) policies.Statement {
	return w.Make(w.Key(who), kind, policies.RecordID(w.Family.ID), body)
}

func accept(t *testing.T, w *policiestest.Filmed, s policies.Statement) policies.StatementID {
	t.Helper()
	if _, err := w.Accept(s); err != nil {
		t.Fatalf("%s: %v", s.Kind, err)
	}
	return s.ID
}

func consented(w *policiestest.Filmed) bool {
	return len(w.Family.ClipConsented(w.Clip, policies.FilmAndUse, w.Now)) == 0
}

func withdraw(w *policiestest.Filmed) policies.ConsentWithdraw {
	return policies.ConsentWithdraw{People: []policies.PersonID{w.Mum}, Channel: policies.InPerson}
}

// TestConsentOfMondayAfterWithdrawalOfTuesday: attacks 1.
func TestConsentOfMondayAfterWithdrawalOfTuesday(t *testing.T) {
	w := policiestest.NewFilmed()
	monday := offline(w, "ann", "consent.sign", w.ConsentBody())
	w.Now += policiestest.Day(1)
	w.Do("bea", "consent.withdraw", withdraw(w))
	w.Now += policiestest.Day(1)
	accept(t, w, monday)
	if consented(w) {
		t.Error("Monday's form undid Tuesday's withdrawal")
	}
	w.Do("ann", "consent.sign", w.ConsentBody())
	if !consented(w) {
		t.Error("a form signed on Wednesday, knowing of the withdrawal, does not count")
	}
}

// TestPaperOfMondayTypedInOnWednesday: the device knew, the paper could not.
func TestPaperOfMondayTypedInOnWednesday(t *testing.T) {
	w := policiestest.NewFilmed()
	paper := w.ConsentBody()
	w.Now += policiestest.Day(1)
	w.Do("bea", "consent.withdraw", withdraw(w))
	w.Now += policiestest.Day(1)
	w.Do("ann", "consent.sign", paper)
	if consented(w) {
		t.Error("a form signed before the withdrawal answers it")
	}
}

// TestWithdrawalFromAClockAYearAhead: the family can agree again tomorrow.
func TestWithdrawalFromAClockAYearAhead(t *testing.T) {
	w := policiestest.NewFilmed()
	s := w.ByDefault("bea", "consent.withdraw", withdraw(w))
	s.At += policiestest.Day(365)
	accept(t, w, s)
	if consented(w) {
		t.Fatal("the withdrawal does not count")
	}
	w.Now += policiestest.Day(1)
	w.Do("ann", "consent.sign", w.ConsentBody())
	if !consented(w) {
		t.Error("a form signed the day after does not count")
	}
}

// TestWithdrawalDoesNotBringBackAnEarlierYes: the last form says no, and an older
// one that knew of the withdrawal said yes.
func TestWithdrawalDoesNotBringBackAnEarlierYes(t *testing.T) {
	w := policiestest.NewFilmed()
	s := w.ByDefault("bea", "consent.withdraw", withdraw(w))
	yes := w.ConsentBody()
	w.Now += policiestest.Day(1)
	no := w.ConsentBody()
	no.Purposes[0].Yes = false
	accept(t, w, offline(w, "ann", "consent.sign", no))
	accept(t, w, w.Make(w.Key("bea"), "consent.sign", policies.RecordID(w.Family.ID), yes, s.ID))
	if consented(w) {
		t.Fatal("the last form says no")
	}
	accept(t, w, s)
	if consented(w) {
		t.Error("the withdrawal made use possible")
	}
}

// TestEachDecidesForThemselves: a sibling's withdrawal stops the clips that they
// are in, and nobody else's.
func TestEachDecidesForThemselves(t *testing.T) {
	w := policiestest.NewFilmed()
	alone := w.ClipBody()
	alone.People = []policies.PersonID{w.Mum}
	other := policies.ClipID(w.Do("ann", "clip.add", alone))
	ch, err := w.Accept(w.ByDefault("server", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Kid}, Channel: policies.Page}))
	if err != nil {
		t.Fatal(err)
	}
	if len(ch.Clips) != 1 || ch.Clips[0] != w.Clip || len(ch.Links) != 1 || ch.Links[0] != w.Link {
		t.Errorf("changes = %+v, want the clip of both and its link", ch)
	}
	if got := w.Family.ClipConsented(w.Clip, policies.FilmAndUse, w.Now); len(got) != 1 || got[0] != w.Kid {
		t.Errorf("missing = %v, want the child", got)
	}
	if got := w.Family.ClipConsented(other, policies.FilmAndUse, w.Now); len(got) != 0 {
		t.Errorf("missing = %v, want nobody", got)
	}
}

// TestLinkMadeBeforeWithdrawalStaysShut: a new consent opens film again, not old
// links.
func TestLinkMadeBeforeWithdrawalStaysShut(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Do("ann", "consent.withdraw", withdraw(w))
	w.Do("ann", "consent.sign", w.ConsentBody())
	if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkRevoked {
		t.Errorf("old link = %q, want %q", got, policies.LinkRevoked)
	}
	made := policies.LinkID(w.Do("ann", "link.create", w.LinkBody("new")))
	if got := w.Family.LinkState(made, w.Now); got != policies.LinkOpen {
		t.Errorf("new link = %q, want %q", got, policies.LinkOpen)
	}
	if got := w.Family.LinkState(made, w.Now+policiestest.Day(14)); got != policies.LinkExpired {
		t.Errorf("link on its last day = %q, want %q", got, policies.LinkExpired)
	}
}

// TestRevocationReachesADeputysGrant: the deputy granted another request offline.
func TestRevocationReachesADeputysGrant(t *testing.T) {
	w := policiestest.NewFilmed()
	second := policies.ApprovalID(w.Do("bea", "approval.request", w.RequestBody()))
	grant := offline(w, "deputy", "approval.grant", policies.ApprovalGrant{Request: second})
	w.Do("head", "approval.revoke", policies.ApprovalRevoke{Request: w.Approval, Reason: policies.Safeguarding})
	accept(t, w, grant)
	for _, id := range []policies.ApprovalID{w.Approval, second} {
		if got := w.Family.ApprovalState(id, w.Now); got != policies.ApprovalRevoked {
			t.Errorf("state = %q, want %q", got, policies.ApprovalRevoked)
		}
	}
	w.Do("deputy", "approval.grant", policies.ApprovalGrant{Request: second})
	if got := w.Family.ApprovalState(second, w.Now); got != policies.Granted {
		t.Errorf("granted again knowing of the revocation: %q", got)
	}
	w.Do("deputy", "approval.grant", policies.ApprovalGrant{Request: w.Approval})
	if got := w.Family.ApprovalState(w.Approval, w.Now); got != policies.ApprovalRevoked {
		t.Errorf("nothing leaves revoked, but the request is %q", got)
	}
}

func TestApprovalStates(t *testing.T) {
	w := policiestest.NewFilmed()
	id := policies.ApprovalID(w.Do("ann", "approval.request", w.RequestBody()))
	state := func() policies.ApprovalState { return w.Family.ApprovalState(id, w.Now) }
	if state() != policies.Requested {
		t.Errorf("state = %q, want requested", state())
	}
	w.Do("head", "approval.grant", policies.ApprovalGrant{Request: id})
	if state() != policies.Granted {
		t.Errorf("state = %q, want granted", state())
	}
	if got := w.Family.ApprovalState(id, policiestest.Start+policiestest.Day(181)); got != policies.ApprovalExpired {
		t.Errorf("state = %q, want expired", got)
	}
	w.Do("deputy", "approval.decline", policies.ApprovalDecline{Request: id, Reason: policies.MoreNeeded})
	if state() != policies.Declined {
		t.Errorf("two heads disagree: state = %q, want declined", state())
	}
	if got := w.Family.ApprovalState(policies.ApprovalID{1}, w.Now); got != "" {
		t.Errorf("unknown approval = %q", got)
	}
}

// TestRestrictionsAreTakenEarly: before their subject, and from revoked devices.
func TestRestrictionsAreTakenEarly(t *testing.T) {
	w := policiestest.NewFilmed()
	link := offline(w, "ann", "link.create", w.LinkBody("later"))
	request := offline(w, "ann", "approval.request", w.RequestBody())
	if _, err := w.InOrg(w.Key("head"), "device.revoke", policies.DeviceRevoke{Device: w.Staff["bea"].Device}); err != nil {
		t.Fatal(err)
	}
	w.Do("bea", "link.revoke", policies.LinkRevoke{Link: policies.LinkID(link.ID)})
	w.Do("bea", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{{7}}, Channel: policies.Writing})
	w.Do("head", "approval.decline", policies.ApprovalDecline{Request: policies.ApprovalID(request.ID), Reason: policies.NotNow})
	accept(t, w, link)
	accept(t, w, request)
	if got := w.Family.LinkState(policies.LinkID(link.ID), w.Now); got != policies.LinkRevoked {
		t.Errorf("link = %q, want revoked", got)
	}
	if got := w.Family.ApprovalState(policies.ApprovalID(request.ID), w.Now); got != policies.Declined {
		t.Errorf("request = %q, want declined", got)
	}
	if _, err := w.InFamily("bea", "session.log", policies.SessionLog{On: "2026-03-02", Number: 2}); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("a revoked device's session.log: %v, want ErrSigner", err)
	}
}

// TestMayKnow: a family does not exist for those who have nothing to do with it,
// and asking changes nothing.
func TestMayKnow(t *testing.T) {
	w := policiestest.NewFilmed()
	before := text(t, w.Family)
	for name, want := range map[string]bool{"ann": true, "bea": true, "head": true, "ig": true, "sup": true, "server": true, "outsider": false} {
		by, ok := w.Org.Signer(w.Key(name))
		if got := policies.MayKnow(w.Org, w.Family, by, "session.log"); !ok || got != want {
			t.Errorf("%s may know = %v, want %v", name, got, want)
		}
	}
	by, _ := w.Org.Signer(w.Key("outsider"))
	if !policies.MayKnow(w.Org, w.Family, by, "consent.withdraw") {
		t.Error("a withdrawal is taken from anyone certified")
	}
	if text(t, w.Family) != before {
		t.Error("asking changed the family")
	}
}

func TestTeam(t *testing.T) {
	w := policiestest.NewFilmed()
	bea := w.Staff["bea"].ID
	again := offline(w, "ann", "team.add", policies.TeamAdd{Staff: bea})
	ch, err := w.Accept(w.ByDefault("head", "team.remove", policies.TeamRemove{Staff: bea}))
	if err != nil || len(ch.Left) != 1 || ch.Left[0] != bea {
		t.Fatalf("changes = %+v, %v, want bea to leave", ch, err)
	}
	accept(t, w, again)
	if w.Family.OnTeam(bea) {
		t.Error("an addition made without knowing of the removal counts")
	}
	ch, err = w.Accept(w.ByDefault("ann", "team.add", policies.TeamAdd{Staff: bea}))
	if err != nil || len(ch.Joined) != 1 || !w.Family.OnTeam(bea) {
		t.Errorf("changes = %+v, %v, want bea to join", ch, err)
	}
}

// TestStateSurvivesStorage: a folded state is stored whole as JSON and folded on.
func TestStateSurvivesStorage(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Join("newcomer", policies.Practitioner) // certified, not confirmed
	w.Do("ann", "consent.withdraw", withdraw(w))
	var org policies.Org
	var family policies.Family
	for _, v := range []struct{ from, to any }{{w.Org, &org}, {w.Family, &family}} {
		b, err := json.Marshal(v.from)
		if err == nil {
			err = json.Unmarshal(b, v.to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if text(t, w.Org) != text(t, &org) || text(t, w.Family) != text(t, &family) {
		t.Error("state changed on its way through storage")
	}
	w.Org, w.Family = &org, &family
	w.Do("ann", "consent.sign", w.ConsentBody())
}

// TestRestrictionStopsOnlyWhatItNames: anyone certified may sign a withdrawal, so
// it must not remove a colleague from the team, stop all filming or shut a link by
// naming one of those where a person in the film is meant. The same for the other
// restrictions.
func TestRestrictionStopsOnlyWhatItNames(t *testing.T) {
	w := policiestest.NewFilmed()
	bea := w.Staff["bea"].ID
	w.Do("outsider", "consent.withdraw", policies.ConsentWithdraw{Channel: policies.ByPhone, People: []policies.PersonID{
		policies.PersonID(bea), policies.PersonID(w.Family.ID), policies.PersonID(w.Approval), policies.PersonID(w.Link),
	}})
	w.Do("ann", "team.remove", policies.TeamRemove{Staff: policies.StaffID(w.Approval)})
	w.Do("ann", "link.revoke", policies.LinkRevoke{Link: policies.LinkID(w.Family.ID)})
	w.Do("head", "approval.decline", policies.ApprovalDecline{Request: policies.ApprovalID(w.Mum), Reason: policies.NotNow})
	if !w.Family.OnTeam(bea) {
		t.Error("bea is off the team")
	}
	if got := w.Family.ApprovalState(w.Approval, w.Now); got != policies.Granted {
		t.Errorf("approval = %q, want granted", got)
	}
	if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkOpen {
		t.Errorf("link = %q, want open", got)
	}
	if !w.Family.ConsentFor(w.Mum, policies.FilmAndUse, w.Now) {
		t.Error("the carer's consent is withdrawn")
	}
}
