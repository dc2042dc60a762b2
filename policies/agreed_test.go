package policies_test

import (
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	"pgregory.net/rapid"
)

// separate is a form about some purposes only, for both people, that answers yes.
func separate(w *policiestest.Filmed, yes bool, purposes ...policies.Purpose) policies.ConsentSign {
	form := w.ConsentBody()
	form.Purposes, form.Viewers = nil, nil
	for _, p := range purposes {
		form.Purposes = append(form.Purposes, policies.PurposeAnswer{Purpose: p, Yes: yes})
	}
	return form
}

func partly(w *policiestest.Filmed, purposes ...policies.Purpose) policies.ConsentWithdraw {
	return policies.ConsentWithdraw{People: []policies.PersonID{w.Mum}, Purposes: purposes, Channel: policies.ByPhone}
}

func agreed(w *policiestest.Filmed, purposes ...policies.Purpose) string {
	var out []byte
	for _, p := range purposes {
		if len(w.Family.ClipConsented(w.Clip, p, w.Now)) == 0 {
			out = append(out, 'y')
		} else {
			out = append(out, 'n')
		}
	}
	return string(out)
}

// TestSeparateForm tells what each form decides, day by day.
//
// Source: AVIGuk code: separate consent for training events.
func TestSeparateForm(t *testing.T) {
	w := policiestest.NewFilmed()
	purposes := []policies.Purpose{policies.FilmAndUse, policies.Supervision, policies.TrainingEvent}
	step := func(what, want string) {
		t.Helper()
		if got := agreed(w, purposes...); got != want {
			t.Errorf("%s: filming, supervision, training = %s, want %s", what, got, want)
		}
		w.Now += policiestest.Day(1)
	}
	step("at first", "yyn")
	w.Do("ann", "consent.sign", separate(w, true, policies.TrainingEvent))
	step("a separate form says yes to a training event", "yyy")
	if !w.Family.NamedViewer(w.Staff["sup"].ID, w.Clip, policies.Supervision, w.Now) {
		t.Error("the supervisor of the whole form is no longer named")
	}
	w.Do("ann", "consent.sign", separate(w, false, policies.TrainingEvent))
	step("another says no", "yyn")
	w.Do("ann", "consent.sign", separate(w, true, policies.TrainingEvent, policies.Supervision))
	step("another says yes, and answers supervision too", "yyy")
	if w.Family.NamedViewer(w.Staff["sup"].ID, w.Clip, policies.Supervision, w.Now) {
		t.Error("the form that decides about supervision names nobody, and somebody is named")
	}
	w.Do("ann", "consent.sign", w.ConsentBody())
	step("a whole form supersedes all of them", "yyn")
	w.Do("ann", "consent.sign", separate(w, true, policies.TrainingEvent))
	w.Do("ann", "consent.withdraw", withdraw(w))
	step("everything is withdrawn", "nnn")
	w.Do("ann", "consent.sign", separate(w, true, policies.TrainingEvent))
	step("a separate form rests on nothing", "nnn")
	w.Do("ann", "consent.sign", w.ConsentBody())
	step("a whole form that knows of the withdrawal", "yyn")
}

// TestSeparateFormEnds: when its time is over the answer is no, and not the whole
// form's earlier yes.
func TestSeparateFormEnds(t *testing.T) {
	w := policiestest.NewFilmed()
	form := separate(w, true, policies.Supervision)
	form.Until = w.Now + policiestest.Day(7)
	w.Do("ann", "consent.sign", form)
	if got := agreed(w, policies.FilmAndUse, policies.Supervision); got != "yy" {
		t.Errorf("while it lasts = %s, want yy", got)
	}
	w.Now += policiestest.Day(7)
	if got := agreed(w, policies.FilmAndUse, policies.Supervision); got != "yn" {
		t.Errorf("when it is over = %s, want yn", got)
	}
}

// TestWithdrawnInPart: one purpose stops, the rest goes on, and a form that knows of
// it says yes again.
func TestWithdrawnInPart(t *testing.T) {
	w := policiestest.NewFilmed()
	offlineForm := offline(w, "ann", "consent.sign", w.ConsentBody())
	w.Now += policiestest.Day(1)
	ch, err := w.Accept(w.ByDefault("sup", "consent.withdraw", partly(w, policies.Supervision)))
	if err != nil || len(ch.Clips) != 1 || len(ch.Links) != 1 {
		t.Fatalf("changes = %+v, %v, want the clip and its link", ch, err)
	}
	if got := agreed(w, policies.FilmAndUse, policies.Supervision, policies.FamilyCopy); got != "yny" {
		t.Errorf("filming, supervision, copy = %s, want yny", got)
	}
	if w.Family.MayView(w.Org, w.Staff["sup"].ID, w.Clip, policies.Supervision, w.Now) {
		t.Error("the supervisor may still watch")
	}
	if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkOpen {
		t.Errorf("the carer's link = %q, want %q: it is for film and use", got, policies.LinkOpen)
	}
	accept(t, w, offlineForm)
	if got := agreed(w, policies.FilmAndUse, policies.Supervision); got != "yn" {
		t.Errorf("after a form of the day before = %s, want yn", got)
	}
	w.Do("ann", "consent.sign", separate(w, true, policies.Supervision))
	if got := agreed(w, policies.FilmAndUse, policies.Supervision); got != "yy" {
		t.Errorf("after a separate form that knew = %s, want yy", got)
	}
}

// TestWithdrawingFilmAndUseIsWithdrawingEverything: in whatever words.
func TestWithdrawingFilmAndUseIsWithdrawingEverything(t *testing.T) {
	whole, part := policiestest.NewFilmed(), policiestest.NewFilmed()
	whole.Do("bea", "consent.withdraw", withdraw(whole))
	part.Do("bea", "consent.withdraw", partly(part, policies.Supervision, policies.FilmAndUse))
	for _, w := range []*policiestest.Filmed{whole, part} {
		if got := agreed(w, policies.Purposes()...); got != "nnnnnnnnnn" {
			t.Errorf("agreed = %s, want nothing", got)
		}
		if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkRevoked {
			t.Errorf("link = %q, want %q", got, policies.LinkRevoked)
		}
	}
}

// TestReviewFilmWithdrawnInPart: a link to a filmed review stays shut when the review
// was withdrawn, also after a new form.
func TestReviewFilmWithdrawnInPart(t *testing.T) {
	w := policiestest.NewFilmed()
	form := w.ConsentBody()
	form.Purposes = append(form.Purposes, policies.PurposeAnswer{Purpose: policies.FilmReview, Yes: true})
	w.Do("ann", "consent.sign", form)
	review := w.ClipBody()
	review.Kind = policies.Review
	w.Clip = policies.ClipID(w.Do("ann", "clip.add", review))
	link := policies.LinkID(w.Do("ann", "link.create", w.LinkBody("of the review")))
	w.Do("bea", "consent.withdraw", partly(w, policies.FilmReview))
	if consented(w) {
		t.Error("the filmed review may still be used")
	}
	w.Now += policies.Minute
	form.SignedOn = w.Now.Time().Format("2006-01-02")
	w.Do("ann", "consent.sign", form)
	if !consented(w) {
		t.Error("a form that knows of it does not count")
	}
	if got := w.Family.LinkState(link, w.Now); got != policies.LinkRevoked {
		t.Errorf("link = %q, want %q", got, policies.LinkRevoked)
	}
}

// TestTwoParents: both sign for their child. Either may stop it, either may have a
// link, and an objection is lifted by a form that whoever objected signed with the
// other.
func TestTwoParents(t *testing.T) {
	w := policiestest.NewFilmed()
	dad := policies.PersonID(w.Do("ann", "person.add", policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe}))
	both := func() policies.ConsentSign {
		w.Now += policies.Minute
		form := w.ConsentBody()
		form.People = append(form.People, policies.Covered{Person: w.Kid, By: dad, Basis: policies.ParentalResponsibility})
		return form
	}
	w.Do("ann", "consent.sign", both())
	if !consented(w) || !w.Family.MayHaveLink(dad, w.Clip, w.Now) || !w.Family.MayHaveLink(w.Mum, w.Clip, w.Now) {
		t.Fatal("a form signed by both does not count for both")
	}
	link := w.LinkBody("for dad")
	link.Person = dad
	stop := w.Family.Suspension(policies.LinkID(w.Do("ann", "link.create", link)), w.Now)
	if !slices.Contains(stop.People, dad) || !slices.Contains(stop.People, w.Kid) {
		t.Errorf("dad stops for %v, want himself and the child", stop.People)
	}
	w.Do("ann", "consent.object", policies.ConsentObject{People: []policies.PersonID{w.Kid}, By: dad, Channel: policies.ByPhone})
	w.Now += policies.Minute
	w.Do("ann", "consent.sign", w.ConsentBody())
	if consented(w) {
		t.Error("mum's form alone lifted dad's objection")
	}
	w.Do("ann", "consent.sign", both())
	if !consented(w) || len(w.Family.Objected()) != 0 {
		t.Error("a form that dad signed too does not lift his objection")
	}
}

// TestNoOlderFormRevives: whatever is signed and withdrawn, what is agreed to is what
// the last form that bears on it says, or nothing. In what order all that arrives is
// TestFoldingCommutes' to vary.
func TestNoOlderFormRevives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := policiestest.NewFilmed()
		log := []policies.Statement{w.Make(w.Key("ann"), "consent.sign", policies.RecordID(w.Family.ID), w.ConsentBody())}
		asked := []policies.Purpose{policies.FilmAndUse, policies.Supervision, policies.TrainingEvent}
		for range rapid.IntRange(1, 8).Draw(t, "events") {
			w.Now += policiestest.Day(1)
			var kind policies.Kind
			var body policies.Body
			if rapid.IntRange(0, 2).Draw(t, "what") == 0 {
				kind = "consent.withdraw"
				body = partly(w, rapid.SampledFrom([][]policies.Purpose{nil, {policies.Supervision}, {policies.TrainingEvent}, {policies.Supervision, policies.TrainingEvent}, {policies.FilmAndUse}}).Draw(t, "of")...)
			} else {
				var answers []policies.PurposeAnswer
				for _, p := range rapid.SampledFrom([][]policies.Purpose{asked, asked[:2], asked[:1], asked[1:], asked[1:2], asked[2:]}).Draw(t, "answered") {
					answers = append(answers, policies.PurposeAnswer{Purpose: p, Yes: rapid.Bool().Draw(t, "yes")})
				}
				form := separate(w, true)
				form.Purposes = answers
				if days := rapid.IntRange(0, 4).Draw(t, "days until it ends"); days > 0 {
					form.Until = w.Now + policiestest.Day(days)
				}
				kind, body = "consent.sign", form
			}
			s := w.ByDefault("ann", kind, body)
			if rapid.IntRange(0, 3).Draw(t, "knew") == 0 {
				s.Deps = nil
			}
			if _, err := w.Accept(s); err != nil {
				t.Fatal(err)
			}
			log = append(log, s)
		}
		for _, p := range asked {
			if got, want := w.Family.ConsentFor(w.Mum, p, w.Now), lastForms(log, p, w.Now); got != want {
				t.Fatalf("%s = %v, want %v", p, got, want)
			}
		}
	})
}

// lastForms works out from the statements, one a day and the latest last, what the rule
// in agreed.go says. It knows nothing of the code.
func lastForms(log []policies.Statement, purpose policies.Purpose, now policies.Micros) bool {
	stopped := func(form policies.Statement, p policies.Purpose) bool {
		for _, s := range log {
			w, ok := s.Body.(policies.ConsentWithdraw)
			everything := len(w.Purposes) == 0 || slices.Contains(w.Purposes, policies.FilmAndUse)
			if ok && (everything || slices.Contains(w.Purposes, p)) && !form.Names(s.ID) {
				return true
			}
		}
		return now >= form.Body.(policies.ConsentSign).Until
	}
	says := func(form policies.Statement, p policies.Purpose) (yes, answered bool) {
		for _, a := range form.Body.(policies.ConsentSign).Purposes {
			if a.Purpose == p {
				return a.Yes, true
			}
		}
		return false, false
	}
	last := map[policies.Purpose]policies.Statement{}
	for _, s := range log {
		if s.Kind != "consent.sign" {
			continue
		}
		if _, whole := says(s, policies.FilmAndUse); whole {
			last = map[policies.Purpose]policies.Statement{policies.FilmAndUse: s, purpose: s}
		}
		if _, answered := says(s, purpose); answered {
			last[purpose] = s
		}
	}
	for p, form := range last {
		if yes, _ := says(form, p); !yes || stopped(form, p) {
			return false
		}
	}
	return true
}

// TestCopyForAccreditationEndsWithItsWithdrawal: the training copy's time counts from
// then, and not from the date on the form.
func TestCopyForAccreditationEndsWithItsWithdrawal(t *testing.T) {
	w := policiestest.NewFilmed()
	form := w.ConsentBody()
	form.Purposes = append(form.Purposes, policies.PurposeAnswer{Purpose: policies.Accreditation, Yes: true})
	w.Now += policies.Minute
	w.Do("ann", "consent.sign", form)
	ended := func() string {
		return policies.CourseOf(w.Family, w.Now, time.UTC).Events[policies.OnPermissionEnded].String()
	}
	if got := ended(); got != "2027-03-02" {
		t.Errorf("the permission ends on %s, want the date of the form", got)
	}
	w.Now += policiestest.Day(10)
	w.Do("ann", "consent.withdraw", partly(w, policies.Accreditation))
	if got := ended(); got != "2026-03-12" {
		t.Errorf("the permission ends on %s, want the day of the withdrawal", got)
	}
}
