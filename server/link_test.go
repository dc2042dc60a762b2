package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

func (f *filmed) open(token string, auth, pin policies.Digest, headers ...string) answer {
	f.Helper()
	if len(headers) == 0 {
		headers = []string{"Attune-Page", "1", "Sec-Fetch-Site", "same-origin", "Origin", f.origin()}
	}
	f.svc.Clock.Forward(10e9) // a person is not that fast: the limit per address has a test of its own
	return f.call("", http.MethodPost, "/s/"+token+"/open", wire.OpenLink{Auth: auth, PIN: pin}, headers...)
}

func TestLink(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	l := f.family.Share(f.clip, 20)
	reply := f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN))
	reply.want(f.world, http.StatusOK, "")
	var o wire.OpenedLink
	reply.decode(f.world, &o)
	if o.Link != l.ID || o.Clip != f.clip.ID || o.Bytes != int64(len(f.payload())) || o.Duration != 12 || !bytes.Equal(o.Nonce[:], f.payload()[:16]) {
		t.Errorf("opened = %+v", o)
	}
	path := "/s/" + l.Token.String() + "/payload"
	f.ranges(func(h ...string) answer {
		return f.call("", http.MethodGet, path, nil, append(h, "Attune-Session", o.Session.String())...)
	}, false)

	f.call("", http.MethodGet, path, nil).want(f.world, http.StatusNotFound, wire.CodeLinkEnded)
	other := f.family.Share(f.clip, 20)
	f.call("", http.MethodGet, "/s/"+other.Token.String()+"/payload", nil, "Attune-Session", o.Session.String()).
		want(f.world, http.StatusNotFound, wire.CodeLinkEnded)

	f.svc.Sam.Does(f.family.Record, "link.revoke", &policies.LinkRevoke{Link: l.ID})
	f.call("", http.MethodGet, path, nil, "Attune-Session", o.Session.String(), "Range", "bytes=0-1,3-4").
		want(f.world, http.StatusNotFound, wire.CodeLinkEnded)
}

// What a stranger, a bot and somebody with an old link see must be the same
// bytes, or the difference says which links were real.
func TestLinkEndedLooksTheSame(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	expired := f.family.Share(f.clip, 20)
	f.svc.Clock.Forward(15 * 24 * 3600e9)
	live, revoked, used := f.family.Share(f.clip, 20), f.family.Share(f.clip, 20), f.family.Share(f.clip, 1)
	f.svc.Sam.Does(f.family.Record, "link.revoke", &policies.LinkRevoke{Link: revoked.ID})
	f.open(used.Token.String(), used.Auth(), used.Keyed(used.PIN)).want(f.world, http.StatusOK, "")
	press := []string{"Attune-Page", "1"}
	want := same(f.open(policies.Bytes16{1}.String(), live.Auth(), live.Keyed(live.PIN)))
	for name, got := range map[string]answer{
		"Expired":      f.open(expired.Token.String(), expired.Auth(), expired.Keyed(expired.PIN)),
		"ExpiredPIN":   f.open(expired.Token.String(), expired.Auth(), live.Keyed("000000")),
		"UsedUp":       f.open(used.Token.String(), used.Auth(), used.Keyed(used.PIN)),
		"UsedUpPIN":    f.open(used.Token.String(), used.Auth(), live.Keyed("000000")),
		"Revoked":      f.open(revoked.Token.String(), revoked.Auth(), revoked.Keyed(revoked.PIN)),
		"Malformed":    f.open("x", live.Auth(), live.Keyed(live.PIN)),
		"WrongAuth":    f.open(live.Token.String(), revoked.Auth(), live.Keyed(live.PIN)),
		"WrongBoth":    f.open(live.Token.String(), revoked.Auth(), revoked.Keyed(revoked.PIN)),
		"NotPressed":   f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN), "Accept", "*/*"),
		"Prefetch":     f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN), append(press, "Sec-Purpose", "prefetch")...),
		"Prerender":    f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN), append(press, "Sec-Purpose", "prefetch;prerender")...),
		"OldPrefetch":  f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN), append(press, "Purpose", "prefetch")...),
		"CrossSite":    f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN), append(press, "Sec-Fetch-Site", "cross-site")...),
		"OtherOrigin":  f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN), append(press, "Origin", "https://elsewhere.example")...),
		"OpaqueOrigin": f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN), append(press, "Origin", "null")...),
		"NoSession":    f.call("", http.MethodGet, "/s/"+live.Token.String()+"/payload", nil),
		"OddSession":   f.call("", http.MethodGet, "/s/"+live.Token.String()+"/payload", nil, "Attune-Session", "x"),
	} {
		if got := same(got); got != want {
			t.Errorf("%s:\n%s\nunknown:\n%s", name, got, want)
		}
	}
	f.open(live.Token.String(), live.Auth(), live.Keyed(live.PIN)).want(f.world, http.StatusOK, "")
}

func same(a answer) string {
	h := a.header.Clone()
	h.Del("Date")
	return fmt.Sprintf("%d %v\n%s", a.status, h, a.body)
}

// A preview bot that fetches the address learns and spends nothing.
func TestLinkPageIsInert(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	l := f.family.Share(f.clip, 20)
	want := same(f.call("", http.MethodGet, "/s/"+policies.Bytes16{1}.String(), nil))
	for _, token := range []string{l.Token.String(), "x", l.Token.String() + "%231secret"} {
		if got := same(f.call("", http.MethodGet, "/s/"+token, nil)); got != want {
			t.Errorf("the page of %s differs", token)
		}
	}
	// A link that was cut early shows the page too, which says what to do: no carer
	// is shown what is written for programs.
	for _, path := range []string{"/", "/s", "/s/", "/s/" + l.Token.String() + "/"} {
		if got := same(f.call("", http.MethodGet, path, nil)); got != want {
			t.Errorf("the page at %s differs", path)
		}
	}
	before := f.leaves()
	f.call("", http.MethodGet, "/s/"+l.Token.String(), nil)
	if after := f.leaves(); after != before+1 { // asking for leaves is an event, fetching a page is none
		t.Errorf("fetching the page wrote %d events", after-before-1)
	}
}

// leaves is how many events there are.
func (f *filmed) leaves() int64 {
	f.Helper()
	var page wire.LogPage
	f.call("ig", http.MethodGet, "/v1/log/leaves", nil).decode(f.world, &page)
	return page.Rows[len(page.Rows)-1].Index
}

func TestLinkPIN(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	l := f.family.Share(f.clip, 20)
	wrong := policies.DigestOf([]byte("000000"))
	for left := 4; left > 0; left-- {
		got := f.open(l.Token.String(), l.Auth(), wrong)
		got.want(f.world, http.StatusForbidden, wire.CodePINWrong)
		var b wire.ErrorBody
		if got.decode(f.world, &b); b.Left != left {
			t.Errorf("left = %d, want %d", b.Left, left)
		}
	}
	paused := f.open(l.Token.String(), l.Auth(), wrong)
	paused.want(f.world, http.StatusTooManyRequests, wire.CodePINPaused)
	if paused.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN)).want(f.world, http.StatusTooManyRequests, wire.CodePINPaused)
	f.svc.Clock.Forward(20 * 60e9)
	for range 4 {
		f.open(l.Token.String(), l.Auth(), wrong).want(f.world, http.StatusForbidden, wire.CodePINWrong)
	}
	f.open(l.Token.String(), l.Auth(), wrong).want(f.world, http.StatusLocked, wire.CodePINLocked)
	f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN)).want(f.world, http.StatusLocked, wire.CodePINLocked)
}

// Guessing is slowed down per address, whether or not the link exists.
func TestLinkGuessing(t *testing.T) {
	w := newWorld(t)
	guess := func() answer {
		return w.call("", http.MethodPost, "/s/"+policies.Bytes16{1}.String()+"/open", wire.OpenLink{Auth: policies.Digest{1}, PIN: policies.Digest{1}}, "Attune-Page", "1")
	}
	for range 10 {
		guess().want(w, http.StatusNotFound, wire.CodeLinkEnded)
	}
	limited := guess()
	limited.want(w, http.StatusTooManyRequests, wire.CodeBusy)
	if limited.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
