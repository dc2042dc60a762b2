package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Family is an invented family in the middle of the work, and who works with it.
type Family struct {
	Record   policies.RecordID
	By, With *Person // its practitioner, and a colleague on the team

	identity  seal.Identity
	mum, kid  policies.PersonID
	approval  policies.ApprovalID
	consent   policies.ConsentID
	sessions  int
	statement []wire.Sealed // all of its record, in order
}

// beginning is how many statements lead up to the first session.
const beginning = 7

// Open makes families, each with a record of this many statements, and pushes them:
// a third of it sessions with a sealed note, a third clips with their title and header,
// a third what became of the camera's file.
func (s *Service) Open(ctx context.Context, by, with *Person, reference string, families, statements int) ([]*Family, error) {
	all := make([]*Family, families)
	var said, granted []wire.Sealed
	for i := range all {
		f := &Family{By: by, With: with}
		if err := f.open(fmt.Sprintf("%s-%d", reference, i)); err != nil {
			return nil, err
		}
		all[i], said = f, append(said, f.statement...)
		grant, _, err := s.Head.phone.sign(f.Record, "approval.grant", &policies.ApprovalGrant{Request: f.approval})
		if err != nil {
			return nil, err
		}
		f.statement, granted = append(f.statement, grant), append(granted, grant)
	}
	if err := s.Push(ctx, by, said...); err != nil {
		return nil, err
	}
	if err := s.Push(ctx, s.Head, granted...); err != nil {
		return nil, err
	}
	said = nil
	for _, f := range all {
		more, err := f.consented()
		if err != nil {
			return nil, err
		}
		work, err := f.Work(statements - beginning)
		if err != nil {
			return nil, err
		}
		said = append(append(said, more), work...)
	}
	return all, s.Push(ctx, by, said...)
}

// Statements are the record as it was pushed, in order.
func (f *Family) Statements() []wire.Sealed { return f.statement }

func (f *Family) say(kind policies.Kind, body policies.Body, attached ...wire.Attachment) (wire.Sealed, policies.StatementID, error) {
	said, id, err := f.By.phone.sign(f.Record, kind, body, attached...)
	if err == nil {
		f.statement = append(f.statement, said)
	}
	return said, id, err
}

// open is what comes before the head of service's approval.
func (f *Family) open(reference string) (err error) {
	if f.identity, err = seal.NewIdentity(); err != nil {
		return err
	}
	wrapped, err := f.wrapped(f.By)
	if err != nil {
		return err
	}
	_, id, err := f.say("family.open", &policies.FamilyOpen{
		Reference: reference, Programme: policies.VIG, Recipient: f.identity.Recipient().String(),
	}, wrapped)
	if err != nil {
		return err
	}
	f.Record = policies.RecordID(id)
	if _, id, err = f.say("person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe}); err != nil {
		return err
	}
	f.mum = policies.PersonID(id)
	if _, id, err = f.say("person.add", &policies.PersonAdd{
		Role: policies.Child, Basis: policies.ParentalResponsibility, Born: "2024-03", Contact: policies.NoLink,
	}); err != nil {
		return err
	}
	f.kid = policies.PersonID(id)
	if wrapped, err = f.wrapped(f.With); err != nil {
		return err
	}
	if _, _, err = f.say("team.add", &policies.TeamAdd{Staff: f.With.Staff}, wrapped); err != nil {
		return err
	}
	now := time.Now()
	_, id, err = f.say("approval.request", &policies.ApprovalRequest{
		Programme: policies.VIG, From: policies.At(now), Until: policies.At(now.AddDate(0, 5, 0)),
	})
	f.approval = policies.ApprovalID(id)
	return err
}

// wrapped is the family's key for one of its team.
func (f *Family) wrapped(to *Person) (wire.Attachment, error) {
	body, err := seal.Seal([]byte(f.identity.String()), to.Identity.Recipient())
	return wire.Attachment{Name: "key/" + to.Staff.String(), Body: body}, err
}

func (f *Family) consented() (wire.Sealed, error) {
	form, shown := random(3000), random(600) // sealed: an age file of a form, and of who would see
	now := time.Now()
	said, id, err := f.say("consent.sign", &policies.ConsentSign{
		People: []policies.Covered{
			{Person: f.mum, By: f.mum, Basis: policies.Own},
			{Person: f.kid, By: f.mum, Basis: policies.ParentalResponsibility},
		},
		Purposes: []policies.PurposeAnswer{{Purpose: policies.FilmAndUse, Yes: true}, {Purpose: policies.FamilyCopy, Yes: true}},
		From:     policies.At(now), Until: policies.At(now.AddDate(0, 5, 0)), SignedOn: now.UTC().Format("2006-01-02"),
		Medium: policies.OnPaper, Understood: []policies.Aid{policies.NoneNeeded},
		FormText: policies.DigestOf([]byte("the words on the form")),
		Fixed:    []policies.Attachment{fixed("form", form), fixed("shown", shown)},
	}, wire.Attachment{Name: "form", Body: form}, wire.Attachment{Name: "shown", Body: shown})
	f.consent = policies.ConsentID(id)
	return said, err
}

// Work is the next statements of a family: visits.
func (f *Family) Work(statements int) ([]wire.Sealed, error) {
	var all []wire.Sealed
	var clip policies.ClipID
	var session policies.SessionID
	for i := range statements {
		var said wire.Sealed
		var id policies.StatementID
		var err error
		switch i % 3 {
		case 0:
			said, id, err = f.visit()
			session = policies.SessionID(id)
		case 1:
			said, id, err = f.film(session)
			clip = policies.ClipID(id)
		case 2:
			said, _, err = f.say("clip.annotate", &policies.ClipAnnotate{Clip: clip, Source: policies.SourceRemoved})
		}
		if err != nil {
			return nil, err
		}
		all = append(all, said)
	}
	return all, nil
}

// Visits are sessions, one statement each.
func (f *Family) Visits(count int) ([]wire.Sealed, error) {
	all := make([]wire.Sealed, count)
	var err error
	for i := range all {
		if all[i], _, err = f.visit(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (f *Family) visit() (wire.Sealed, policies.StatementID, error) {
	f.sessions++
	note := random(400)
	return f.say("session.log", &policies.SessionLog{
		On: time.Now().UTC().Format("2006-01-02"), Number: 1 + (f.sessions-1)%policies.MaxSessions, StillHappy: true,
		Fixed: []policies.Attachment{fixed("note", note)},
	}, wire.Attachment{Name: "note", Body: note})
}

// film is a clip's manifest. The header is real, the payload is nowhere: no benchmark
// that uses it moves film.
func (f *Family) film(session policies.SessionID) (wire.Sealed, policies.StatementID, error) {
	var payload bytes.Buffer
	sealed, err := seal.SealPayload(context.Background(), &payload, bytes.NewReader([]byte("film")))
	if err != nil {
		return wire.Sealed{}, policies.StatementID{}, err
	}
	title, err := seal.SealText(sealed.Key, "Looking at the ducks", []byte("attune/title"))
	if err != nil {
		return wire.Sealed{}, policies.StatementID{}, err
	}
	header, err := seal.NewHeader(sealed.Key, f.identity.Recipient())
	if err != nil {
		return wire.Sealed{}, policies.StatementID{}, err
	}
	now := policies.At(time.Now())
	return f.say("clip.add", &policies.ClipAdd{
		Kind: policies.Film, Session: session, People: []policies.PersonID{f.mum, f.kid},
		Controller: f.By.org, Captured: policies.Span{From: now, Until: now}, Approval: f.approval, Consent: f.consent,
		Payload: policies.Payload{
			Bytes: sealed.PayloadBytes, SHA256: sealed.PayloadSHA256, Nonce: sealed.Nonce, Commitment: seal.Commitment(sealed.Key),
		},
		Media:  policies.Media{Type: "video/mp4", Codec: "avc1.42C01E, mp4a.40.2", DurationMS: 12_000},
		Source: policies.Source{SHA256: sealed.SourceSHA256, Bytes: sealed.SourceBytes, Remove: true},
		Fixed:  []policies.Attachment{fixed("title", title)},
	},
		wire.Attachment{Name: "title", Body: title},
		wire.Attachment{Name: "header/" + policies.Digest(f.identity.Recipient().Fingerprint()).String(), Body: header})
}

func random(bytes int) []byte {
	b := make([]byte, bytes)
	rand.Read(b)
	return b
}
