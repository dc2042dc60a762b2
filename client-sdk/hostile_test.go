package attune_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// The server is trusted to enforce, not to read, and not to be believed. Each
// test here is one lie that an operator could tell.

// pulled lets a hostile server rewrite the pages of the feed.
func (s *service) pulled(how func(p *wire.PullReply)) {
	s.alter("/v1/sync/pull", func(body []byte) []byte {
		var p wire.PullReply
		must(s.t, wire.Decode(bytes.NewReader(body), 64<<20, &p))
		how(&p)
		out, err := wire.Encode(p)
		must(s.t, err)
		return out
	})
}

// kindOf is the kind of an item's statement, as anybody can read it.
func kindOf(t testing.TB, i wire.Item) string {
	t.Helper()
	if i.Statement == "" {
		return ""
	}
	payload := strings.Split(i.Statement, ".")[1]
	var p struct {
		Kind string `json:"kind"`
	}
	raw, err := b64(payload)
	must(t, err)
	must(t, json.Unmarshal(raw, &p))
	return p.Kind
}

func refuses(t *testing.T, c *attune.Client, want wire.Code) {
	t.Helper()
	before, err := c.Mirror.Checkpoint()
	must(t, err)
	_, err = c.Sync(context.Background())
	var e *attune.Error
	if !errors.As(err, &e) || e.Code != want || e.Next == "" {
		t.Fatalf("sync: %v, want %s with what to do next", err, want)
	}
	if after, err := c.Mirror.Checkpoint(); err != nil || after != before {
		t.Errorf("the refused page moved the checkpoint from %v to %v", before.Size, after.Size)
	}
}

// agrees expects that the device recovers by itself once the lie ends.
func (s *service) agrees(c *attune.Client) {
	s.t.Helper()
	s.spoil.Store(nil)
	s.sync(c)
}

func TestHostileFeed(t *testing.T) {
	t.Parallel()
	drop := func(t *testing.T, p *wire.PullReply, kind string) {
		for i, item := range p.Items {
			if kindOf(t, item) == kind {
				p.Items = append(p.Items[:i], p.Items[i+1:]...)
				return
			}
		}
		t.Fatalf("no %s on the page", kind)
	}
	find := func(t *testing.T, p *wire.PullReply, kind string) *wire.Item {
		for i := range p.Items {
			if kindOf(t, p.Items[i]) == kind {
				return &p.Items[i]
			}
		}
		t.Fatalf("no %s on the page", kind)
		return nil
	}
	for _, c := range []struct {
		name string
		want wire.Code
		lie  func(t *testing.T, p *wire.PullReply)
	}{
		{"WithdrawalLeftOut", attune.CodeBroken, func(t *testing.T, p *wire.PullReply) { drop(t, p, "consent.withdraw") }},
		{"WithdrawalHidden", attune.CodeHidden, func(t *testing.T, p *wire.PullReply) {
			i := find(t, p, "consent.withdraw")
			i.Statement, i.Place.Class = "", policies.Control
		}},
		{"WithdrawalHiddenAsContent", attune.CodeBroken, func(t *testing.T, p *wire.PullReply) {
			i := find(t, p, "consent.withdraw")
			i.Statement, i.Place.Class = "", policies.Content
		}},
		{"Reordered", attune.CodeBroken, func(t *testing.T, p *wire.PullReply) {
			n := len(p.Items)
			p.Items[n-1], p.Items[n-2] = p.Items[n-2], p.Items[n-1]
		}},
		{"SignatureChanged", attune.CodeForged, func(t *testing.T, p *wire.PullReply) {
			i := find(t, p, "session.log")
			last := i.Statement[len(i.Statement)-10]
			other := byte('A')
			if last == other {
				other = 'B'
			}
			i.Statement = i.Statement[:len(i.Statement)-10] + string(other) + i.Statement[len(i.Statement)-9:]
		}},
		{"AnotherIdentity", attune.CodeForged, func(t *testing.T, p *wire.PullReply) { find(t, p, "session.log").ID[0] ^= 1 }},
		{"AttachmentChanged", attune.CodeAttachment, func(t *testing.T, p *wire.PullReply) { find(t, p, "session.log").Attachments[0].Body[40] ^= 1 }},
		{"UnderAnotherHead", attune.CodeBroken, func(t *testing.T, p *wire.PullReply) { find(t, p, "consent.sign").Place.OrgHead[0] ^= 1 }},
		{"UnknownItem", attune.CodeUntrusted, func(t *testing.T, p *wire.PullReply) { p.Items[0].Kind = "wipe" }},
		{"NoReceipt", attune.CodeNotInLog, func(t *testing.T, p *wire.PullReply) { p.Receipts = nil }},
		{"ReceiptOfAnEarlierPlace", attune.CodeNotInLog, func(t *testing.T, p *wire.PullReply) {
			for i := range p.Receipts {
				p.Receipts[i].Place.Position--
			}
		}},
		{"ReceiptWithAnotherLeaf", attune.CodeNotInLog, func(t *testing.T, p *wire.PullReply) {
			for i := range p.Receipts {
				p.Receipts[i].Leaf = strings.Replace(p.Receipts[i].Leaf, `"v":1`, `"v":2`, 1)
			}
		}},
		{"ReceiptWithoutItsProof", attune.CodeNotInLog, func(t *testing.T, p *wire.PullReply) {
			for i := range p.Receipts {
				p.Receipts[i].Proof = p.Receipts[i].Proof[1:]
			}
		}},
		{"CheckpointOfAnotherKey", attune.CodeLogUnsigned, func(t *testing.T, p *wire.PullReply) {
			p.Proven.Checkpoint = strings.Replace(p.Proven.Checkpoint, "— ", "— x", 1)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
			s.sync(sam)
			f := s.family(sam)
			must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
			must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.InPerson))
			s.sync(sam)
			s.pulled(func(p *wire.PullReply) { c.lie(t, p) })
			refuses(t, ana, c.want)
			s.agrees(ana)
		})
	}
}

// TestHostileResetHidesWithdrawal: a feed that starts a record again, and ends it
// before the withdrawal that this device has seen.
func TestHostileResetHidesWithdrawal(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	var all []wire.Item
	s.pulled(func(p *wire.PullReply) {
		for _, i := range p.Items {
			if i.Place.Record == policies.RecordID(f.id) {
				all = append(all, i)
			}
		}
	})
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	s.sync(sam)
	if len(all) != 1 {
		t.Fatalf("%d items, want the withdrawal alone", len(all))
	}
	// The record from its beginning, as somebody new receives it, and cut short.
	var short []wire.Item
	s.pulled(func(p *wire.PullReply) {
		for _, i := range p.Items {
			if i.Place.Record != policies.RecordID(f.id) || kindOf(t, i) == "consent.withdraw" {
				continue
			}
			if i.Kind == wire.ItemResetScope {
				short = nil
			}
			short = append(short, i)
		}
	})
	s.sync(s.hire(policies.IGOfficer, "Ivy Gold"))
	s.pulled(func(p *wire.PullReply) {
		p.Items = append(p.Items, short...)
	})
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeRolledBack {
		t.Errorf("record sent again without its withdrawal: %v, want record_rolled_back", err)
	}
}

// TestHostileChainedAnew: the withdrawal is left out for one device alone, and all
// that follows is chained so that the feed agrees with itself.
func TestHostileChainedAnew(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.InPerson))
	s.sync(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.pulled(func(p *wire.PullReply) {
		var kept []wire.Item
		head, gone := policies.Digest{}, int64(0)
		for _, i := range p.Items {
			if kindOf(t, i) == "consent.withdraw" {
				gone++
				continue
			}
			if i.Kind == wire.ItemStatement && i.Place.Record == policies.RecordID(f.id) {
				i.Place.Position -= gone
				i.Place.Head = policies.NextHead(head, i.Place.Class, i.ID, i.Place.OrgHead)
				head = i.Place.Head
			}
			kept = append(kept, i)
		}
		p.Items = kept
	})
	refuses(t, ana, attune.CodeNotInLog)
	if list, err := ana.Families.List(); err != nil || len(list) != 0 {
		t.Errorf("of the false record %+v is here, %v", list, err)
	}
	s.agrees(ana)
	if g, err := ana.Clips.Gate(f.id, []policies.PersonID{f.mum}); err != nil || g.Open || g.Reasons[0].Rule == policies.ProofRule {
		t.Errorf("gate = %+v, %v, want it shut by the withdrawal", g, err)
	}
}

// TestHostileCheckpoint: an older state, and one that does not follow from what
// this device saw although the service's own key signed it.
func TestHostileCheckpoint(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	var older wire.Proven
	s.pulled(func(p *wire.PullReply) { older = p.Proven })
	s.sync(sam)
	s.spoil.Store(nil)
	s.family(sam)

	s.pulled(func(p *wire.PullReply) { p.Proven = older })
	refuses(t, sam, attune.CodeLogOlder)
	evidence, err := filepath.Glob(filepath.Join(sam.Home(), "evidence", "*.json"))
	if err != nil || len(evidence) != 1 {
		t.Fatalf("evidence = %v, %v, want one file", evidence, err)
	}
	kept, err := os.ReadFile(evidence[0])
	must(t, err)
	if n := strings.Count(string(kept), "attune/"); n < 2 {
		t.Errorf("the evidence holds %d signed notes, want both", n)
	}

	s.pulled(func(p *wire.PullReply) {
		origin, _, _ := strings.Cut(p.Proven.Checkpoint, "\n")
		seen, err := sam.Mirror.Checkpoint()
		must(t, err)
		signer, err := accesslog.NewSigner(origin, s.logKey)
		must(t, err)
		p.Proven.Checkpoint, err = accesslog.Sign(accesslog.Checkpoint{Origin: origin, Size: seen.Size + 7, Root: accesslog.Hash{9}}, signer)
		must(t, err)
	})
	refuses(t, sam, attune.CodeForked)
	s.agrees(sam)
}

// TestHostileReceipt: a push that is acknowledged and not in the log stays here.
func TestHostileReceipt(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	for name, lie := range map[string]func(r *wire.Result){
		"AnotherRecord": func(r *wire.Result) { r.Receipt.Place.Record = policies.RecordID(sam.Keys.Org()) },
		"NoReceipt":     func(r *wire.Result) { r.Receipt = nil },
		"AnotherLeaf":   func(r *wire.Result) { r.Receipt.Leaf = strings.Replace(r.Receipt.Leaf, `"act":"`, `"act":"x`, 1) },
		"AnotherPlace":  func(r *wire.Result) { r.Receipt.Place.Head[0] ^= 1 },
		"AnotherProof":  func(r *wire.Result) { r.Receipt.Proof[0][0] ^= 1 },
		"AnotherID":     func(r *wire.Result) { r.ID[0] ^= 1 },
	} {
		_, err := sam.Sessions.Log(f.id, "", 0, true, "")
		must(t, err)
		s.alter("/v1/sync/push", func(body []byte) []byte {
			var p wire.PushReply
			must(t, wire.Decode(bytes.NewReader(body), 1<<20, &p))
			lie(&p.Results[0])
			out, err := wire.Encode(p)
			must(t, err)
			return out
		})
		want := attune.CodeReceipt
		if name == "AnotherID" {
			want = attune.CodeOtherAnswer
		}
		if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		if w, err := sam.Outbox.Waiting(); err != nil || len(w) != 1 {
			t.Errorf("%s: %d waiting, %v, want the one that was not proved", name, len(w), err)
		}
		s.agrees(sam)
	}
}

// TestHostileEnvelope: the colleague is handed a family key of the operator's own.
func TestHostileEnvelope(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	own, err := seal.NewIdentity()
	must(t, err)
	to, err := seal.ParseRecipient(ana.Keys.Recipient())
	must(t, err)
	envelope, err := seal.Seal([]byte(own.String()), to)
	must(t, err)
	s.pulled(func(p *wire.PullReply) {
		for i := range p.Items {
			for j, a := range p.Items[i].Attachments {
				if strings.HasPrefix(a.Name, "key/") {
					p.Items[i].Attachments[j].Body = envelope
				}
			}
		}
	})
	s.sync(ana)
	if _, err := ana.Sessions.Note(f.id, f.session); attune.CodeOf(err) != attune.CodeFamilyKey {
		t.Errorf("note with the operator's key: %v, want family_key_swapped", err)
	}
	list, err := ana.Families.List()
	if err != nil || len(list) != 1 || !strings.Contains(strings.Join(list[0].Warnings, " "), "another key") {
		t.Errorf("families %+v, %v; want the list, with a warning", list, err)
	}
}

// TestHostileClips: two clips of one family, their headers and their bytes.
func TestHostileClips(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	a, b := f.add(t, film(t, "visit.mp4"), "One").Clip, f.add(t, film(t, "visit.mp4"), "Two").Clip
	s.sync(sam)

	t.Run("HeadersSwapped", func(t *testing.T) {
		s.pulled(func(p *wire.PullReply) {
			var first *wire.Attachment
			for i := range p.Items {
				for j := range p.Items[i].Attachments {
					switch at := &p.Items[i].Attachments[j]; {
					case !strings.HasPrefix(at.Name, "header/"):
					case first == nil:
						first = at
					default:
						first.Body, at.Body = at.Body, first.Body
					}
				}
			}
		})
		s.sync(ana)
		s.spoil.Store(nil)
		if _, err := ana.Clips.Open(ctx, a, policies.FilmAndUse); attune.CodeOf(err) != attune.CodeClipKey {
			t.Errorf("clip with the header of another: %v, want clip_key_swapped", err)
		}
	})

	// From here on a colleague who was told the truth about the headers.
	eve := s.hire(policies.Practitioner, "Eve Hart")
	s.sync(sam)
	must(t, sam.Families.AddTeam(f.id, eve.Keys.Staff()))
	s.sync(sam)
	s.sync(eve)
	other, err := os.ReadFile(filepath.Join(sam.Home(), "clips", b.String()+".payload"))
	must(t, err)
	for name, lie := range map[string]func(body []byte) []byte{
		"BytesOfAnother": func(body []byte) []byte { return append([]byte{}, other[:len(body)]...) },
		"BitFlipped": func(body []byte) []byte {
			body[len(body)-1] ^= 1
			return body
		},
		"Short": func(body []byte) []byte { return body[:len(body)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			s.alter("/v1/viewings/", lie)
			p, err := eve.Clips.Open(ctx, a, policies.FilmAndUse)
			if err == nil {
				p.Close()
			}
			if code := attune.CodeOf(err); code != attune.CodeFilm && !(name == "Short" && code == attune.CodeOffline) && !(name == "BytesOfAnother" && code == attune.CodeClipFilm) {
				t.Errorf("%s: %v, want it refused", name, err)
			}
		})
	}
	s.spoil.Store(nil)
	p, err := eve.Clips.Open(ctx, a, policies.FilmAndUse)
	must(t, err)
	must(t, p.Close())
}

// TestHostileLog: a row changed on its way is named.
func TestHostileLog(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ig := s.hire(policies.IGOfficer, "Ivy Gold")
	s.alter("/v1/log/leaves", func(body []byte) []byte {
		var p wire.LogPage
		must(t, wire.Decode(bytes.NewReader(body), 64<<20, &p))
		for i := range p.Rows {
			if p.Rows[i].Index == 3 {
				p.Rows[i].Leaf = strings.Replace(p.Rows[i].Leaf, `"out":"done"`, `"out":"denied"`, 1)
			}
		}
		out, err := wire.Encode(p)
		must(t, err)
		return out
	})
	v, err := ig.Log.Verify(context.Background(), nil)
	must(t, err)
	if v.OK || len(v.Faults) != 1 || !strings.HasPrefix(v.Faults[0], "row 3: altered") {
		t.Errorf("verify = %+v, want row 3 named alone", v)
	}
}
