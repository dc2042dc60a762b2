package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// denied reports the rule that a refusal names, and that the newest denial of
// the action says the same.
func denied(t *testing.T, w *storagetest.World, err error, action, rule string) {
	t.Helper()
	var d *storage.DeniedError
	if !errors.As(err, &d) || !slices.Contains(d.Ruling.Rules, rule) {
		t.Fatalf("%s: %v, want denied by %s", action, err, rule)
	}
	logged(t, w, action, rule)
}

func logged(t *testing.T, w *storagetest.World, action, rule string) {
	t.Helper()
	var last accesslog.Event
	for _, e := range events(t, w, action) {
		if e.Outcome == accesslog.Denied {
			last = e
		}
	}
	if !slices.Contains(last.Rules, rule) {
		t.Errorf("newest denial of %s is by %v, want %s", action, last.Rules, rule)
	}
}

// TestWithdrawal: use stops at the next request, whoever is in the middle of it.
func TestWithdrawal(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c, waiting := f.Store(1<<20, true), f.Add(1000, true)
	l := f.Share(c, 5)
	page, err := openLink(w, l, l.PIN)
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	if err != nil {
		t.Fatal(err)
	}
	body, err := v.ReadRange(ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	body.Close()

	w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Carer}, Channel: policies.ByPhone})

	_, err = v.ReadRange(ctx, 0, 1000) // the same bytes: nothing newly entered, and still refused
	denied(t, w, err, "clip.watch", "VIEW-CONSENT")
	_, err = w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	denied(t, w, err, "clip.watch", "VIEW-CONSENT")
	if _, _, err := w.Links.Read(ctx, policies.Caller{}, l.Token, page.Session, 0, 10); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("page after withdrawal: %v, want ended", err)
	}
	logged(t, w, "link.open", "LINK-CONSENT")
	if _, err := openLink(w, l, l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("link after withdrawal: %v, want ended", err)
	}
	_, err = w.Uploads.Create(ctx, w.Sam.Caller(), waiting.ID, int64(len(waiting.Payload)))
	denied(t, w, err, "clip.upload", "UPLOAD-DECISION")
}

// TestWithdrawalWhileAWholeFilmIsRead: one request for all of it, by a team member
// and by a carer, gets the eighth that it is in and no more.
func TestWithdrawalWhileAWholeFilmIsRead(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1<<20, true)
	total := int64(len(c.Payload))
	v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	if err != nil {
		t.Fatal(err)
	}
	staff, err := v.ReadRange(ctx, 0, total)
	if err != nil {
		t.Fatal(err)
	}
	defer staff.Close()
	l := f.Share(c, 5)
	page, err := openLink(w, l, l.PIN)
	if err != nil {
		t.Fatal(err)
	}
	carer, _, err := w.Links.Read(ctx, policies.Caller{}, l.Token, page.Session, 0, total)
	if err != nil {
		t.Fatal(err)
	}
	defer carer.Close()
	for _, body := range []io.Reader{staff, carer} {
		if _, err := io.ReadFull(body, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	w.Sam.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Carer}, Channel: policies.ByPhone})

	rest, err := io.ReadAll(staff)
	denied(t, w, err, "clip.watch", "VIEW-CONSENT")
	if want := (total+7)/8 - 1000; int64(len(rest)) != want {
		t.Errorf("team member got %d more bytes, want the %d left of the first eighth", len(rest), want)
	}
	rest, err = io.ReadAll(carer)
	if want := (total+7)/8 - 1000; !errors.Is(err, storage.ErrLinkEnded) || int64(len(rest)) != want {
		t.Errorf("carer got %d more bytes and %v, want %d and ended", len(rest), err, want)
	}
	logged(t, w, "link.open", "LINK-CONSENT")
}

// TestWithdrawalDuringAnUpload: the film is on its way, in one long request.
func TestWithdrawalDuringAnUpload(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Add(1000, true)
	up, err := w.Uploads.Create(ctx, w.Sam.Caller(), c.ID, int64(len(c.Payload)))
	if err != nil {
		t.Fatal(err)
	}
	body := io.MultiReader(bytes.NewReader(c.Payload[:500]), readerFunc(func() {
		w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.InPerson})
	}), bytes.NewReader(c.Payload[500:]))
	_, err = w.Uploads.Append(ctx, w.Sam.Caller(), up.ID, 0, body)
	denied(t, w, err, "clip.upload", "UPLOAD-DECISION")
	_, err = w.Uploads.Status(ctx, w.Sam.Caller(), up.ID)
	denied(t, w, err, "clip.upload", "UPLOAD-DECISION")
	if n := len(events(t, w, "clip.stored")); n != 0 {
		t.Errorf("%d clips stored after the withdrawal, want none", n)
	}
}

// readerFunc is something that happens between the bytes.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

func TestRules(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	stored := f.Store(1000, true)
	watch := storage.ViewRequest{Clip: stored.ID, Purpose: policies.FilmAndUse}

	t.Run("NoFilmByRank", func(t *testing.T) {
		_, err := w.Clips.Open(ctx, w.Head.Caller(), watch)
		denied(t, w, err, "clip.watch", "RANK-1")
		_, err = w.Clips.Open(ctx, w.Officer.Caller(), watch)
		denied(t, w, err, "clip.watch", "RANK-2")
	})
	t.Run("StrangerSeesNoClip", func(t *testing.T) {
		if _, err := w.Clips.Open(ctx, w.Visitor.Caller(), watch); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a supervisor nobody named: %v, want not found", err)
		}
		logged(t, w, "clip.watch", policies.DefaultDeny)
	})
	t.Run("OnlyAChosenClipIsShared", func(t *testing.T) {
		_, body := f.NewLink(f.Store(1000, false), 5)
		denied(t, w, w.Sam.Tries(f.Record, "link.create", body), "link.create", "LINK-CHOSEN")
	})
	t.Run("NotToWhomALinkIsUnsafe", func(t *testing.T) {
		_, body := f.NewLink(stored, 5)
		body.Person = f.Child
		denied(t, w, w.Sam.Tries(f.Record, "link.create", body), "link.create", "LINK-CONTACT")
	})
	t.Run("RevokedApprovalStopsFilmThatDidNotKnow", func(t *testing.T) {
		f := w.Open("NF-2042")
		_, body, attached := f.Film(1000, true)
		w.Head.Does(f.Record, "approval.revoke", &policies.ApprovalRevoke{Request: f.Approval, Reason: policies.CourtMatter})
		id := w.Sam.Does(f.Record, "clip.add", body, attached...)
		_, err := w.Uploads.Create(ctx, w.Sam.Caller(), policies.ClipID(id), body.Payload.Bytes)
		denied(t, w, err, "clip.upload", "UPLOAD-DECISION")
	})
	t.Run("OnlyTheOfficerReadsTheLog", func(t *testing.T) {
		_, _, err := w.Log.Search(ctx, w.Sam.Caller(), storage.LogQuery{Limit: 10})
		var d *storage.DeniedError
		if !errors.As(err, &d) {
			t.Errorf("a practitioner's search: %v, want denied", err)
		}
		logged(t, w, "log.search", policies.DefaultDeny)
	})
	t.Run("NobodyActsBeforeTheirWordsAreConfirmed", func(t *testing.T) {
		p := w.Invite("Nia Frost", policies.Practitioner)
		w.MustAccept(policies.Caller{}, p.Joining()...)
		err := p.Tries(policies.RecordID{}, "family.open", &policies.FamilyOpen{
			Reference: "NF-1", Programme: policies.VIG, Recipient: f.Identity.Recipient().String(),
		})
		if !errors.Is(err, policies.ErrSigner) {
			t.Errorf("unconfirmed: %v, want a signer error", err)
		}
	})
	t.Run("AnInvitationWorksOnce", func(t *testing.T) {
		p := w.Invite("Nia Frost", policies.Practitioner)
		w.MustAccept(policies.Caller{}, p.Joining()...)
		for _, r := range w.Push(policies.Caller{}, p.Joining()...) {
			if r.Err == nil {
				t.Error("the same invitation certified a second key")
			}
		}
	})
	t.Run("OnlyRulesThatTheServerHasAreAdopted", func(t *testing.T) {
		body, pack := w.Rules.Body(t)
		other := *body
		other.Bundle = policies.DigestOf([]byte("other rules"))
		err := w.Head.Tries(policies.RecordID(w.Org), "policy.adopt", &other, pack)
		if !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("rules that the server lacks: %v, want not possible", err)
		}
		w.Reopen() // and it starts again
		w.Head.Does(policies.RecordID(w.Org), "policy.adopt", body, pack)
	})
	t.Run("AnAddressBelongsToOneLink", func(t *testing.T) {
		mine := f.Share(stored, 5)
		other := w.Open("NF-3000")
		_, body := other.NewLink(other.Store(1000, true), 5)
		body.Token = mine.Token
		if err := w.Sam.Tries(other.Record, "link.create", body); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("a second link at one address: %v, want not possible", err)
		}
		if _, err := openLink(w, mine, mine.PIN); err != nil {
			t.Errorf("the first link: %v", err)
		}
	})
}
