package server_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/storage"
)

// TestBadPush: whatever a device hands in is bounded, refused with a code, and holds up
// nothing of what stands beside it.
func TestBadPush(t *testing.T) {
	f := newFilmed(newWorld(t))
	record := f.family.Record
	visit := func(number int) *policies.SessionLog { return &policies.SessionLog{On: "2026-11-23", Number: number} }
	signed := func(payload string) storage.Sealed { // as somebody signs it whose program keeps to no form
		header := `{"alg":"EdDSA","kid":"` + policies.KeyID(f.svc.Sam.Device).String() + `","typ":"attune+session.log"}`
		raw := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		return storage.Sealed{Statement: []byte(raw + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)))}
	}
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	jump, _ := f.svc.Sam.Say(record, "session.log", visit(90))
	jump = f.numbered(jump, 1<<40)
	for name, c := range map[string]struct {
		bad  storage.Sealed
		code wire.Code
	}{
		"Statement1MB": {signed(`{"v":1,"record":"` + strings.Repeat("A", 1<<20) + `"}`), wire.CodeNotStatement},
		"NestedDeep":   {signed(deep), wire.CodeNotStatement},
		"NestedLists":  {signed(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), wire.CodeNotStatement},
		"NotJSON":      {signed("\x00\xff"), wire.CodeNotStatement},
		"NoStatement":  {storage.Sealed{Statement: []byte("...")}, wire.CodeNotStatement},
		"NumberJumps":  {jump, wire.CodeGap},
	} {
		good, _ := f.svc.Ana.Say(record, "session.log", visit(1))
		results := f.pushes("ana", c.bad, good).Results
		if r := results[0]; r.Status != wire.Refused || r.Code != c.code || r.Message == "" {
			t.Errorf("%s: %+v, want %s", name, r, c.code)
		}
		if results[1].Status != wire.Accepted {
			t.Errorf("%s: what came after it: %+v", name, results[1])
		}
	}

	for name, body := range map[string]string{
		"JSONNestedDeep":  `{"statements":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `,"checkpoint":0}`,
		"ManyStatements":  `{"statements":[` + strings.Repeat(`{"statement":"x","attachments":[]},`, 200) + `{"statement":"x","attachments":[]}],"checkpoint":0}`,
		"ManyKnown":       `{"statements":[],"checkpoint":0,"acknowledged":[` + strings.Repeat(`"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",`, 200) + `"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]}`,
		"KnownIsNoID":     `{"statements":[],"checkpoint":0,"acknowledged":["x"]}`,
		"SizeBelowZero":   `{"statements":[],"checkpoint":-1}`,
		"SizePastNumbers": `{"statements":[],"checkpoint":9223372036854775807}`,
		"TwoValues":       `{"statements":[],"checkpoint":0}{}`,
		"TooManyBytes":    `{"statements":[{"statement":"` + strings.Repeat("A", wire.MaxPushBytes) + `","attachments":[]}],"checkpoint":0}`,
	} {
		a := f.send(f.token("ana"), http.MethodPost, "/v1/sync/push", []byte(body))
		if a.status != http.StatusBadRequest && a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d", name, a.status)
		}
	}
}

// numbered is a statement of sam's with another number.
func (w *world) numbered(s storage.Sealed, n int64) storage.Sealed {
	w.Helper()
	u, err := statement.Parse(s.Statement)
	w.must(err)
	said := u.Believed()
	raw, _, err := statement.Sign(policies.Statement{
		Signer: said.Signer, Kind: said.Kind, Record: said.Record, N: n, At: said.At, Body: said.Body,
	}, w.device("sam").key)
	w.must(err)
	return storage.Sealed{Statement: raw}
}

// TestPushesAsFastAsOneCan: one device pushes 10,000 times as fast as it can. It is told
// when to come back, the log grows by what was judged and no more, and a colleague, and
// what stops something, get through.
func TestPushesAsFastAsOneCan(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.StatementsPerMinute = 100 })
	s, _ := w.svc.Sam.Say(policies.RecordID{9}, "team.add", &policies.TeamAdd{Staff: w.svc.Ana.Staff})
	body, err := wire.Encode(wire.PushRequest{Statements: []wire.Sealed{{Statement: string(s.Statement), Attachments: []wire.Attachment{}}}})
	w.must(err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	took := 0
	token := w.token("sam")
	for range 10_000 {
		a := w.send(token, http.MethodPost, "/v1/sync/push", body)
		switch a.status {
		case http.StatusOK:
			took++
		case http.StatusTooManyRequests:
			if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
				t.Fatalf("Retry-After %q", a.header.Get("Retry-After"))
			}
		default:
			t.Fatalf("status %d", a.status)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if took != 100 {
		t.Errorf("%d of 10,000 were judged, want 100", took)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("the server holds %d bytes more than before", grown)
	}
	open, _ := w.svc.Ana.Say(policies.RecordID{8}, "team.add", &policies.TeamAdd{Staff: w.svc.Ana.Staff})
	if r := w.pushes("ana", open).Results; len(r) != 1 {
		t.Errorf("a colleague: %+v", r)
	}
	w.call("sam", http.MethodPost, "/v1/restrictions", wire.PushRequest{}).want(w, http.StatusBadRequest, wire.CodeBadRequest)
	w.svc.Clock.Forward(time.Minute)
	if a := w.send(w.token("sam"), http.MethodPost, "/v1/sync/push", body); a.status != http.StatusOK {
		t.Errorf("a minute later: status %d", a.status)
	}
}

// TestKindOfALaterProgram is refused, takes its number, and what its device says next is
// taken: a device must not seem to have lost something because we are older than it.
func TestKindOfALaterProgram(t *testing.T) {
	f := newFilmed(newWorld(t))
	visit, _ := f.svc.Ana.Say(f.family.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 1})
	next, _ := f.svc.Ana.Say(f.family.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2})
	u, err := statement.Parse(visit.Statement)
	f.must(err)
	header := `{"alg":"EdDSA","kid":"` + u.Signer.String() + `","typ":"attune+team.dance"}`
	payload := `{"v":1,"record":"` + u.Record.String() + `","kind":"team.dance","n":` + strconv.FormatInt(u.N, 10) +
		`,"deps":[],"at":1795424400000000,"seen":{"head":"","size":0,"root":""},"body":{"steps":3}}`
	raw := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	raw += "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(f.device("ana").key, []byte(raw)))
	results := f.pushes("ana", storage.Sealed{Statement: []byte(raw)}, next).Results
	if r := results[0]; r.Status != wire.Refused || r.Code != wire.CodeNotStatement {
		t.Errorf("a kind of a later program: %+v", r)
	}
	if r := results[1]; r.Status != wire.Accepted {
		t.Errorf("what came after it: %+v", r)
	}
}
