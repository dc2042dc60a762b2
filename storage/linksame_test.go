package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// refusals are links that refuse for every reason that must not be told apart, by
// name. Each has been refused before, so that none is met for the first time.
func refusals(tb testing.TB, w *storagetest.World, f *storagetest.Family, c storagetest.Clip) map[string]func() error {
	tb.Helper()
	open := func(l storagetest.Link, auth policies.Digest) func() error {
		return func() error {
			_, err := w.Links.Open(context.Background(), policies.Caller{Request: "page", Address: "192.0.2.7"}, l.Token, auth, l.Keyed(l.PIN), policies.Digest{})
			return err
		}
	}
	live, expired, revoked, used := f.Share(c, 20), f.Share(c, 20), f.Share(c, 20), f.Share(c, 1)
	unknown, _ := f.NewLink(c, 1)
	for _, l := range []storagetest.Link{live, expired, revoked, used} {
		if err := open(l, l.Auth())(); err != nil {
			tb.Fatal(err)
		}
	}
	w.Clock.Forward(15 * 24 * time.Hour) // past the date of all of them
	// The rest is made anew, and lives.
	live, revoked, used = f.Share(c, 20), f.Share(c, 20), f.Share(c, 1)
	for _, l := range []storagetest.Link{live, revoked, used} {
		if err := open(l, l.Auth())(); err != nil {
			tb.Fatal(err)
		}
	}
	w.Sam.Does(f.Record, "link.revoke", &policies.LinkRevoke{Link: revoked.ID})
	guess := policies.DigestOf([]byte("guess"))
	return map[string]func() error{
		"Unknown":   open(unknown, unknown.Auth()),
		"WrongAuth": open(live, guess),
		"Expired":   open(expired, expired.Auth()),
		"Revoked":   open(revoked, revoked.Auth()),
		"UsedUp":    open(used, used.Auth()),
	}
}

// Every refusal asks the database the same things in the same order: what a clock
// could tell apart is what is done, and that is compared here instead of the time.
func TestLinkRefusalsTakeTheSameSteps(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	steps := map[string][]string{}
	var order []string
	all := refusals(t, w, f, f.Store(300_000, true))
	for name, refused := range all {
		before := size(t, w)
		var said []string
		w.Watch(func(query string) { said = append(said, strings.Join(strings.Fields(query), " ")) })
		err := refused()
		w.Watch(nil)
		if !errors.Is(err, storage.ErrLinkEnded) {
			t.Fatalf("%s: %v, want ended", name, err)
		}
		stranger := name == "Unknown" || name == "WrongAuth"
		if grew := size(t, w) - before; stranger && grew != 0 || !stranger && grew != 1 {
			t.Errorf("%s: %d events, want none for a stranger and one for who holds the link", name, grew)
		}
		steps[name], order = comparable(said), append(order, name)
	}
	slices.Sort(order)
	for _, name := range order {
		if got, want := steps[name], steps["Expired"]; !slices.Equal(got, want) {
			t.Errorf("%s:\n  %s\nexpired:\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	if len(steps["Expired"]) < 8 {
		t.Errorf("only %d statements were seen", len(steps["Expired"]))
	}
}

// comparable leaves out what only time decides: a tile of the log's tree that
// happens to be full. A stranger's work is undone before it is let go.
func comparable(said []string) []string {
	return slices.DeleteFunc(said, func(q string) bool {
		return q == "ROLLBACK TO job" || strings.HasPrefix(q, "INSERT INTO tiles")
	})
}

// The same for pages: an unknown session, another link's, and one that has ended.
func TestLinkSessionsTakeTheSameSteps(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(300_000, true)
	l := f.Share(c, 20)
	unknown, _ := f.NewLink(c, 1)
	page, err := openLink(w, l, l.PIN)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for name, ask := range map[string]struct {
		token   policies.Bytes16
		session policies.Digest
	}{
		"UnknownSession": {l.Token, policies.DigestOf([]byte("guess"))},
		"UnknownLink":    {unknown.Token, policies.DigestOf([]byte("guess"))},
		"OfAnotherLink":  {unknown.Token, page.Session},
	} {
		var said []string
		w.Watch(func(query string) { said = append(said, query) })
		_, _, err := w.Links.Read(context.Background(), policies.Caller{}, ask.token, ask.session, 0, 10)
		w.Watch(nil)
		if !errors.Is(err, storage.ErrLinkEnded) {
			t.Fatalf("%s: %v, want ended", name, err)
		}
		if want == nil {
			want = said
		}
		if !slices.Equal(said, want) || len(said) == 0 {
			t.Errorf("%s: %q, want %q", name, said, want)
		}
	}
}

func size(t *testing.T, w *storagetest.World) int64 {
	t.Helper()
	p, err := w.Log.Prove(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return p.Size
}

// BenchmarkLinkRefused measures how long each refusal takes, in turn, so that a
// noisy machine is as noisy for each: the spread of the means is what a stranger
// with a clock has to work with. It reports the mean of each in microseconds, and
// the spread, widest less narrowest, in percent of the mean of all.
//
//	go test ./storage -run '^$' -bench LinkRefused
func BenchmarkLinkRefused(b *testing.B) {
	w := storagetest.New(b, storagetest.Adopted(b))
	f := w.Open("NF-2041")
	all := refusals(b, w, f, f.Store(300_000, true))
	took := map[string]time.Duration{}
	n := 0
	for b.Loop() {
		for name, refused := range all {
			begun := time.Now()
			if err := refused(); !errors.Is(err, storage.ErrLinkEnded) {
				b.Fatalf("%s: %v", name, err)
			}
			took[name] += time.Since(begun)
		}
		n++
	}
	least, most, sum := time.Duration(1<<62), time.Duration(0), time.Duration(0)
	for name, d := range took {
		b.ReportMetric(float64((d/time.Duration(n)).Nanoseconds())/1e3, fmt.Sprintf("µs/%s", name))
		least, most, sum = min(least, d), max(most, d), sum+d
	}
	b.ReportMetric(100*float64(most-least)/(float64(sum)/float64(len(took))), "%spread")
}
