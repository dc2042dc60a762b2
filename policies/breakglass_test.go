package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

func TestCheckBreakglass(t *testing.T) {
	type open = policies.BreakglassOpen
	good := func() open {
		return open{
			Clips: []policies.ClipID{{1}, {2}}, For: policies.StaffID{3}, Category: policies.GlassCourt, Until: policiestest.Start,
			Fixed: []policies.Attachment{attachment("reason")},
		}
	}
	refuses(t, "BreakglassOpen", good, []slip[open]{
		{"NoClip", func(b *open) { b.Clips = nil }},
		{"EveryClip", func(b *open) {
			for i := range 51 {
				b.Clips = append(b.Clips, policies.ClipID{3, byte(i)})
			}
		}},
		{"ClipTwice", func(b *open) { b.Clips[1] = b.Clips[0] }},
		{"ForNobody", func(b *open) { b.For = policies.StaffID{} }},
		{"CategoryOutsideTheList", func(b *open) { b.Category = "curiosity" }},
		{"NoEnd", func(b *open) { b.Until = 0 }},
		{"NoReason", func(b *open) { b.Fixed = nil }},
		{"FormForAReason", func(b *open) { b.Fixed = []policies.Attachment{attachment("form")} }},
	})
	type end = policies.BreakglassClose
	refuses(t, "BreakglassClose", func() end { return end{Glass: policies.GlassID{1}} }, []slip[end]{
		{"NoGlass", func(b *end) { b.Glass = policies.GlassID{} }},
	})
}

// TestGlassIsRefused: what the fold holds whatever a server says.
func TestGlassIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		who  string
		slip func(w *policiestest.Filmed, b *policies.BreakglassOpen)
		want error
	}{
		{"ByAPractitioner", "bea", func(*policiestest.Filmed, *policies.BreakglassOpen) {}, policies.ErrSigner},
		{"ByTheIGOfficer", "ig", func(*policiestest.Filmed, *policies.BreakglassOpen) {}, policies.ErrSigner},
		{"ForThemselves", "head", func(w *policiestest.Filmed, b *policies.BreakglassOpen) { b.For = w.Staff["head"].ID }, policies.ErrNotPossible},
		{"ForSomebodyNeverOnTheTeam", "head", func(w *policiestest.Filmed, b *policies.BreakglassOpen) { b.For = w.Staff["sup"].ID }, policies.ErrMissing},
		{"OfAClipThatIsNotThere", "head", func(_ *policiestest.Filmed, b *policies.BreakglassOpen) { b.Clips[0] = policies.ClipID{7} }, policies.ErrMissing},
		{"ForTwoDays", "head", func(w *policiestest.Filmed, b *policies.BreakglassOpen) { b.Until = w.Now + 48*policies.Hour }, policies.ErrNotPossible},
		{"OverAlready", "head", func(w *policiestest.Filmed, b *policies.BreakglassOpen) { b.Until = w.Now }, policies.ErrNotPossible},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			b := w.GlassBody("ann")
			c.slip(w, &b)
			if _, err := w.InFamily(c.who, "breakglass.open", b); !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
		})
	}
}

// TestGlassEnds by its time, by being closed, and not by a withdrawal.
func TestGlassEnds(t *testing.T) {
	w := policiestest.NewFilmed()
	ann, bea := w.Staff["ann"].ID, w.Staff["bea"].ID
	short := policies.GlassID(w.Do("head", "breakglass.open", w.GlassBody("ann")))
	b := w.GlassBody("ann")
	b.Until, b.Category = w.Now+8*policies.Hour, policies.GlassPolice
	long := policies.GlassID(w.Do("deputy", "breakglass.open", b))
	w.Do("ann", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Mum}, Channel: policies.ByPhone})
	if g, ok := w.Family.GlassFor(ann, w.Clip, w.Now); !ok || g.ID != long {
		t.Errorf("by %s, %v; want the one that lasts longest, also after a withdrawal", g.ID.Short(), ok)
	}
	if _, ok := w.Family.GlassFor(bea, w.Clip, w.Now); ok {
		t.Error("a colleague watches by it")
	}
	if _, ok := w.Family.GlassFor(ann, policies.ClipID{7}, w.Now); ok {
		t.Error("another clip is watched by it")
	}
	w.Do("ig", "breakglass.close", policies.BreakglassClose{Glass: long})
	if g, ok := w.Family.GlassFor(ann, w.Clip, w.Now); !ok || g.ID != short {
		t.Errorf("one was closed: by %s, %v; want the other", g.ID.Short(), ok)
	}
	w.Now += 5 * policies.Hour
	if _, ok := w.Family.GlassFor(ann, w.Clip, w.Now); ok {
		t.Error("its hours are over")
	}
	if a, b := w.Family.GlassState(short, w.Now), w.Family.GlassState(long, w.Now); a != policies.GlassEnded || b != policies.GlassClosed {
		t.Errorf("states = %s, %s", a, b)
	}
}

// TestGlassWaitsForTheIGOfficer: from the first minute, until one of them has closed
// it; a head of service who ends it has not looked at it for them.
func TestGlassWaitsForTheIGOfficer(t *testing.T) {
	w := policiestest.NewFilmed()
	id := policies.GlassID(w.Do("head", "breakglass.open", w.GlassBody("ann")))
	waits := func(want bool) {
		t.Helper()
		got := matters(w, policies.GlassOpened)
		if (len(got) == 1) != want {
			t.Fatalf("matters = %+v, want %v", got, want)
		}
		if want && (got[0].Of != id.String() || !got[0].Waits(policies.IGOfficer) || got[0].Due == 0) {
			t.Errorf("matter = %+v", got[0])
		}
	}
	waits(true)
	w.Do("head", "breakglass.close", policies.BreakglassClose{Glass: id})
	waits(true)
	w.Now += policiestest.Day(30)
	waits(true)
	w.Do("ig", "breakglass.close", policies.BreakglassClose{Glass: id})
	waits(false)
}

// TestGlassWithin: a service may choose fewer hours than a day, and the server holds
// everyone to them.
func TestGlassWithin(t *testing.T) {
	w := policiestest.NewFilmed()
	pack := policies.Pack{Clocks: policies.Clocks{Breakglass: policies.Figure{Value: 2}}}
	b := w.GlassBody("ann") // four hours
	if err := pack.Within(b, w.Now); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("four hours where two are allowed: %v", err)
	}
	b.Until = w.Now + 2*policies.Hour
	if err := pack.Within(&b, w.Now); err != nil {
		t.Errorf("two hours: %v", err)
	}
}
