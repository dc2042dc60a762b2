package soak

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// line is a device's connection: there is no socket, and all that can happen to a
// request on its way.
type line struct{ d *device }

var (
	errAway = errors.New("no connection")
	errLost = errors.New("connection lost")
)

// RoundTrip implements [http.RoundTripper].
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	w := l.d.w
	h := held{method: r.Method, path: r.URL.RequestURI(), header: r.Header.Clone(), from: l.d.name}
	if l.d.older { // the service answers version 0 no more
		h.header.Set(wire.ProtocolHeader, strconv.Itoa(wire.Oldest))
	}
	if plants[w.refuse].reply != nil {
		h.header.Del("Accept-Encoding") // what is to be altered must be read
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		h.body = body
	}
	if l.d.dead || l.d.offline && !w.calm {
		return nil, errAway
	}
	if w.calm {
		return w.reply(r, w.service.serve(h)), nil
	}
	switch n := w.r.IntN(100); {
	case n < 5: // never arrives
		w.count.lost++
		return nil, errLost
	case n < 7: // arrives much later, when its sender has long given up
		w.count.delayed++
		w.late = append(w.late, h)
		return nil, errLost
	}
	if w.chance(2) { // the server dies while it is at it, or right after
		w.strike(h)
		return nil, errLost
	}
	a := w.service.serve(h)
	switch n := w.r.IntN(100); {
	case n < 4: // comes twice; the first answer, or the second, is lost
		w.count.repeated++
		a = w.service.serve(h)
	case n < 9: // its answer is lost
		w.count.lost++
		return nil, errLost
	case n < 11: // its answer is cut
		w.count.lost++
		reply := w.reply(r, a)
		reply.Body = io.NopCloser(io.MultiReader(io.LimitReader(reply.Body, int64(a.Body.Len()/2)), broken{}))
		return reply, nil
	}
	return w.reply(r, a), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (w *world) reply(r *http.Request, a *httptest.ResponseRecorder) *http.Response {
	if alter := plants[w.refuse].reply; alter != nil {
		a = alter(w, r, a)
	}
	if os.Getenv("TRACE") != "" && w.step >= number("FROM", 0) {
		w.t.Logf("%d %s %s: %d %s", w.step, r.Method, r.URL.RequestURI(), a.Code, a.Body.String())
	}
	reply := a.Result()
	reply.Request = r
	return reply
}

// deliver brings a late request to the server; nobody waits for its answer.
func (w *world) deliver(i int) {
	h := w.late[i]
	w.late = append(w.late[:i:i], w.late[i+1:]...)
	w.tell("a late %s %s of %s arrives", h.method, pathOf(h), h.from)
	w.service.serve(h)
}

func pathOf(h held) string {
	for i, c := range h.path {
		if c == '?' {
			return h.path[:i]
		}
	}
	return h.path
}
