package attune_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
)

func newSigningKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	return key
}

// rotate replaces the server's keys as "attuned rotate" does, with the server stopped.
func (s *service) rotate() (before storage.Config) {
	t, ctx := s.t, context.Background()
	t.Helper()
	before = s.cfg
	s.cfg.Key, s.cfg.LogKey = newSigningKey(t), newSigningKey(t)
	certified, err := s.store.Records.Certified(ctx)
	must(t, err)
	org, err := s.store.Records.Org(ctx)
	must(t, err)
	accept, err := attune.CertifyAgain(attune.Certification{RootKey: s.root, OrgRoot: s.signed, Now: s.now(), Request: attune.ServerRequest{
		Org: org.ID, Key: public(s.cfg.Key), LogKey: public(s.cfg.LogKey), Certified: certified.Statements, Number: certified.Next,
	}})
	must(t, err)
	must(t, s.store.Close())
	store, err := storage.OpenFounding(ctx, s.cfg)
	must(t, err)
	var in wire.PushRequest
	must(t, wire.Decode(bytes.NewReader(accept), 1<<20, &in))
	results, _, err := store.Records.Accept(ctx, policies.Caller{}, sealed(in), 0)
	must(t, err)
	must(t, results[0].Err)
	must(t, store.Close())
	s.open(org.ID)
	return before
}

// signedAnew is a checkpoint of this service with another key's signature under it.
func (s *service) signedAnew(note string, key ed25519.PrivateKey) string {
	s.t.Helper()
	origin, _, _ := strings.Cut(note, "\n")
	v, err := accesslog.NewVerifier(origin, s.cfg.LogKey.Public().(ed25519.PublicKey))
	must(s.t, err)
	c, err := accesslog.OpenCheckpoint(note, v)
	must(s.t, err)
	signer, err := accesslog.NewSigner(origin, key)
	must(s.t, err)
	out, err := accesslog.Sign(c, signer)
	must(s.t, err)
	return out
}

// TestServerKeysReplaced: with the root's certificate, and nothing else, every device
// goes on with the server's new keys; film and receipts of before stay good.
func TestServerKeysReplaced(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ig := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.IGOfficer, "Imre Gale")
	f := s.family(sam)
	first := f.add(t, film(t, "visit.mp4"), "Tea time")
	s.sync(sam)
	s.sync(ig)
	old := filepath.Join(t.TempDir(), "old")
	if _, err := ig.Log.Export(context.Background(), attune.LogFilter{}, old, nil); err != nil {
		t.Fatal(err)
	}
	waits, err := sam.Families.Open("NF-2000", policies.VIG) // made before, sent after
	must(t, err)
	before := s.rotate()

	if r := s.sync(sam); r.Waiting != 0 {
		t.Errorf("%d statements wait, want none", r.Waiting)
	}
	s.sync(s.head)
	org := sam.Mirror.Org()
	if len(org.Retired) != 1 || org.Server.Key != public(s.cfg.Key) || org.Retired[0].Key != public(before.Key) {
		t.Fatalf("the device has the server %v, retired %v", org.Server, org.Retired)
	}
	if _, known := sam.Mirror.Family(waits); !known {
		t.Error("the family that waited did not come back")
	}
	second := f.add(t, film(t, "visit.mp4"), "Bath time")
	s.sync(sam)
	for _, clip := range []policies.ClipID{first.Clip, second.Clip} {
		p, err := sam.Clips.Open(context.Background(), clip, policies.FilmAndUse)
		must(t, err)
		must(t, p.Close())
	}
	ana := s.hire(policies.Practitioner, "Ana Okoro") // meets both keys at once
	s.sync(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	mine, known := ana.Mirror.Family(f.id)
	if !known || mine.Clips[first.Clip].Stored.IsZero() || mine.Clips[second.Clip].Stored.IsZero() {
		t.Error("who joined later does not have both films as stored")
	}

	s.sync(ig)
	r, err := ig.Log.Verify(context.Background(), nil)
	must(t, err)
	if !r.OK || r.Certificate != org.Server.Certificate {
		t.Errorf("the log: %v, by certificate %s", r.Faults, r.Certificate.Short())
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	x, err := ig.Log.Export(context.Background(), attune.LogFilter{}, fresh, nil)
	must(t, err)
	if x.Certificate != org.Server.Certificate {
		t.Errorf("the export names certificate %s", x.Certificate.Short())
	}
	for dir, want := range map[string]policies.Server{old: org.Retired[0], fresh: org.Server} {
		r, err := ig.Log.VerifyExport(os.DirFS(dir), nil)
		must(t, err)
		if !r.OK || r.Certificate != want.Certificate || r.Replaced != (dir == old) {
			t.Errorf("export %s: %v, certificate %s, replaced %v", filepath.Base(dir), r.Faults, r.Certificate.Short(), r.Replaced)
		}
	}
	// What the old key signs of later rows is not the service's.
	path := filepath.Join(fresh, accesslog.CheckpointFile)
	note, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte(s.signedAnew(string(note), before.LogKey)), 0o600))
	if r, err := ig.Log.VerifyExport(os.DirFS(fresh), nil); err == nil && r.OK {
		t.Error("an export signed by the old key, of rows after its end, was taken")
	}
}

// TestKeysOfNobody: a server that shows keys which the root never certified, or has
// replaced, is refused by pull and push alike, and what waits stays queued.
func TestKeysOfNobody(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	own := newSigningKey(t)
	refused := func(what string, want wire.Code) {
		t.Helper()
		_, err := sam.Sync(context.Background())
		if attune.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	_, err := s.head.Policies.Adopt(ours(t, "link_days:\n  value: 14\n", "link_days:\n  value: 3\n"), rulesOf(t))
	must(t, err)
	s.sync(s.head) // something for sam to pull
	s.resigned(own)
	refused("its own key, on a pull", attune.CodeLogUnsigned)
	_, err = sam.Families.Open("NF-1", policies.VIG)
	must(t, err)
	refused("its own key, on a push", attune.CodeLogUnsigned)
	if waiting, err := sam.Outbox.Waiting(); err != nil || len(waiting) != 1 {
		t.Errorf("%d wait, %v; want the one", len(waiting), err)
	}

	// It certifies its key itself: with its own server key, which is no root.
	org := sam.Mirror.Org()
	forged, st, err := statement.Sign(policies.Statement{
		Signer: policies.KeyID(org.Server.Certificate), Record: policies.RecordID(org.ID), Kind: "server.certify", N: 1, At: policies.At(s.now()),
		Body: policies.ServerCertify{Key: public(newSigningKey(t)), LogKey: public(own), Replaces: org.Server.Certificate},
	}, s.key)
	must(t, err)
	s.pulled(func(p *wire.PullReply) {
		if len(p.Items) == 0 {
			t.Fatal("nothing to pull")
		}
		last := p.Items[len(p.Items)-1].Place
		last.Position, last.OrgHead = last.Position+1, last.Head
		last.Head = policies.NextHead(last.OrgHead, policies.Control, st.ID, last.OrgHead)
		p.Items = append(p.Items, wire.Item{Kind: wire.ItemStatement, Place: last, ID: st.ID, Statement: string(forged), Attachments: []wire.Attachment{}})
		p.Proven.Checkpoint = s.signedAnew(p.Proven.Checkpoint, own)
	})
	nia := s.refusedPull(sam)
	if nia == "" || sam.Mirror.Org().Server != org.Server {
		t.Errorf("a certificate by the server itself: %q, server %v", nia, sam.Mirror.Org().Server)
	}
	s.agrees(sam)

	before := s.rotate()
	s.sync(sam)
	_, err = sam.Families.Open("NF-2", policies.VIG)
	must(t, err)
	s.resigned(before.LogKey)
	refused("the key before, on a push", attune.CodeLogUnsigned)
	s.agrees(sam)
}

// resigned lets a hostile server sign the state of the log in every reply by another key.
func (s *service) resigned(key ed25519.PrivateKey) {
	f := func(r *http.Request, body []byte) []byte {
		var push wire.PushReply
		var pull wire.PullReply
		var reply any
		switch {
		case len(body) == 0:
			return body
		case r.URL.Path == "/v1/sync/push" && wire.Decode(bytes.NewReader(body), 64<<20, &push) == nil:
			push.Proven.Checkpoint = s.signedAnew(push.Proven.Checkpoint, key)
			reply = push
		case r.URL.Path == "/v1/sync/pull" && wire.Decode(bytes.NewReader(body), 64<<20, &pull) == nil:
			pull.Proven.Checkpoint = s.signedAnew(pull.Proven.Checkpoint, key)
			reply = pull
		default:
			return body
		}
		out, err := wire.Encode(reply)
		must(s.t, err)
		return out
	}
	s.spoil.Store(&f)
}

// refusedPull is the code with which a device refuses what it pulls.
func (s *service) refusedPull(c *attune.Client) wire.Code {
	s.t.Helper()
	_, err := c.Sync(context.Background())
	return attune.CodeOf(err)
}
