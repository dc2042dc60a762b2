package server_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// FuzzRequest sends whole requests as a stranger writes them, and as a
// practitioner and an IG officer do: request line, every header, every identifier
// in a path, cursor, filters, Range, Upload-*, and every body. The server answers
// in its own words, is never at fault, and tells a stranger's request apart from
// an event: nobody without a name can fill the access log.
func FuzzRequest(f *testing.F) {
	svc, handler, tokens := fuzzed(f)
	family := svc.Open("EH-2041/7")
	clip := family.Store(1000, true)
	link := family.Share(clip, 5)
	for _, raw := range requests(svc, family, clip, link) {
		for who := range len(tokens) + 1 {
			f.Add([]byte(raw), uint8(who))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, who uint8) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return // net/http answers this one
		}
		r.RemoteAddr = "192.0.2.1:9"
		named := int(who)%(len(tokens)+1) > 0
		if named {
			r.Header.Set("Authorization", "Bearer "+tokens[int(who)%(len(tokens)+1)-1])
		}
		before := size(t, svc)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r.WithContext(t.Context()))
		answered(t, raw, w)
		// What proves itself by a signature, or by a link's secret, needs no name.
		public := strings.HasPrefix(r.URL.Path, "/v1/join") || strings.HasPrefix(r.URL.Path, "/v1/restrictions") || strings.HasPrefix(r.URL.Path, "/s/")
		if !named && !public && size(t, svc) != before {
			t.Errorf("%q by nobody is an event", raw)
		}
	})
}

// answered checks that the reply is the server's own and not a fault.
func answered(t *testing.T, raw []byte, w *httptest.ResponseRecorder) {
	t.Helper()
	switch {
	case w.Code == http.StatusServiceUnavailable, w.Code == http.StatusInsufficientStorage: // busy, not built, no room
	case w.Code < 200 || w.Code >= 500:
		t.Fatalf("%q is answered %d %s", raw, w.Code, w.Body)
	}
	if w.Code < 400 || w.Body.Len() == 0 || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		return
	}
	var b wire.ErrorBody
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || b.Code == "" || b.Code == wire.CodeInternal {
		t.Errorf("%q is answered %s, %v", raw, w.Body, err)
	}
}

func size(t *testing.T, svc *storagetest.World) int64 {
	t.Helper()
	p, err := svc.Log.Prove(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return p.Size
}

// fuzzed is one service for all inputs, with the tokens of a practitioner and of
// an IG officer. Its clock stands still, so they do not end.
func fuzzed(f *testing.F) (*storagetest.World, http.Handler, []string) {
	f.Helper()
	bundle, err := authz.Load()
	must(f, err)
	pack, err := packs.Text("council")
	must(f, err)
	svc := storagetest.New(f, storagetest.Rules{Bundle: bundle, Pack: pack})
	p, err := pages.New()
	must(f, err)
	const origin = "https://attune.example.org"
	s := server.New(server.Config{
		Store: svc.Store, Pages: p, Org: svc.Org, Origin: origin, Now: svc.Clock.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		JoinsPerMinute: 1 << 30, OpensPerMinute: 1 << 30, StopsPerMinute: 1 << 30, RestrictionsPerMinute: 1 << 30,
	})
	var tokens []string
	for _, who := range []*storagetest.Person{svc.Sam, svc.Officer} {
		now := svc.Clock.Now()
		raw, err := statement.SignToken(statement.Token{
			Device: who.Device, Audience: svc.Org, Origin: origin, Issued: now, Expires: now.Add(statement.MaxTokenLife),
		}, who.DeviceKey())
		must(f, err)
		tokens = append(tokens, raw)
	}
	return svc, s.Handler(), tokens
}

func must(f *testing.F, err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// requests is one of each route, as it should be; the fuzzer makes the rest.
func requests(svc *storagetest.World, family *storagetest.Family, clip storagetest.Clip, link storagetest.Link) (out []string) {
	stated, _ := svc.Sam.Say(family.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2, StillHappy: true})
	stop, _ := svc.Sam.Say(family.Record, "link.revoke", &policies.LinkRevoke{Link: link.ID})
	push := func(s storage.Sealed) []byte {
		b, _ := wire.Encode(wire.PushRequest{Statements: []wire.Sealed{{Statement: string(s.Statement)}}}) // encodes by its type
		return b
	}
	request := func(line string, body []byte, headers ...string) {
		head := []string{line + " HTTP/1.1", "Host: attune.example.org", fmt.Sprint("Content-Length: ", len(body))}
		out = append(out, strings.Join(append(head, headers...), "\r\n")+"\r\n\r\n"+string(body))
	}
	id, token, digest := clip.ID.String(), link.Token.String(), policies.Digest{1}.String()
	get := func(path string, headers ...string) { request("GET "+path, nil, headers...) }
	get("/healthz")
	get("/readyz")
	get("/v1/log/checkpoint")
	get("/v1/log/history?checkpoint=3")
	get("/v1/sync/notice?wait=0")
	get("/v1/sync/notice?wait=0&cursor="+base64.RawURLEncoding.EncodeToString(make([]byte, 90)), "Accept: application/json")
	get("/v1/sync/pull?proof=1", "Accept-Encoding: zstd, gzip;q=0.5")
	request("POST /v1/sync/push", []byte("\x1f\x8b\x08\x00"), "Content-Encoding: gzip")
	request("POST /v1/sync/push", []byte("\x28\xb5\x2f\xfd\x00"), "Content-Encoding: zstd")
	request("POST /v1/sync/push", []byte(`{"statements":[],"checkpoint":9007199254740991,"acknowledged":["`+digest+`"]}`))
	request("POST /v1/sync/again", []byte(`{"statements":[],"evidence":[{"record":"`+digest+`","checkpoint":"x","leaf":"{}","proof":["`+digest+`"],"links":[{"id":"`+digest+`","class":0,"org_head":""}]}],"checkpoint":1}`))
	get("/v1/protocol", "Attune-Protocol: 7")
	get("/v1/sync/endings?cursor="+base64.RawURLEncoding.EncodeToString(make([]byte, 90)), "Attune-Protocol: 0")
	get("/v1/sync/pull?limit=3", "Attune-Protocol: 0")
	get("/v1/sync/pull?cursor=" + base64.RawURLEncoding.EncodeToString(make([]byte, 90)) + "&limit=1&checkpoint=3")
	get("/v1/log/events?from=0&limit=5&family=EH-2041%2F7&action=clip.watch&outcome=denied&rule=VIEW-TEAM&since=1&until=9&checkpoint=2")
	get("/v1/log/events?person=" + svc.Sam.Staff.String() + "&object=" + id)
	get("/v1/log/export?family=" + family.ID.String())
	get("/v1/log/leaves?from=3&limit=2")
	get("/v1/clips/" + id + "/upload")
	get("/v1/viewings/"+digest+"/payload", "Range: bytes=0-9")
	get("/s/" + token)
	get("/s/app.js")
	get("/s/"+token+"/payload", "Range: bytes=0-9", "Attune-Session: "+digest)
	get("/s/" + token + "%231AAAA")
	request("POST /v1/join", push(stated))
	request("POST /v1/sync/push", push(stated))
	request("POST /v1/restrictions", push(stop))
	request("POST /v1/clips/"+id+"/viewings", []byte(`{"purpose":"family_copy","copy":true,"reason":"asked for"}`))
	request("POST /s/"+token+"/open", []byte(`{"auth":"`+digest+`","pin":"`+digest+`"}`), "Attune-Page: 1", "Sec-Fetch-Site: same-origin")
	request("POST /s/"+token+"/stop", nil, "Attune-Page: 1", "Attune-Session: "+digest)
	request("OPTIONS /v1/uploads", nil)
	request("POST /v1/uploads", nil, "Tus-Resumable: 1.0.0", "Upload-Length: 1000", "Upload-Metadata: clip "+base64.StdEncoding.EncodeToString([]byte(id)))
	request("HEAD /v1/uploads/"+digest, nil, "Tus-Resumable: 1.0.0")
	request("PATCH /v1/uploads/"+digest, []byte("film"), "Tus-Resumable: 1.0.0", "Upload-Offset: 0", "Content-Type: application/offset+octet-stream")
	request("POST /v1/uploads/"+digest, []byte("film"), "Tus-Resumable: 1.0.0", "Upload-Offset: 0", "X-HTTP-Method-Override: PATCH", "Content-Type: application/offset+octet-stream")
	request("POST /v1/sync/push", []byte("zz"), "Transfer-Encoding: chunked")
	return out
}
