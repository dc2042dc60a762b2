package attune_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// FuzzAnswers gives a device whatever bytes in the place of a page of the feed, of the
// results of a push, or of its endings. It may believe none of it: what it holds stays as
// it was, what is queued stays queued, and it is not at fault. The seeds are what this
// service answered, so that the fuzzer changes real pages.
func FuzzAnswers(f *testing.F) {
	s := newService(f)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	family := s.family(sam)
	paths := []string{"/v1/sync/pull", "/v1/sync/push", "/v1/sync/endings"}
	watch := func(r *http.Request, body []byte) []byte {
		for i, p := range paths {
			if strings.HasPrefix(r.URL.Path, p) && len(body) > 0 && len(body) < 64<<10 {
				f.Add(uint8(i), body)
			}
		}
		return body
	}
	s.spoil.Store(&watch)
	_, err := sam.Sessions.Log(family.id, "", 0, true, "")
	must(f, err)
	s.sync(sam)
	s.spoil.Store(nil)
	for i := range paths {
		f.Add(uint8(i), []byte(`{"items":[{"kind":"drop_scope","place":{"record":"`+family.id.String()+`","position":1,"class":1,"head":"","org_head":"","at":1,"index":1},"id":"","statement":"","attachments":[]}],"receipts":[],"cursor":"x","more":false,"proven":{"checkpoint":"","consistency":[],"time":1},"time":1}`))
		f.Add(uint8(i), []byte(`{"results":[{"id":"","status":"accepted","code":"","message":"","retry":"never","rules":[]}],"proven":{"checkpoint":"","consistency":[],"time":1}}`))
		f.Add(uint8(i), []byte(strings.Repeat("[", 10_000)))
	}
	_, err = sam.Sessions.Log(family.id, "", 0, true, "a visit that is queued")
	must(f, err)
	must(f, sam.Close())
	liar := &answerer{paths: paths}
	sam, err = attune.Open(sam.Home(), passphrase, attune.Config{Now: s.now, HTTP: &http.Client{Transport: liar}})
	must(f, err)
	f.Cleanup(func() { sam.Close() })
	held, _ := sam.Mirror.Family(family.id)
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		liar.which, liar.body = int(which)%len(paths), body
		_, err := sam.Sync(context.Background())
		if err == nil {
			t.Errorf("%s: %.200q is believed", paths[liar.which], body)
		}
		now, still := sam.Mirror.Family(family.id)
		if !still || now.Head != held.Head {
			t.Errorf("%s: %.200q changed what is held", paths[liar.which], body)
		}
		if waiting, err := sam.Outbox.Waiting(); err != nil || len(waiting) != 1 {
			t.Errorf("%s: %.200q: %d waiting, %v", paths[liar.which], body, len(waiting), err)
		}
	})
}

// answerer is a server that answers one address with whatever it was given, and says
// elsewhere what leads a device there.
type answerer struct {
	paths []string
	which int
	body  []byte
}

func (a *answerer) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusServiceUnavailable, []byte(`{"code":"busy","message":"","next":"","request_id":""}`)
	switch {
	case strings.HasPrefix(r.URL.Path, a.paths[a.which]):
		status, body = http.StatusOK, a.body
	case a.which == 2:
		status, body = http.StatusUpgradeRequired, []byte(`{"code":"protocol_too_old","message":"","next":"","request_id":""}`)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}
