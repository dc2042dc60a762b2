package attune_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// stockAge is the age tool of the pinned module.
func stockAge(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "age")
	if out, err := exec.Command("go", "build", "-o", bin, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("build age: %v\n%s", err, out)
	}
	return bin
}

// custodian opens with the stock tool what one custodian can open.
func (s *service) custodian(age string, i int, sealed []byte) ([]byte, error) {
	s.t.Helper()
	dir := s.t.TempDir()
	key, in, out := filepath.Join(dir, "key"), filepath.Join(dir, "in"), filepath.Join(dir, "out")
	must(s.t, os.WriteFile(key, []byte(s.safes[i]+"\n"), 0o600))
	must(s.t, os.WriteFile(in, sealed, 0o600))
	if err := exec.Command(age, "-d", "-i", key, "-o", out, in).Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// pair is which custodians a pair is.
var pair = map[policies.Pair][2]int{policies.PairAB: {0, 1}, policies.PairAC: {0, 2}, policies.PairBC: {1, 2}}

// TestCoverByRecovery: the only practitioner is ill and no device of hers will sync. The
// head of service arranges cover, two officers ask for the custodians' envelope, two
// custodians open it with the stock tool, and who covers can work. The officer who had
// the key in the hand has it no longer: the locks change.
//
// Source: DESIGN §4, recovery.
func TestCoverByRecovery(t *testing.T) {
	t.Parallel()
	s, age := newService(t), stockAge(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "Tea time").Clip
	s.sync(sam)
	cora := s.hire(policies.Practitioner, "Cora Lane")
	ivy := s.hire(policies.IGOfficer, "Ivy Gold")
	s.sync(s.head)

	until := s.now().AddDate(0, 0, 14)
	if err := s.head.Families.Cover(f.id, cora.Keys.Staff(), until); attune.CodeOf(err) != "not_possible" || !strings.Contains(err.Error(), "IG officer") {
		t.Errorf("cover by somebody whom only the head of service has confirmed: %v", err)
	}
	s.hear(ivy, cora)
	must(t, s.head.Families.Cover(f.id, cora.Keys.Staff(), until))
	use, err := s.head.Recovery.Use(f.id, policies.RecoverCover, policies.PairAC, cora.Keys.Staff())
	must(t, err)
	s.sync(s.head)
	s.sync(cora)
	if _, err := cora.Clips.Open(context.Background(), clip, policies.FilmAndUse); attune.CodeOf(err) != attune.CodeNoKey {
		t.Errorf("before the recovery: %v, want no_key", err)
	}
	view, err := s.head.Recovery.Find("NF-1042")
	must(t, err)
	if _, err := s.head.Recovery.Export(view); attune.CodeOf(err) != attune.CodeNoKey {
		t.Errorf("before somebody confirmed: %v, want no_key", err)
	}
	if err := s.head.Recovery.Confirm(f.id, use); err == nil {
		t.Error("who asked confirmed it")
	}
	s.sync(ivy)
	must(t, ivy.Recovery.Confirm(f.id, use))
	s.sync(ivy)
	s.sync(ivy)
	if view, err := ivy.Recovery.Find("NF-1042"); err != nil || view.Here {
		t.Errorf("the envelope went to who confirmed: %+v, %v", view, err)
	}
	s.sync(s.head)
	view, err = s.head.Recovery.Find("NF-1042")
	must(t, err)
	envelope, err := s.head.Recovery.Export(view)
	must(t, err)

	inner, err := s.custodian(age, 0, envelope)
	must(t, err)
	if err := s.head.Recovery.Restore(view, inner); err == nil {
		t.Error("one custodian was enough")
	}
	key, err := s.custodian(age, 2, inner)
	must(t, err)
	if other, _, err := attune.NewCustodian(); err != nil || s.head.Recovery.Restore(view, []byte(other)) == nil {
		t.Error("a stranger's key was taken for the family's")
	}
	must(t, s.head.Recovery.Restore(view, key))
	s.sync(s.head)
	r := s.sync(cora)
	if len(r.Turned) != 1 {
		t.Errorf("turned %+v, want the family: the head of service has seen its key", r.Turned)
	}
	if p, err := cora.Clips.Open(context.Background(), clip, policies.FilmAndUse); err != nil || len(all(t, p)) == 0 {
		t.Errorf("who covers cannot watch: %v", err)
	}
	if v, err := cora.Families.Show(f.id); err != nil || v.People[0].Label != "Mum "+marker {
		t.Errorf("who covers reads %+v, %v", v.People, err)
	}
	f.practitioner = cora
	later := f.add(t, film(t, "visit.mp4"), "With cover").Clip
	s.sync(cora)

	// Sam is back, and has what came meanwhile. The cover ends by its date, by nobody's
	// word; and with it the key that Cora has.
	s.sync(sam)
	if p, err := sam.Clips.Open(context.Background(), later, policies.FilmAndUse); err != nil || len(all(t, p)) == 0 {
		t.Errorf("Sam cannot watch what was filmed meanwhile: %v", err)
	}
	s.pass(15 * 24 * time.Hour)
	if r := s.sync(sam); len(r.Turned) != 1 || r.Turned[0].Because[0] != cora.Keys.Staff() {
		t.Errorf("after the cover: turned %+v", r.Turned)
	}
	if r, err := cora.Sync(context.Background()); err != nil {
		t.Errorf("Cora's device: %v", err)
	} else if again, err := cora.Sync(context.Background()); err != nil || len(r.Dropped)+len(again.Dropped) != 1 {
		t.Errorf("Cora's device dropped %v and %v, %v", r.Dropped, again.Dropped, err)
	}
}

// TestRecoveryDrill: each pair of custodians proves that it could open a family's key, and
// no custodian alone can.
func TestRecoveryDrill(t *testing.T) {
	t.Parallel()
	s, age := newService(t), stockAge(t)
	drill, err := s.head.Recovery.Drill()
	must(t, err)
	for p, who := range pair {
		inner, err := s.custodian(age, who[0], drill.Envelopes[p])
		must(t, err)
		if policies.DigestOf(inner) == drill.Secret {
			t.Errorf("%s: one custodian was enough", p)
		}
		text, err := s.custodian(age, who[1], inner)
		must(t, err)
		if policies.DigestOf(text) != drill.Secret {
			t.Errorf("%s opened something else", p)
		}
		for i := range 3 {
			alone, err := s.custodian(age, i, drill.Envelopes[p])
			if err == nil {
				_, err = s.custodian(age, i, alone)
			}
			if err == nil {
				t.Errorf("custodian %d opened %s alone", i, p)
			}
		}
	}
}
