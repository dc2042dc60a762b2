package server_test

import (
	"net/http"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
)

// A device that goes round in circles is slowed down, and nobody else is; it can
// still stop something.
func TestDeviceLimit(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.DevicePerMinute = 3 })
	pull := func(name string) answer { return w.call(name, http.MethodGet, "/v1/sync/pull", nil) }
	for range 3 {
		pull("sam").want(w, http.StatusOK, "")
	}
	slowed := pull("sam")
	slowed.want(w, http.StatusTooManyRequests, wire.CodeBusy)
	if slowed.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	pull("ana").want(w, http.StatusOK, "")
	w.call("sam", http.MethodPost, "/v1/restrictions", wire.PushRequest{}).want(w, http.StatusBadRequest, wire.CodeBadRequest)
	w.svc.Clock.Forward(30e9)
	pull("sam").want(w, http.StatusOK, "")
}

// An opened page has a limit of its own: a stranger who knows the link's address
// cannot use it up.
func TestPageLimit(t *testing.T) {
	f := newFilmed(newWorld(t, func(c *server.Config) { c.PagePerMinute = 3 }))
	f.store()
	l := f.family.Share(f.clip, 20)
	session, other := f.opened(l).Session, f.opened(l).Session
	film := func(session policies.Digest) answer {
		return f.call("", http.MethodGet, "/s/"+l.Token.String()+"/payload", nil, "Attune-Session", session.String(), "Range", "bytes=0-99")
	}
	for i := range 20 {
		film(policies.Digest{1, byte(i)}).want(f.world, http.StatusNotFound, wire.CodeLinkEnded)
	}
	for range 3 {
		film(session).want(f.world, http.StatusPartialContent, "")
	}
	film(session).want(f.world, http.StatusTooManyRequests, wire.CodeBusy)
	film(other).want(f.world, http.StatusPartialContent, "")
}
