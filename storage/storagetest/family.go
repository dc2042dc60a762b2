package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// Family is an invented family with filming approved and consent signed.
type Family struct {
	ID       policies.FamilyID
	Record   policies.RecordID
	Identity seal.Identity
	Carer    policies.PersonID
	Child    policies.PersonID
	Approval policies.ApprovalID
	Consent  policies.ConsentID
	Session  policies.SessionID

	w *World
}

// month is long enough for what tests do.
const month = policies.Micros(30 * 24 * time.Hour / time.Microsecond)

// Open opens a family of Sam's, with Ana on the team, up to the point where a
// clip may be added.
func (w *World) Open(reference string) *Family {
	w.t.Helper()
	f := &Family{w: w, Identity: newIdentity(w.t)}
	id := w.Sam.Does(policies.RecordID{}, "family.open", &policies.FamilyOpen{
		Reference: reference, Programme: policies.VIG, Recipient: f.Identity.Recipient().String(),
	})
	f.ID, f.Record = policies.FamilyID(id), policies.RecordID(id)
	f.Carer = policies.PersonID(w.Sam.Does(f.Record, "person.add", &policies.PersonAdd{
		Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe,
	}))
	f.Child = policies.PersonID(w.Sam.Does(f.Record, "person.add", &policies.PersonAdd{
		Role: policies.Child, Basis: policies.ParentalResponsibility, Born: "2024-03", Contact: policies.NoLink,
	}))
	w.Sam.Does(f.Record, "team.add", &policies.TeamAdd{Staff: w.Ana.Staff})
	now := w.Clock.Micros()
	f.Approval = policies.ApprovalID(w.Sam.Does(f.Record, "approval.request", &policies.ApprovalRequest{
		Programme: policies.VIG, From: now, Until: now + 6*month,
	}))
	w.Head.Does(f.Record, "approval.grant", &policies.ApprovalGrant{Request: f.Approval})
	f.Sign(nil, policies.FilmAndUse, policies.FamilyCopy)
	f.Session = policies.SessionID(w.Sam.Does(f.Record, "session.log", &policies.SessionLog{
		On: "2026-11-23", Number: 1, StillHappy: true,
	}))
	return f
}

// Sign signs a consent for both people that names these viewers and says yes to
// these purposes.
func (f *Family) Sign(viewers []policies.NamedViewer, yes ...policies.Purpose) policies.StatementID {
	f.w.t.Helper()
	form := []byte("a sealed form, signed " + f.w.Clock.Now().String())
	shown := []byte("who would see, sealed")
	body := &policies.ConsentSign{
		People: []policies.Covered{
			{Person: f.Carer, By: f.Carer, Basis: policies.Own},
			{Person: f.Child, By: f.Carer, Basis: policies.ParentalResponsibility},
		},
		Viewers: viewers,
		From:    f.w.Clock.Micros(), Until: f.w.Clock.Micros() + 6*month, SignedOn: f.w.Clock.Now().Format("2006-01-02"),
		Medium: policies.OnPaper, Understood: []policies.Aid{policies.NoneNeeded},
		FormText: policies.DigestOf([]byte("the words on the form")),
		Fixed: []policies.Attachment{
			{Name: "form", SHA256: policies.DigestOf(form), Bytes: int64(len(form))},
			{Name: "shown", SHA256: policies.DigestOf(shown), Bytes: int64(len(shown))},
		},
	}
	for _, p := range yes {
		body.Purposes = append(body.Purposes, policies.PurposeAnswer{Purpose: p, Yes: true})
	}
	id := f.w.Sam.Does(f.Record, "consent.sign", body, storage.Attachment{Name: "form", Body: form}, storage.Attachment{Name: "shown", Body: shown})
	f.Consent = policies.ConsentID(id)
	return id
}

// List puts somebody on the viewer list for supervision, for a month, and signs a
// form that names them first. For somebody of another organisation it waits for
// [Family.Countersign].
func (f *Family) List(p *Person) policies.StatementID {
	f.w.t.Helper()
	until := f.w.Clock.Micros() + month
	f.Sign([]policies.NamedViewer{{Staff: p.Staff, Purpose: policies.Supervision, Until: until}}, policies.FilmAndUse, policies.FamilyCopy, policies.Supervision)
	return f.w.Sam.Does(f.Record, "viewer.add", &policies.ViewerAdd{Staff: p.Staff, Purpose: policies.Supervision, Until: until})
}

// Countersign is the head of service's word for an entry of the list.
func (f *Family) Countersign(entry policies.StatementID) policies.StatementID {
	f.w.t.Helper()
	return f.w.Head.Does(f.Record, "countersign", &policies.Countersign{Of: entry})
}

// Clip is a clip with its payload.
type Clip struct {
	ID      policies.ClipID
	Payload []byte
	Sealed  seal.Sealed
}

// Film seals bytes of plain film as a clip of this family.
func (f *Family) Film(plainBytes int, chosen bool) (Clip, *policies.ClipAdd, []storage.Attachment) {
	f.w.t.Helper()
	var payload bytes.Buffer
	plain := bytes.Repeat([]byte("film "), plainBytes/5+1)[:plainBytes]
	sealed, err := seal.SealPayload(context.Background(), &payload, bytes.NewReader(plain))
	if err != nil {
		f.w.t.Fatal(err)
	}
	title, err := seal.SealText(sealed.Key, "Looking at the ducks", []byte("attune/title"))
	if err != nil {
		f.w.t.Fatal(err)
	}
	header, err := seal.NewHeader(sealed.Key, f.Identity.Recipient())
	if err != nil {
		f.w.t.Fatal(err)
	}
	now := f.w.Clock.Micros()
	body := &policies.ClipAdd{
		Kind: policies.Film, Chosen: chosen, Session: f.Session, People: []policies.PersonID{f.Carer, f.Child},
		Controller: f.w.Org, Captured: policies.Span{From: now, Until: now}, Approval: f.Approval, Consent: f.Consent,
		Payload: policies.Payload{
			Bytes: sealed.PayloadBytes, SHA256: sealed.PayloadSHA256, Nonce: sealed.Nonce,
			Commitment: seal.Commitment(sealed.Key),
		},
		Media:  policies.Media{Type: "video/mp4", Codec: "avc1.42C01E, mp4a.40.2", DurationMS: 12_000},
		Source: policies.Source{SHA256: sealed.SourceSHA256, Bytes: sealed.SourceBytes},
		Fixed:  []policies.Attachment{{Name: "title", SHA256: policies.DigestOf(title), Bytes: int64(len(title))}},
	}
	attached := []storage.Attachment{
		{Name: "title", Body: title},
		{Name: "header/" + policies.Digest(f.Identity.Recipient().Fingerprint()).String(), Body: header},
	}
	return Clip{Payload: payload.Bytes(), Sealed: sealed}, body, attached
}

// Add adds a clip and says so to the server; its payload is not uploaded.
func (f *Family) Add(plainBytes int, chosen bool) Clip {
	f.w.t.Helper()
	c, body, attached := f.Film(plainBytes, chosen)
	c.ID = policies.ClipID(f.w.Sam.Does(f.Record, "clip.add", body, attached...))
	return c
}

// Store adds a clip and uploads its payload.
func (f *Family) Store(plainBytes int, chosen bool) Clip {
	f.w.t.Helper()
	c := f.Add(plainBytes, chosen)
	up, err := f.w.Uploads.Create(context.Background(), f.w.Sam.Caller(), c.ID, int64(len(c.Payload)))
	if err != nil {
		f.w.t.Fatal(err)
	}
	if n, err := f.w.Uploads.Append(context.Background(), f.w.Sam.Caller(), up.ID, 0, bytes.NewReader(c.Payload)); err != nil {
		f.w.t.Fatalf("append: %d bytes: %v", n, err)
	}
	return c
}

// Link is a share link with what opens it.
type Link struct {
	ID     policies.LinkID
	Token  policies.Bytes16
	Secret seal.LinkSecret
	PIN    string
}

// Auth is what proves that the page has the whole link.
func (l Link) Auth() policies.Digest { return l.Secret.Auth() }

// Keyed is the keyed PIN.
func (l Link) Keyed(pin string) policies.Digest { return l.Secret.PIN(pin) }

// NewLink makes the statement of a link, unsent.
func (f *Family) NewLink(c Clip, opens int) (Link, *policies.LinkCreate) {
	f.w.t.Helper()
	token, secret, err := seal.NewLink()
	if err != nil {
		f.w.t.Fatal(err)
	}
	l := Link{Token: token, Secret: secret, PIN: "042917"}
	auth, pin := l.Auth(), l.Keyed(l.PIN)
	return l, &policies.LinkCreate{
		Clip: c.ID, Person: f.Carer, Token: token, Auth: policies.DigestOf(auth[:]), PIN: policies.DigestOf(pin[:]),
		Expires: f.w.Clock.Micros() + policies.Micros(14*24*time.Hour/time.Microsecond), Opens: opens,
	}
}

// Share makes a link for the carer.
func (f *Family) Share(c Clip, opens int) Link {
	f.w.t.Helper()
	l, body := f.NewLink(c, opens)
	s, id := f.w.Sam.Say(f.Record, "link.create", body)
	l.ID = policies.LinkID(id)
	key := seal.PayloadKey(c.Sealed.Key, c.Sealed.Nonce)
	content := fmt.Appendf(nil, `{"key":%q,"title":"Looking at the ducks","shown":[]}`, policies.Digest(key))
	sealed, err := l.Secret.Wrap(content, append(id[:], c.ID[:]...))
	if err != nil {
		f.w.t.Fatal(err)
	}
	s.Attachments = []storage.Attachment{{Name: "sealed", Body: sealed}}
	f.w.MustAccept(f.w.Sam.Caller(), s)
	return l
}

// SayClip signs a clip.add of a session by this person, as it travels.
func (f *Family) SayClip(p *Person, session policies.SessionID) (storage.Sealed, policies.StatementID) {
	f.w.t.Helper()
	_, body, attached := f.Film(1000, true)
	body.Session = session
	s, id := p.Say(f.Record, "clip.add", body)
	s.Attachments = attached
	return s, id
}
