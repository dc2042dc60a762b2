// Package storagetest founds a small service for tests: a real database, a real
// file store, real keys, and staff of each role who can sign statements.
//
// It promises that everything it does goes through the doors that the product
// uses. Start at [New], then [World.Staff] and [Person.Say].
package storagetest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
)

// World is a founded service with an invented staff.
type World struct {
	*storage.Store
	Config  storage.Config
	Rules   Rules
	Org     policies.OrgID
	Clock   *Clock
	Dir     string
	Head    *Person // head of service
	Sam     *Person // practitioner
	Ana     *Person // practitioner
	Officer *Person // IG officer
	Visitor *Person // supervisor of another employer

	// Heard is told of each statement that was accepted, as its device is.
	Heard func(storage.Sealed, storage.Result, storage.Proven)

	root *key
	t    testing.TB
}

// Clock is the store's time, which tests move.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Forward moves the time on.
func (c *Clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Micros is the time as statements carry it.
func (c *Clock) Micros() policies.Micros { return policies.At(c.Now()) }

// Rules are what a world adopts: the rules, and the file of a pack.
type Rules struct {
	Bundle *authz.Bundle
	Pack   []byte
}

// Body is their adoption, and the attachment that goes with it.
func (r Rules) Body(t testing.TB) (*policies.PolicyAdopt, storage.Attachment) {
	t.Helper()
	p, err := packs.Parse(r.Pack)
	if err != nil {
		t.Fatal(err)
	}
	b := policies.NewPolicyAdopt(p.Name, r.Pack, r.Bundle.SHA256())
	return &b, storage.Attachment{Name: policies.PackFile, Body: r.Pack}
}

// Key is a signing key with its count of statements.
type key struct {
	kid  policies.KeyID
	priv ed25519.PrivateKey
	n    int64
}

func newKey() *key {
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return &key{priv: priv}
}

func (k *key) public() policies.PublicKey {
	return policies.PublicKey(k.priv.Public().(ed25519.PublicKey))
}

// Person is a member of staff with one device.
type Person struct {
	Name     string
	Role     policies.Role
	Staff    policies.StaffID
	Device   policies.DeviceID
	Identity seal.Identity
	Claims   string // to be joined with as their age recipient; else that of Identity

	w                   *World
	oneTime, own, phone *key
}

// Caller is the person on their device.
func (p *Person) Caller() policies.Caller {
	return policies.Caller{Staff: p.Staff, Device: p.Device, Request: "test"}
}

// DeviceKey signs tokens.
func (p *Person) DeviceKey() ed25519.PrivateKey { return p.phone.priv }

// Start is the time at which every world begins: a Monday morning.
var Start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// New founds a service and closes it when the test ends.
func New(t testing.TB, rules Rules) *World {
	t.Helper()
	dir := t.TempDir()
	store, err := objects.OpenDir(filepath.Join(dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &World{t: t, Dir: dir, Clock: &Clock{now: Start}, root: newKey(), Rules: rules}
	server, logKey := newKey(), newKey()
	w.Config = storage.Config{
		Database: filepath.Join(dir, "attune.db"), Objects: store, Now: w.Clock.Now,
		Bundle: rules.Bundle, Key: server.priv, LogKey: logKey.priv,
	}
	w.found(server.public(), logKey.public(), rules)
	t.Cleanup(func() {
		if w.Store != nil {
			if err := w.Store.Close(); err != nil {
				t.Errorf("close store: %v", err)
			}
		}
	})
	w.Sam = w.Join("Sam Reed", policies.Practitioner)
	w.Ana = w.Join("Ana Okoro", policies.Practitioner)
	w.Officer = w.Join("Imre Gale", policies.IGOfficer)
	w.Visitor = w.Join("Vera Holm", policies.Supervisor)
	return w
}

// Reopen closes the store and opens it again, as a restart does.
func (w *World) Reopen() {
	w.t.Helper()
	if w.Store != nil {
		if err := w.Store.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	var err error
	if w.Store, err = storage.Open(context.Background(), w.Config); err != nil {
		w.t.Fatal(err)
	}
}

// found does the ceremony: org.root, then what only the root may sign.
func (w *World) found(server, logKey policies.PublicKey, rules Rules) {
	w.t.Helper()
	ctx := context.Background()
	custodians := make([]string, 3)
	for i := range custodians {
		custodians[i] = newIdentity(w.t).Recipient().String()
	}
	w.root.kid = policies.KeyID(w.root.public())
	raw, root := w.sign(w.root, policies.RecordID{}, "org.root", &policies.OrgRoot{
		Service: "Northfield Early Help", Key: w.root.public(), Custodians: custodians,
	})
	w.root.kid = policies.KeyID(root.ID)
	var err error
	if w.Org, err = storage.Found(ctx, w.Config, raw); err != nil {
		w.t.Fatal(err)
	}
	s, err := storage.OpenFounding(ctx, w.Config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Store = s
	head := &Person{Name: "Hana Lowe", Role: policies.HeadOfService, w: w, oneTime: newKey(), own: newKey(), phone: newKey(), Identity: newIdentity(w.t)}
	record := policies.RecordID(w.Org)
	certify, _ := w.sign(w.root, record, "server.certify", &policies.ServerCertify{Key: server, LogKey: logKey})
	invite := w.invite(w.root, head)
	body, pack := rules.Body(w.t)
	adopt, _ := w.sign(w.root, record, "policy.adopt", body)
	w.MustAccept(policies.Caller{}, storage.Sealed{Statement: certify}, invite, storage.Sealed{Statement: adopt, Attachments: []storage.Attachment{pack}})
	w.Reopen()
	head.certify()
	w.Head = head
}

// Figures are those of the pack that the service adopted.
func (w *World) Figures() policies.Pack {
	w.t.Helper()
	p, err := w.Store.Figures(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func newIdentity(t testing.TB) seal.Identity {
	t.Helper()
	id, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}
