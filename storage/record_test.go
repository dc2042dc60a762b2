package storage_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

func TestAccept(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	ctx := context.Background()

	t.Run("ReceiptProvesTheHead", func(t *testing.T) {
		s, id := w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2})
		results, proven, err := w.Records.Accept(ctx, w.Sam.Caller(), []storage.Sealed{s}, 0)
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results[0].Err)
		}
		r := results[0].Receipt
		c := checkpoint(t, w.Config, proven.Checkpoint)
		if err := accesslog.VerifyInclusion(r.Proof, c.Size, c.Root, r.Place.Index, r.Leaf); err != nil {
			t.Fatal(err)
		}
		leaf, err := accesslog.Decode(r.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		if got := policies.StatementID(leaf.Accepted.Statement); got != id {
			t.Errorf("leaf accepts %s, want %s", got, id)
		}
		if got := policies.Digest(leaf.Accepted.Head); got != r.Place.Head {
			t.Errorf("leaf's head %s, receipt's %s", got, r.Place.Head)
		}
	})
	t.Run("TwiceIsOnce", func(t *testing.T) {
		s, _ := w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 3})
		w.MustAccept(w.Sam.Caller(), s)
		again := w.Push(w.Sam.Caller(), s)[0]
		if !again.Duplicate || again.Err != nil || len(again.Receipt.Leaf) == 0 {
			t.Errorf("second push = %+v, want a duplicate with its receipt", again)
		}
	})
	t.Run("UnknownAndInvisibleFamilyAlike", func(t *testing.T) {
		stranger := w.Join("Jo Field", policies.Practitioner)
		body := &policies.SessionLog{On: "2026-11-23", Number: 1}
		invisible := stranger.Tries(f.Record, "session.log", body)
		unknown := stranger.Tries(policies.RecordID(policies.DigestOf([]byte("no such family"))), "session.log", body)
		if !errors.Is(invisible, storage.ErrNotFound) || !errors.Is(unknown, storage.ErrNotFound) {
			t.Errorf("invisible = %v, unknown = %v, want both not found", invisible, unknown)
		}
	})
	t.Run("RefusalConsumesItsNumberAndBlocksNothing", func(t *testing.T) {
		bad := w.Sam.Tries(f.Record, "approval.grant", &policies.ApprovalGrant{Request: f.Approval})
		if !errors.Is(bad, policies.ErrSigner) {
			t.Fatalf("a practitioner's grant = %v, want a signer error", bad)
		}
		w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 4})
	})
	t.Run("Gap", func(t *testing.T) {
		w.Ana.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 5}) // lost
		if err := w.Ana.Tries(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 6}); !errors.Is(err, storage.ErrGap) {
			t.Errorf("after a lost statement = %v, want a gap", err)
		}
		// A withdrawal is not held up by it.
		if err := w.Ana.Tries(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone}); err != nil {
			t.Errorf("withdrawal after a gap: %v", err)
		}
	})
	t.Run("TamperedStatement", func(t *testing.T) {
		s, _ := w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 9})
		s.Statement[len(s.Statement)/2] ^= 1
		if r := w.Push(w.Sam.Caller(), s)[0]; r.Err == nil {
			t.Error("a flipped bit was accepted")
		}
	})
}

func TestAcceptAttachments(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	for _, tt := range []struct {
		name  string
		spoil func([]storage.Attachment) []storage.Attachment
	}{
		{"Missing", func(a []storage.Attachment) []storage.Attachment { return a[1:] }},
		{"Altered", func(a []storage.Attachment) []storage.Attachment {
			a[0].Body = append([]byte("x"), a[0].Body...)
			return a
		}},
		{"Twice", func(a []storage.Attachment) []storage.Attachment { return append(a, a[0]) }},
		{"Unknown", func(a []storage.Attachment) []storage.Attachment {
			return append(a, storage.Attachment{Name: "note", Body: []byte("n")})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, body, attached := f.Film(100, true)
			err := w.Sam.Tries(f.Record, "clip.add", body, tt.spoil(attached)...)
			if !errors.Is(err, storage.ErrAttachment) {
				t.Errorf("got %v, want an attachment error", err)
			}
		})
	}
}

// TestAcceptAttachmentsLater: adding to a statement is a write of its own, with a
// rule, an event and a bound.
func TestAcceptAttachmentsLater(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	s, id := w.Ana.Say(f.Record, "team.add", &policies.TeamAdd{Staff: w.Sam.Staff})
	w.MustAccept(w.Ana.Caller(), s)
	_, cursor := pullAll(t, w, w.Sam, "", 500)
	envelope := func(i int) storage.Attachment {
		return storage.Attachment{Name: "key/" + policies.DigestOf([]byte{byte(i)}).String(), Body: []byte("an envelope")}
	}
	again := func(p *storagetest.Person, a ...storage.Attachment) error {
		s.Attachments = a
		return w.Push(p.Caller(), s)[0].Err
	}
	kept := func() int { return len(events(t, w, "team.add")) }

	before := kept()
	own := storage.Attachment{Name: "key/" + w.Sam.Staff.String(), Body: []byte("an envelope")}
	if err := again(w.Ana, own, envelope(1)); err != nil || kept() != before+2 {
		t.Fatalf("two envelopes added later: %v, %d events of it, want two", err, kept()-before)
	}
	items, _ := pullAll(t, w, w.Sam, cursor, 500)
	if len(items) != 1 || items[0].Kind != storage.ItemAttached || items[0].ID != id || items[0].Attachments[0].Name != own.Name {
		t.Errorf("what Sam receives of it: %+v, want his own envelope", items)
	}
	if err := again(w.Ana, own, envelope(1)); err != nil || kept() != before+2 {
		t.Errorf("the same again: %v, and %d events, want none", err, kept()-before-2)
	}
	if again(w.Sam, envelope(2)); kept() != before+2 {
		t.Error("somebody else added to the author's statement")
	}
	many := make([]storage.Attachment, 64)
	for i := range many {
		many[i] = envelope(100 + i)
	}
	if err := again(w.Ana, many...); !errors.Is(err, storage.ErrAttachment) {
		t.Errorf("more than a statement may have: %v, want an attachment error", err)
	}
	if err := again(w.Ana, storage.Attachment{Name: envelope(3).Name, Body: make([]byte, 1<<20)}); !errors.Is(err, storage.ErrAttachment) {
		t.Errorf("an envelope of a mebibyte: %v, want an attachment error", err)
	}
	w.Sam.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: w.Ana.Staff})
	if err := again(w.Ana, envelope(4)); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("after leaving the team: %v, want a signer error", err)
	}
}

func checkpoint(t *testing.T, cfg storage.Config, note string) accesslog.Checkpoint {
	t.Helper()
	origin := ""
	for i, b := range note {
		if b == '\n' {
			origin = note[:i]
			break
		}
	}
	v, err := accesslog.NewVerifier(origin, cfg.LogKey.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	c, err := accesslog.OpenCheckpoint(note, v)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
