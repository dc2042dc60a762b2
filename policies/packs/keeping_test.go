package packs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestKeeping follows two clips of one visit on 2 March 2026 through what is stated of
// them, and holds each date against one worked out by hand from the council's figures:
// raw film a month after the later of excerpts and summary, excerpts two months after the
// end of the work, five working days after a withdrawal.
func TestKeeping(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := packs.Load("council")
	if err != nil {
		t.Fatal(err)
	}
	w := policiestest.NewFilmed()
	excerpt := w.Clip
	body := w.ClipBody()
	body.Kind, body.Chosen = policies.Film, false
	raw := policies.ClipID(w.Do("ann", "clip.add", body))
	on := func(day string) {
		t.Helper()
		d, err := time.ParseInLocation("2006-01-02 15:04", day+" 10:00", london)
		if err != nil {
			t.Fatal(err)
		}
		w.Now = policies.At(d)
	}
	want := func(id policies.ClipID, said string, because ...string) {
		t.Helper()
		f, ok := w.Family.Keeping(w.Org, id, p, w.Now, london)
		got := string(f.Standing)
		if f.Standing == policies.StandDated {
			got += " " + f.Until.String() + " " + string(f.Then)
		}
		if !ok || got != said {
			t.Errorf("%s: %q, want %q: %q", f.Class, got, said, f.Reasons)
		}
		for _, b := range because {
			if !strings.Contains(strings.Join(f.Reasons, "\n"), b) {
				t.Errorf("%s: %q does not say %q", f.Class, f.Reasons, b)
			}
		}
	}
	want(raw, "waiting", "the written summary is filed")
	want(excerpt, "waiting", "involvement ends")

	on("2026-03-10")
	w.Do("bea", "summary.file", policies.SummaryFile{Clips: []policies.ClipID{raw}, FiledOn: "2026-03-10", Where: "case_record"})
	want(raw, "dated 2026-04-10 destroy")
	on("2026-03-20") // somebody wrote more: it is kept for no shorter
	w.Do("ann", "summary.file", policies.SummaryFile{Clips: []policies.ClipID{raw, excerpt}, FiledOn: "2026-03-20", Where: "case_record"})
	want(raw, "dated 2026-04-20 destroy")
	want(excerpt, "waiting")

	on("2026-06-30")
	w.Do("ann", "family.close", policies.FamilyClose{EndedOn: "2026-06-30"})
	want(excerpt, "dated 2026-08-30 destroy", "2 months after involvement ends")
	hold := w.Do("ig", "hold.place", policies.HoldPlace{Clips: []policies.ClipID{excerpt}, Kind: "police"})
	want(excerpt, "held", "It is held")
	want(raw, "dated 2026-04-20 destroy")
	w.Do("head", "hold.release", policies.HoldRelease{Hold: hold})
	want(excerpt, "dated 2026-08-30 destroy")

	w.Do("ann", "case.change", policies.CaseChange{LegalStatus: "care_order", Court: true, Basis: "public_task", Controller: policies.FilmingService})
	want(excerpt, "held", "before a court")
	w.Now += policies.Minute
	w.Do("ann", "case.change", policies.CaseChange{LegalStatus: "care_order", Basis: "public_task", Controller: policies.FilmingService})
	want(excerpt, "dated 2026-08-30 destroy")

	on("2026-07-02") // a Thursday
	w.Do("bea", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Kid}, Channel: policies.ByPhone})
	want(excerpt, "dated 2026-07-09 destroy", "Consent was withdrawn on 2026-07-02")
	want(raw, "dated 2026-07-09 destroy")
}

// TestSummaryOfAllFilm: the family's course has a summary only once all film has one.
func TestSummaryOfAllFilm(t *testing.T) {
	w := policiestest.NewFilmed()
	other := policies.ClipID(w.Do("ann", "clip.add", w.ClipBody()))
	filed := func() policies.Day {
		return policies.CourseOf(w.Family, w.Now, time.UTC).Events[policies.OnSummaryFiled]
	}
	w.Do("ann", "summary.file", policies.SummaryFile{Clips: []policies.ClipID{w.Clip}, FiledOn: "2026-03-01", Where: "health_record"})
	if got := filed(); !got.IsZero() {
		t.Errorf("filed on %s, and one clip has none", got)
	}
	w.Do("ann", "summary.file", policies.SummaryFile{Clips: []policies.ClipID{other}, FiledOn: "2026-03-02", Where: "health_record"})
	if got := filed().String(); got != "2026-03-02" {
		t.Errorf("filed on %q, want the later", got)
	}
}
