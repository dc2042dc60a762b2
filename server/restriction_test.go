package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/storage"
)

// restricts hands in one statement without a token.
func (w *world) restricts(statements ...storage.Sealed) answer {
	w.Helper()
	in := wire.PushRequest{Statements: []wire.Sealed{}}
	for _, s := range statements {
		in.Statements = append(in.Statements, wire.Sealed{Statement: string(s.Statement), Attachments: []wire.Attachment{}})
	}
	return w.call("", http.MethodPost, "/v1/restrictions", in)
}

// Everyone who was ever certified may withdraw for a family, in whatever state they
// are; what a role may stop, only that role stops. Each answer leaves its event.
func TestRestrictions(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	f.staff["revoked"] = f.staff["ana"]
	f.revoke("ana")
	withdrawal := func() (policies.Kind, policies.Body) {
		return "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.family.Carer}, Channel: policies.ByPhone}
	}
	revocation := func() (policies.Kind, policies.Body) {
		return "approval.revoke", &policies.ApprovalRevoke{Request: f.family.Approval, Reason: policies.NotNow}
	}
	for _, tt := range []struct {
		who    string
		says   func() (policies.Kind, policies.Body)
		status wire.Status
		code   wire.Code
	}{
		{"sam", withdrawal, wire.Accepted, ""},
		{"outsider", withdrawal, wire.Accepted, ""},
		{"vera", withdrawal, wire.Accepted, ""},
		{"head", withdrawal, wire.Accepted, ""},
		{"ig", withdrawal, wire.Accepted, ""},
		{"revoked", withdrawal, wire.Accepted, ""},
		{"head", revocation, wire.Accepted, ""},
		{"sam", revocation, wire.Refused, wire.CodeSigner},
		{"outsider", revocation, wire.Refused, wire.CodeNotFound}, // to whom the family does not exist
		{"revoked", revocation, wire.Refused, wire.CodeSigner},
	} {
		kind, body := tt.says()
		t.Run(string(kind)+"/"+tt.who, func(t *testing.T) {
			w := f.in(t)
			before := w.events()
			s, id := w.staff[tt.who].Say(f.family.Record, kind, body)
			got := w.restricts(s)
			got.want(w, http.StatusOK, "")
			var reply wire.PushReply
			got.decode(w, &reply)
			if len(reply.Results) != 1 || reply.Proven.Checkpoint == "" {
				t.Fatalf("reply = %+v, want one result, proven", reply)
			}
			if r := reply.Results[0]; r.ID != id || r.Status != tt.status || r.Code != tt.code || (r.Receipt != nil) != (tt.status == wire.Accepted) {
				t.Errorf("result = %+v, want %s %q", r, tt.status, tt.code)
			}
			outcome := map[wire.Status]string{wire.Accepted: "done", wire.Refused: "refused"}[tt.status]
			if !w.logged(before, policies.Action(kind), outcome, tt.who) {
				t.Errorf("no event %s %s by %s", kind, outcome, tt.who)
			}
		})
	}
	got := f.call("sam", http.MethodPost, "/v1/clips/"+f.clip.ID.String()+"/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse})
	got.want(f.world, http.StatusForbidden, wire.CodeDenied)
}

// A lost reply: handed in again, it is the same one.
func TestRestrictionAgain(t *testing.T) {
	f := newFilmed(newWorld(t))
	s, _ := f.svc.Visitor.Say(f.family.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.family.Carer}, Channel: policies.ByPhone})
	for _, want := range []wire.Status{wire.Accepted, wire.Duplicate} {
		var reply wire.PushReply
		f.restricts(s).decode(f.world, &reply)
		if r := reply.Results[0]; r.Status != want || r.Receipt == nil {
			t.Errorf("result = %+v, want %s with its receipt", r, want)
		}
	}
}

// Whatever is not one restriction by somebody who was certified is refused with the
// same words, and nothing is written: the address needs no token.
func TestRestrictionsTakeNothingElse(t *testing.T) {
	f := newFilmed(newWorld(t))
	sam := f.svc.Sam
	body := &policies.ConsentWithdraw{People: []policies.PersonID{f.family.Carer}, Channel: policies.ByPhone}
	good, _ := sam.Say(f.family.Record, "consent.withdraw", body)
	next, _ := sam.Say(f.family.Record, "consent.withdraw", body)
	permission, _ := sam.Say(f.family.Record, "team.add", &policies.TeamAdd{Staff: f.svc.Visitor.Staff})
	raw, _, err := statement.Sign(policies.Statement{
		Signer: policies.KeyID{1}, Record: f.family.Record, Kind: "consent.withdraw", N: 1, At: f.svc.Clock.Micros(), Body: body,
	}, newKey())
	f.must(err)
	forged, _, err := statement.Sign(policies.Statement{
		Signer: policies.KeyID(sam.Device), Record: f.family.Record, Kind: "consent.withdraw", N: 90, At: f.svc.Clock.Micros(), Body: body,
	}, newKey())
	f.must(err)
	attached := wire.PushRequest{Statements: []wire.Sealed{{Statement: string(good.Statement), Attachments: []wire.Attachment{{Name: "note", Body: []byte("x")}}}}}
	before := f.events()
	first := f.restricts()
	first.want(f.world, http.StatusBadRequest, wire.CodeBadRequest)
	for name, got := range map[string]answer{
		"Two":         f.restricts(good, next),
		"Permission":  f.restricts(permission),
		"Stranger":    f.restricts(storage.Sealed{Statement: raw}),
		"Forged":      f.restricts(storage.Sealed{Statement: forged}),
		"NoStatement": f.restricts(storage.Sealed{Statement: []byte("stop")}),
		"Token":       f.restricts(storage.Sealed{Statement: []byte(f.token("sam"))}),
		"Attachment":  f.call("", http.MethodPost, "/v1/restrictions", attached),
		"NotJSON":     f.send("", http.MethodPost, "/v1/restrictions", []byte("stop")),
	} {
		if got, want := withoutID(f.world, got), withoutID(f.world, first); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	large := []byte(`{"statements":[],"checkpoint":0}` + strings.Repeat(" ", wire.MaxRequestBytes))
	f.send("", http.MethodPost, "/v1/restrictions", large).want(f.world, http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
	if after := f.events(); after != before {
		t.Errorf("wrote %d events, want none", after-before)
	}
}

// withoutID is an answer but for what names the request.
func withoutID(w *world, a answer) string {
	w.Helper()
	var b wire.ErrorBody
	a.decode(w, &b)
	a.body = []byte(strings.ReplaceAll(string(a.body), b.RequestID, ""))
	a.header.Del("Content-Length")
	return same(a)
}

// A flood from one address is slowed down before anything is looked at.
func TestRestrictionsPerAddress(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.RestrictionsPerMinute = 3 })
	for range 3 {
		w.restricts().want(w, http.StatusBadRequest, wire.CodeBadRequest)
	}
	limited := w.restricts()
	limited.want(w, http.StatusTooManyRequests, wire.CodeBusy)
	if limited.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.svc.Clock.Forward(time.Minute)
	w.restricts().want(w, http.StatusBadRequest, wire.CodeBadRequest)
}
