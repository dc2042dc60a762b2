package attune_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
)

var passphrase = []byte("four hens in a boat")

// service is a whole service: a real store, real rules, the real server, and the
// people who work there, each with a device of their own.
type service struct {
	t       testing.TB
	url     string
	dir     string
	pack    string
	figures func(text []byte) []byte // changes what the pack says
	key     ed25519.PrivateKey
	logKey  ed25519.PrivateKey
	root    string // the secret key
	signed  []byte // org.root
	cfg     storage.Config
	web     atomic.Pointer[http.Handler]
	store   *storage.Store
	http    *httptest.Server
	down    atomic.Bool
	clock   atomic.Int64 // added to the real time, ns

	// spoil, when set, is handed each reply before the device sees it: what a
	// hostile operator could do. It may change the recorder's body.
	spoil atomic.Pointer[func(r *http.Request, body []byte) []byte]
	// twist is the same for the whole reply: status, header lines and body.
	twist atomic.Pointer[func(r *http.Request, a *httptest.ResponseRecorder)]

	head  *attune.Client
	safes [3]string // the custodians' secret keys
}

func newService(t testing.TB) *service {
	t.Helper()
	return newServiceOf(t, "council")
}

// newServiceOf is newService with the figures of another pack.
func newServiceOf(t testing.TB, pack string) *service {
	t.Helper()
	return newServiceWith(t, pack, func(text []byte) []byte { return text })
}

// newServiceWith is newServiceOf with figures of its own.
func newServiceWith(t testing.TB, pack string, figures func(text []byte) []byte) *service {
	t.Helper()
	s := &service{t: t, dir: t.TempDir(), pack: pack, figures: figures}
	var err error
	_, s.key, err = ed25519.GenerateKey(nil)
	must(t, err)
	_, s.logKey, err = ed25519.GenerateKey(nil)
	must(t, err)
	s.http = httptest.NewUnstartedServer(nil)
	s.url = "http://" + s.http.Listener.Addr().String()

	org, accept, invitation := s.ceremony()
	s.start(org, accept)
	s.head, _ = s.join("head", invitation)
	must(t, os.Chmod(filepath.Join(s.dir, "head"), 0o700))
	return s
}

func (s *service) now() time.Time { return time.Now().Add(time.Duration(s.clock.Load())) }

func (s *service) pass(d time.Duration) { s.clock.Add(int64(d)) }

// ceremony founds the organisation as three custodians and a root would.
func (s *service) ceremony() (root, accept []byte, invitation string) {
	var custodians [3]string
	for i := range custodians {
		var err error
		s.safes[i], custodians[i], err = attune.NewCustodian()
		must(s.t, err)
	}
	rootKey, root, err := attune.Found("Northfield Early Help", custodians, s.now())
	must(s.t, err)
	s.root, s.signed = rootKey, root
	bundle, err := authz.Load()
	must(s.t, err)
	pack, err := packs.Text(s.pack)
	must(s.t, err)
	pack = s.figures(pack)
	accept, invitation, err = attune.Certify(attune.Certification{
		RootKey: rootKey, OrgRoot: root, Pack: pack, Bundle: bundle.SHA256(),
		Request: attune.ServerRequest{Origin: s.url, Key: public(s.key), LogKey: public(s.logKey)},
		Head:    "Helen Carr", Now: s.now(),
	})
	must(s.t, err)
	return root, accept, invitation
}

func public(k ed25519.PrivateKey) policies.PublicKey {
	return policies.PublicKey(k.Public().(ed25519.PublicKey))
}

func (s *service) start(root, accept []byte) {
	t, ctx := s.t, context.Background()
	bundle, err := authz.Load()
	must(t, err)
	dir, err := objects.OpenDir(filepath.Join(s.dir, "objects"))
	must(t, err)
	cfg := storage.Config{
		Database: filepath.Join(s.dir, "attune.db"), Objects: dir, Bundle: bundle,
		Key: s.key, LogKey: s.logKey, Now: s.now,
	}
	org, err := storage.Found(ctx, cfg, root)
	must(t, err)
	founding, err := storage.OpenFounding(ctx, cfg)
	must(t, err)
	var in wire.PushRequest
	must(t, wire.Decode(bytes.NewReader(accept), 1<<20, &in))
	results, _, err := founding.Records.Accept(ctx, policies.Caller{}, sealed(in), 0)
	must(t, err)
	for _, r := range results {
		must(t, r.Err)
	}
	must(t, founding.Close())
	s.cfg = cfg
	s.open(org)
	s.http.Config.Handler = s.gate()
	s.http.Start()
	t.Cleanup(func() {
		s.http.Close()
		must(t, s.store.Close())
		must(t, dir.Close())
	})
}

func sealed(in wire.PushRequest) (out []storage.Sealed) {
	for _, st := range in.Statements {
		x := storage.Sealed{Statement: []byte(st.Statement)}
		for _, a := range st.Attachments {
			x.Attachments = append(x.Attachments, storage.Attachment(a))
		}
		out = append(out, x)
	}
	return out
}

// gate stands between the devices and the server: it can be shut, as when there
// is no signal, and it can spoil replies.
// open starts the server on the store, as a start of the program does.
func (s *service) open(org policies.OrgID) {
	s.t.Helper()
	var err error
	s.store, err = storage.Open(context.Background(), s.cfg)
	must(s.t, err)
	s.serve(org, wire.ProtocolRange{})
}

// serve answers these versions of the protocol from now on.
func (s *service) serve(org policies.OrgID, versions wire.ProtocolRange) {
	s.t.Helper()
	p, err := pages.New()
	must(s.t, err)
	h := server.New(server.Config{
		Store: s.store, Pages: p, Org: org, Origin: s.url, Now: s.now, JoinsPerMinute: 1000, Protocol: versions,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Contact: pages.CarerData{Service: "Northfield Early Help", Phone: "0113 496 0000", Email: "help@northfield.example",
			Complaints: "complaints@northfield.example", Demo: true},
	}).Handler()
	s.web.Store(&h)
}

func (s *service) gate() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next := *s.web.Load()
		if s.down.Load() {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
			return
		}
		spoil, twist := s.spoil.Load(), s.twist.Load()
		if spoil == nil && twist == nil {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		r.Header.Del("Accept-Encoding")
		if spoil != nil && r.URL.Path == "/v1/sync/pull" && !strings.Contains(r.URL.RawQuery, "proof=") {
			r.URL.RawQuery += "&proof=1" // who lies answers with a page, also when nothing is new
		}
		next.ServeHTTP(rec, r)
		if twist != nil {
			(*twist)(r, rec)
		}
		body := append([]byte{}, rec.Body.Bytes()...)
		if spoil != nil {
			body = (*spoil)(r, body)
		}
		if body == nil { // cut off before the answer, after the effect
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
			return
		}
		for k, v := range rec.Header() {
			if k != "Content-Length" {
				w.Header()[k] = v
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	})
}

// config is a device's: no keep-alive, so that nothing outlives a test.
func (s *service) config() attune.Config {
	tr := &http.Transport{DisableKeepAlives: true}
	return attune.Config{Now: s.now, HTTP: &http.Client{Transport: tr}}
}

func (s *service) home(name string) string { return filepath.Join(s.dir, name) }

func (s *service) join(name, invitation string) (*attune.Client, attune.Joined) {
	s.t.Helper()
	c, j, err := attune.Join(context.Background(), s.home(name), invitation, passphrase, s.config())
	must(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	return c, j
}

// hire invites, joins and confirms somebody.
func (s *service) hire(role policies.Role, name string) *attune.Client {
	s.t.Helper()
	invitation, id, err := s.head.Staff.Invite(role, name)
	must(s.t, err)
	return s.welcome(name, invitation, id)
}

// welcome has whom the head of service invited join, and confirms their words.
func (s *service) welcome(name, invitation string, id policies.StaffID) *attune.Client {
	s.t.Helper()
	s.sync(s.head)
	c, j := s.join(name, invitation)
	s.sync(s.head)
	must(s.t, s.head.Staff.Confirm(id, j.Words))
	s.sync(s.head)
	s.sync(c)
	return c
}

// hear has an IG officer hear somebody's six words, too.
func (s *service) hear(officer, other *attune.Client) {
	s.t.Helper()
	s.sync(officer)
	must(s.t, officer.Staff.Confirm(other.Keys.Staff(), other.Keys.Words()))
	s.sync(officer)
	s.sync(s.head)
}

// sync expects everything to be taken.
func (s *service) sync(c *attune.Client) attune.Report {
	s.t.Helper()
	r, err := c.Sync(context.Background())
	must(s.t, err)
	for _, o := range r.Refused {
		s.t.Errorf("refused %s: %s %s %s %v", o.Kind, o.Code, o.Message, o.Next, o.Rules)
	}
	for _, o := range r.Stopped {
		s.t.Errorf("stopped upload: %s %s", o.Code, o.Message)
	}
	return r
}

// approve has a practitioner ask for filming and the head of service allow it. The
// practitioner's device learns of it at its next sync.
func (s *service) approve(c *attune.Client, family policies.FamilyID) {
	s.t.Helper()
	request, err := c.Approvals.Request(family, 0)
	must(s.t, err)
	s.sync(c)
	s.sync(s.head)
	must(s.t, s.head.Approvals.Grant(request))
	s.sync(s.head)
}

// forbid revokes the only permission to film there is, on the head of service's
// device: it sends it at its next sync.
func (s *service) forbid() {
	s.t.Helper()
	list, err := s.head.Approvals.List()
	must(s.t, err)
	must(s.t, s.head.Approvals.Revoke(list[0].ID, policies.Safeguarding))
}

// family is a family with people in it, filming approved, consent signed.
type family struct {
	id           policies.FamilyID
	mum, child   policies.PersonID
	session      policies.SessionID
	practitioner *attune.Client
}

const marker = "MARKER-7f3a-heron"

func (s *service) family(sam *attune.Client) family {
	s.t.Helper()
	t := s.t
	f := family{practitioner: sam}
	var err error
	f.id, err = sam.Families.Open("NF-1042", policies.VIG)
	must(t, err)
	f.mum, err = sam.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.LinkSafe, "Mum "+marker)
	must(t, err)
	f.child, err = sam.Families.AddPerson(f.id, policies.Child, policies.ParentalResponsibility, "2024-03", policies.NoLink, "Bo")
	must(t, err)
	s.approve(sam, f.id)
	f.consent(s)
	f.session, err = sam.Sessions.Log(f.id, "", 0, true, "a note with "+marker)
	must(t, err)
	s.sync(sam)
	return f
}

func (f family) consent(s *service) policies.ConsentID {
	s.t.Helper()
	form := filepath.Join(s.t.TempDir(), "form.jpg")
	must(s.t, os.WriteFile(form, []byte("a photographed form with "+marker), 0o600))
	id, err := f.practitioner.Consents.Sign(attune.SignConsent{
		Family: f.id, Form: form,
		People: []policies.Covered{
			{Person: f.mum, By: f.mum, Basis: policies.Own},
			{Person: f.child, By: f.mum, Basis: policies.ParentalResponsibility},
		},
		Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true, policies.FamilyCopy: true, policies.Research: false},
	})
	must(s.t, err)
	return id
}

// film is a copy of the test film, with room in it.
func film(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("film", "testdata", name))
	must(t, err)
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, body, 0o600))
	return path
}

func (f family) add(t testing.TB, path, title string) attune.Added {
	t.Helper()
	added, err := f.practitioner.Clips.Add(context.Background(), attune.AddClip{
		Family: f.id, File: path, Kind: policies.Excerpt, Chosen: true, Title: title,
		People: []policies.PersonID{f.mum, f.child},
	})
	must(t, err)
	return added
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lose cuts the connection after the server has acted on a request whose path
// begins so, and before it has answered.
func (s *service) lose(path string) {
	s.alter(path, func([]byte) []byte { return nil })
}

// alter changes the replies to requests whose path begins so.
func (s *service) alter(path string, how func(body []byte) []byte) {
	f := func(r *http.Request, body []byte) []byte {
		if strings.HasPrefix(r.URL.Path, path) {
			return how(body)
		}
		return body
	}
	s.spoil.Store(&f)
}

func b64(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }

func toB64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// packText is the file that the service adopts.
func packText(t testing.TB) []byte {
	t.Helper()
	text, err := packs.Text("council")
	must(t, err)
	return text
}
