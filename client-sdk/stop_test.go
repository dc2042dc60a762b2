package attune_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestStopAsked: what a carer asked for on the page reaches the practitioner, says
// who and when, and ends with a form that was signed since.
func TestStopAsked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	link, err := sam.Links.Create(clip, f.mum, attune.LinkTerms{Days: 7, Opens: 3})
	must(t, err)
	s.sync(sam)
	if asked, err := sam.Families.StopAsked(); err != nil || asked == nil || len(asked) != 0 {
		t.Errorf("before: %+v, %v, want an empty list", asked, err)
	}
	pressed := s.now()
	s.pressStop(link.URL, link.PIN)

	s.sync(sam)
	asked, err := sam.Families.StopAsked()
	must(t, err)
	if len(asked) != 1 {
		t.Fatalf("asked = %+v, want one", asked)
	}
	a := asked[0]
	if a.Family != f.id || a.Reference != "NF-1042" || a.Person != f.mum || a.Label != "Mum "+marker || a.Link != link.Link {
		t.Errorf("asked = %+v, want by the mother, by this link", a)
	}
	if d := a.At.Sub(pressed); d < -time.Second || d > time.Minute {
		t.Errorf("asked at %v, want %v", a.At, pressed)
	}
	v, err := sam.Families.Show(f.id)
	must(t, err)
	if len(v.StopAsked) != 1 || v.Links[0].State != policies.LinkRevoked || len(v.Consents[0].InForce) != 1 {
		t.Errorf("family = %+v, want the link ended and only the child's consent", v)
	}
	s.refuses(sam, clip)

	f.consent(s)
	s.sync(sam)
	if asked, err := sam.Families.StopAsked(); err != nil || len(asked) != 0 {
		t.Errorf("after a new form: %+v, %v, want none", asked, err)
	}
}

// pressStop opens a link and presses "Ask us to stop", as the page does.
func (s *service) pressStop(url, pin string) {
	t := s.t
	t.Helper()
	page, fragment, _ := bytes.Cut([]byte(url), []byte("#"))
	secret, err := seal.ParseFragment(string(fragment))
	must(t, err)
	in, err := wire.Encode(wire.OpenLink{Auth: secret.Auth(), PIN: secret.PIN(pin)})
	must(t, err)
	var opened wire.OpenedLink
	send := func(path string, body []byte, want int) {
		r, err := http.NewRequest(http.MethodPost, string(page)+path, bytes.NewReader(body))
		must(t, err)
		r.Header.Set(wire.PageHeader, "1")
		if path == "/stop" {
			r.Header.Set(wire.SessionHeader, opened.Session.String())
		}
		reply, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		must(t, err)
		defer reply.Body.Close()
		if reply.StatusCode != want {
			t.Fatalf("%s answered %s", path, reply.Status)
		}
		if want == http.StatusOK {
			must(t, wire.Decode(reply.Body, 1<<20, &opened))
		}
	}
	send("/open", in, http.StatusOK)
	send("/stop", nil, http.StatusNoContent)
}
