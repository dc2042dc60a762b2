package storage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

const competence16 = "competence_review_age:\n  value: 16\n"

// TestYoungPersonIsAsked: the server holds a form against the age of the pack that the
// service adopted, whatever program made it.
func TestYoungPersonIsAsked(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	kit := policies.PersonID(w.Sam.Does(f.Record, "person.add", &policies.PersonAdd{
		Role: policies.Sibling, Basis: policies.ParentalResponsibility, Born: "2013-05", Contact: policies.NoLink,
	}))
	signs := func(by policies.PersonID, basis policies.Basis) error {
		form := consentAgain(w, f)
		form.People = []policies.Covered{{Person: kit, By: by, Basis: basis}}
		return w.Sam.Tries(f.Record, "consent.sign", form,
			storage.Attachment{Name: "form", Body: []byte("signed anew")}, storage.Attachment{Name: "shown", Body: []byte("who would see")})
	}
	review := func(found policies.Competence) {
		w.Clock.Forward(time.Minute)
		w.Sam.Does(f.Record, "person.change", &policies.PersonChange{
			Person: kit, Review: policies.CompetenceReview{On: w.Clock.Now().Format("2006-01-02"), Outcome: found},
		})
	}
	if err := signs(kit, policies.Own); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("at thirteen, as an adult: %v, want not possible", err)
	}
	if err := signs(f.Carer, policies.ParentalResponsibility); err != nil {
		t.Errorf("the carer signs for a thirteen-year-old where the age is sixteen: %v", err)
	}
	own := ownPack(t, w, competence16, "competence_review_age:\n  value: 12\n")
	body, file := own.Body(t)
	w.Head.Does(policies.RecordID(w.Org), "policy.adopt", body, file)
	if err := signs(f.Carer, policies.ParentalResponsibility); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("where the age is twelve: %v, want not possible", err)
	}
	review(policies.DoesNotDecide)
	if err := signs(f.Carer, policies.ParentalResponsibility); err != nil {
		t.Errorf("after a review found that they do not decide: %v", err)
	}
	review(policies.Decides)
	if err := signs(f.Carer, policies.ParentalResponsibility); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("after a review found that they do: %v, want not possible", err)
	}
	if err := signs(kit, policies.Competent); err != nil {
		t.Errorf("they sign themselves: %v", err)
	}
}

// TestAdultIsDecidedForByNobody: "nobody else can say yes for them", as the form says.
func TestAdultIsDecidedForByNobody(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	father := policies.PersonID(w.Sam.Does(f.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.NoLink}))
	for _, basis := range []policies.Basis{policies.ParentalResponsibility, policies.CareOrder, policies.Delegated} {
		form := consentAgain(w, f)
		form.People = []policies.Covered{{Person: father, By: f.Carer, Basis: basis}}
		err := w.Sam.Tries(f.Record, "consent.sign", form,
			storage.Attachment{Name: "form", Body: []byte("signed anew")}, storage.Attachment{Name: "shown", Body: []byte("who would see")})
		if !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("for another adult, by %s: %v, want not possible", basis, err)
		}
	}
}

// TestFilmOfAVisitWithoutAYes: somebody said no that day, and the film is not taken in,
// by its rule.
func TestFilmOfAVisitWithoutAYes(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Session = policies.SessionID(w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2, Refused: true}))
	_, body, attached := f.Film(1000, true)
	var denied *storage.DeniedError
	if err := w.Sam.Tries(f.Record, "clip.add", body, attached...); !errors.As(err, &denied) || !slices.Contains(denied.Ruling.Rules, "UPLOAD-TODAY") {
		t.Errorf("clip.add = %v, want denied by UPLOAD-TODAY", err)
	}
}

// TestWithdrawnForOneUse: the supervisor's next request is refused and their key gone
// from what a device writes; the team watches on.
func TestWithdrawnForOneUse(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor))
	c := f.Store(1000, true)
	watch := func(p *storagetest.Person, purpose policies.Purpose) error {
		_, err := w.Clips.Open(context.Background(), p.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: purpose})
		return err
	}
	if err := watch(w.Visitor, policies.Supervision); err != nil {
		t.Fatalf("before: %v", err)
	}
	w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{
		People: []policies.PersonID{f.Child}, Purposes: []policies.Purpose{policies.Supervision}, Channel: policies.ByPhone,
	})
	var denied *storage.DeniedError
	if err := watch(w.Visitor, policies.Supervision); !errors.As(err, &denied) || !slices.Contains(denied.Ruling.Rules, "VIEW-CONSENT") {
		t.Errorf("the supervisor after: %v, want denied by VIEW-CONSENT", err)
	}
	if err := watch(w.Ana, policies.FilmAndUse); err != nil {
		t.Errorf("the team after: %v", err)
	}
}
