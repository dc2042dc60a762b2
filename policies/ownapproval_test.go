package policies_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// decideOwn has somebody decide about a practitioner's own approval.
func decideOwn(t *testing.T, w *policiestest.Filmed, who string, kind policies.Kind, id policies.ApprovalID) {
	t.Helper()
	if err := tryOwn(w, who, kind, id, policies.NotNow); err != nil {
		t.Fatalf("%s by %s: %v", kind, who, err)
	}
}

func tryOwn(w *policiestest.Filmed, who string, kind policies.Kind, id policies.ApprovalID, why policies.DeclineReason) error {
	body := map[policies.Kind]policies.Body{
		"approval.grant":   policies.ApprovalGrant{Request: id},
		"approval.decline": policies.ApprovalDecline{Request: id, Reason: why},
		"approval.revoke":  policies.ApprovalRevoke{Request: id, Reason: why},
	}[kind]
	_, err := w.InOrg(w.Key(who), kind, body)
	return err
}

// TestOwnApprovalStates goes with one from the request to its end.
func TestOwnApprovalStates(t *testing.T) {
	w := policiestest.NewFilmed()
	state := func(id policies.ApprovalID) policies.ApprovalState { return w.Org.OwnState(id, w.Now) }
	id := ownApproval(t, w, "ann")
	if got := state(id); got != policies.Requested {
		t.Errorf("asked for: %s", got)
	}
	decideOwn(t, w, "head", "approval.grant", id)
	decideOwn(t, w, "deputy", "approval.grant", id) // again: nothing changes
	if got := state(id); got != policies.Granted {
		t.Errorf("granted: %s", got)
	}
	if got := w.Org.OwnState(id, policiestest.Start+policiestest.Day(181)); got != policies.ApprovalExpired {
		t.Errorf("after its end: %s", got)
	}
	other := ownApproval(t, w, "bea")
	decideOwn(t, w, "head", "approval.grant", other)
	second := ownApproval(t, w, "ann")
	decideOwn(t, w, "head", "approval.grant", second)
	waiting := ownApproval(t, w, "ann")
	decideOwn(t, w, "head", "approval.revoke", id)
	if state(id) != policies.ApprovalRevoked || state(second) != policies.ApprovalRevoked {
		t.Errorf("revoked: %s, and the practitioner's other: %s", state(id), state(second))
	}
	if state(other) != policies.Granted || state(waiting) != policies.Requested {
		t.Errorf("a colleague's: %s; what is asked for: %s", state(other), state(waiting))
	}
	decideOwn(t, w, "head", "approval.grant", waiting)
	if got := state(waiting); got != policies.Granted {
		t.Errorf("granted in the knowledge of the revocation: %s", got)
	}
	decideOwn(t, w, "head", "approval.decline", waiting)
	if got := state(waiting); got != policies.ApprovalRevoked {
		t.Errorf("declined by somebody who did not know that it was granted: %s", got)
	}
	declined := ownApproval(t, w, "ann")
	decideOwn(t, w, "head", "approval.decline", declined)
	if got := state(declined); got != policies.Declined {
		t.Errorf("declined: %s", got)
	}
	if _, err := w.InOrg(w.Key("head"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff["bea"].ID}); err != nil {
		t.Fatal(err)
	}
	if got := state(other); got != policies.ApprovalExpired {
		t.Errorf("of somebody who left: %s", got)
	}
	if got := state(policies.ApprovalID{1}); got != "" {
		t.Errorf("unknown: %s", got)
	}
}

// TestOwnApprovalRefusals: what nobody can do, and nothing changes by it.
func TestOwnApprovalRefusals(t *testing.T) {
	w := policiestest.NewFilmed()
	asked, declined := ownApproval(t, w, "ann"), ownApproval(t, w, "ann")
	decideOwn(t, w, "head", "approval.decline", declined)
	for _, c := range []struct {
		name, by string
		kind     policies.Kind
		id       policies.ApprovalID
		why      policies.DeclineReason
		want     error
	}{
		{"GrantedByIG", "ig", "approval.grant", asked, "", policies.ErrSigner},
		{"GrantedByPractitioner", "bea", "approval.grant", asked, "", policies.ErrSigner},
		{"DeclinedByPractitioner", "bea", "approval.decline", asked, policies.NotNow, policies.ErrSigner},
		{"GrantedAfterDecline", "head", "approval.grant", declined, "", policies.ErrNotPossible},
		{"Unknown", "head", "approval.grant", policies.ApprovalID{1}, "", policies.ErrMissing},
		{"UnknownRevoked", "head", "approval.revoke", policies.ApprovalID{1}, policies.NotNow, policies.ErrMissing},
		{"ReasonForAllToRead", "head", "approval.revoke", asked, policies.Safeguarding, policies.ErrNotPossible},
	} {
		before := text(t, w.Org)
		if err := tryOwn(w, c.by, c.kind, c.id, c.why); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if text(t, w.Org) != before {
			t.Errorf("%s: a refusal changed the state", c.name)
		}
	}
	over := w.RequestBody()
	over.From, over.Until = over.From-policiestest.Day(400), over.Until-policiestest.Day(400)
	if _, err := w.InOrg(w.Key("ann"), "approval.request", over); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("a period that is over: %v", err)
	}
	w.Org.Approvals = nil // a state that was stored before this kind was
	if w.Org.OwnState(asked, w.Now) != "" || w.Org.Clone() == nil {
		t.Error("an older state has approvals")
	}
	ownApproval(t, w, "ann")
}

// TestGrantNamesRevocations: a head of service who approves filming of a family anew
// says which revocations of its practitioners' approvals they knew.
func TestGrantNamesRevocations(t *testing.T) {
	w := policiestest.NewFilmed()
	for _, who := range []string{"ann", "outsider"} {
		id := ownApproval(t, w, who)
		decideOwn(t, w, "head", "approval.grant", id)
		decideOwn(t, w, "head", "approval.revoke", id)
	}
	var of []policies.StatementID
	for _, a := range w.Org.Approvals {
		if a.By == w.Staff["ann"].ID {
			of = append(of, a.Revoked)
		}
	}
	if got := w.Family.DepsFor(w.Org, policies.ApprovalGrant{Request: w.Approval}); !slices.Equal(got, of) {
		t.Errorf("deps = %v, want %v: of the family's practitioners, and of no other", got, of)
	}
	if got := w.Family.DepsFor(w.Org, w.ConsentBody()); len(got) > 0 {
		t.Errorf("a consent form names %v", got)
	}
}

// TestScope: which approvals a service uses, and the one way round.
func TestScope(t *testing.T) {
	w := policiestest.NewFilmed()
	stopped := w.Family.Clone()
	if _, err := stopped.Apply(w.Org, w.ByDefault("head", "approval.revoke", policies.ApprovalRevoke{Request: w.Approval, Reason: policies.NotNow}), w.Now); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		scope string
		f     *policies.Family
		says  string
	}{
		{policies.ByFamily, w.Family, ""}, {policies.ByFamily, nil, "by family here"},
		{policies.ByPractitioner, w.Family, "by practitioner here"}, {policies.ByPractitioner, nil, ""}, {policies.ByPractitioner, stopped, ""},
		{policies.ByEither, w.Family, ""}, {policies.ByEither, nil, ""}, {"", w.Family, ""}, {"", nil, ""},
	} {
		p := policies.Pack{ApprovalScope: policies.WordFigure{Value: c.scope}}
		request := w.RequestBody()
		for _, b := range []policies.Body{request, &request, policies.ApprovalGrant{}, &policies.ApprovalGrant{}} {
			err := p.InScope(b, c.f)
			if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || !errors.Is(err, policies.ErrNotPossible)) {
				t.Errorf("scope %q, %T, in a family %v: %v, want %q", c.scope, b, c.f != nil, err, c.says)
			}
		}
		if err := p.InScope(policies.ApprovalRevoke{}, c.f); err != nil {
			t.Errorf("scope %q stops a revocation: %v", c.scope, err)
		}
	}
}

// TestGatePicksTheBest: the approval that lasts longest, of either kind.
func TestGatePicksTheBest(t *testing.T) {
	w := policiestest.NewFilmed()
	gate := func(scope string, days int) policies.Gate {
		p := policies.Pack{OfflineDays: policies.Figure{Value: 7}, ApprovalScope: policies.WordFigure{Value: scope}}
		now := w.Now + policiestest.Day(days)
		return policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, []policies.PersonID{w.Mum}, now, now, p)
	}
	b := w.RequestBody()
	b.Until += policiestest.Day(30)
	id, err := w.InOrg(w.Key("ann"), "approval.request", b)
	if err != nil {
		t.Fatal(err)
	}
	own := policies.ApprovalID(id)
	if g := gate("", 0); !g.Open || g.Approval != w.Approval {
		t.Errorf("before it was granted: %+v", g)
	}
	decideOwn(t, w, "head", "approval.grant", own)
	for days, want := range map[int]policies.ApprovalID{0: own, 200: own} {
		if g := gate("", days); !g.Open || g.Approval != want {
			t.Errorf("after %d days: %+v, want on %s", days, g, want.Short())
		}
	}
	decideOwn(t, w, "head", "approval.revoke", own)
	w.Now += policies.Hour
	says := func(g policies.Gate) string {
		if g.Open || len(g.Reasons) != 1 || g.Reasons[0].Rule != "UPLOAD-APPROVAL" {
			t.Errorf("gate = %+v, want shut by UPLOAD-APPROVAL alone", g)
			return ""
		}
		return g.Reasons[0].Text
	}
	if got := says(gate("", 0)); !strings.Contains(got, "revoked") {
		t.Errorf("after the revocation: %q", got)
	}
	again := ownApproval(t, w, "ann")
	if got := says(gate("", 0)); !strings.Contains(got, "requested but not yet approved") {
		t.Errorf("asked for again: %q", got)
	}
	decideOwn(t, w, "head", "approval.grant", again)
	if g := gate("", 0); !g.Open {
		t.Errorf("granted anew: %+v", g)
	}
	clear(w.Family.Approvals)
	clear(w.Org.Approvals)
	for scope, want := range map[string]string{
		policies.ByFamily: "to film this family.", policies.ByPractitioner: "Ask for one for yourself", policies.ByEither: "none of your own",
	} {
		if got := says(gate(scope, 0)); !strings.Contains(got, want) {
			t.Errorf("scope %s: %q, want %q", scope, got, want)
		}
	}
}

// TestApprovalsThatEnd are told a month ahead, until a new one is asked for.
func TestApprovalsThatEnd(t *testing.T) {
	w := policiestest.NewFilmed()
	own := ownApproval(t, w, "ann")
	waits := func() []policies.Matter { return w.Org.Matters(clocked, w.Now) }
	if got := waits(); len(got) != 1 || got[0].Kind != policies.ApprovalWaits || got[0].Of != own.String() || !got[0].Waits(policies.HeadOfService) {
		t.Errorf("asked for: %+v", got)
	}
	decideOwn(t, w, "head", "approval.grant", own)
	if got := append(waits(), matters(w, policies.ApprovalEnds)...); len(got) > 0 {
		t.Errorf("half a year ahead: %+v", got)
	}
	w.Now = policiestest.Start + policiestest.Day(151)
	for what, got := range map[string][]policies.Matter{"own": waits(), "family": matters(w, policies.ApprovalEnds)} {
		if len(got) != 1 || got[0].Kind != policies.ApprovalEnds || !got[0].Waits(policies.Practitioner) || got[0].Due != policiestest.Start+policiestest.Day(180) {
			t.Errorf("%s, a month ahead: %+v", what, got)
		}
	}
	b := w.RequestBody()
	b.From, b.Until = w.Now, w.Now+policiestest.Day(100)
	w.Do("bea", "approval.request", b)
	if _, err := w.InOrg(w.Key("ann"), "approval.request", b); err != nil {
		t.Fatal(err)
	}
	for _, got := range append(waits(), matters(w, policies.ApprovalEnds)...) {
		if got.Kind == policies.ApprovalEnds {
			t.Errorf("asked for again, and still told: %+v", got)
		}
	}
}
