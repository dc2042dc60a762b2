package server_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

// world is an invented service with the rules and figures that it ships with,
// reached over HTTP.
type world struct {
	*testing.T
	svc   *storagetest.World
	web   *httptest.Server
	staff map[string]*storagetest.Person
	keys  map[string]device // of those who are not staff
}

// device signs tokens.
type device struct {
	id  policies.DeviceID
	key ed25519.PrivateKey
}

// newWorld founds the service: the practitioners sam, ana and outsider, the head
// of service, an IG officer, and the supervisor vera.
func newWorld(t *testing.T, change ...func(*server.Config)) *world {
	t.Helper()
	w := &world{T: t, svc: storagetest.New(t, rules(t)), keys: map[string]device{}}
	w.staff = map[string]*storagetest.Person{
		"head": w.svc.Head, "sam": w.svc.Sam, "ana": w.svc.Ana, "ig": w.svc.Officer, "vera": w.svc.Visitor,
		"outsider": w.svc.Join("Olu Finch", policies.Practitioner),
	}
	p, err := pages.New()
	w.must(err)
	w.web = httptest.NewUnstartedServer(nil)
	cfg := server.Config{
		Store: w.svc.Store, Pages: p, Org: w.svc.Org, Origin: w.origin(), Now: w.svc.Clock.Now,
		Log:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
		Contact: pages.CarerData{Service: "Northfield Early Help"},
	}
	for _, c := range change {
		c(&cfg)
	}
	w.web.Config.Handler = server.New(cfg).Handler()
	w.web.Start()
	t.Cleanup(w.web.Close)
	return w
}

func rules(t *testing.T) storagetest.Rules {
	t.Helper()
	bundle, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	pack, err := packs.Text("council")
	if err != nil {
		t.Fatal(err)
	}
	return storagetest.Rules{Bundle: bundle, Pack: pack}
}

// in is the same world for a sub-test.
func (w *world) in(t *testing.T) *world {
	sub := *w
	sub.T = t
	return &sub
}

func (w *world) origin() string { return "http://" + w.web.Listener.Addr().String() }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) device(name string) device {
	if d, ok := w.keys[name]; ok {
		return d
	}
	return device{w.staff[name].Device, w.staff[name].DeviceKey()}
}

func newKey() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return key
}

// token is a fresh bearer token of somebody's device, "" for nobody.
func (w *world) token(name string) string {
	w.Helper()
	if name == "" {
		return ""
	}
	raw, err := statement.SignToken(w.claims(name), w.device(name).key)
	w.must(err)
	return raw
}

func (w *world) claims(name string) statement.Token {
	now := w.svc.Clock.Now()
	return statement.Token{
		Device: w.device(name).id, Audience: w.svc.Org, Origin: w.origin(),
		Issued: now, Expires: now.Add(statement.MaxTokenLife),
	}
}

// pushes hands statements in over HTTP, as a person.
func (w *world) pushes(name string, statements ...storage.Sealed) wire.PushReply {
	w.Helper()
	var out wire.PushReply
	reply := w.call(name, http.MethodPost, "/v1/sync/push", wire.PushRequest{Statements: onWire(statements)})
	reply.want(w, http.StatusOK, "")
	reply.decode(w, &out)
	if len(out.Results) != len(statements) {
		w.Fatalf("%d results for %d statements", len(out.Results), len(statements))
	}
	return out
}

func onWire(in []storage.Sealed) []wire.Sealed {
	out := make([]wire.Sealed, len(in))
	for i, s := range in {
		out[i].Statement = string(s.Statement)
		for _, a := range s.Attachments {
			out[i].Attachments = append(out[i].Attachments, wire.Attachment(a))
		}
	}
	return out
}

// answer is a reply with its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a request as a person, with in as JSON unless it is nil.
func (w *world) call(name, method, path string, in any, headers ...string) answer {
	w.Helper()
	var body []byte
	if in != nil {
		var err error
		body, err = wire.Encode(in)
		w.must(err)
	}
	return w.send(w.token(name), method, path, body, headers...)
}

// send makes a request; headers are names and values in turn.
func (w *world) send(token, method, path string, body []byte, headers ...string) answer {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.web.URL+path, bytes.NewReader(body))
	w.must(err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	reply, err := w.web.Client().Do(req)
	w.must(err)
	defer reply.Body.Close()
	got, err := io.ReadAll(reply.Body)
	w.must(err)
	return answer{reply.StatusCode, reply.Header, got}
}

// want checks status and code, "" for a reply that is not an error or has no body.
func (a answer) want(w *world, status int, code wire.Code) {
	w.Helper()
	if got := a.code(); a.status != status || got != code {
		w.Errorf("reply = %d %q, want %d %q\n%s", a.status, got, status, code, a.body)
	}
}

func (a answer) code() wire.Code {
	var b wire.ErrorBody
	if a.status < 400 || wire.Decode(bytes.NewReader(a.body), 1<<20, &b) != nil {
		return ""
	}
	return b.Code
}

func (a answer) decode(w *world, v any) {
	w.Helper()
	w.must(wire.Decode(bytes.NewReader(a.body), 64<<20, v))
}

// rules are those that a denial names.
func (a answer) rules() []string {
	var b wire.ErrorBody
	if a.status < 400 || wire.Decode(bytes.NewReader(a.body), 1<<20, &b) != nil {
		return nil
	}
	return b.Rules
}
