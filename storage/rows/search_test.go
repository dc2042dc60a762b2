package rows

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/accesslog"
)

// invented writes n events of a few people, families and things, by a seed.
func invented(t *testing.T, db *DB, n int) []Event {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	any := func(list ...string) string { return list[r.IntN(len(list))] }
	events := make([]Event, n)
	for i := range events {
		e := &events[i]
		*e = Event{
			At: int64(i / 3), Action: any("clip.watch", "record.pull", "clip.copy"), Request: fmt.Sprint(i),
			Outcome: any(accesslog.Allowed, accesslog.Denied, accesslog.Done),
			Rules:   []string{any("VIEW-1", "VIEW-10", "RANK_1", "RANKX1")},
			Subject: Named{"staff", any("sam", "ana")}, Object: Named{NamedKind(any("clip", "statement")), any("a", "b")},
		}
		if f := any("f1", "f2", "f3", ""); f != "" {
			e.Family = Named{"family", f}
		}
		if r.IntN(4) == 0 {
			e.Subject, e.Detail = Named{"carer by link", "link1"}, "127.0.0.1"
		}
	}
	err := db.Write(context.Background(), func(tx *Tx) error {
		for _, e := range events {
			if _, _, err := tx.Log(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// matches is what a filter means, one event at a time.
func (f LogFilter) matches(n int64, e Event) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return n >= f.From && (f.Size == 0 || n < f.Size) &&
		is(f.Action, e.Action) && is(f.Outcome, e.Outcome) && (f.Rule == "" || slices.Contains(e.Rules, f.Rule)) &&
		(f.Since == 0 || e.At >= f.Since) && (f.Until == 0 || e.At < f.Until) &&
		(f.Subject.ID == "" || f.Subject == e.Subject) && (f.Families == nil || slices.Contains(f.Families, e.Family)) &&
		(f.Object == "" || e.Object.ID == f.Object || e.Subject.ID == f.Object)
}

// TestSearchLog asks with every combination of filters, page by page: exactly the
// events that match come, in order and once.
func TestSearchLog(t *testing.T) {
	db := openDB(t)
	events := invented(t, db, 600)
	families := func(ids ...string) (out []Named) {
		for _, id := range ids {
			out = append(out, Named{"family", id})
		}
		return out
	}
	for mask := range 1 << 9 {
		f := LogFilter{Limit: 7, Scan: 100}
		for i, set := range []func(){
			func() { f.Families = families("f1", "f3") },
			func() { f.Subject = Named{"staff", "sam"} },
			func() { f.Object = "a" },
			func() { f.Action = "clip.watch" },
			func() { f.Outcome = accesslog.Denied },
			func() { f.Rule = "RANK_1" },
			func() { f.Since, f.Until = 20, 180 },
			func() { f.From = 50 },
			func() { f.Size = 500 },
		} {
			if mask&(1<<i) != 0 {
				set()
			}
		}
		var want, got []int64
		for n, e := range events {
			if f.matches(int64(n), e) {
				want = append(want, int64(n))
			}
		}
		pages := 0
		for f := f; f.From >= 0; pages++ {
			err := db.Read(context.Background(), func(v *View) error {
				rows, next, err := v.SearchLog(f)
				if next >= 0 && next <= f.From || len(rows) > f.Limit {
					t.Fatalf("%+v: %d rows, then %d", f, len(rows), next)
				}
				for _, r := range rows {
					got = append(got, r.N)
					if e := events[r.N]; r.Subject != e.Subject || r.Family != e.Family || r.Object != e.Object || r.Detail != e.Detail {
						t.Fatalf("row %d is %+v, want %+v", r.N, r, e)
					}
				}
				f.From = next
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v finds\n%v\nwant\n%v", f, got, want)
		}
		if most := len(want)/f.Limit + 2*600/100 + 2; pages > most {
			t.Errorf("%+v takes %d pages, at most %d expected", f, pages, most)
		}
	}
}

// TestSearchLogOfNobody: a name that stands in no event finds nothing, and a
// reference is not one of its letters.
func TestSearchLogOfNobody(t *testing.T) {
	db := openDB(t)
	invented(t, db, 20)
	for name, f := range map[string]LogFilter{
		"Family":       {Families: []Named{{"family", "f9"}}},
		"NoFamilies":   {Families: []Named{}},
		"Person":       {Subject: Named{"staff", "nobody"}},
		"Object":       {Object: "zz"},
		"RuleWildcard": {Rule: "VIEW%"},
		"Quote":        {Action: "x' OR 1=1 --"},
	} {
		err := db.Read(context.Background(), func(v *View) error {
			f.Limit = 10
			rows, next, err := v.SearchLog(f)
			if len(rows) > 0 || next >= 0 {
				t.Errorf("%s: %d rows, then %d", name, len(rows), next)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSearchLogPlan reads the plan of each search: along one index from where the
// last page stopped, without sorting and without reading the log from its start. A
// walk over a million events then costs each of them once.
func TestSearchLogPlan(t *testing.T) {
	db := openDB(t)
	invented(t, db, 50)
	for _, row := range []struct {
		name string
		f    LogFilter
		want string // of the walk, and of the horizon where the filter has one
	}{
		{"Nothing", LogFilter{}, "SEARCH e USING INDEX sqlite_autoindex_events_1 (n>?"},
		{"Rule", LogFilter{Rule: "VIEW-1"}, "SEARCH e USING INDEX sqlite_autoindex_events_1 (n>?"},
		{"Family", LogFilter{Families: []Named{{"family", "f1"}}}, "events_family (family=? AND n>?"},
		{"FamilyRule", LogFilter{Families: []Named{{"family", "f1"}}, Rule: "VIEW-1"}, "events_family (family=? AND n>?"},
		{"FamilyAction", LogFilter{Families: []Named{{"family", "f1"}}, Action: "clip.watch", Outcome: "denied"}, "events_family (family=? AND n>?"},
		{"FamilyPerson", LogFilter{Families: []Named{{"family", "f1"}}, Subject: Named{"staff", "sam"}}, "events_family (family=? AND n>?"},
		{"Person", LogFilter{Subject: Named{"staff", "sam"}}, "events_subject (subject=? AND n>?"},
		{"PersonAction", LogFilter{Subject: Named{"staff", "sam"}, Action: "clip.watch"}, "events_subject (subject=? AND n>?"},
		{"Action", LogFilter{Action: "clip.watch"}, "events_action (action=? AND outcome=? AND n>?"},
		{"ActionOutcome", LogFilter{Action: "clip.watch", Outcome: "denied"}, "events_action (action=? AND outcome=? AND n>?"},
		{"FamilyObject", LogFilter{Families: []Named{{"family", "f1"}}, Object: "a"}, "events_family (family=? AND n>?"},
	} {
		err := db.Read(context.Background(), func(v *View) error {
			row.f.Limit, row.f.Scan = 10, 20
			walks, ok, err := v.walks(row.f)
			if err != nil || !ok {
				t.Fatalf("%s: %v, %v", row.name, ok, err)
			}
			for _, w := range walks {
				query, args := w.page(row.f, 40)
				checkPlan(t, v, row.name, row.want, query, args)
				if len(w.along) > 0 {
					query, args = w.sql("SELECT e.n FROM events e", w.along, row.f, 0)
					checkPlan(t, v, row.name+" horizon", "USING COVERING INDEX "+row.want, query, args)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkPlan(t *testing.T, v *View, name, want, query string, args []any) {
	t.Helper()
	var plan []string
	err := v.each(func(scan func(...any) error) error {
		var id, parent, unused int
		var detail string
		err := scan(&id, &parent, &unused, &detail)
		plan = append(plan, detail)
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(plan, "\n")
	if !strings.Contains(all, want) || strings.Contains(all, "SCAN") || strings.Contains(all, "TEMP B-TREE") {
		t.Errorf("%s: plan\n%s\nwant %s, no scan and no sort", name, all, want)
	}
}
