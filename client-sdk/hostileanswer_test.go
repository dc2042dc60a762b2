package attune_test

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// sealedTo is text in an age file for somebody.
func sealedTo(t *testing.T, to *attune.Client, text string) []byte {
	t.Helper()
	r, err := seal.ParseRecipient(to.Keys.Recipient())
	must(t, err)
	b, err := seal.Seal([]byte(text), r)
	must(t, err)
	return b
}

// pushed rewrites the answers to pushes.
func (s *service) pushed(how func(p *wire.PushReply)) {
	s.replies("/v1/sync/push", func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code != http.StatusOK {
			return
		}
		var p wire.PushReply
		must(s.t, wire.Decode(a.Body, 64<<20, &p))
		how(&p)
		body, err := wire.Encode(p)
		must(s.t, err)
		becomes(a, a.Code, body)
	})
}

// TestHostileAnswers: an acknowledgement that proves nothing leaves what was sent in the
// queue, and a withdrawal is not taken off it by a word.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	var before *wire.Receipt // of another statement
	w.pushed(func(p *wire.PushReply) { before = p.Results[0].Receipt })
	w.news()
	w.honest()
	for _, c := range []struct {
		name string
		want wire.Code
		lie  func(r *wire.Result)
	}{
		{"NoReceipt", attune.CodeReceipt, func(r *wire.Result) { r.Receipt = nil }},
		{"DuplicateWithoutReceipt", attune.CodeReceipt, func(r *wire.Result) { r.Status, r.Receipt = wire.Duplicate, nil }},
		{"ReceiptOfAnotherStatement", attune.CodeReceipt, func(r *wire.Result) { r.Receipt = before }},
		{"AnotherLeaf", attune.CodeReceipt, func(r *wire.Result) { r.Receipt.Leaf = strings.Replace(r.Receipt.Leaf, `"act":"`, `"act":"x`, 1) }},
		{"AnotherPlace", attune.CodeReceipt, func(r *wire.Result) { r.Receipt.Place.Position++ }},
		{"AnotherRecord", attune.CodeReceipt, func(r *wire.Result) { r.Receipt.Place.Record = policies.RecordID(w.sam.Keys.Org()) }},
		{"ProofOfAnotherTree", attune.CodeReceipt, func(r *wire.Result) { r.Receipt.Proof[0][0] ^= 1 }},
		{"OfAnotherStatement", attune.CodeOtherAnswer, func(r *wire.Result) { r.ID[0] ^= 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Cleanup(w.honest)
			must(t, w.sam.Consents.Withdraw(w.id, []policies.PersonID{w.child}, policies.InPerson))
			w.pushed(func(p *wire.PushReply) { c.lie(&p.Results[0]) })
			caught(t, w.sam, c.want, true, func() error {
				_, err := w.sam.Sync(context.Background())
				return err
			})
			if q, err := w.sam.Outbox.Waiting(); err != nil || len(q) != 1 {
				t.Errorf("%d are queued, %v; want the withdrawal", len(q), err)
			}
			w.honest()
			w.sync(w.sam)
			if q, err := w.sam.Outbox.Waiting(); err != nil || len(q) != 0 {
				t.Errorf("%d are queued, %v; want none", len(q), err)
			}
		})
	}
	t.Run("FewerAnswers", func(t *testing.T) {
		t.Cleanup(w.honest)
		must(t, w.sam.Consents.Withdraw(w.id, []policies.PersonID{w.child}, policies.InPerson))
		w.pushed(func(p *wire.PushReply) { p.Results = p.Results[:0] })
		caught(t, w.sam, attune.CodeOtherAnswer, true, func() error {
			_, err := w.sam.Sync(context.Background())
			return err
		})
		w.honest()
		w.sync(w.sam)
	})
}

// TestHostileWithheld: a withdrawal is taken, with a receipt that proves it, and then
// shown to nobody: not even to the device that made it.
func TestHostileWithheld(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	must(t, w.sam.Consents.Withdraw(w.id, []policies.PersonID{w.child}, policies.InPerson))
	w.replies("/v1/sync/pull", func(_ *http.Request, a *httptest.ResponseRecorder) { becomes(a, http.StatusNoContent, nil) })
	caught(t, w.sam, attune.CodeUnshown, true, func() error {
		_, err := w.sam.Sync(context.Background())
		return err
	})
	w.recovers(t, w.sam)
}

// TestHostileStored: film is said to be stored, and is not: nothing signed says so.
func TestHostileStored(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	clip := w.add(t, film(t, "visit.mp4"), "").Clip
	w.replies("/v1/clips/"+clip.String()+"/upload", func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Header().Set("Content-Type", "application/json")
		becomes(a, http.StatusOK, []byte(`{"stored":true,"upload":""}`))
	})
	caught(t, w.sam, attune.CodeNotStored, true, func() error {
		_, err := w.sam.Sync(context.Background())
		return err
	})
	v, err := w.sam.Clips.Show(clip)
	must(t, err)
	if v.State != attune.ClipUploading || !v.Local {
		t.Errorf("the clip is %s, here: %v; want it on its way and here", v.State, v.Local)
	}
	w.honest()
	w.sync(w.sam)
	w.sync(w.victim)
	must(t, watch(w.victim, clip, policies.FilmAndUse))
}

// TestHostileUnknownEverything: a server that knows nothing any more takes nothing away.
func TestHostileUnknownEverything(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	w.replies("/v1/", func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Header().Set("Content-Type", "application/json")
		becomes(a, http.StatusNotFound, []byte(`{"code":"not_found","message":"There is nothing here that you may see.","next":"Sync, or ask the family's team.","request_id":""}`))
	})
	w.refusedSync(t, w.victim, wire.CodeNotFound, false)
	w.replies("/v1/", func(_ *http.Request, a *httptest.ResponseRecorder) { becomes(a, http.StatusNoContent, nil) })
	before := holds(t, w.victim)
	if _, err := w.victim.Sync(context.Background()); err != nil {
		t.Errorf("nothing new: %v", err)
	}
	if after := holds(t, w.victim); after != before {
		t.Errorf("now there is:\n%s", after)
	}
	w.recovers(t, w.victim)
}

// TestHostileJoin: somebody joins through a server that shows another organisation: its
// own, with its own root and its own custodians, whose keys open every family's.
func TestHostileJoin(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var custodians []string
	for range 3 {
		_, recipient, err := attune.NewCustodian()
		must(t, err)
		custodians = append(custodians, recipient)
	}
	key, _ := stranger(t)
	root := func(signer ed25519.PrivateKey) (string, policies.StatementID) {
		raw, st, err := statement.Sign(policies.Statement{Signer: policies.KeyID(public(signer)), Kind: policies.KindRoot, N: 1, At: policies.At(s.now()),
			Body: policies.OrgRoot{Service: "Northfield Early Help", Key: public(signer), Custodians: custodians}}, signer)
		must(t, err)
		return string(raw), st.ID
	}
	other, id := root(key)
	for _, c := range []struct {
		name string
		want wire.Code
		lie  func(i *wire.Item)
	}{
		{"AnotherRoot", attune.CodeOtherService, func(i *wire.Item) {
			i.Statement, i.ID = other, id
			i.Place.Head = policies.NextHead(policies.Digest{}, i.Place.Class, i.ID, i.Place.OrgHead)
		}},
		{"AnotherCustodianUnderTheTrueRoot", attune.CodeForged, func(i *wire.Item) {
			parts, changed := strings.Split(i.Statement, "."), strings.Split(other, ".")
			i.Statement = parts[0] + "." + changed[1] + "." + parts[2]
			i.ID = policies.StatementID(policies.DigestOf([]byte(i.Statement)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Cleanup(s.honest)
			home := s.home(c.name)
			invitation, _, err := s.head.Staff.Invite(policies.Practitioner, "Sam "+c.name)
			must(t, err)
			s.sync(s.head)
			s.pulled(func(p *wire.PullReply) { c.lie(&p.Items[1]) })
			_, _, err = attune.Join(context.Background(), home, invitation, passphrase, s.config())
			if attune.CodeOf(err) != c.want {
				t.Fatalf("joined: %v, want %s", err, c.want)
			}
			kept, err := os.ReadDir(home + "/evidence")
			if err != nil || len(kept) != 1 {
				t.Fatalf("evidence: %v, %v", kept, err)
			}
			sound(t, nil, home+"/evidence/"+kept[0].Name(), c.want)
			if _, err := os.Stat(home + "/device.json"); err == nil {
				t.Error("the device counts as joined")
			}
			s.honest()
			joined, _, err := attune.Join(context.Background(), home, invitation, passphrase, s.config())
			must(t, err)
			must(t, joined.Close())
		})
	}
}

// TestEvidenceIsBounded: a server that lies at every sync fills no disk, and one lie told
// twice is kept once.
func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	sync := func() {
		if _, err := w.victim.Sync(context.Background()); attune.CodeOf(err) != attune.CodeForged {
			t.Fatalf("refused with %v", err)
		}
	}
	w.news()
	key, _ := stranger(t)
	turn := byte(0)
	w.pulled(func(p *wire.PullReply) {
		raw, s, err := statement.Sign(policies.Statement{Signer: policies.KeyID{turn + 1}, Record: policies.RecordID(w.id), Kind: "team.remove", N: 1, At: 1,
			Body: policies.TeamRemove{Staff: w.sam.Keys.Staff()}}, key)
		must(t, err)
		p.Items = p.Items[:0]
		w.append(p, policies.RecordID(w.id), string(raw), s.ID, "team.remove")
		p.Items[0].Place.At = 1
	})
	sync()
	sync()
	if kept, err := w.victim.Evidence(); err != nil || len(kept) != 1 {
		t.Errorf("one lie told twice: %v, %v", kept, err)
	}
	for ; turn < 80; turn++ {
		sync()
	}
	kept, err := w.victim.Evidence()
	if err != nil || len(kept) != 64 {
		t.Errorf("%d files of evidence, %v; want 64", len(kept), err)
	}
}
