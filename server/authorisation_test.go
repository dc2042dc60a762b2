package server_test

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// cell is what one person gets at one address.
type cell struct {
	status  int
	code    wire.Code
	outcome string // of the event, where the row has one
}

var (
	ok      = cell{http.StatusOK, "", "allowed"}
	quiet   = cell{http.StatusOK, "", ""} // allowed, and no event
	created = cell{http.StatusCreated, "", "allowed"}
	unknown = cell{http.StatusUnauthorized, wire.CodeUnauthorised, ""}
	hidden  = cell{http.StatusNotFound, wire.CodeNotFound, "denied"}
	denied  = cell{http.StatusForbidden, wire.CodeDenied, "denied"}
	ended   = cell{http.StatusNotFound, wire.CodeLinkEnded, ""}
	absent  = cell{http.StatusNotFound, wire.CodeNotFound, ""}
	alike   = cell{http.StatusBadRequest, wire.CodeBadRequest, ""}
	// A search that was allowed, and logged, for a family that nobody knows.
	notKnown = cell{http.StatusNotFound, wire.CodeNotFound, "allowed"}
)

// everyone is the columns of the matrix. stranger holds a key that nobody
// certified; revoked is a practitioner of the family's team whose device was lost.
var everyone = []string{"", "stranger", "outsider", "sam", "vera", "head", "ig", "revoked"}

// Who may ask for what: one row per address, one column per person. What is not
// here is denied. Rows for later addresses and states are added below.
func TestAuthorisation(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	link := f.family.Share(f.clip, 20)
	opening, _ := f.svc.Sam.Say(policies.RecordID{}, policies.KindFamilyOpen, &policies.FamilyOpen{
		Reference: "EH-9", Programme: policies.VIG, Recipient: f.svc.Sam.Identity.Recipient().String(),
	})
	f.keys["stranger"] = device{policies.DeviceID{1}, newKey()}
	f.staff["revoked"] = f.staff["ana"]
	f.revoke("ana")
	clip := "/v1/clips/" + f.clip.ID.String()
	for _, row := range []struct {
		name, method, path string
		in                 any
		event              policies.Action // what each answer but a 401 leaves in the log; "" for nothing
		want               [8]cell         // in the order of everyone
	}{
		{"Health", "GET", "/healthz", nil, "", [8]cell{ok, ok, ok, ok, ok, ok, ok, ok}},
		{"Ready", "GET", "/readyz", nil, "", [8]cell{ok, ok, ok, ok, ok, ok, ok, ok}},
		{"Checkpoint", "GET", "/v1/log/checkpoint", nil, "", [8]cell{ok, ok, ok, ok, ok, ok, ok, ok}},
		{"Push", "POST", "/v1/sync/push", wire.PushRequest{}, "", [8]cell{unknown, unknown, ok, ok, ok, ok, ok, ok}},
		{"Again", "POST", "/v1/sync/again", wire.AgainRequest{}, "", [8]cell{unknown, unknown, ok, ok, ok, ok, ok, ok}},
		{"History", "GET", "/v1/log/history", nil, "", [8]cell{unknown, unknown, ok, ok, ok, ok, ok, ok}},
		{"Pull", "GET", "/v1/sync/pull", nil, policies.ActPull, [8]cell{unknown, unknown, ok, ok, ok, ok, ok, ok}},
		{"Protocol", "GET", "/v1/protocol", nil, "", [8]cell{ok, ok, ok, ok, ok, ok, ok, ok}},
		// With no cursor something is there for everyone who may listen: one number, no event.
		{"Notice", "GET", "/v1/sync/notice", nil, policies.ActPull, [8]cell{unknown, unknown, quiet, quiet, quiet, quiet, quiet, denied}},
		{"Watch", "POST", clip + "/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse}, policies.ActWatch, [8]cell{unknown, unknown, hidden, created, hidden, denied, denied, denied}},
		{"Supervise", "POST", clip + "/viewings", wire.ViewRequest{Purpose: policies.Supervision}, policies.ActWatch, [8]cell{unknown, unknown, hidden, created, created, denied, denied, denied}},
		{"Copy", "POST", clip + "/viewings", wire.ViewRequest{Purpose: policies.FamilyCopy, Copy: true, Reason: "for the family"}, policies.ActCopy, [8]cell{unknown, unknown, hidden, created, hidden, denied, denied, denied}},
		{"WatchNothing", "POST", "/v1/clips/" + policies.ClipID{1}.String() + "/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse}, policies.ActWatch, [8]cell{unknown, unknown, hidden, hidden, hidden, hidden, hidden, hidden}},
		{"UploadOfClip", "GET", clip + "/upload", nil, "", [8]cell{unknown, unknown, hidden, ok, hidden, hidden, hidden, hidden}},
		{"ShowLink", "GET", "/v1/links/" + link.ID.String(), nil, policies.ActShowLink, [8]cell{unknown, unknown, hidden, ok, hidden, hidden, hidden, denied}},
		{"ShowNoLink", "GET", "/v1/links/" + policies.LinkID{1}.String(), nil, policies.ActShowLink, [8]cell{unknown, unknown, hidden, hidden, hidden, hidden, hidden, hidden}},
		{"SearchLog", "GET", "/v1/log/events", nil, policies.ActSearchLog, [8]cell{unknown, unknown, denied, denied, denied, denied, ok, denied}},
		// Who watched, and when, is the log's to say and the IG officer's to read: not the
		// team's own business, of their own family and clip, nor a head of service's.
		{"WhoWatchedTheFamily", "GET", "/v1/log/events?family=" + f.family.ID.String() + "&action=clip.watch", nil, policies.ActSearchLog, [8]cell{unknown, unknown, denied, denied, denied, denied, ok, denied}},
		{"WhoWatchedTheClip", "GET", "/v1/log/events?object=" + f.clip.ID.String(), nil, policies.ActSearchLog, [8]cell{unknown, unknown, denied, denied, denied, denied, ok, denied}},
		{"WhoOpenedTheLink", "GET", "/v1/log/events?object=" + link.ID.String(), nil, policies.ActSearchLog, [8]cell{unknown, unknown, denied, denied, denied, denied, ok, denied}},
		{"SearchNoFamily", "GET", "/v1/log/events?family=NOPE", nil, policies.ActSearchLog, [8]cell{unknown, unknown, denied, denied, denied, denied, notKnown, denied}},
		{"ExportLog", "GET", "/v1/log/export", nil, policies.ActExportLog, [8]cell{unknown, unknown, denied, denied, denied, denied, ok, denied}},
		{"ExportFamily", "GET", "/v1/log/export?family=" + f.family.ID.String(), nil, policies.ActExportLog, [8]cell{unknown, unknown, denied, denied, denied, denied, ok, denied}},
		{"Leaves", "GET", "/v1/log/leaves", nil, policies.ActVerifyLog, [8]cell{unknown, unknown, denied, denied, denied, denied, ok, denied}},
		{"Restrict", "POST", "/v1/restrictions", wire.PushRequest{}, "", [8]cell{alike, alike, alike, alike, alike, alike, alike, alike}},
		{"RestrictWithMore", "POST", "/v1/restrictions", wire.PushRequest{Statements: []wire.Sealed{{Statement: string(opening.Statement)}}}, "", [8]cell{alike, alike, alike, alike, alike, alike, alike, alike}},
		{"InventedSecret", "POST", "/s/" + link.Token.String() + "%231" + strings.Repeat("A", 47) + "/open", nil, "", [8]cell{absent, absent, absent, absent, absent, absent, absent, absent}},
		{"Stop", "POST", "/s/" + link.Token.String() + "/stop", nil, "", [8]cell{ended, ended, ended, ended, ended, ended, ended, ended}},
		{"Nothing", "GET", "/v1/nothing", nil, "", [8]cell{unknown, unknown, hidden, hidden, hidden, hidden, hidden, hidden}},
	} {
		for i, name := range everyone {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				w, want := f.in(t), row.want[i]
				before := w.events()
				w.call(name, row.method, row.path, row.in).want(w, want.status, want.code)
				if row.event == "" || want.outcome == "" {
					if after := w.events(); after != before {
						t.Errorf("wrote %d events, want none", after-before)
					}
					return
				}
				if !w.logged(before, row.event, want.outcome, name) {
					t.Errorf("no event %s %s by %s", row.event, want.outcome, name)
				}
			})
		}
	}
}

// events is how many there are.
func (w *world) events() int64 {
	w.Helper()
	p, err := w.svc.Log.Prove(w.Context(), 0)
	w.must(err)
	return p.Size
}

// logged reports whether an event from an index on says that a person did this.
func (w *world) logged(from int64, act policies.Action, outcome, name string) bool {
	w.Helper()
	rows, _, err := w.svc.Log.Search(w.Context(), w.svc.Officer.Caller(), storage.LogQuery{
		From: from, Limit: 10, Action: string(act), Outcome: outcome, Person: w.staff[name].Staff,
	})
	w.must(err)
	return len(rows) > 0
}

// A revoked device is known, and gets nothing but the organisation's record as far as what
// ended it: a device forgets nothing on the server's word alone.
func TestRevokedDevice(t *testing.T) {
	f := newFilmed(newWorld(t))
	pull := func() (page wire.PullReply) {
		f.call("ana", http.MethodGet, "/v1/sync/pull", nil).decode(f.world, &page)
		return page
	}
	if len(pull().Items) == 0 {
		t.Fatal("a device in force gets nothing")
	}
	f.revoke("ana")
	for _, item := range pull().Items {
		if item.Place.Record != policies.RecordID(f.svc.Org) {
			t.Errorf("a revoked device was given %+v", item.Place)
		}
	}
	late, _ := f.svc.Ana.Say(f.family.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2, StillHappy: true})
	if r := f.pushes("ana", late).Results[0]; r.Status != wire.Refused {
		t.Errorf("a revoked device's statement: %+v", r)
	}
}

func TestToken(t *testing.T) {
	w := newWorld(t)
	sam := w.device("sam")
	token := func(change func(*statement.Token), key ed25519.PrivateKey) string {
		c := w.claims("sam")
		change(&c)
		raw, err := statement.SignToken(c, key)
		w.must(err)
		return raw
	}
	same := func(*statement.Token) {}
	late := func(d time.Duration) func(*statement.Token) {
		return func(c *statement.Token) { c.Issued, c.Expires = c.Issued.Add(d), c.Expires.Add(d) }
	}
	other, good := newKey(), w.token("sam")
	stated, _ := w.svc.Sam.Say(policies.RecordID{1}, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 1, StillHappy: true})
	for name, raw := range map[string]string{
		"None":              "",
		"Garbage":           "garbage",
		"OtherService":      token(func(c *statement.Token) { c.Audience = policies.OrgID{1} }, sam.key),
		"OtherOrigin":       token(func(c *statement.Token) { c.Origin = "https://attune.example.org" }, sam.key),
		"OtherKey":          token(same, other),
		"UncertifiedDevice": token(func(c *statement.Token) { c.Device = policies.DeviceID{1} }, sam.key),
		"Statement":         string(stated.Statement),
		"OldOfAnotherKey":   token(late(-time.Hour), other), // no hint about clocks for a stranger
		"CutOff":            good[:len(good)-1],
		"Twice":             good + " " + good,
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			got := w.send(raw, http.MethodGet, "/v1/sync/pull", nil)
			got.want(w, http.StatusUnauthorized, wire.CodeUnauthorised)
			if got.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("WWW-Authenticate = %q", got.header.Get("WWW-Authenticate"))
			}
		})
	}
	for name, raw := range map[string]string{"Expired": token(late(-time.Hour), sam.key), "FromTheFuture": token(late(time.Hour), sam.key)} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			got := w.send(raw, http.MethodGet, "/v1/sync/pull", nil)
			got.want(w, http.StatusUnauthorized, wire.CodeTokenTime)
			var b wire.ErrorBody
			if got.decode(w, &b); b.Time != int64(w.svc.Clock.Micros()) {
				t.Errorf("time = %d, want the server's %d", b.Time, w.svc.Clock.Micros())
			}
		})
	}
	w.send(good, http.MethodGet, "/v1/sync/pull", nil).want(w, http.StatusOK, "")
	w.svc.Clock.Forward(statement.MaxTokenLife + statement.TokenLeeway)
	w.send(good, http.MethodGet, "/v1/sync/pull", nil).want(w, http.StatusUnauthorized, wire.CodeTokenTime)
}

// A token's identifier stands in one token only.
func TestTokenIdentifierReused(t *testing.T) {
	w := newWorld(t)
	c := w.claims("sam")
	c.ID = policies.Bytes16{7}.String()
	first, err := statement.SignToken(c, w.device("sam").key)
	w.must(err)
	c.Expires = c.Expires.Add(-time.Second)
	second, err := statement.SignToken(c, w.device("sam").key)
	w.must(err)
	for range 2 {
		w.send(first, http.MethodGet, "/v1/sync/pull", nil).want(w, http.StatusOK, "")
	}
	w.send(second, http.MethodGet, "/v1/sync/pull", nil).want(w, http.StatusUnauthorized, wire.CodeUnauthorised)
}
