package policies_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	"pgregory.net/rapid"
)

// story draws a family's statements by several devices, some of which know every
// restriction and some of which have been offline: then deps are a part of what
// there is to know.
func story(t *rapid.T) (*policiestest.Filmed, *policies.Family) {
	w := policiestest.NewFilmed()
	first := w.Family.Clone()
	if _, err := w.InOrg(w.Key("head"), "deputy.appoint", policies.DeputyAppoint{
		Staff: w.Staff["outsider"].ID, From: w.Now, Until: w.Now + policiestest.Day(20), Reason: policies.OnLeave,
	}); err != nil {
		t.Fatal(err)
	}
	ownApprovals(t, w)
	n := rapid.IntRange(3, 14).Draw(t, "statements")
	for i := range n {
		w.Now += policies.Micros(rapid.Int64Range(1, 5*24*3600).Draw(t, "seconds")) * 1e6
		act := rapid.SampledFrom(slices.Concat(acts, keyActs)).Draw(t, "act")
		who, kind, body := act(t, w, i)
		s := w.ByDefault(who, kind, body)
		if rapid.Bool().Draw(t, "offline") && len(s.Deps) > 0 {
			s.Deps = s.Deps[:rapid.IntRange(0, len(s.Deps)-1).Draw(t, "knew")]
		}
		if _, err := w.Accept(s); err != nil && !errors.Is(err, policies.ErrNotPossible) && !errors.Is(err, policies.ErrSigner) && !errors.Is(err, policies.ErrMissing) {
			t.Fatalf("%s by %s: %v", kind, who, err)
		}
	}
	return w, first
}

var acts = []func(t *rapid.T, w *policiestest.Filmed, i int) (string, policies.Kind, policies.Body){
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "team.remove", policies.TeamRemove{Staff: w.Staff[team(t)].ID}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "team.add", policies.TeamAdd{Staff: w.Staff[rapid.SampledFrom([]string{"ann", "bea", "outsider"}).Draw(t, "whom")].ID}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "approval.request", w.RequestBody()
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return boss(t, w), "approval.grant", policies.ApprovalGrant{Request: request(t, w)}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return boss(t, w), "approval.decline", policies.ApprovalDecline{Request: request(t, w), Reason: policies.NotNow}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return boss(t, w), "approval.revoke", policies.ApprovalRevoke{Request: request(t, w), Reason: policies.Safeguarding}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		form := w.ConsentBody()
		form.Purposes[0].Yes = rapid.Bool().Draw(t, "says yes")
		if rapid.Bool().Draw(t, "separate") {
			form.Purposes = form.Purposes[1:]
		}
		form.SignedOn = (w.Now - policiestest.Day(rapid.IntRange(0, 9).Draw(t, "days since the paper was signed"))).Time().Format("2006-01-02")
		return team(t), "consent.sign", form
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		people := rapid.SampledFrom([][]policies.PersonID{{w.Mum}, {w.Kid}, {w.Mum, w.Kid}}).Draw(t, "who withdraws")
		return rapid.SampledFrom([]string{"ann", "sup", "server"}).Draw(t, "who"), "consent.withdraw", policies.ConsentWithdraw{
			People: people, Channel: policies.ByPhone,
			Purposes: rapid.SampledFrom([][]policies.Purpose{nil, {policies.Supervision}, {policies.FamilyCopy, policies.Supervision}, {policies.FilmAndUse}}).Draw(t, "of what"),
		}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		b := w.ClipBody()
		b.Approval = approvalOf(t, w)
		return team(t), "clip.add", b
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "clip.annotate", policies.ClipAnnotate{Clip: w.Clip, Source: rapid.SampledFrom([]policies.SourceFate{policies.SourceKept, policies.SourceRemoved}).Draw(t, "fate")}
	},
	func(t *rapid.T, w *policiestest.Filmed, i int) (string, policies.Kind, policies.Body) {
		return team(t), "link.create", w.LinkBody(fmt.Sprint("link ", i))
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return "head", "link.revoke", policies.LinkRevoke{Link: w.Link}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		people := rapid.SampledFrom([][]policies.PersonID{{w.Mum}, {w.Kid}, {w.Mum, w.Kid}}).Draw(t, "who is stopped for")
		return "server", "consent.suspend", policies.ConsentSuspend{People: people, Link: w.Link}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "viewer.add", w.ListingBody(watcher(t))
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "viewer.remove", policies.ViewerRemove{Staff: w.Staff[watcher(t)].ID}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		var of []policies.StatementID
		for _, l := range w.Family.Listings() {
			of = append(of, l.ID)
		}
		return boss(t, w), "countersign", policies.Countersign{Of: rapid.SampledFrom(of).Draw(t, "entry")}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return rapid.SampledFrom([]string{"ann", "sup", "deputy"}).Draw(t, "who"), "consent.object",
			policies.ConsentObject{People: []policies.PersonID{w.Kid}, By: w.Mum, Channel: policies.Writing}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		of := []policies.StatementID{{1}, policies.StatementID(w.Clip)} // of nothing, and of a clip
		for _, o := range w.Family.Objected() {
			of = append(of, o.ID)
		}
		of = append(of, ids(w.Family.Stops)...)
		return boss(t, w), "decision.make", policies.DecisionMake{
			Of: rapid.SampledFrom(of).Draw(t, "of"), Outcome: rapid.SampledFrom(policies.Outcomes()).Draw(t, "outcome"), Ground: policies.CourtOrder,
		}
	},
	func(t *rapid.T, w *policiestest.Filmed, i int) (string, policies.Kind, policies.Body) {
		return team(t), "link.pin", policies.LinkPIN{Link: w.Link, PIN: policiestest.Digest(fmt.Sprint("PIN ", i))}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return boss(t, w), "breakglass.open", w.GlassBody(rapid.SampledFrom([]string{"ann", "bea", "outsider"}).Draw(t, "for whom"))
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		id := policies.GlassID{9} // not there yet
		if all := w.Family.Glasses(); len(all) > 0 {
			id = rapid.SampledFrom(all).Draw(t, "glass").ID
		}
		return rapid.SampledFrom([]string{"head", "ig"}).Draw(t, "who ends it"), "breakglass.close", policies.BreakglassClose{Glass: id}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "hold.provisional", policies.HoldProvisional{Clips: heldClips(t, w), Sessions: heldVisits(t, w), Reason: "safeguarding"}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		confirms := append(ids(w.Family.Holds), policies.StatementID{})
		return "ig", "hold.place", policies.HoldPlace{Clips: heldClips(t, w), People: heldPeople(t, w), Kind: "police", Confirms: rapid.SampledFrom(confirms).Draw(t, "confirms")}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return rapid.SampledFrom([]string{"ig", "head"}).Draw(t, "who"), "hold.release", policies.HoldRelease{Hold: one(t, w.Family.Holds)}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return rapid.SampledFrom([]string{"ig", "head", "ann"}).Draw(t, "who"), "request.open", policies.RequestOpen{
			Kind: rapid.SampledFrom(policies.RequestKinds()).Draw(t, "kind of request"), People: []policies.PersonID{w.Kid}, ReceivedOn: "2026-03-02"}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		b := policies.RequestClose{Request: one(t, w.Family.Requests), Outcome: rapid.SampledFrom(policies.RequestOutcomes()).Draw(t, "outcome")}
		if b.Outcome != "met" && b.Outcome != "taken_back" {
			b.Ground = rapid.SampledFrom(policies.RequestGrounds()).Draw(t, "ground")
		}
		return "ig", "request.close", b
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return "ig", "request.clock", policies.RequestClock{Request: one(t, w.Family.Requests), Step: rapid.SampledFrom(policies.ClockSteps()).Draw(t, "step"), On: "2026-03-02"}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "case.change", policies.CaseChange{LegalStatus: "care_order", Court: rapid.Bool().Draw(t, "court"), Basis: "public_task", Controller: policies.FilmingService}
	},
	func(t *rapid.T, w *policiestest.Filmed, i int) (string, policies.Kind, policies.Body) {
		return team(t), "summary.file", policies.SummaryFile{Clips: []policies.ClipID{w.Clip}, FiledOn: fmt.Sprintf("2026-02-%02d", i+1), Where: "case_record"}
	},
	func(t *rapid.T, w *policiestest.Filmed, i int) (string, policies.Kind, policies.Body) {
		return team(t), "family.close", policies.FamilyClose{EndedOn: fmt.Sprintf("2026-02-%02d", i+1)}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return rapid.SampledFrom([]string{"bea", "head", "ig"}).Draw(t, "who"), "disposal.authorise", policies.DisposalAuthorise{Of: one(t, w.Family.Stops), Identity: "met_in_person"}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return team(t), "device.purged", policies.DevicePurged{Clip: rapid.SampledFrom([]policies.ClipID{w.Clip, {}}).Draw(t, "of what"), Order: policies.StatementID{1}}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		change := policies.PersonChange{Person: rapid.SampledFrom([]policies.PersonID{w.Mum, w.Kid}).Draw(t, "who is changed")}
		switch rapid.IntRange(0, 3).Draw(t, "what is changed") {
		case 0:
			change.Contact = rapid.SampledFrom(policies.Contacts()).Draw(t, "contact")
		case 1:
			change.Born = rapid.SampledFrom([]string{"2010-02", "2014-03"}).Draw(t, "born")
		case 2:
			change.Basis = rapid.SampledFrom(policies.Bases()).Draw(t, "basis")
		default:
			change.Contact = policies.NoLink
			change.Review = policies.CompetenceReview{On: "2026-02-10", Outcome: rapid.SampledFrom(policies.Competences()).Draw(t, "outcome")}
		}
		return team(t), "person.change", change
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		b := w.ApproveBody()
		if rapid.Bool().Draw(t, "kept on") {
			b.Outcome, b.Until, b.Again = policies.KeepOn, "", "2026-04-01"
		}
		return rapid.SampledFrom([]string{"ig", "head"}).Draw(t, "who lets it go"), "disposal.approve", b
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return "server", "clip.mark", w.MarkBody(one(t, w.Family.Appraisals), policies.BySchedule)
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return "server", "clip.spare", policies.ClipSpare{Clip: w.Clip, Mark: one(t, w.Family.Marks)}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return "server", "clip.destroy", policies.ClipDestroy{Clip: w.Clip, Mark: one(t, w.Family.Marks)}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		order := w.Family.Clips[w.Clip].Destroying
		if order.IsZero() {
			order = policies.StatementID{1} // not there yet
		}
		return "server", "clip.dispose", w.DisposeBody(order, policies.StatementID{1})
	},
}

func heldClips(t *rapid.T, w *policiestest.Filmed) []policies.ClipID {
	return rapid.SampledFrom([][]policies.ClipID{{}, {w.Clip}, {{7}}}).Draw(t, "clips held")
}

func heldVisits(t *rapid.T, w *policiestest.Filmed) []policies.SessionID {
	return rapid.SampledFrom([][]policies.SessionID{{}, {w.ClipBody().Session}, {{7}}}).Draw(t, "visits held")
}

func heldPeople(t *rapid.T, w *policiestest.Filmed) []policies.PersonID {
	return rapid.SampledFrom([][]policies.PersonID{{}, {w.Kid}, {{7}}}).Draw(t, "people held")
}

// ids lists what a map has, in order.
func ids[V any](m map[policies.StatementID]V) []policies.StatementID {
	list := slices.Collect(maps.Keys(m))
	slices.SortFunc(list, func(a, b policies.StatementID) int { return slices.Compare(a[:], b[:]) })
	return list
}

// one draws one of them, or one that there is not.
func one[V any](t *rapid.T, m map[policies.StatementID]V) policies.StatementID {
	return rapid.SampledFrom(append(ids(m), policies.StatementID{1})).Draw(t, "which")
}

// ownApprovals has the practitioners ask for approvals of their own, and the head of
// service grant, decline and revoke some, before the family's story begins.
func ownApprovals(t *rapid.T, w *policiestest.Filmed) {
	for range rapid.IntRange(0, 5).Draw(t, "own approvals") {
		who := rapid.SampledFrom([]string{"ann", "bea", "outsider"}).Draw(t, "who")
		id := ownApproval(t, w, who)
		for _, kind := range rapid.SampledFrom([][]policies.Kind{
			{}, {"approval.grant"}, {"approval.grant"}, {"approval.decline"}, {"approval.grant", "approval.revoke"},
		}).Draw(t, "decided") {
			body := map[policies.Kind]policies.Body{
				"approval.grant":   policies.ApprovalGrant{Request: id},
				"approval.decline": policies.ApprovalDecline{Request: id, Reason: policies.NotNow},
				"approval.revoke":  policies.ApprovalRevoke{Request: id, Reason: policies.MoreNeeded},
			}[kind]
			if _, err := w.InOrg(w.Key("head"), kind, body); err != nil {
				t.Fatal(err)
			}
		}
		w.Now += policies.Hour
	}
}

func ownApproval(t interface{ Fatal(...any) }, w *policiestest.Filmed, who string) policies.ApprovalID {
	id, err := w.InOrg(w.Key(who), "approval.request", w.RequestBody())
	if err != nil {
		t.Fatal(err)
	}
	return policies.ApprovalID(id)
}

// approvalOf is an approval of the family, or a practitioner's own.
func approvalOf(t *rapid.T, w *policiestest.Filmed) policies.ApprovalID {
	if len(w.Org.Approvals) == 0 || rapid.Bool().Draw(t, "the family's approval") {
		return request(t, w)
	}
	return pick(t, "own approval", w.Org.Approvals)
}

func watcher(t *rapid.T) string {
	return rapid.SampledFrom([]string{"sup", "outsider"}).Draw(t, "viewer")
}

func team(t *rapid.T) string {
	return rapid.SampledFrom([]string{"ann", "bea"}).Draw(t, "practitioner")
}

// boss is a head of service, or for the first weeks a deputy.
func boss(t *rapid.T, w *policiestest.Filmed) string {
	who := []string{"head", "deputy"}
	if w.Org.Deputises(w.Staff["outsider"].ID, w.Now) {
		who = append(who, "outsider")
	}
	return rapid.SampledFrom(who).Draw(t, "head")
}

func request(t *rapid.T, w *policiestest.Filmed) policies.ApprovalID {
	var ids []policies.ApprovalID
	for id := range w.Family.Approvals {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b policies.ApprovalID) int { return slices.Compare(a[:], b[:]) })
	return rapid.SampledFrom(ids).Draw(t, "request")
}

// TestFoldingCommutes folds the accepted statements of one history in another
// order. A statement that rests on one that has not arrived is deferred and tried
// again, as storage does; every other must be accepted, and the state must come
// out the same in everything but the head.
//
// Source: DESIGN §3, restrictions win in any order; attacks 1.
func TestFoldingCommutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, _ := story(t)
		opening, rest := w.Log[0], rapid.Permutation(w.Log[1:]).Draw(t, "order")
		f, _, err := policies.NewFamily(w.Org, opening, policiestest.Start)
		if err != nil {
			t.Fatal(err)
		}
		for len(rest) > 0 {
			var deferred []policies.Statement
			for _, s := range rest {
				before := text(t, f)
				_, err := f.Apply(w.Org, s, s.At)
				switch {
				case errors.Is(err, policies.ErrMissing) || errors.Is(err, policies.ErrSigner) && notYetOnTeam(w, f, s):
					deferred = append(deferred, s)
				case err != nil:
					t.Fatalf("%s refused in another order: %v", s.Kind, err)
				}
				if err != nil && text(t, f) != before {
					t.Fatalf("%s was refused and changed the state", s.Kind)
				}
			}
			if len(deferred) == len(rest) {
				t.Fatalf("%d statements never found what they rest on", len(rest))
			}
			rest = deferred
		}
		got, want := f.Clone(), w.Family.Clone()
		got.Head, want.Head = policies.Digest{}, policies.Digest{}
		if text(t, got) != text(t, want) {
			t.Fatalf("state = %s\nwant    %s", text(t, got), text(t, want))
		}
	})
}

// notYetOnTeam: the author was put on the team by a statement still to come.
func notYetOnTeam(w *policiestest.Filmed, f *policies.Family, s policies.Statement) bool {
	by, _ := w.Org.Signer(s.Signer)
	return f.Team[by.Staff] == nil && w.Family.Team[by.Staff] != nil
}

func text(t interface{ Fatal(...any) }, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRestrictionsOnlyTakeAway: adding a withdrawal, removal or revocation to any
// history never turns a no into a yes.
func TestRestrictionsOnlyTakeAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, _ := story(t)
		before := permissions(w)
		restrict := []int{0, 4, 5, 7, 11, 12, 14, 16, 20, 21, 22, 24}
		who, kind, body := acts[rapid.SampledFrom(restrict).Draw(t, "restriction")](t, w, 0)
		if _, err := w.Accept(w.ByDefault(who, kind, body)); err != nil {
			t.Fatal(err)
		}
		after := permissions(w)
		for name, allowed := range after {
			if allowed && !before[name] {
				t.Errorf("%s made %s possible", kind, name)
			}
		}
	})
}

func permissions(w *policiestest.Filmed) map[string]bool {
	f, m := w.Family, map[string]bool{}
	for name, p := range w.Staff {
		m["team of "+name] = f.OnTeam(p.ID)
	}
	for id := range f.Approvals {
		m["filming under "+id.Short()] = f.ApprovalState(id, w.Now) == policies.Granted
	}
	for id := range w.Org.Approvals {
		m["filming under own "+id.Short()] = f.FilmingState(w.Org, id, w.Now) == policies.Granted
	}
	for id := range f.Clips {
		m["film of "+id.Short()] = f.FilmPermitted(w.Org, id, w.Now)
	}
	for id := range f.Clips {
		m["use of "+id.Short()] = len(f.ClipConsented(id, policies.FilmAndUse, w.Now)) == 0
		m["copy of "+id.Short()] = len(f.ClipConsented(id, policies.FamilyCopy, w.Now)) == 0
		m["destroying "+id.Short()] = f.Destruction(w.Org, id, clocked, w.Now).Destiny == policies.DestinyDestroy
		m["arrival of "+id.Short()] = f.Arrival(w.Org, id) == policies.ArrivalOpen || f.Arrival(w.Org, id) == policies.ArrivalTaken
		m["viewer of "+id.Short()] = f.MayView(w.Org, w.Staff["sup"].ID, id, policies.Supervision, w.Now)
	}
	for _, g := range f.Glasses() {
		m["glass "+g.ID.Short()] = f.GlassState(g.ID, w.Now) == policies.GlassOpen
	}
	for id := range f.Links {
		m["link "+id.Short()] = f.LinkState(id, w.Now) == policies.LinkOpen
	}
	return m
}

// TestCloneSharesNothing folds on from a clone and looks at the original.
func TestCloneSharesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, first := story(t)
		fresh := policiestest.NewFilmed()
		if got, want := text(t, first), text(t, fresh.Family); got != want {
			t.Fatalf("the clone moved: %s\nwant %s", got, want)
		}
		org := w.Org.Clone()
		before := text(t, org)
		w.Join("newcomer", policies.Practitioner)
		w.Confirm("newcomer")
		if text(t, org) != before {
			t.Fatal("the organisation's clone moved")
		}
	})
}
