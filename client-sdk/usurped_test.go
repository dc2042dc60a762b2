package attune_test

import (
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestUsurpedLocks: before she is removed, Bea turns the family's key to one that she
// keeps to herself. The team changes the locks all the same when she is removed, what is
// filmed from then on is closed to her, and what was there before opens meanwhile.
//
// Source: DESIGN §4, family key: team.remove marks the key due.
func TestUsurpedLocks(t *testing.T) {
	t.Parallel()
	other, err := seal.NewIdentity()
	must(t, err)
	for name, junk := range map[string][]byte{
		"ForNobodyElse":           nil,
		"EnvelopesWithNothing":    []byte("nothing\n"),
		"EnvelopesWithAnotherKey": []byte(other.String() + "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			l := newLocked(t)
			kept := append(attune.Stolen(l.bea, l.id), attune.Usurp(l.bea, l.id, junk))
			l.sync(l.bea)
			l.sync(l.cy)
			l.opens(l.cy, l.clip)
			l.leaves(l.bea)
			l.sync(l.sam)
			later := l.film(l.sam, "After she was removed")
			l.sync(l.sam)
			if l.stolen(kept, later) {
				t.Fatal("who was removed opens what was filmed since")
			}
			l.sync(l.cy)
			l.opens(l.sam, l.clip, later)
			l.opens(l.cy, l.clip, later)
			if f, _ := l.cy.Mirror.Family(l.id); len(f.KeyDue(l.cy.Mirror.Org(), policies.At(l.now()))) != 0 {
				t.Error("the key is still due")
			}
			if r, err := l.sam.Sync(context.Background()); err != nil || len(r.Turned) != 0 {
				t.Errorf("turned again: %+v, %v", r.Turned, err)
			}
		})
	}
}

// TestHostileSeat: somebody who was removed from the team is still certified, and the
// server takes their part: it would let them turn the key, wrap it, or have the team's
// devices wrap it to a friend. The rule that only the team adds to a family's record is
// the server's to ask, and every device sees whether it did.
func TestHostileSeat(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	cy, friend := w.hire(policies.Practitioner, "Cy Moss"), w.hire(policies.Practitioner, "Fay Nunn")
	w.sync(w.sam)
	must(t, w.sam.Families.AddTeam(w.id, cy.Keys.Staff()))
	w.sync(w.sam)
	w.sync(cy)
	own, err := seal.NewIdentity()
	must(t, err)
	previous := policies.Attachment{Name: "previous", SHA256: policies.DigestOf([]byte("x")), Bytes: 1}
	f, _ := cy.Mirror.Family(w.id)
	must(t, w.head.Families.RemoveTeam(w.id, cy.Keys.Staff()))
	w.sync(w.head)
	w.sync(w.victim)
	for kind, body := range map[policies.Kind]policies.Body{
		"key.turn": policies.KeyTurn{
			Recipient: own.Recipient().String(), Replaces: f.KeyStatement(),
			For: []policies.Wrapped{{Staff: cy.Keys.Staff(), To: policies.KeyName(cy.Keys.Recipient())}}, Fixed: []policies.Attachment{previous},
		},
		"key.wrap": policies.KeyWrap{Staff: cy.Keys.Staff(), Key: policies.KeyName(f.Recipient), To: policies.KeyName(cy.Keys.Recipient())},
		"team.add": policies.TeamAdd{Staff: friend.Keys.Staff()},
	} {
		t.Run(string(kind), func(t *testing.T) {
			w.news()
			w.pulled(func(p *wire.PullReply) {
				w.forge(p, policies.KeyID(cy.Keys.Device()), attune.DeviceKey(cy), policies.RecordID(w.id), kind, body)
			})
			w.refusedSync(t, w.victim, attune.CodeForged, true)
		})
	}
}
