package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestAskedToStop: one press stops every use of every clip that the carer is in,
// and only a form that knows of it starts again.
func TestAskedToStop(t *testing.T) {
	w := policiestest.NewFilmed()
	monday := offline(w, "ann", "consent.sign", w.ConsentBody())
	w.Now += policiestest.Day(1)
	ch, err := w.Accept(w.ByDefault("server", "consent.suspend", w.Family.Suspension(w.Link, w.Now)))
	if err != nil || len(ch.Clips) != 1 || len(ch.Links) != 1 {
		t.Fatalf("changes = %+v, %v, want the clip and its link", ch, err)
	}
	accept(t, w, monday)
	if consented(w) {
		t.Error("Monday's form undid what the carer asked for on Tuesday")
	}
	asked := w.Family.StopAsked()
	if len(asked) != 1 || asked[0].Link != w.Link || len(asked[0].People) != 1 || asked[0].People[0] != w.Mum || asked[0].At != w.Now {
		t.Errorf("asked = %+v, want the carer, by this link, now", asked)
	}
	w.Do("ann", "consent.sign", w.ConsentBody())
	if !consented(w) || len(w.Family.StopAsked()) != 0 {
		t.Errorf("after a form that knew: consented %v, still asked %+v", consented(w), w.Family.StopAsked())
	}
	if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkRevoked {
		t.Errorf("old link = %q, want %q", got, policies.LinkRevoked)
	}
}

// TestAskedToStopForAChild: the carer is not in the film, and decides for the
// child who is. The film is stopped all the same.
func TestAskedToStopForAChild(t *testing.T) {
	w := policiestest.NewFilmed()
	alone := w.ClipBody()
	alone.People = []policies.PersonID{w.Kid}
	w.Clip = policies.ClipID(w.Do("ann", "clip.add", alone))
	w.Store(w.Clip)
	link := policies.LinkID(w.Do("ann", "link.create", w.LinkBody("of the child alone")))
	b := w.Family.Suspension(link, w.Now)
	if len(b.People) != 2 || b.People[0] != w.Mum || b.People[1] != w.Kid {
		t.Fatalf("people = %v, want the carer and the child", b.People)
	}
	w.Do("server", "consent.suspend", b)
	if consented(w) {
		t.Error("the film may still be used")
	}
	if w.Family.Suspension(policies.LinkID{1}, w.Now) != nil {
		t.Error("a link that nobody made can be stopped")
	}
}

// TestOnlyTheServerSuspends: a colleague who wants to stop something withdraws.
func TestOnlyTheServerSuspends(t *testing.T) {
	w := policiestest.NewFilmed()
	for _, who := range []string{"ann", "head", "ig", "sup", "root"} {
		if _, err := w.InFamily(who, "consent.suspend", w.Family.Suspension(w.Link, w.Now)); !errors.Is(err, policies.ErrSigner) {
			t.Errorf("by %s: %v, want ErrSigner", who, err)
		}
	}
}
