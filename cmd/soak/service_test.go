package soak

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

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

const origin = "https://attune.soak.example"

// service is the server's side: one process's worth of it at a time.
type service struct {
	w           *world
	life        int    // of its folder: a crash goes on in a copy
	dir         string // database and film
	org         policies.OrgID
	key, logKey ed25519.PrivateKey
	bundle      *authz.Bundle
	pages       *pages.Pages

	store   *storage.Store
	objects *objects.Dir
	web     http.Handler
}

func (s *service) database() string { return filepath.Join(s.dir, "attune.db") }

func (s *service) config() storage.Config {
	return storage.Config{Database: s.database(), Objects: s.objects, Bundle: s.bundle, Key: s.key, LogKey: s.logKey, Now: s.w.now}
}

// again is the same service in another world.
func (s *service) again(w *world) *service {
	c := *s
	c.w, c.life, c.dir = w, 0, filepath.Join(w.dir, "server-0")
	c.store, c.objects, c.web = nil, nil, nil
	return &c
}

// open starts the program on its folder.
func (s *service) open() (err error) {
	if s.objects, err = objects.OpenDir(filepath.Join(s.dir, "objects")); err != nil {
		return err
	}
	if s.store, err = storage.Open(context.Background(), s.config()); err != nil {
		return err
	}
	s.web = server.New(server.Config{
		Store: s.store, Pages: s.pages, Org: s.org, Origin: origin, Now: s.w.now,
		Log:            slog.New(slog.NewTextHandler(io.Discard, nil)),
		Protocol:       wire.ProtocolRange{Min: wire.Protocol, Max: wire.Protocol},
		JoinsPerMinute: 10_000, DevicePerMinute: 100_000, // greed has tests of its own
	}).Handler()
	return nil
}

func (s *service) close() error {
	if s.store == nil { // it did not start again
		return s.objects.Close()
	}
	return errors.Join(s.store.Close(), s.objects.Close())
}

// found makes an organisation as three custodians and a root would, and returns the
// invitation of its head of service.
func (s *service) found() (invitation string, err error) {
	var custodians [3]string
	for i := range custodians {
		if _, custodians[i], err = attune.NewCustodian(); err != nil {
			return "", err
		}
	}
	rootKey, root, err := attune.Found("Northfield Early Help", custodians, s.w.now())
	if err != nil {
		return "", err
	}
	pack, err := packs.Text("council")
	if err != nil {
		return "", err
	}
	accept, invitation, err := attune.Certify(attune.Certification{
		RootKey: rootKey, OrgRoot: root, Pack: pack, Bundle: s.bundle.SHA256(), Head: "Helen Carr", Now: s.w.now(),
		Request: attune.ServerRequest{Origin: origin, Key: public(s.key), LogKey: public(s.logKey)},
	})
	if err != nil {
		return "", err
	}
	if s.objects, err = objects.OpenDir(filepath.Join(s.dir, "objects")); err != nil {
		return "", err
	}
	if s.org, err = storage.Found(context.Background(), s.config(), root); err != nil {
		return "", err
	}
	err = s.adopt(accept)
	return invitation, errors.Join(err, s.objects.Close())
}

// adopt takes what the root signed.
func (s *service) adopt(accept []byte) error {
	store, err := storage.OpenFounding(context.Background(), s.config())
	if err != nil {
		return err
	}
	var in wire.PushRequest
	if err := wire.Decode(bytes.NewReader(accept), 1<<20, &in); err != nil {
		return err
	}
	var batch []storage.Sealed
	for _, st := range in.Statements {
		x := storage.Sealed{Statement: []byte(st.Statement)}
		for _, a := range st.Attachments {
			x.Attachments = append(x.Attachments, storage.Attachment(a))
		}
		batch = append(batch, x)
	}
	results, _, err := store.Records.Accept(context.Background(), policies.Caller{}, batch, 0)
	for _, r := range results {
		err = errors.Join(err, r.Err)
	}
	return errors.Join(err, store.Close())
}

func public(k ed25519.PrivateKey) policies.PublicKey {
	return policies.PublicKey(k.Public().(ed25519.PublicKey))
}

// held is one request as it travels.
type held struct {
	method, path string
	header       http.Header
	body         []byte
	from         string
}

func (s *service) serve(h held) (a *httptest.ResponseRecorder) {
	if !s.w.calm {
		s.w.pass(20e6) // a request takes time
	}
	r := httptest.NewRequest(h.method, origin+h.path, bytes.NewReader(h.body))
	r.Header, r.RemoteAddr = h.header.Clone(), "192.0.2.1:4711"
	a = httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			s.w.wrong("the server panicked at %s %s: %v", h.method, h.path, p)
		}
	}()
	s.web.ServeHTTP(a, r)
	if a.Code >= http.StatusInternalServerError && a.Code != http.StatusServiceUnavailable {
		s.w.wrong("the server answered %d to %s %s: %.300s", a.Code, h.method, h.path, a.Body.String())
	}
	return a
}

// fall ends the program as it stood at a commit, and starts it on what was durable.
func (s *service) fall(left string) error {
	err := s.close()
	s.life++
	old := s.dir
	s.dir = left
	return errors.Join(err, s.open(), os.RemoveAll(old))
}
