package attune_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// stoppedClip is a clip that Sam filmed without knowing that Ana had passed on a
// withdrawal: the service takes it down, and not its film.
func stoppedClip(t *testing.T) (s *service, sam *attune.Client, f family, clip policies.ClipID) {
	t.Helper()
	s = newService(t)
	sam = s.hire(policies.Practitioner, "Sam Reed")
	ana := s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f = s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	must(t, ana.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.Writing))
	s.sync(ana)
	clip = f.add(t, film(t, "visit.mp4"), "Tea time").Clip
	r, err := sam.Sync(context.Background())
	must(t, err)
	if len(r.Refused) != 0 || len(r.Uploaded) != 0 || len(r.Stopped) != 1 || !slices.Equal(r.Stopped[0].Rules, []string{"UPLOAD-DECISION"}) {
		t.Fatalf("refused %+v, uploaded %v, stopped %+v; want the film stopped by UPLOAD-DECISION", r.Refused, r.Uploaded, r.Stopped)
	}
	if r, err = sam.Sync(context.Background()); err != nil || len(r.Stopped) != 0 {
		t.Errorf("the next sync asks again: %+v, %v", r.Stopped, err)
	}
	if v, err := sam.Clips.Show(clip); err != nil || v.State != attune.ClipAwaits {
		t.Errorf("Sam sees %s, %v", v.State, err)
	}
	if held, err := sam.Uploader.Held(); err != nil || len(held) != 1 || held[0].Clip != clip {
		t.Errorf("held %+v, %v", held, err)
	}
	s.sync(s.head)
	return s, sam, f, clip
}

func (s *service) waiting(c *attune.Client, kind policies.MatterKind) (out []attune.MatterView) {
	s.t.Helper()
	list, err := c.Decisions.Matters()
	must(s.t, err)
	for _, m := range list {
		if m.Kind == kind && m.Mine {
			out = append(out, m)
		}
	}
	return out
}

// TestDecidedToTakeIn: the head of service sees that it waits, and never the film; once
// it is let in, one sync learns so and sends it. Nobody may watch it.
func TestDecidedToTakeIn(t *testing.T) {
	t.Parallel()
	s, sam, f, clip := stoppedClip(t)
	if got := s.waiting(s.head, policies.ClipWaits); len(got) != 1 || got[0].Of != clip.String() || got[0].Due.IsZero() {
		t.Errorf("the head's matters: %+v, want the clip", got)
	}
	if got := s.waiting(sam, policies.ClipWaits); len(got) != 0 {
		t.Errorf("Sam's matters: %+v", got)
	}
	of := policies.StatementID(clip)
	for name, err := range map[string]error{
		"an objection's outcome":    s.head.Decisions.Make(f.id, of, policies.MayBeUsed, policies.CourtOrder),
		"a ground for another":      s.head.Decisions.Make(f.id, of, policies.Take, policies.LegalDuty),
		"by a practitioner":         sam.Decisions.Make(f.id, of, policies.Take, policies.ForSafety),
		"about nothing that exists": s.head.Decisions.Make(f.id, policies.StatementID{7}, policies.Take, policies.ForSafety),
	} {
		if err == nil {
			t.Errorf("%s was recorded", name)
		}
	}
	must(t, s.head.Decisions.Make(f.id, of, policies.Take, policies.ForSafety))
	s.sync(s.head)
	if r := s.sync(sam); !slices.Contains(r.Uploaded, clip) {
		t.Errorf("uploaded %v, want the clip", r.Uploaded)
	}
	s.refuses(sam, clip)
	if got := s.waiting(s.head, policies.ClipWaits); len(got) != 0 {
		t.Errorf("still waits: %+v", got)
	}
}

// TestOrderedDestroyed: the order removes the sealed film from the device that has it,
// and nothing else does; while something holds it, it stays.
func TestOrderedDestroyed(t *testing.T) {
	t.Parallel()
	s, sam, f, clip := stoppedClip(t)
	other := f.addAlone(t)
	hold, err := sam.Holds.Ask(f.id, attune.HoldScope{Clips: []policies.ClipID{clip}}, "safeguarding")
	must(t, err)
	s.sync(sam)
	s.sync(s.head)
	order := func() {
		t.Helper()
		must(t, s.head.Decisions.Make(f.id, policies.StatementID(clip), policies.Destroy, policies.FamilyAsked))
		s.sync(s.head)
	}
	here := func(id policies.ClipID, want bool) {
		t.Helper()
		_, err := os.Stat(payload(sam, id))
		if (err == nil) != want || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("film of %s here: %v, want %v", id.Short(), err, want)
		}
	}
	order()
	if r := s.sync(sam); len(r.Purged) != 0 {
		t.Errorf("held, and destroyed: %v", r.Purged)
	}
	here(clip, true)
	if v, err := sam.Clips.Show(clip); err != nil || v.State != attune.ClipOrdered {
		t.Errorf("held and ordered: %s, %v", v.State, err)
	}
	must(t, s.head.Holds.Release(f.id, hold))
	order()
	r := s.sync(sam)
	if !slices.Equal(r.Purged, []policies.ClipID{clip}) || r.Waiting != 0 {
		t.Errorf("destroyed %v, waiting %d; want the clip, and the service told", r.Purged, r.Waiting)
	}
	here(clip, false)
	here(other, true)
	s.sync(s.head)
	if v, err := s.head.Families.Show(f.id); err != nil || !slices.ContainsFunc(v.Clips, func(c attune.ClipView) bool {
		return c.ID == clip && slices.Equal(c.Purged, []policies.DeviceID{sam.Keys.Device()}) && c.State == attune.ClipPurged
	}) {
		t.Errorf("the head sees %+v, %v", v.Clips, err)
	}
	if held, err := sam.Uploader.Held(); err != nil || slices.ContainsFunc(held, func(h attune.HeldUpload) bool { return h.Clip == clip }) {
		t.Errorf("still held: %+v, %v", held, err)
	}
	if r := s.sync(sam); len(r.Purged) != 0 || len(r.Accepted) != 0 {
		t.Errorf("destroyed again: %+v", r)
	}
}

// addAlone is another clip that waits, of the child, whom nobody withdrew.
func (f family) addAlone(t *testing.T) policies.ClipID {
	t.Helper()
	added, err := f.practitioner.Clips.Add(context.Background(), attune.AddClip{
		Family: f.id, File: film(t, "visit.mp4"), Kind: policies.Excerpt, Session: f.session, People: []policies.PersonID{f.child},
	})
	must(t, err)
	return added.Clip
}

// TestWithdrawalOnScreen: what stands between a withdrawal and destruction, for the one
// who confirms and the one who holds.
func TestWithdrawalOnScreen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	iris := s.hire(policies.IGOfficer, "Iris Long")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	s.sync(sam)
	s.sync(iris)
	got := s.waiting(sam, policies.WithdrawalWaits)
	if len(got) != 1 {
		t.Fatalf("Sam's matters: %+v", got)
	}
	of, err := iris.Decisions.Find(f.id, got[0].Of)
	must(t, err)
	if err := sam.Decisions.Confirm(f.id, of, "met_in_person"); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("confirmed by who recorded it: %v", err)
	}
	destiny := func(want policies.Destiny, rules ...string) {
		t.Helper()
		list, err := iris.Decisions.Destinies(f.id)
		if err != nil || len(list) != 1 || list[0].Clip != clip || list[0].Destiny != want || !slices.Equal(list[0].Rules, rules) {
			t.Errorf("destinies %+v, %v; want %s by %v", list, err, want, rules)
		}
	}
	destiny(policies.DestinyClock, "DISPOSE-ASKED", "DISPOSE-SECOND", "DISPOSE-CLOCK")
	must(t, iris.Decisions.Confirm(f.id, of, "rang_known_number"))
	destiny(policies.DestinyClock, "DISPOSE-ASKED", "DISPOSE-CLOCK")
	request, err := iris.Requests.Open(f.id, policies.AccessRequest, nil, "")
	must(t, err)
	destiny(policies.DestinyHeld, "DISPOSE-ASKED", "DISPOSE-SECOND", "DISPOSE-CLOCK", "DISPOSE-HELD")
	list, err := iris.Requests.List()
	if err != nil || len(list) != 1 || !list[0].Open || list[0].AnswerBy == "" {
		t.Errorf("requests %+v, %v", list, err)
	}
	must(t, iris.Requests.Close(f.id, request, "met", ""))
	s.sync(iris)
	destiny(policies.DestinyClock, "DISPOSE-ASKED", "DISPOSE-SECOND", "DISPOSE-CLOCK")
	must(t, sam.Families.ChangeCase(f.id, policies.CaseChange{LegalStatus: "care_order", Court: true, Basis: "public_task", Controller: policies.FilmingService}))
	must(t, sam.Families.EndWork(f.id, ""))
	if v, err := sam.Families.Case(f.id); err != nil || !v.Court || v.Last == nil || v.EndedOn == "" {
		t.Errorf("case %+v, %v", v, err)
	}
	s.sync(sam)
	if holds, err := iris.Holds.List(); err != nil || len(holds) != 0 {
		t.Errorf("holds %+v, %v", holds, err)
	}
}
