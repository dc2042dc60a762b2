package server_test

import (
	"net/http"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// press is the button of the page.
func (f *filmed) press(token, session string, headers ...string) answer {
	f.Helper()
	if len(headers) == 0 {
		headers = []string{"Attune-Page", "1", "Sec-Fetch-Site", "same-origin", "Origin", f.origin()}
	}
	return f.call("", http.MethodPost, "/s/"+token+"/stop", nil, append(headers, "Attune-Session", session)...)
}

func (f *filmed) opened(l storagetest.Link) (o wire.OpenedLink) {
	f.Helper()
	f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN)).decode(f.world, &o)
	return o
}

// One press: the page, its playback and the team's own watch are refused from the
// next request, pressing again answers the same, and the log has the carer's act.
func TestStop(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	l := f.family.Share(f.clip, 20)
	o := f.opened(l)
	payload := "/s/" + l.Token.String() + "/payload"
	film := func() answer {
		return f.call("", http.MethodGet, payload, nil, "Attune-Session", o.Session.String(), "Range", "bytes=0-99")
	}
	film().want(f.world, http.StatusPartialContent, "")

	first := f.press(l.Token.String(), o.Session.String())
	first.want(f.world, http.StatusNoContent, "")
	if again := f.press(l.Token.String(), o.Session.String()); same(again) != same(first) {
		t.Errorf("pressed again: %s\nwant %s", same(again), same(first))
	}

	film().want(f.world, http.StatusNotFound, wire.CodeLinkEnded)
	f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN)).want(f.world, http.StatusNotFound, wire.CodeLinkEnded)
	watch := f.call("sam", http.MethodPost, "/v1/clips/"+f.clip.ID.String()+"/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse})
	watch.want(f.world, http.StatusForbidden, wire.CodeDenied)

	for _, want := range []struct {
		act, rule, who string
		n              int
	}{
		{"link.stop", "LINK-STOP", "carer by link " + l.ID.String(), 2},
		{"consent.suspend", "STATE-SERVER", "the server", 1},
		{"link.open", "LINK-CONSENT", "carer by link " + l.ID.String(), 2},
		{"clip.watch", "VIEW-CONSENT", "practitioner Sam Reed", 1},
	} {
		found, _, err := f.svc.Log.Search(t.Context(), f.svc.Officer.Caller(), storage.LogQuery{Action: want.act, Rule: want.rule, Limit: 10})
		f.must(err)
		if len(found) != want.n || found[0].Who != want.who {
			t.Errorf("%s by rule %s: %+v, want %d by %s", want.act, want.rule, found, want.n, want.who)
		}
	}
}

// What was not pressed on an opened page of this link answers like a link that
// never was.
func TestStopIsPressedOnThePage(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	l, other := f.family.Share(f.clip, 20), f.family.Share(f.clip, 20)
	session, theirs := f.opened(l).Session.String(), f.opened(other).Session.String()
	token, page := l.Token.String(), []string{"Attune-Page", "1"}
	want := same(f.open(policies.Bytes16{1}.String(), l.Auth(), l.Keyed(l.PIN)))
	for name, got := range map[string]answer{
		"NoHeader":     f.press(token, session, "Accept", "*/*"),
		"Prefetch":     f.press(token, session, append(page, "Sec-Purpose", "prefetch")...),
		"CrossSite":    f.press(token, session, append(page, "Sec-Fetch-Site", "cross-site")...),
		"OtherOrigin":  f.press(token, session, append(page, "Origin", "https://elsewhere.example")...),
		"NoSession":    f.press(token, ""),
		"Guess":        f.press(token, policies.Digest{1}.String()),
		"OtherSession": f.press(token, theirs),
		"UnknownLink":  f.press(policies.Bytes16{1}.String(), session),
		"Malformed":    f.press("x", session),
	} {
		if got := same(got); got != want {
			t.Errorf("%s:\n%s\nunknown:\n%s", name, got, want)
		}
	}
	f.call("sam", http.MethodPost, "/v1/clips/"+f.clip.ID.String()+"/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse}).
		want(f.world, http.StatusCreated, "")
}

// Tries at the PIN do not use up what a carer needs to say stop.
func TestStopHasItsOwnLimit(t *testing.T) {
	f := newFilmed(newWorld(t, func(c *server.Config) { c.OpensPerMinute, c.StopsPerMinute = 1, 2 }))
	f.store()
	for range 2 {
		f.call("", http.MethodPost, "/s/"+policies.Bytes16{1}.String()+"/open", wire.OpenLink{}, "Attune-Page", "1")
	}
	for _, want := range []int{http.StatusNotFound, http.StatusNotFound, http.StatusTooManyRequests} {
		if got := f.press(policies.Bytes16{1}.String(), policies.Digest{1}.String()); got.status != want {
			t.Errorf("press = %d, want %d", got.status, want)
		}
	}
}
