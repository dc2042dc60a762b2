package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestRefusalsAreExplained: real refusals, each by a rule of its own, and for each rule
// that stands in one, explain names it, its sentence and its source, and the person
// who was refused is told what to do.
func TestRefusalsAreExplained(t *testing.T) {
	bundle, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	explainedBy := map[string]bool{}
	for _, c := range []struct {
		rule  string
		given func(w *policiestest.Filmed)
		ask   func(w *policiestest.Filmed) policies.Request
	}{
		{"VIEW-CONSENT", withdrawn, watches("ann", policies.FilmAndUse)},
		{"VIEW-APPROVAL", func(w *policiestest.Filmed) {
			w.Do("head", "approval.revoke", policies.ApprovalRevoke{Request: w.Approval, Reason: policies.Safeguarding})
		}, watches("ann", policies.FilmAndUse)},
		{"VIEW-LIST", func(w *policiestest.Filmed) {
			w.Do("ann", "viewer.remove", policies.ViewerRemove{Staff: w.Staff["sup"].ID})
		}, watches("sup", policies.Supervision)},
		{"RANK-1", nil, watches("head", policies.FilmAndUse)},
		{"RANK-2", nil, watches("ig", policies.FilmAndUse)},
		{"DEFAULT-DENY", nil, watches("outsider", policies.FilmAndUse)},
		{"COPY-PURPOSE", nil, func(w *policiestest.Filmed) policies.Request {
			r := watches("ann", policies.FilmAndUse)(w)
			r.Action = policies.ActCopy
			return r
		}},
		{"TEAM-1", nil, says("outsider", "session.log", func(*policiestest.Filmed) policies.Body { return policies.SessionLog{} })},
		{"UPLOAD-CONSENT", withdrawn, says("ann", "clip.add", func(w *policiestest.Filmed) policies.Body { return w.ClipBody() })},
		{"TRAINING-ENDED", untrained, says("ann", "clip.add", func(w *policiestest.Filmed) policies.Body { return w.ClipBody() })},
		{"LINK-CONTACT", func(w *policiestest.Filmed) { w.Family.People[w.Mum].Contact = policies.InPersonOnly },
			says("ann", "link.create", func(w *policiestest.Filmed) policies.Body { return w.LinkBody("asked") })},
		{"VIEWER-NAMED", nil, says("ann", "viewer.add", func(w *policiestest.Filmed) policies.Body { return w.ListingBody("outsider") })},
		{"BREAKGLASS-TEAM", nil, says("head", "breakglass.open", func(w *policiestest.Filmed) policies.Body { return w.GlassBody("outsider") })},
		{"ACTIVE-1", func(w *policiestest.Filmed) { w.Now += policiestest.Day(400) }, watches("ann", policies.FilmAndUse)},
		{"OPERATOR-1", func(w *policiestest.Filmed) { w.Join("op", policies.Operator); w.Confirm("op") }, func(w *policiestest.Filmed) policies.Request {
			return policies.Request{Caller: w.Staff["op"].Caller(), Action: policies.ActSearchLog, Now: w.Now}
		}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			w := policiestest.NewFilmed()
			if c.given != nil {
				c.given(w)
			}
			ruling := bundle.Decide(c.ask(w), w.Org, w.Family)
			if ruling.Allowed || !slices.Contains(ruling.Rules, c.rule) {
				t.Fatalf("allowed %v by %v, want refused by %s", ruling.Allowed, ruling.Rules, c.rule)
			}
			for _, id := range ruling.Rules {
				got, err := (&policyExplainCmd{Name: id}).rule()
				if err != nil || len(got) != 1 {
					t.Fatalf("%s: %v, %v", id, got, err)
				}
				text := got[0].String()
				if !strings.Contains(text, id) || !strings.Contains(text, got[0].Title) || !strings.Contains(text, "Source: "+got[0].Source) {
					t.Errorf("%s: %s", id, text)
				}
				if advice, ok := wire.AdviceOf([]string{id}); !ok || advice.Message == "" || advice.Next == "" {
					t.Errorf("%s: nobody is told what to do", id)
				}
				explainedBy[id] = true
			}
		})
	}
	if len(explainedBy) < 10 {
		t.Errorf("%d rules explained, at least 10 expected", len(explainedBy))
	}
}

func withdrawn(w *policiestest.Filmed) {
	w.Do("ann", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Mum}, Channel: policies.ByPhone})
}

func untrained(w *policiestest.Filmed) {
	_, err := w.InOrg(w.Key("head"), "staff.train", policies.StaffTrain{Staff: w.Staff["ann"].ID, Programme: policies.VIG, Level: policies.Accredited, Until: w.Now - policiestest.Day(1)})
	if err != nil {
		panic(err)
	}
}

func watches(who string, p policies.Purpose) func(*policiestest.Filmed) policies.Request {
	return func(w *policiestest.Filmed) policies.Request {
		return policies.Request{Caller: w.Staff[who].Caller(), Action: policies.ActWatch, Clip: w.Clip, Purpose: p, Now: w.Now}
	}
}

func says(who string, kind policies.Kind, body func(*policiestest.Filmed) policies.Body) func(*policiestest.Filmed) policies.Request {
	return func(w *policiestest.Filmed) policies.Request {
		s := w.ByDefault(who, kind, body(w))
		return policies.Request{Caller: w.Staff[who].Caller(), Action: policies.Action(kind), Statement: &s, Now: w.Now}
	}
}
