package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// What one person must not bring about alone, tried by one person.

// TestHeadAloneDestroysNothing: neither film that the service has and nobody asked to
// stop, nor film that only their own word has stopped.
func TestHeadAloneDestroysNothing(t *testing.T) {
	order := func(w *policiestest.Filmed, who string, clip policies.ClipID) {
		t.Helper()
		w.Now += policies.Minute
		_, err := w.InFamily(who, "decision.make", policies.DecisionMake{Of: policies.StatementID(clip), Outcome: policies.Destroy, Ground: policies.BestInterests})
		if err != nil && !errors.Is(err, policies.ErrNotPossible) {
			t.Fatal(err)
		}
	}
	w := policiestest.NewFilmed()
	order(w, "head", w.Clip)
	wantDestiny(t, w, "stored, and nobody asked", policies.DestinyNone)
	w.Do("head", "consent.withdraw", withdraw(w))
	order(w, "head", w.Clip)
	wantDestiny(t, w, "stored, and withdrawn by who ordered it", policies.DestinyClock)

	w = policiestest.NewFilmed()
	w.Clip = policies.ClipID(w.Do("ann", "clip.add", w.ClipBody())) // on its way
	order(w, "head", w.Clip)
	if got := w.Family.Arrival(w.Org, w.Clip); got != policies.ArrivalOpen {
		t.Errorf("nothing stops it, and it is %q", got)
	}
	w.Do("head", "consent.withdraw", withdraw(w))
	order(w, "head", w.Clip)
	if got := w.Family.Arrival(w.Org, w.Clip); got != policies.ArrivalAwaits {
		t.Errorf("stopped by who ordered it, and it is %q", got)
	}
	order(w, "deputy", w.Clip)
	if got := w.Family.Arrival(w.Org, w.Clip); got != policies.ArrivalDestroy {
		t.Errorf("stopped by one and ordered by another, and it is %q", got)
	}
}

// TestHeadAloneCoversWithNobody: a head of service can invite and confirm a practitioner
// who does not exist, and see a family's film under that name if cover brings them its key.
func TestHeadAloneCoversWithNobody(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Join("puppet", policies.Practitioner)
	w.Confirm("puppet")
	body := policies.CoverAuthorise{Staff: w.Staff["puppet"].ID, Until: w.Now + policiestest.Day(14)}
	for _, who := range []string{"head", "deputy"} {
		if _, err := w.InFamily(who, "cover.authorise", body); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("authorised by %s, of somebody whom only heads of service know: %v", who, err)
		}
	}
	again := policies.StaffConfirm{Staff: body.Staff, Certificate: w.Staff["puppet"].Person}
	for _, who := range []string{"head", "deputy"} {
		if _, err := w.InOrg(w.Key(who), "staff.confirm", again); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("confirmed twice, the second time by %s: %v", who, err)
		}
	}
	w.Hear("puppet")
	if _, err := w.InOrg(w.Key("ig"), "staff.confirm", again); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("heard twice: %v", err)
	}
	w.Do("head", "cover.authorise", body)
	if !w.Family.TeamAt(body.Staff, w.Now) {
		t.Error("a practitioner whom the IG officer has heard does not cover")
	}
}

// TestTeamAloneConfirmsNoPress: whoever is on the team can open a link, since the
// family's key opens its PIN, and press what the carer would.
func TestTeamAloneConfirmsNoPress(t *testing.T) {
	w := policiestest.NewFilmed()
	of := w.Do("server", "consent.suspend", policies.ConsentSuspend{People: []policies.PersonID{w.Mum}, Link: w.Link})
	if _, err := w.InFamily("bea", "disposal.authorise", confirm(of)); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("confirmed by somebody of the team: %v", err)
	}
	w.Do("head", "disposal.authorise", confirm(of))
}

// TestCoverOverViewerStays: whoever covered until a date, and stays on the list of
// viewers, has from then on what a viewer has.
func TestCoverOverViewerStays(t *testing.T) {
	w := policiestest.NewFilmed()
	who := w.Staff["outsider"].ID
	until := w.Now + policiestest.Day(1)
	w.Do("ann", "viewer.add", w.ListingBody("outsider"))
	w.Do("head", "cover.authorise", policies.CoverAuthorise{Staff: who, Until: until})
	for now, team := range map[policies.Micros]bool{w.Now: true, until: false} {
		if got := policies.MaySee(w.Family, who, policies.Content, now); got != team {
			t.Errorf("covering %v: sees notes = %v", team, got)
		}
		for kind, name := range map[policies.Kind]string{"clip.add": policies.HeaderFor(w.Family.Recipient), "key.wrap": "key/" + who.String(), "consent.sign": "form"} {
			if got := policies.MayReceive(w.Org, w.Family, who, kind, name, now); got != team {
				t.Errorf("covering %v: receives %s of %s = %v", team, name, kind, got)
			}
		}
	}
}

// TestRecoveryUnderAnotherName: whoever had the key in force from the custodians has it,
// whatever key they name when they bring it back.
func TestRecoveryUnderAnotherName(t *testing.T) {
	w := keyed()
	use := w.Do("head", "recovery.use", policies.RecoveryUse{Ground: policies.RecoverCover, Pair: policies.PairAB, For: w.Staff["bea"].ID})
	w.Do("ig", "recovery.confirm", policies.RecoveryConfirm{Use: use})
	if len(due(w)) != 0 {
		t.Fatal("due already")
	}
	w.Do("head", "recovery.restore", policies.RecoveryRestore{Use: use, Key: policiestest.Digest("another key"), To: policies.KeyName(policiestest.Recipient("bea"))})
	if got := due(w); len(got) != 1 || got[0] != w.Staff["head"].ID {
		t.Errorf("due because of %v, want the head of service", got)
	}
	w.Now += policies.Minute
	w.Do("ann", "key.turn", w.TurnBody("after", w.Family.KeyStatement(), "ann", "bea"))
	if got := due(w); len(got) != 0 {
		t.Errorf("turned since, and due because of %v", got)
	}
}

// TestKeyOfAPerson: a family's key is nobody's own, nor the custodians'. The keys of a
// viewer are named by theirs: as the family's they would pass for the team's.
func TestKeyOfAPerson(t *testing.T) {
	w := keyed()
	for _, whose := range []string{policiestest.Recipient("sup"), w.Org.Custodians[0]} {
		turn := w.TurnBody("own", w.Family.KeyStatement(), "ann")
		turn.Recipient = whose
		if _, err := w.InFamily("ann", "key.turn", turn); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("turned to a person's key: %v", err)
		}
		s := w.Make(w.Key("ann"), policies.KindFamilyOpen, policies.RecordID{}, policies.FamilyOpen{Reference: "NF-9", Programme: w.Family.Programme, Recipient: whose})
		if _, _, err := policies.NewFamily(w.Org, s, w.Now); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("opened with a person's key: %v", err)
		}
	}
}

// TestNobodyStopsForGood: one stolen phone that says stop a thousand times, in every way
// that there is, leaves a family that can agree again; and when it has, a single word
// stops it again.
func TestNobodyStopsForGood(t *testing.T) {
	w := policiestest.NewFilmed()
	both := []policies.PersonID{w.Mum, w.Kid}
	flood := func(who string, kind policies.Kind, bodies ...policies.Body) (taken int) {
		t.Helper()
		for range 300 {
			for _, b := range bodies {
				if !w.Family.Enough(b) {
					w.Do(who, kind, deref(b))
					taken++
				}
			}
		}
		return taken
	}
	stops := func() int {
		return flood("sup", "consent.withdraw",
			&policies.ConsentWithdraw{People: both, Channel: policies.ByPhone},
			&policies.ConsentWithdraw{People: both, Channel: policies.ByPhone, Purposes: []policies.Purpose{policies.Supervision}})
	}
	stops()
	flood("sup", "consent.object",
		&policies.ConsentObject{People: []policies.PersonID{w.Kid}, By: policies.PersonID{7}, Channel: policies.ByPhone})
	flood("head", "team.remove", &policies.TeamRemove{Staff: w.Staff["bea"].ID})
	flood("head", "approval.revoke", &policies.ApprovalRevoke{Request: w.Approval, Reason: policies.NotNow})
	for _, b := range []policies.Body{w.ConsentBody(), policies.TeamAdd{Staff: w.Staff["bea"].ID}, policies.ApprovalGrant{Request: w.Approval}} {
		if got := len(w.Family.RestrictionsFor(b)); got > policies.MaxDeps {
			t.Errorf("%T names %d, %d at most", b, got, policies.MaxDeps)
		}
	}
	w.Do("ann", "team.add", policies.TeamAdd{Staff: w.Staff["bea"].ID})
	w.Do("ann", "consent.sign", w.ConsentBody())
	if !w.Family.OnTeam(w.Staff["bea"].ID) || !w.Family.ConsentFor(w.Mum, policies.FilmAndUse, w.Now) {
		t.Fatal("stopped for good")
	}
	if got := stops(); got == 0 || got > 2 || w.Family.ConsentFor(w.Mum, policies.FilmAndUse, w.Now) {
		t.Errorf("%d words taken after they agreed anew, and they agree: %v", got, w.Family.ConsentFor(w.Mum, policies.FilmAndUse, w.Now))
	}
}

// deref is a decoded body as the tests write it.
func deref(b policies.Body) policies.Body {
	switch b := b.(type) {
	case *policies.ConsentWithdraw:
		return *b
	case *policies.ConsentObject:
		return *b
	case *policies.TeamRemove:
		return *b
	case *policies.ApprovalRevoke:
		return *b
	}
	return b
}

// TestSessionOfAnotherDay: who said no on the day of filming is not filmed by naming
// a session of another day.
func TestSessionOfAnotherDay(t *testing.T) {
	w := policiestest.NewFilmed()
	c := *w.Family.Clips[w.Clip]
	day := func(m policies.Micros) string { return m.Time().Format("2006-01-02") }
	c.Session = policies.SessionID(w.Do("ann", "session.log", policies.SessionLog{On: day(c.Captured.From - policiestest.Day(3)), Number: 8, StillHappy: true}))
	if !w.Family.HappyWith(&c) {
		t.Error("nobody said no")
	}
	w.Do("ann", "session.log", policies.SessionLog{On: day(c.Captured.From), Number: 9, Refused: true})
	if w.Family.HappyWith(&c) {
		t.Error("somebody said no on the day of filming")
	}
}
