package policies_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	"pgregory.net/rapid"
)

func wantDestiny(t *testing.T, w *policiestest.Filmed, when string, want policies.Destiny) {
	t.Helper()
	if got := w.Family.Destruction(w.Org, w.Clip, clocked, w.Now); got.Destiny != want {
		t.Errorf("%s: %q, want %q; reasons %v", when, got.Destiny, want, got.Reasons)
	}
}

func confirm(of policies.StatementID) policies.DisposalAuthorise {
	return policies.DisposalAuthorise{Of: of, Identity: "rang_known_number"}
}

// TestWithdrawalThenDestruction: the clock of five working days, from Monday 2 March,
// and a second person. Neither alone is enough.
func TestWithdrawalThenDestruction(t *testing.T) {
	w := policiestest.NewFilmed()
	wantDestiny(t, w, "before", policies.DestinyNone)
	of := w.Do("ann", "consent.withdraw", withdraw(w))
	wantDestiny(t, w, "at once", policies.DestinyClock)
	w.Now = policiestest.Start + policiestest.Day(7) // Monday, the fifth working day
	wantDestiny(t, w, "on the last day", policies.DestinyClock)
	w.Now += policiestest.Day(1)
	wantDestiny(t, w, "when nobody confirmed it", policies.DestinyAwaits)
	w.Now += policiestest.Day(3650)
	wantDestiny(t, w, "ten years later", policies.DestinyAwaits)
	w.Now = policiestest.Start + policiestest.Day(3)
	if _, err := w.InFamily("ann", "disposal.authorise", confirm(of)); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("confirmed by who recorded it: %v", err)
	}
	w.Do("bea", "disposal.authorise", confirm(of))
	wantDestiny(t, w, "confirmed, and the clock runs", policies.DestinyClock)
	from := w.Family.Destruction(w.Org, w.Clip, clocked, w.Now).From
	if got := from.Time().Format("2006-01-02"); got != "2026-03-10" {
		t.Errorf("from %s, want Tuesday 10 March", got)
	}
	w.Now = from - 1
	wantDestiny(t, w, "the instant before", policies.DestinyClock)
	w.Now = from
	wantDestiny(t, w, "the clock has run", policies.DestinyDestroy)
	w.Do("ann", "consent.sign", w.ConsentBody())
	wantDestiny(t, w, "they agree anew", policies.DestinyNone)
}

// TestHoldsKeepFilm: everything that holds does, by itself, and an authorisation that
// did not know of it never counts, also once it is over.
func TestHoldsKeepFilm(t *testing.T) {
	type world = *policiestest.Filmed
	for _, c := range []struct {
		name string
		hold func(w world) policies.StatementID
		end  func(w world, id policies.StatementID)
	}{
		{"Placed", func(w world) policies.StatementID {
			return w.Do("ig", "hold.place", policies.HoldPlace{Kind: "police"})
		},
			func(w world, id policies.StatementID) { w.Do("head", "hold.release", policies.HoldRelease{Hold: id}) }},
		{"PlacedOnTheClip", func(w world) policies.StatementID {
			return w.Do("ig", "hold.place", policies.HoldPlace{Clips: []policies.ClipID{w.Clip}, Kind: "court"})
		}, func(w world, id policies.StatementID) { w.Do("head", "hold.release", policies.HoldRelease{Hold: id}) }},
		{"PlacedOnTheVisit", func(w world) policies.StatementID {
			return w.Do("ig", "hold.place", policies.HoldPlace{Sessions: []policies.SessionID{w.Family.Clips[w.Clip].Session}, Kind: "inquiry"})
		}, func(w world, id policies.StatementID) { w.Do("head", "hold.release", policies.HoldRelease{Hold: id}) }},
		{"PlacedOnThePerson", func(w world) policies.StatementID {
			return w.Do("ig", "hold.place", policies.HoldPlace{People: []policies.PersonID{w.Mum}, Kind: "subject_access"})
		}, func(w world, id policies.StatementID) { w.Do("head", "hold.release", policies.HoldRelease{Hold: id}) }},
		{"PlacedOnTheService", func(w world) policies.StatementID {
			return inOrg(t, w, "ig", "service.hold", policies.ServiceHoldPlace{Kind: "inquiry"})
		}, func(w world, id policies.StatementID) {
			inOrg(t, w, "head", "service.release", policies.ServiceRelease{Hold: id})
		}},
		{"Provisional", func(w world) policies.StatementID {
			return w.Do("ann", "hold.provisional", policies.HoldProvisional{Reason: "safeguarding"})
		}, func(w world, _ policies.StatementID) { w.Now += policiestest.Day(9) }},
		{"ProvisionalReleased", func(w world) policies.StatementID {
			return w.Do("ann", "hold.provisional", policies.HoldProvisional{Reason: "safeguarding"})
		}, func(w world, id policies.StatementID) { w.Do("ig", "hold.release", policies.HoldRelease{Hold: id}) }},
		{"Request", func(w world) policies.StatementID {
			return w.Do("head", "request.open", policies.RequestOpen{Kind: policies.AccessRequest, ReceivedOn: "2026-03-01"})
		}, func(w world, id policies.StatementID) {
			w.Do("ig", "request.close", policies.RequestClose{Request: id, Outcome: "met"})
		}},
		{"Court", func(w world) policies.StatementID {
			return w.Do("ann", "case.change", policies.CaseChange{LegalStatus: "none", Court: true, Basis: "public_task", Controller: policies.FilmingService})
		}, func(w world, _ policies.StatementID) {
			w.Do("bea", "case.change", policies.CaseChange{LegalStatus: "none", Basis: "public_task", Controller: policies.FilmingService})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			of := w.Do("ann", "consent.withdraw", withdraw(w))
			w.Do("bea", "disposal.authorise", confirm(of))
			w.Now += policiestest.Day(30)
			wantDestiny(t, w, "without a hold", policies.DestinyDestroy)
			id := c.hold(w)
			wantDestiny(t, w, "held", policies.DestinyHeld)
			w.Do("head", "disposal.authorise", confirm(of))
			wantDestiny(t, w, "held, and confirmed by who knew", policies.DestinyHeld)
			w.Family.Authorised = nil
			w.Do("bea", "disposal.authorise", confirm(of))
			accept(t, w, offline(w, "deputy", "disposal.authorise", confirm(of)))
			c.end(w, id)
			wantDestiny(t, w, "over, and confirmed by who knew", policies.DestinyDestroy)
			for _, a := range w.Family.Authorised {
				a.Knew = nil
			}
			wantDestiny(t, w, "over, and confirmed by who did not know", policies.DestinyAwaits)
		})
	}
}

// TestHoldOfAnotherClip keeps that one.
func TestHoldOfAnotherClip(t *testing.T) {
	w := policiestest.NewFilmed()
	of := w.Do("ann", "consent.withdraw", withdraw(w))
	w.Do("ig", "hold.place", policies.HoldPlace{Clips: []policies.ClipID{{7}}, Kind: "court"})
	accept(t, w, offline(w, "bea", "disposal.authorise", confirm(of)))
	w.Now += policiestest.Day(30)
	wantDestiny(t, w, "another is held", policies.DestinyDestroy)
}

// TestHoldStates: a confirmed hold outlives its provisional one, and goes with it.
func TestHoldStates(t *testing.T) {
	w := policiestest.NewFilmed()
	id := w.Do("ann", "hold.provisional", policies.HoldProvisional{Reason: "police_may_ask"})
	state := func(id policies.StatementID) policies.HoldState { return w.Family.HoldState(id, clocked, w.Now) }
	if got := matters(w, policies.HoldWaits); len(got) != 1 || !got[0].Waits(policies.IGOfficer) {
		t.Errorf("matters = %+v, want one for the IG officer", got)
	}
	placed := w.Do("ig", "hold.place", policies.HoldPlace{Kind: "police", Confirms: id})
	if state(id) != policies.HoldConfirmed || state(placed) != policies.HoldStands {
		t.Errorf("confirmed: %q and %q", state(id), state(placed))
	}
	if got := matters(w, policies.HoldWaits); len(got) > 0 {
		t.Errorf("confirmed, and still waiting: %+v", got)
	}
	w.Now += policiestest.Day(300)
	if state(placed) != policies.HoldStands {
		t.Errorf("after a year: %q", state(placed))
	}
	if _, err := w.InFamily("ig", "hold.release", policies.HoldRelease{Hold: placed}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("released by who placed it: %v", err)
	}
	w.Do("head", "hold.release", policies.HoldRelease{Hold: placed})
	if state(placed) != policies.HoldReleased || state(id) != policies.HoldReleased {
		t.Errorf("released: %q and %q", state(placed), state(id))
	}
	alone := w.Do("bea", "hold.provisional", policies.HoldProvisional{Reason: "complaint_made"})
	w.Now += policiestest.Day(9)
	if state(alone) != policies.HoldLapsed {
		t.Errorf("after nine days: %q", state(alone))
	}
	if got := w.Family.HoldState(policies.StatementID{9}, clocked, w.Now); got != "" {
		t.Errorf("an unknown hold is %q", got)
	}
	if _, err := w.InFamily("outsider", "hold.provisional", policies.HoldProvisional{Reason: "complaint_made"}); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("by another team: %v", err)
	}
}

// TestDecisionsOnAWithdrawal: kept on a ground, or destroyed by the head of service's
// word where nobody could be made sure of; the last word counts, and the clock stays.
func TestDecisionsOnAWithdrawal(t *testing.T) {
	w := policiestest.NewFilmed()
	of := w.Do("ann", "consent.withdraw", withdraw(w))
	decide := func(who string, o policies.Outcome, g policies.Ground) error {
		w.Now += policies.Minute
		_, err := w.InFamily(who, "decision.make", policies.DecisionMake{Of: of, Outcome: o, Ground: g})
		return err
	}
	for name, err := range map[string]error{
		"an outcome of another kind of thing": decide("head", policies.Take, policies.CourtOrder),
		"a ground of another outcome":         decide("head", policies.Keep, policies.BothAgree),
	} {
		if !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := decide("head", policies.Destroy, policies.FamilyAsked); err != nil {
		t.Fatal(err)
	}
	wantDestiny(t, w, "decided, and the clock runs", policies.DestinyClock)
	w.Now = policiestest.Start + policiestest.Day(10)
	wantDestiny(t, w, "decided", policies.DestinyDestroy)
	w.Do("bea", "disposal.authorise", confirm(of))
	if err := decide("deputy", policies.Keep, policies.LegalClaim); err != nil {
		t.Fatal(err)
	}
	wantDestiny(t, w, "to be kept", policies.DestinyKept)
	if got := matters(w, policies.WithdrawalWaits); len(got) > 0 {
		t.Errorf("decided, and still waiting: %+v", got)
	}
}

// TestWithdrawalEscalates: team, head of service, IG officer, until somebody confirms.
func TestWithdrawalEscalates(t *testing.T) {
	w := policiestest.NewFilmed()
	of := w.Do("ann", "consent.withdraw", withdraw(w))
	for days, want := range map[int]int{0: 1, 8: 2, 16: 3, 3000: 3} {
		w.Now = policiestest.Start + policiestest.Day(days)
		if got := matters(w, policies.WithdrawalWaits); len(got) != 1 || len(got[0].For) != want {
			t.Errorf("after %d days: %+v, want %d desks", days, got, want)
		}
	}
	w.Now = policiestest.Start + policiestest.Day(2)
	w.Do("bea", "disposal.authorise", confirm(of))
	if got := matters(w, policies.WithdrawalWaits); len(got) > 0 {
		t.Errorf("confirmed, and still waiting: %+v", got)
	}
	w.Do("ig", "hold.place", policies.HoldPlace{Kind: "court"})
	if got := matters(w, policies.WithdrawalWaits); len(got) != 1 {
		t.Errorf("confirmed without knowing of the hold: %+v, want it to wait", got)
	}
}

// TestRequestClocks: the corresponding date, thirty days, and none.
func TestRequestClocks(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Now += policiestest.Day(1)
	for kind, want := range map[policies.RequestKind]string{
		policies.AccessRequest: "2026-02-28", policies.ErasureRequest: "2026-02-28", policies.Complaint: "2026-03-02", policies.CourtNotice: "",
	} {
		d := policies.LegalRequest{Kind: kind, ReceivedOn: "2026-01-31"}
		if got := d.AnswerBy(clocked).String(); got != want {
			t.Errorf("%s of %s: by %q, want %q", kind, d.ReceivedOn, got, want)
		}
	}
	id := w.Do("ann", "request.open", policies.RequestOpen{Kind: policies.Complaint, ReceivedOn: "2026-03-02"})
	if got := matters(w, policies.RequestWaits); len(got) != 1 || !got[0].Waits(policies.IGOfficer) || got[0].Due.Time().Format("2006-01-02") != "2026-04-01" {
		t.Errorf("matters = %+v, want one until 1 April", got)
	}
	w.Do("ig", "request.close", policies.RequestClose{Request: id, Outcome: "met"})
	if got := matters(w, policies.RequestWaits); len(got) > 0 {
		t.Errorf("closed, and still waiting: %+v", got)
	}
	if _, err := w.InFamily("ann", "request.open", policies.RequestOpen{Kind: policies.Complaint, ReceivedOn: "2026-05-02"}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("a request from the future: %v", err)
	}
}

// TestCourtFlagWinsInAnyOrder: a change made without knowing of it does not take it
// away, however late it arrives.
func TestCourtFlagWinsInAnyOrder(t *testing.T) {
	w := policiestest.NewFilmed()
	body := policies.CaseChange{LegalStatus: "child_in_need", Basis: "public_task", Controller: policies.RecordHolder}
	late := offline(w, "bea", "case.change", body)
	late.At += policiestest.Day(1)
	in := body
	in.Court = true
	w.Do("ann", "case.change", in)
	w.Now += policiestest.Day(2)
	accept(t, w, late)
	if !w.Family.InCourt() || w.Family.Case().ID != late.ID {
		t.Errorf("court flag %v, last change %v", w.Family.InCourt(), w.Family.Case())
	}
	w.Do("bea", "case.change", body)
	if w.Family.InCourt() {
		t.Error("taken away by somebody who knew, and it stands")
	}
	w.Do("ann", "family.close", policies.FamilyClose{EndedOn: "2026-03-04"})
	if w.Family.Closed == nil || w.Family.Closed.EndedOn != "2026-03-04" {
		t.Errorf("closed = %+v", w.Family.Closed)
	}
}

// TestNothingIsDestroyedByDefault: in random histories, whatever the order, film may be
// destroyed only when somebody other than who recorded the withdrawal said so knowing
// every hold, the clock has run, and nothing holds it; a hold, a request or the court
// flag added to it always stops that.
func TestNothingIsDestroyedByDefault(t *testing.T) {
	var may int
	rapid.Check(t, func(t *rapid.T) {
		w, _ := story(t)
		if rapid.Bool().Draw(t, "asked and confirmed") {
			of := w.Do("ann", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Mum}, Channel: policies.ByPhone})
			w.Do("ig", "disposal.authorise", confirm(of))
		}
		w.Now += policiestest.Day(rapid.SampledFrom([]int{0, 5, 20, 400}).Draw(t, "days later"))
		for id := range w.Family.Clips {
			d := w.Family.Destruction(w.Org, id, clocked, w.Now)
			if d.Destiny != policies.DestinyDestroy {
				continue
			}
			may++
			if err := lawfullyDestroyed(w, id); err != "" {
				t.Fatalf("%s may be destroyed, and %s; %v", id.Short(), err, d.Reasons)
			}
			g := w.Family.Clone()
			hold := rapid.SampledFrom([]func(){
				func() { w.Do("ig", "hold.place", policies.HoldPlace{Kind: "inquiry"}) },
				func() {
					w.Do("ig", "request.open", policies.RequestOpen{Kind: policies.ErasureRequest, ReceivedOn: "2026-03-02"})
				},
				func() {
					w.Do("ig", "hold.place", policies.HoldPlace{Clips: []policies.ClipID{id}, Kind: "complaint"})
				},
			}).Draw(t, "hold")
			hold()
			if got := w.Family.Destruction(w.Org, id, clocked, w.Now).Destiny; got == policies.DestinyDestroy {
				t.Fatal("held, and may be destroyed")
			}
			w.Family = g
		}
	})
	t.Logf("%d clips could be destroyed", may)
}

// lawfullyDestroyed says again, by hand, what must be so; "" when it is.
func lawfullyDestroyed(w *policiestest.Filmed, id policies.ClipID) string {
	f := w.Family
	if len(f.HeldBy(w.Org, id, clocked, w.Now)) > 0 {
		return "it is held"
	}
	knewAll := func(knew []policies.StatementID) bool {
		for hold, h := range f.Holds {
			if h.Covers(f.Clips[id]) && !slices.Contains(knew, hold) {
				return false
			}
		}
		for request := range f.Requests {
			if !slices.Contains(knew, request) {
				return false
			}
		}
		return true
	}
	if d := f.Decisions[policies.StatementID(id)]; d != nil && d.Outcome == policies.Destroy && knewAll(d.Knew) {
		return ""
	}
	for of, s := range f.Stops {
		if !slices.ContainsFunc(s.People, func(p policies.PersonID) bool { return slices.Contains(f.Clips[id].People, p) }) {
			continue
		}
		if w.Now < s.At+policiestest.Day(5) {
			continue
		}
		for _, a := range f.Authorised {
			if a.Of == of && a.By != s.By && knewAll(a.Knew) {
				return ""
			}
		}
		if d := f.Decisions[of]; d != nil && d.Outcome == policies.Destroy && d.By != s.By && knewAll(d.Knew) {
			return ""
		}
	}
	return "nobody asked and confirmed"
}

// TestAnotherWithdrawalNeverShortens: it never brings an earlier date.
func TestAnotherWithdrawalNeverShortens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, _ := story(t)
		before := w.Family.Destruction(w.Org, w.Clip, clocked, w.Now)
		w.Now += policies.Minute
		w.Do("sup", "consent.withdraw", withdraw(w))
		after := w.Family.Destruction(w.Org, w.Clip, clocked, w.Now)
		if after.Destiny == policies.DestinyDestroy && before.Destiny != policies.DestinyDestroy {
			t.Fatalf("a withdrawal made it possible at once: %v", after.Reasons)
		}
		if before.From != 0 && after.From != 0 && after.From < before.From {
			t.Fatalf("from %s, before %s", after.From.Time(), before.From.Time())
		}
	})
}
