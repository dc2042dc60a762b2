package attune_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

const day = 24 * time.Hour

// gateOf is what keeps a device from filming, "" for nothing.
func (f family) gateOf(t *testing.T, c *attune.Client) string {
	t.Helper()
	g, err := c.Clips.Gate(f.id, []policies.PersonID{f.mum, f.child})
	must(t, err)
	if g.Open {
		return ""
	}
	if !slices.ContainsFunc(g.Reasons, func(r policies.Reason) bool { return r.Rule == policies.ContactRule }) {
		t.Errorf("the gate is shut for another reason: %+v", g.Reasons)
	}
	return g.Reasons[0].Text
}

// playsHere opens the film and closes it again.
func playsHere(c *attune.Client, clip policies.ClipID) error {
	p, err := c.Clips.Open(context.Background(), clip, policies.FilmAndUse)
	if err != nil {
		return err
	}
	return p.Close()
}

// TestAwayTooLong: a week without the service ends filming and watching, another week
// takes the families' keys; what was queued stays; one sync brings all of it back.
func TestAwayTooLong(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f, clip := s.filmed(sam)
	s.sync(sam)
	s.down.Store(true)
	queued, err := sam.Families.Open("NF-2000", policies.VIG)
	must(t, err)
	_, err = sam.Families.AddPerson(queued, policies.Carer, policies.Own, "", policies.NoLink, "Dad")
	must(t, err)
	waiting, err := sam.Outbox.Waiting()
	must(t, err)

	for _, c := range []struct {
		pass    time.Duration
		offline bool
		keys    bool
	}{{6 * day, true, true}, {2 * day, false, true}, {5 * day, false, true}, {2 * day, false, false}, {90 * day, false, false}} {
		s.pass(c.pass)
		sam = s.reopen("Sam Reed", sam) // it survives a restart
		if why := f.gateOf(t, sam); (why == "") != c.offline {
			t.Errorf("after %v more, filming: %q", c.pass, why)
		}
		if err := playsHere(sam, clip); (err == nil) != c.offline || err != nil && c.keys && !attune.Offline(err) || err != nil && !c.keys && attune.CodeOf(err) != attune.CodeNoKey {
			t.Errorf("after %v more, watching: %v", c.pass, err)
		}
		if err := attune.Lacking(sam, f.id); (err == nil) != c.keys || err != nil && !strings.Contains(err.Error(), "out of contact") {
			t.Errorf("after %v more, the family's key: %v", c.pass, err)
		}
		if err := attune.Lacking(sam, queued); err != nil {
			t.Errorf("after %v more, the key that is nowhere else: %v", c.pass, err)
		}
		if list, err := sam.Outbox.Waiting(); err != nil || len(list) != len(waiting) {
			t.Errorf("after %v more, %d of %d wait, %v", c.pass, len(list), len(waiting), err)
		}
	}

	s.down.Store(false)
	if r := s.sync(sam); len(r.Accepted) != len(waiting) {
		t.Errorf("%d taken, want %d", len(r.Accepted), len(waiting))
	}
	must(t, playsHere(sam, clip))
	must(t, attune.Lacking(sam, f.id))
	must(t, attune.Lacking(sam, queued))
	v, err := sam.Clips.Show(clip)
	if err != nil || v.Title != "The first smile" || !v.Key {
		t.Errorf("after one sync: %+v, %v", v, err)
	}
	if why := f.gateOf(t, sam); why != "" {
		t.Errorf("after one sync, filming: %s", why)
	}
}

// TestAwayAsAViewer: the keys that were written for somebody outside the team go too, and
// come again.
func TestAwayAsAViewer(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	w.sync(w.sam)
	w.sync(w.mo)
	must(t, closed(w.mo.Clips.Open(context.Background(), w.clip, policies.Supervision)))
	w.pass(15 * day)
	w.mo = w.reopen("Mo Finch", w.mo)
	if v, err := w.mo.Clips.Show(w.clip); err != nil || v.Key {
		t.Errorf("after a fortnight: %+v, %v", v, err)
	}
	w.sync(w.mo)
	if v, err := w.mo.Clips.Show(w.clip); err != nil || !v.Key {
		t.Errorf("after one sync: %+v, %v", v, err)
	}
}

func closed(p *attune.Playing, err error) error {
	if err != nil {
		return err
	}
	return p.Close()
}

// TestClockSetBackGainsNothing: time away is what was counted, whatever the clock says.
func TestClockSetBackGainsNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f, clip := s.filmed(sam)
	s.sync(sam)
	s.down.Store(true)
	at := func(off time.Duration) {
		t.Helper()
		sam = s.withClock(sam, off)
	}
	shut := func(why string) {
		t.Helper()
		if got := f.gateOf(t, sam); !strings.Contains(got, why) || got == "" {
			t.Errorf("filming: %q, want %q", got, why)
		}
		if err := playsHere(sam, clip); !attune.Offline(err) && attune.CodeOf(err) != attune.CodeNoKey {
			t.Errorf("watching: %v", err)
		}
	}
	at(6 * day)
	if why := f.gateOf(t, sam); why != "" {
		t.Fatalf("after 6 days: %s", why)
	}
	must(t, playsHere(sam, clip))
	at(day)
	shut("clock")
	at(2 * day) // a day more
	shut("clock")
	at(6*day + time.Hour) // set right: seven days and an hour were counted
	shut("too long")
	at(-100 * day)
	shut("")
	at(-92 * day) // eight days more
	shut("")
	if err := attune.Lacking(sam, f.id); attune.CodeOf(err) != attune.CodeNoKey {
		t.Errorf("fifteen days were counted, and the family's key: %v", err)
	}
	s.down.Store(false)
	at(0)
	s.sync(sam)
	must(t, playsHere(sam, clip))
	if why := f.gateOf(t, sam); why != "" {
		t.Errorf("after one sync, filming: %s", why)
	}
}

// TestClockAYearOff: the clock may be wrong by a year, either way, as long as it goes.
func TestClockAYearOff(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-year, year / 2} {
		s := newService(t)
		sam := s.hire(policies.Practitioner, "Sam Reed")
		_, clip := s.filmed(sam)
		sam = s.withClock(sam, off)
		if _, err := sam.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		s.down.Store(true)
		sam = s.withClock(sam, off+6*day)
		if v, err := sam.Clips.Show(clip); err != nil || !v.Key {
			t.Errorf("%v off, after 6 days: %+v, %v", off, v, err)
		}
		sam = s.withClock(sam, off+15*day)
		if v, err := sam.Clips.Show(clip); err != nil || v.Key {
			t.Errorf("%v off, after 15 days: %+v, %v", off, v, err)
		}
	}
}

// TestClockPutBackBeforeEachStart: steps back too small to be noticed one by one are
// noticed together, and a sync makes good.
func TestClockPutBackBeforeEachStart(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.sync(sam)
	s.down.Store(true)
	started := 0
	for why := ""; why == ""; started++ {
		sam = s.withClock(sam, -time.Duration(started)*10*time.Minute)
		if why = f.gateOf(t, sam); why != "" && !strings.Contains(why, "clock") || started > 8 {
			t.Fatalf("start %d: %q", started, why)
		}
		s.pass(10 * time.Minute)
		f.gateOf(t, sam)
	}
	if started < 6 {
		t.Errorf("an honest correction shut the gate: after %d starts", started)
	}
	s.down.Store(false)
	s.sync(sam)
	if why := f.gateOf(t, sam); why != "" {
		t.Errorf("after one sync, filming: %s", why)
	}
}

// TestClockStoppedWhileSending: a device that sends and is told nothing new knows by the
// service's time how long that has been so.
func TestClockStoppedWhileSending(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.sync(sam)
	for range 2 { // nothing new, and nothing signed
		s.pass(5 * day)
		s.sync(sam)
	}
	met := time.Duration(s.clock.Load())
	for _, c := range []struct {
		days time.Duration
		why  string
	}{{6, ""}, {8, "too long"}} {
		s.clock.Store(int64(met + c.days*day))
		sam = s.withClock(sam, -c.days*day)
		s.lose("/v1/sync/pull")
		_, err := sam.Sessions.Log(f.id, "", 0, true, "")
		must(t, err)
		if r, err := sam.Sync(context.Background()); err == nil || len(r.Accepted) != 1 {
			t.Fatalf("taken %+v, %v", r.Accepted, err)
		}
		if why := f.gateOf(t, sam); (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("after %d days, filming: %q, want %q", c.days, why, c.why)
		}
	}
	s.spoil.Store(nil)
	s.sync(sam)
	if why := f.gateOf(t, sam); why != "" {
		t.Errorf("after one sync, filming: %s", why)
	}
}
