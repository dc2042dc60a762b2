package storage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// headersOf counts the keys that lie beside the clips of a family, as its team
// receives them.
func headersOf(t *testing.T, w *storagetest.World, f *storagetest.Family) (n int) {
	t.Helper()
	items, _ := pullAll(t, w, w.Sam, "", 500)
	for _, i := range items {
		for _, a := range i.Attachments {
			if i.Place.Record == f.Record && strings.HasPrefix(a.Name, "header/") {
				n++
			}
		}
	}
	return n
}

// TestWhoJoinsWithAnothersRecipient: a colleague of somebody on the team joins with
// the family's public key as their own, is taken on, and is removed. The family's
// keys to its film are not theirs to take along.
func TestWhoJoinsWithAnothersRecipient(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Store(1000, true)
	eve := w.Invite("Eve Hart", policies.Practitioner)
	eve.Identity = f.Identity // she knows the public half alone; the fixture has both
	eve.Confirmed()
	w.Sam.Does(f.Record, "team.add", &policies.TeamAdd{Staff: eve.Staff})
	w.Sam.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: eve.Staff})
	if n := headersOf(t, w, f); n != 1 {
		t.Errorf("%d keys to the family's film, want 1", n)
	}
	for _, of := range []*storagetest.Person{w.Visitor, w.Ana} {
		ned := w.Invite("Ned Hart", policies.Practitioner)
		ned.Identity = of.Identity
		if r := w.Push(policies.Caller{Request: "join"}, ned.Joining()...); r[0].Err == nil {
			t.Errorf("joined with the recipient of %s", of.Name)
		}
	}
}

// TestWhoJoinsWithNoRecipient: every device of a team seals to who is on its lists, and
// would stop at somebody to whom nothing can be sealed.
func TestWhoJoinsWithNoRecipient(t *testing.T) {
	w := open(t)
	whole := w.Visitor.Identity.Recipient().String()
	for _, claims := range []string{"age1pq1", "age1pq1junk", whole[:len(whole)-1], whole + "q"} {
		eve := w.Invite("Eve Hart", policies.Supervisor)
		eve.Claims = claims
		if r := w.Push(policies.Caller{Request: "join"}, eve.Joining()...); r[0].Err == nil {
			t.Errorf("joined with the recipient %.12q…", claims)
		}
	}
}

// TestKeyForAStrangerWithTheClip: what may not come later may not come with the clip
// either. The clip stands; the keys for strangers are denied and not kept, and so do
// not stand in the way of a viewer's.
func TestKeyForAStrangerWithTheClip(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor))
	_, body, attached := f.Film(1000, true)
	c, _, _ := f.Film(1000, true)
	attached = append(attached, keyFor(t, c, w.Ana), keyFor(t, c, w.Visitor))
	for i := len(attached); i < 64; i++ {
		attached = append(attached, storage.Attachment{Name: policies.HeaderFor(strings.Repeat("x", i)), Body: []byte("junk")})
	}
	id := w.Sam.Does(f.Record, "clip.add", body, attached...)
	if n := headersOf(t, w, f); n != 2 {
		t.Errorf("%d keys are kept, want the family's and the viewer's", n)
	}
	denied := 0
	for _, e := range events(t, w, "clip.header") {
		if e.Outcome == "denied" && len(e.Rules) == 1 && e.Rules[0] == "HEADER-VIEWER" {
			denied++
		}
	}
	if denied != 61 {
		t.Errorf("%d keys denied by HEADER-VIEWER, want 61", denied)
	}
	items, _ := pullAll(t, w, w.Visitor, "", 500)
	given := 0
	for _, i := range items {
		for _, a := range i.Attachments {
			if i.ID == id && strings.HasPrefix(a.Name, "header/") {
				given++
			}
		}
	}
	if given != 1 {
		t.Errorf("the viewer was given %d keys, want 1", given)
	}
}

// TestRemovedAfterTheDate: who is removed when their date has passed already leaves
// no keys behind.
func TestRemovedAfterTheDate(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor))
	c := f.Store(1000, true)
	again := clipStatement(t, w, c)
	again.Attachments = []storage.Attachment{keyFor(t, c, w.Visitor)}
	w.MustAccept(w.Sam.Caller(), again)
	w.Clock.Forward(31 * 24 * time.Hour)
	w.Sam.Does(f.Record, "viewer.remove", &policies.ViewerRemove{Staff: w.Visitor.Staff})
	if n := headersOf(t, w, f); n != 1 {
		t.Errorf("%d keys, want the family's alone", n)
	}
}
