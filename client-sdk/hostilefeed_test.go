package attune_test

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// feedLie is one lie about the feed: what happened before, how the page is rewritten,
// with which code it is refused, and whether what shows it is kept.
type feedLie struct {
	name string
	want wire.Code
	kept bool
	news func(t *testing.T, w *stage) // that the victim has not received; a session by default
	lie  func(t *testing.T, w *stage, p *wire.PullReply)
}

// TestHostilePages: each lie that a page of the feed can hold.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	org := policies.RecordID(w.victim.Keys.Org())
	family := policies.RecordID(w.id)
	sam, mo := w.sam.Keys.Staff(), w.mo.Keys.Staff()
	theirs, operator := stranger(t)
	second := public(theirs)
	invited, invite, err := w.head.Staff.Invite(policies.Practitioner, "Uma Vale")
	must(t, err)
	uma := w.welcome("Uma Vale", invited, invite)
	w.sync(w.victim)
	photographed, err := attune.ParseInvitation(invited)
	must(t, err)

	withdrawn := func(t *testing.T, w *stage) {
		must(t, w.sam.Consents.Withdraw(w.id, []policies.PersonID{w.child}, policies.InPerson))
		w.sync(w.sam)
		w.news()
	}
	revoked := func(t *testing.T, w *stage) {
		_, id, err := w.head.Staff.Invite(policies.Practitioner, "Rob Ash")
		must(t, err)
		w.sync(w.head)
		must(t, w.head.Staff.Revoke(id))
		w.sync(w.head)
		_, _, err = w.head.Staff.Invite(policies.Practitioner, "Pia Fern")
		must(t, err)
		w.sync(w.head)
		w.news()
	}
	byServer := func(record policies.RecordID, kind policies.Kind, body func() policies.Body) func(*testing.T, *stage, *wire.PullReply) {
		return func(_ *testing.T, w *stage, p *wire.PullReply) {
			kid, key := w.server()
			w.forge(p, kid, key, record, kind, body())
		}
	}

	for _, c := range []feedLie{
		// Members and keys.
		{name: "ViewerInjected", want: attune.CodeForged, kept: true, lie: byServer(family, "viewer.add", func() policies.Body {
			return policies.ViewerAdd{Staff: uma.Keys.Staff(), Purpose: policies.Supervision, Until: inDays(w, 20)}
		})},
		{name: "ViewerInjectedInAColleaguesName", want: attune.CodeForged, kept: true, lie: func(_ *testing.T, w *stage, p *wire.PullReply) {
			w.forge(p, policies.KeyID(w.sam.Keys.Device()), theirs, family, "viewer.add", policies.ViewerAdd{Staff: uma.Keys.Staff(), Purpose: policies.Supervision, Until: inDays(w, 20)})
		}},
		{name: "TeamMemberInjected", want: attune.CodeForged, kept: true, lie: byServer(family, "team.add", func() policies.Body { return policies.TeamAdd{Staff: uma.Keys.Staff()} })},
		{name: "DeviceInjected", want: attune.CodeForged, kept: true, lie: byServer(org, "device.certify", func() policies.Body {
			return policies.DeviceCertify{Staff: sam, Key: second, Until: inDays(w, 30)}
		})},
		{name: "StaffInjected", want: attune.CodeForged, kept: true, lie: byServer(org, "staff.invite", func() policies.Body {
			return policies.StaffInvite{Role: policies.Practitioner, Key: second, Expires: inDays(w, 5), Fixed: []policies.Attachment{}}
		})},
		{name: "StaffConfirmedByTheServer", want: attune.CodeForged, kept: true, lie: byServer(org, "staff.confirm", func() policies.Body {
			return policies.StaffConfirm{Staff: mo, Certificate: w.victim.Mirror.Org().Staff[mo].Certified}
		})},
		// The office's waste paper: the invitation that Uma used, used again.
		{name: "PersonCertifiedAgain", want: attune.CodeForged, kept: true, lie: func(_ *testing.T, w *stage, p *wire.PullReply) {
			key := ed25519.NewKeyFromSeed(photographed.Key[:])
			w.forge(p, policies.KeyID(photographed.Invite), key, org, "staff.certify",
				policies.StaffCertify{Staff: photographed.Invite, Key: second, Recipient: operator.Recipient().String(), Until: inDays(w, 30)})
		}},
		{name: "PersonGivenAnotherKey", want: attune.CodeForged, kept: true, lie: byServer(org, "staff.rekey", func() policies.Body {
			return policies.StaffRekey{Staff: sam, Device: w.sam.Keys.Device(), Key: second, Recipient: operator.Recipient().String()}
		})},
		{name: "StaffRecipientSubstituted", want: attune.CodeForged, kept: true,
			news: func(t *testing.T, w *stage) {
				w.hire(policies.Practitioner, "Kit Moor")
			},
			lie: func(t *testing.T, w *stage, p *wire.PullReply) {
				i := itemOf(t, p, "staff.certify")
				s, err := statement.Verify([]byte(i.Statement), w.head.Mirror.Org().Key)
				must(t, err)
				body := *s.Body.(*policies.StaffCertify)
				body.Recipient = operator.Recipient().String()
				s.Body = body
				raw, changed, err := statement.Sign(s, theirs)
				must(t, err)
				i.Statement, i.ID = string(raw), changed.ID
			}},
		{name: "RecoveryKeySubstituted", want: attune.CodeForged, kept: true,
			news: func(t *testing.T, w *stage) { w.news() },
			lie: func(t *testing.T, w *stage, p *wire.PullReply) {
				raw, root, err := statement.Sign(policies.Statement{Signer: policies.KeyID(second), Kind: policies.KindRoot, N: 1, At: policies.At(w.now()),
					Body: policies.OrgRoot{Service: "Northfield Early Help", Key: second, Custodians: []string{operator.Recipient().String(), w.sam.Keys.Recipient(), w.mo.Keys.Recipient()}}}, theirs)
				must(t, err)
				w.append(p, org, string(raw), root.ID, policies.KindRoot)
			}},

		// Withdrawals, revocations.
		{name: "WithdrawalHiddenAsControl", want: attune.CodeHidden, kept: true, news: withdrawn, lie: func(t *testing.T, _ *stage, p *wire.PullReply) {
			itemOf(t, p, "consent.withdraw").Statement = ""
		}},
		{name: "WithdrawalHiddenAsContentAndChained", want: attune.CodeNotInLog, kept: true, news: withdrawn, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			i := itemOf(t, p, "consent.withdraw")
			i.Statement, i.Place.Class = "", policies.Content
			w.rechained(p, family)
		}},
		{name: "WithdrawalLeftOut", want: attune.CodeBroken, kept: true, news: withdrawn, lie: func(t *testing.T, _ *stage, p *wire.PullReply) { without(t, p, "consent.withdraw") }},
		{name: "WithdrawalLeftOutAndChained", want: attune.CodeNotInLog, kept: true, news: withdrawn, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			without(t, p, "consent.withdraw")
			w.rechained(p, family)
		}},
		{name: "WithdrawalPutLater", want: attune.CodeBroken, kept: true, news: withdrawn, lie: func(t *testing.T, _ *stage, p *wire.PullReply) {
			i := itemOf(t, p, "consent.withdraw")
			last := &p.Items[len(p.Items)-1]
			*i, *last = *last, *i
		}},
		{name: "WithdrawalPutLaterAndChained", want: attune.CodeNotInLog, kept: true, news: withdrawn, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			i := itemOf(t, p, "consent.withdraw")
			last := &p.Items[len(p.Items)-1]
			*i, *last = *last, *i
			i.Place.Index, last.Place.Index = last.Place.Index, i.Place.Index
			w.rechained(p, family)
		}},
		{name: "RevocationLeftOut", want: attune.CodeBroken, kept: true, news: revoked, lie: func(t *testing.T, _ *stage, p *wire.PullReply) { without(t, p, "staff.revoke") }},
		{name: "RevocationHidden", want: attune.CodeHidden, kept: true, news: revoked, lie: func(t *testing.T, _ *stage, p *wire.PullReply) {
			i := itemOf(t, p, "staff.revoke")
			i.Statement, i.Place.Class = "", policies.Content
		}},
		{name: "StatementOfAnotherRecord", want: attune.CodeForged, kept: true, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			i := itemOf(t, p, "session.log")
			w.append(p, org, i.Statement, i.ID, "session.log")
		}},

		// What lies beside statements.
		{name: "TitleSwapped", want: attune.CodeAttachment, kept: true,
			news: func(t *testing.T, w *stage) {
				w.agree(w.mo.Keys.Staff()) // they had withdrawn
				w.sync(w.sam)
				w.add(t, film(t, "visit.mp4"), "One")
				w.add(t, film(t, "visit.mp4"), "Two")
				w.sync(w.sam)
			},
			lie: func(t *testing.T, _ *stage, p *wire.PullReply) {
				swapAttachments(t, p, func(name string) bool { return name == "title" })
			}},
		{name: "FormSwapped", want: attune.CodeAttachment, kept: true,
			news: func(t *testing.T, w *stage) { w.family.consent(w.service); w.sync(w.sam) },
			lie: func(t *testing.T, _ *stage, p *wire.PullReply) {
				for n, a := range itemOf(t, p, "consent.sign").Attachments {
					if a.Name == "form" {
						itemOf(t, p, "consent.sign").Attachments[n].Body = []byte("another form")
					}
				}
			}},
		{name: "HeaderForAStrangerLate", want: attune.CodeAttachment, kept: true, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			i := itemOf(t, p, "session.log")
			p.Items = append(p.Items, wire.Item{Kind: wire.ItemAttached, ID: i.ID, Place: i.Place,
				Attachments: []wire.Attachment{{Name: policies.HeaderFor(operator.Recipient().String()), Body: []byte("a header")}}})
		}},

		// The log.
		{name: "OldHead", want: attune.CodeLogOlder, kept: true, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			p.Proven = w.signed(t, p.Proven, -5, accesslog.Hash{1})
		}},
		{name: "ForkOfTheLog", want: attune.CodeForked, kept: true, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			p.Proven = w.signed(t, p.Proven, 7, accesslog.Hash{9})
		}},
		{name: "ShorterAnswerOfTheSameSize", want: attune.CodeForked, kept: true, lie: func(t *testing.T, w *stage, p *wire.PullReply) {
			p.Proven = w.signed(t, p.Proven, 0, accesslog.Hash{9})
		}},
		{name: "LogOfAnotherKey", want: attune.CodeLogUnsigned, kept: true, lie: func(_ *testing.T, _ *stage, p *wire.PullReply) {
			p.Proven.Checkpoint = strings.Replace(p.Proven.Checkpoint, "— ", "— x", 1)
		}},

		// What is taken away.
		{name: "ResetAndCutShort", want: attune.CodeRolledBack, kept: true, lie: func(_ *testing.T, _ *stage, p *wire.PullReply) {
			p.Items = append([]wire.Item{{Kind: wire.ItemResetScope, Place: wire.Place{Record: family}}}, p.Items[:0]...)
		}},
		{name: "ResetOfTheOrganisation", want: attune.CodeRolledBack, kept: true, lie: func(_ *testing.T, _ *stage, p *wire.PullReply) {
			p.Items = []wire.Item{{Kind: wire.ItemResetScope, Place: wire.Place{Record: org}}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Cleanup(w.honest)
			if c.news == nil {
				w.news()
			} else {
				c.news(t, w)
			}
			w.pulled(func(p *wire.PullReply) { c.lie(t, w, p) })
			w.refusedSync(t, w.victim, c.want, c.kept)
		})
	}
}

// signed is a state of the log that the operator signs: by so many rows away from what the
// victim saw, with another root.
func (w *stage) signed(t *testing.T, p wire.Proven, rows int64, root accesslog.Hash) wire.Proven {
	t.Helper()
	origin, _, _ := strings.Cut(p.Checkpoint, "\n")
	seen, err := w.victim.Mirror.Checkpoint()
	must(t, err)
	signer, err := accesslog.NewSigner(origin, w.logKey)
	must(t, err)
	p.Checkpoint, err = accesslog.Sign(accesslog.Checkpoint{Origin: origin, Size: seen.Size + rows, Root: root}, signer)
	must(t, err)
	return p
}

// swapAttachments exchanges the first two attachments that are so named.
func swapAttachments(t *testing.T, p *wire.PullReply, named func(string) bool) {
	t.Helper()
	var first *wire.Attachment
	for i := range p.Items {
		for j := range p.Items[i].Attachments {
			at := &p.Items[i].Attachments[j]
			switch {
			case !named(at.Name):
			case first == nil:
				first = at
			default:
				first.Body, at.Body = at.Body, first.Body
				return
			}
		}
	}
	t.Fatal("there are no two of them on the page")
}

// TestHostileRollbackInTwoPages: the first page begins the record again and ends before
// the withdrawal that this device knows, with more to come; the second says that there
// is nothing more. What the first page held proves itself: the log had it once.
func TestHostileRollbackInTwoPages(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	must(t, w.sam.Consents.Withdraw(w.id, []policies.PersonID{w.mum}, policies.ByPhone))
	w.sync(w.sam)
	w.sync(w.victim)
	gate := func() bool {
		g, err := w.victim.Clips.Gate(w.id, []policies.PersonID{w.mum})
		must(t, err)
		return g.Open
	}
	if gate() {
		t.Fatal("filming goes on after the withdrawal")
	}
	// What a new colleague would receive, without its end.
	var all []wire.Item
	zoe := w.hire(policies.Practitioner, "Zoe Lane")
	w.sync(w.sam)
	must(t, w.sam.Families.AddTeam(w.id, zoe.Keys.Staff()))
	w.sync(w.sam)
	w.pulled(func(p *wire.PullReply) {
		for _, i := range p.Items {
			if i.Place.Record == policies.RecordID(w.id) {
				all = append(all, i)
			}
		}
	})
	w.sync(zoe)
	for n, i := range all {
		if kindOf(t, i) == "consent.withdraw" {
			all = all[:n]
			break
		}
	}
	w.honest()
	page := 0
	w.replies("/v1/sync/pull", func(_ *http.Request, a *httptest.ResponseRecorder) {
		if page++; page > 1 {
			becomes(a, http.StatusNoContent, nil)
			return
		}
		var p wire.PullReply
		must(t, wire.Decode(a.Body, 64<<20, &p))
		p.Items, p.More, p.Cursor = all, true, "another"
		body, err := wire.Encode(p)
		must(t, err)
		becomes(a, http.StatusOK, body)
	})
	w.refusedSync(t, w.victim, attune.CodeRolledBack, true)
	if gate() {
		t.Error("filming goes on after the withdrawal was rolled back")
	}
}

// TestHostileDrop: a family is taken away without a cause. The local copy stays, and
// what comes for that family afterwards is taken.
func TestHostileDrop(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	uma := w.hire(policies.Practitioner, "Uma Vale")
	w.sync(w.sam)
	must(t, w.sam.Families.AddTeam(w.id, uma.Keys.Staff()))
	w.sync(w.sam)
	// A true removal, of somebody else; and one of the victim's, that was answered since.
	removal := func(who policies.StaffID, raw *wire.Item) {
		must(t, w.sam.Families.RemoveTeam(w.id, who))
		w.sync(w.sam)
		w.pulled(func(p *wire.PullReply) { *raw = *itemOf(t, p, "team.remove") })
		w.sync(w.bea)
		w.honest()
	}
	var others, answered wire.Item
	removal(uma.Keys.Staff(), &others)
	removal(w.victim.Keys.Staff(), &answered)
	must(t, w.sam.Families.AddTeam(w.id, w.victim.Keys.Staff()))
	w.sync(w.sam)
	w.sync(w.victim)

	for _, c := range []struct {
		name string
		why  func(p *wire.PullReply) wire.Item
	}{
		{"WithNothing", func(*wire.PullReply) wire.Item { return wire.Item{} }},
		{"WithSomebodyElsesRemoval", func(*wire.PullReply) wire.Item { return others }},
		{"WithARemovalThatWasAnswered", func(*wire.PullReply) wire.Item { return answered }},
		{"WithTheServersOwn", func(p *wire.PullReply) wire.Item {
			kid, key := w.server()
			forged := wire.PullReply{Items: p.Items}
			w.forge(&forged, kid, key, policies.RecordID(w.id), "team.remove", policies.TeamRemove{Staff: w.victim.Keys.Staff()})
			return forged.Items[len(forged.Items)-1]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.news()
			w.pulled(func(p *wire.PullReply) {
				drop := c.why(p)
				drop.Kind, drop.Attachments, drop.Place.Record = wire.ItemDropScope, []wire.Attachment{}, policies.RecordID(w.id)
				p.Items = append(p.Items, drop)
			})
			caught(t, w.victim, attune.CodeNoCause, true, func() error {
				_, err := w.victim.Sync(context.Background())
				return err
			})
			if _, ok := w.victim.Mirror.Family(w.id); !ok {
				t.Error("the family was forgotten on the server's word")
			}
			w.honest()
			w.news()
			w.recovers(t, w.victim)
			p, err := w.victim.Clips.Open(context.Background(), w.clip, policies.FilmAndUse)
			must(t, err)
			must(t, p.Close())
		})
	}

	t.Run("WithCause", func(t *testing.T) {
		must(t, w.sam.Families.RemoveTeam(w.id, w.victim.Keys.Staff()))
		w.sync(w.sam)
		if r := w.sync(w.victim); len(r.Dropped) != 1 {
			t.Errorf("dropped %v, want the family", r.Dropped)
		}
		if _, ok := w.victim.Mirror.Family(w.id); ok {
			t.Error("the family is still here after a removal that a colleague signed")
		}
	})
	t.Run("ByDate", func(t *testing.T) {
		w.pass(45 * 24 * 3600e9)
		for range 2 { // the pull that meets the date ends the access, the next one tells
			if _, err := w.mo.Sync(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := w.mo.Mirror.Family(w.id); ok {
			t.Error("a viewer whose date has passed still holds the family")
		}
	})
}
