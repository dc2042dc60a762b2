package server_test

import (
	"net/http"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/storage"
)

// serving are the versions that a server answers.
func serving(least, most int) func(*server.Config) {
	return func(c *server.Config) { c.Protocol = wire.ProtocolRange{Min: least, Max: most} }
}

func TestProtocolIsAnnounced(t *testing.T) {
	w := newWorld(t)
	var got wire.ProtocolRange
	w.call("", http.MethodGet, "/v1/protocol", nil).decode(w, &got)
	if want := (wire.ProtocolRange{Min: wire.Protocol - 1, Max: wire.Protocol}); got != want {
		t.Errorf("range = %+v, want %+v: one major version back is served", got, want)
	}
}

// Which version a request is answered in, and which requests are answered whatever it is.
func TestVersions(t *testing.T) {
	w := newWorld(t, serving(2, 3))
	family := w.svc.Open("EH-1")
	stop, _ := w.svc.Sam.Say(family.Record, "team.remove", &policies.TeamRemove{Staff: w.svc.Ana.Staff})
	once := wire.PushRequest{Statements: onWire([]storage.Sealed{stop})}
	const pull, endings, restrict = "/v1/sync/pull", "/v1/sync/endings", "/v1/restrictions"
	for name, c := range map[string]struct {
		method, path, says string
		in                 any
		status             int
		code               wire.Code
		spoken             string
	}{
		"Newest":          {"GET", pull, "3", nil, 200, "", "3"},
		"OneBack":         {"GET", pull, "2", nil, 200, "", "2"},
		"Unsaid":          {"GET", pull, "", nil, 200, "", "3"},
		"TooOld":          {"GET", pull, "1", nil, 426, wire.CodeTooOld, "0"},
		"TooNew":          {"GET", pull, "4", nil, 400, wire.CodeTooNew, "0"},
		"TooOldToPush":    {"POST", "/v1/sync/push", "1", once, 426, wire.CodeTooOld, "0"},
		"TooOldToJoin":    {"POST", "/v1/join", "1", once, 426, wire.CodeTooOld, "0"},
		"TooOldToWatch":   {"POST", "/v1/clips/" + policies.ClipID{1}.String() + "/viewings", "1", wire.ViewRequest{}, 426, wire.CodeTooOld, "0"},
		"StopTooOld":      {"POST", restrict, "1", once, 200, "", "0"},
		"StopTooNew":      {"POST", restrict, "4", once, 200, "", "0"},
		"EndingsTooOld":   {"GET", endings, "0", nil, 200, "", "0"},
		"EndingsTooNew":   {"GET", endings, "9999", nil, 200, "", "0"},
		"RangeTooOld":     {"GET", "/v1/protocol", "1", nil, 200, "", "0"},
		"NoToken":         {"GET", "/v1/log/checkpoint", "1", nil, 200, "", "0"},
		"Sign":            {"GET", pull, "+3", nil, 400, wire.CodeBadRequest, "3"},
		"LeadingZero":     {"GET", pull, "03", nil, 400, wire.CodeBadRequest, "3"},
		"Long":            {"GET", pull, "30000", nil, 400, wire.CodeBadRequest, "3"},
		"NotANumber":      {"GET", pull, "three", nil, 400, wire.CodeBadRequest, "3"},
		"EndingsOfNobody": {"GET", endings + "?cursor=AAAA", "3", nil, 400, wire.CodeBadRequest, "3"},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			var headers []string
			if c.says != "" {
				headers = []string{wire.ProtocolHeader, c.says}
			}
			got := w.call("sam", c.method, c.path, c.in, headers...)
			got.want(w, c.status, c.code)
			if spoken := got.header.Get(wire.ProtocolHeader); spoken != c.spoken {
				t.Errorf("answered in version %q, want %q", spoken, c.spoken)
			}
		})
	}
	t.Run("Twice", func(t *testing.T) {
		w := w.in(t)
		w.call("sam", "GET", pull, nil, wire.ProtocolHeader, "3", wire.ProtocolHeader, "2").want(w, 400, wire.CodeBadRequest)
	})
}

// A device that can read nothing else is told what it must forget, by the statement
// that ended it, as often as it asks, and of nothing else.
func TestEndings(t *testing.T) {
	w := newWorld(t)
	family := w.svc.Open("EH-1")
	var first wire.PullReply
	w.call("ana", "GET", "/v1/sync/pull", nil).decode(w, &first)
	ask := func(name, cursor string) (out wire.EndingsReply) {
		got := w.call(name, "GET", "/v1/sync/endings?cursor="+cursor, nil, wire.ProtocolHeader, "0")
		got.want(w, 200, "")
		got.decode(w, &out)
		return out
	}
	if got := ask("ana", first.Cursor); len(got.Items) != 0 || got.Time != w.svc.Clock.Micros() {
		t.Errorf("nothing ended, and she is told %+v", got)
	}
	gone, id := w.svc.Sam.Say(family.Record, "team.remove", &policies.TeamRemove{Staff: w.svc.Ana.Staff})
	w.pushes("sam", gone)
	for range 2 {
		got := ask("ana", first.Cursor)
		if len(got.Items) != 1 || got.Items[0].Kind != wire.ItemDropScope || got.Items[0].ID != id || got.Items[0].Statement != string(gone.Statement) {
			t.Errorf("told %+v, want the statement that removed her", got.Items)
		}
	}
	before := w.events()
	if got := ask("sam", ""); len(got.Items) != 0 {
		t.Errorf("sam is told of ana: %+v", got.Items)
	}
	if w.events() != before {
		t.Error("an answer that says nothing is an event")
	}
	revoked, id := w.svc.Head.Say(policies.RecordID(w.svc.Org), "device.revoke", &policies.DeviceRevoke{Device: w.svc.Ana.Device})
	w.pushes("head", revoked)
	if got := ask("ana", first.Cursor); len(got.Items) != 1 || got.Items[0].ID != id || got.Items[0].Place.Record != policies.RecordID(w.svc.Org) {
		t.Errorf("told %+v, want what revoked her device", got.Items)
	}
}
