package storage_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestAskedToStop: the carer presses, and everybody is refused from the next
// request; whoever is in the middle of the film gets the eighth that they are in.
func TestAskedToStop(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1<<20, true)
	total := int64(len(c.Payload))
	l, other := f.Share(c, 5), f.Share(c, 5)
	page, playing := opened(t, w, l), opened(t, w, other)
	v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	if err != nil {
		t.Fatal(err)
	}
	staff, err := v.ReadRange(ctx, 0, total)
	if err != nil {
		t.Fatal(err)
	}
	defer staff.Close()
	carer, _, err := w.Links.Read(ctx, policies.Caller{}, other.Token, playing.Session, 0, total)
	if err != nil {
		t.Fatal(err)
	}
	defer carer.Close()

	if err := w.Links.Stop(ctx, policies.Caller{Request: "press"}, l.Token, page.Session); err != nil {
		t.Fatal(err)
	}

	rest, err := io.ReadAll(staff)
	denied(t, w, err, "clip.watch", "VIEW-CONSENT")
	if want := (total + 7) / 8; int64(len(rest)) != want {
		t.Errorf("the team got %d bytes after the press, want the first eighth, %d", len(rest), want)
	}
	if _, err = io.ReadAll(carer); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("the playback of the other link: %v, want ended", err)
	}
	logged(t, w, "link.open", "LINK-CONSENT")
	_, err = w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	denied(t, w, err, "clip.watch", "VIEW-CONSENT")
	_, err = w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FamilyCopy, Copy: true, Reason: "a copy"})
	denied(t, w, err, "clip.copy", "VIEW-CONSENT")
	for _, link := range []storagetest.Link{l, other} {
		if _, err := openLink(w, link, link.PIN); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("link after the press: %v, want ended", err)
		}
	}
	presses(t, w, l, 1)
	if got := events(t, w, "consent.suspend"); len(got) != 1 || !slices.Equal(got[0].Rules, []string{"STATE-SERVER"}) || got[0].Request != "press" {
		t.Errorf("suspensions = %+v, want one by the server, of the same request", got)
	}
}

// TestStopIsTakenOnce: pressed twice, or from two pages at once, it is one
// suspension, until a form that knows of it. Then it can be asked for anew.
func TestStopIsTakenOnce(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1000, true)
	l := f.Share(c, 5)
	page, again := opened(t, w, l), opened(t, w, l)
	var all sync.WaitGroup
	for _, session := range []policies.Digest{page.Session, again.Session, page.Session, again.Session} {
		all.Go(func() {
			if err := w.Links.Stop(ctx, policies.Caller{}, l.Token, session); err != nil {
				t.Errorf("press: %v", err)
			}
		})
	}
	all.Wait()
	w.Reopen()
	if err := w.Links.Stop(ctx, policies.Caller{}, l.Token, page.Session); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	suspended := events(t, w, "consent.suspend")
	if len(suspended) != 1 {
		t.Fatalf("%d suspensions, want one", len(suspended))
	}
	presses(t, w, l, 5)

	w.Clock.Forward(time.Minute) // of two forms of one moment neither is the last
	s, _ := w.Sam.Say(f.Record, "consent.sign", consentAgain(w, f), policies.StatementID(suspended[0].Accepted.Statement))
	s.Attachments = []storage.Attachment{{Name: "form", Body: []byte("signed anew")}, {Name: "shown", Body: []byte("who would see")}}
	w.MustAccept(w.Sam.Caller(), s)
	if _, err := w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse}); err != nil {
		t.Fatalf("after a form that names it: %v", err)
	}
	if err := w.Links.Stop(ctx, policies.Caller{}, l.Token, page.Session); err != nil {
		t.Fatal(err)
	}
	if got := events(t, w, "consent.suspend"); len(got) != 2 {
		t.Errorf("%d suspensions after the new form, want a second", len(got))
	}
}

// TestStopWhenWatchingHasEnded: the evening is over, or the link was revoked; the
// film is still in use elsewhere, and the carer may still say stop.
func TestStopWhenWatchingHasEnded(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1000, true)
	l := f.Share(c, 5)
	page := opened(t, w, l)
	w.Sam.Does(f.Record, "link.revoke", &policies.LinkRevoke{Link: l.ID})
	w.Clock.Forward(5 * time.Hour)
	if _, _, err := w.Links.Read(ctx, policies.Caller{}, l.Token, page.Session, 0, 10); !errors.Is(err, storage.ErrLinkEnded) {
		t.Fatalf("the session is over: %v, want ended", err)
	}
	if err := w.Links.Stop(ctx, policies.Caller{}, l.Token, page.Session); err != nil {
		t.Fatal(err)
	}
	_, err := w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
	denied(t, w, err, "clip.watch", "VIEW-CONSENT")
}

// TestStopByAStranger: without a session of this very link nothing is stopped, and
// nothing is said.
func TestStopByAStranger(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1000, true)
	l, other := f.Share(c, 5), f.Share(c, 5)
	page := opened(t, w, other)
	for name, try := range map[string]struct {
		token   policies.Bytes16
		session policies.Digest
	}{
		"NoSession": {l.Token, policies.Digest{}}, "Guess": {l.Token, policies.Digest{1}},
		"SessionOfAnotherLink": {l.Token, page.Session}, "UnknownLink": {policies.Bytes16{1}, page.Session},
	} {
		if err := w.Links.Stop(ctx, policies.Caller{}, try.token, try.session); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("%s: %v, want ended", name, err)
		}
	}
	if got := len(events(t, w, "link.stop")) + len(events(t, w, "consent.suspend")); got != 0 {
		t.Errorf("%d events, want none", got)
	}
}

func opened(t *testing.T, w *storagetest.World, l storagetest.Link) storage.Opened {
	t.Helper()
	o, err := openLink(w, l, l.PIN)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// presses checks that each press is in the log as the carer's own act, with its
// rule.
func presses(t *testing.T, w *storagetest.World, l storagetest.Link, n int) {
	t.Helper()
	found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Action: "link.stop", Rule: "LINK-STOP", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != n {
		t.Fatalf("%d presses in the log, want %d", len(found), n)
	}
	for _, r := range found {
		if want := "carer by link " + l.ID.String(); r.Who != want {
			t.Errorf("pressed by %q, want %q", r.Who, want)
		}
	}
}

// consentAgain is a form like the first, signed today.
func consentAgain(w *storagetest.World, f *storagetest.Family) *policies.ConsentSign {
	form, shown := []byte("signed anew"), []byte("who would see")
	now := w.Clock.Micros()
	return &policies.ConsentSign{
		People: []policies.Covered{
			{Person: f.Carer, By: f.Carer, Basis: policies.Own},
			{Person: f.Child, By: f.Carer, Basis: policies.ParentalResponsibility},
		},
		Purposes: []policies.PurposeAnswer{{Purpose: policies.FilmAndUse, Yes: true}}, Viewers: []policies.NamedViewer{},
		From: now, Until: now + policies.Micros(24*time.Hour/time.Microsecond), SignedOn: w.Clock.Now().Format("2006-01-02"),
		Medium: policies.OnPaper, Understood: []policies.Aid{policies.NoneNeeded},
		FormText: policies.DigestOf([]byte("the words on the form")),
		Fixed: []policies.Attachment{
			{Name: "form", SHA256: policies.DigestOf(form), Bytes: int64(len(form))},
			{Name: "shown", SHA256: policies.DigestOf(shown), Bytes: int64(len(shown))},
		},
	}
}
