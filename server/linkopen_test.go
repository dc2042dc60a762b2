package server_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/storage/storagetest"
)

func (w *world) linkStands(name string, l storagetest.Link) (st wire.LinkStatus) {
	w.Helper()
	w.call(name, http.MethodGet, "/v1/links/"+l.ID.String(), nil).decode(w, &st)
	return st
}

// A thousand browsers press the button of a link with one opening: one of them gets
// in, and all others are told what a stranger is told.
func TestLinkOpenedByAThousand(t *testing.T) {
	f := newFilmed(newWorld(t, func(c *server.Config) { c.OpensPerMinute = 5000 })) // all from one address
	f.store()
	l := f.family.Share(f.clip, 1)
	in := wire.OpenLink{Auth: l.Auth(), PIN: l.Keyed(l.PIN)}
	var opened, ended atomic.Int64
	var all sync.WaitGroup
	for range 50 { // connections, each with its share
		all.Go(func() {
			for range 20 {
				switch got := f.call("", http.MethodPost, "/s/"+l.Token.String()+"/open", in, "Attune-Page", "1"); {
				case got.status == http.StatusOK:
					opened.Add(1)
				case got.status == http.StatusNotFound && got.code() == wire.CodeLinkEnded:
					ended.Add(1)
				default:
					t.Errorf("answer %d %s", got.status, got.body)
				}
			}
		})
	}
	all.Wait()
	if opened.Load() != 1 || ended.Load() != 999 {
		t.Errorf("%d opened it and %d were refused, want 1 and 999", opened.Load(), ended.Load())
	}
	if st := f.linkStands("sam", l); st.Opened != 1 || st.Opens != 1 {
		t.Errorf("status = %+v, want opened 1 of 1", st)
	}
}

// What fetches an address without a person, to preview, to prefetch, to scan it for
// harm, uses up no opening and no try, and leaves no event: whatever it tries.
func TestLinkCountsOnlyPeople(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	l := f.family.Share(f.clip, 1)
	page := "/s/" + l.Token.String()
	good := wire.OpenLink{Auth: l.Auth(), PIN: l.Keyed(l.PIN)}
	before := f.events()
	for name, try := range map[string]func() answer{
		"Get":          func() answer { return f.call("", http.MethodGet, page, nil) },
		"Head":         func() answer { return f.call("", http.MethodHead, page, nil) },
		"PrefetchPage": func() answer { return f.call("", http.MethodGet, page, nil, "Sec-Purpose", "prefetch;prerender") },
		"HeadOpen":     func() answer { return f.call("", http.MethodHead, page+"/open", nil) },
		"GetOpen":      func() answer { return f.call("", http.MethodGet, page+"/open", nil) },
		"OptionsOpen":  func() answer { return f.call("", http.MethodOptions, page+"/open", nil) },
		"PutOpen":      func() answer { return f.call("", http.MethodPut, page+"/open", good, "Attune-Page", "1") },
		"PostPage":     func() answer { return f.call("", http.MethodPost, page, good, "Attune-Page", "1") },
		"FormPost": func() answer {
			return f.send("", http.MethodPost, page+"/open", []byte("pin=042917"), "Content-Type", "application/x-www-form-urlencoded")
		},
		"WithoutPress": func() answer { return f.open(l.Token.String(), good.Auth, good.PIN, "Accept", "*/*") },
		"PrefetchOpen": func() answer {
			return f.open(l.Token.String(), good.Auth, good.PIN, "Attune-Page", "1", "Sec-Purpose", "prefetch")
		},
		"PurposePrefetch": func() answer {
			return f.open(l.Token.String(), good.Auth, good.PIN, "Attune-Page", "1", "Purpose", "prefetch")
		},
		"MozPrefetch": func() answer {
			return f.open(l.Token.String(), good.Auth, good.PIN, "Attune-Page", "1", "X-Moz", "prefetch")
		},
		"Overridden": func() answer {
			return f.call("", http.MethodGet, page+"/open", nil, "X-HTTP-Method-Override", "POST", "Attune-Page", "1")
		},
		"ScriptGuesses": func() answer {
			return f.open(l.Token.String(), policies.Digest{1}, policies.Digest{1}, "Attune-Page", "1")
		},
	} {
		if got := try(); got.status == http.StatusOK && len(got.body) > 0 && got.code() == "" && got.header.Get("Content-Type") == "application/json" {
			t.Errorf("%s opened the link: %s", name, got.body)
		}
	}
	if after := f.events(); after != before {
		t.Errorf("%d events, want none", after-before)
	}
	if st := f.linkStands("sam", l); st.Opened != 0 || st.Paused != 0 || st.Locked {
		t.Errorf("status = %+v, want as it was", st)
	}
	f.open(l.Token.String(), good.Auth, good.PIN).want(f.world, http.StatusOK, "")
}

// A reload sends the session that the page still has.
func TestLinkReload(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	l := f.family.Share(f.clip, 1)
	var first, again wire.OpenedLink
	reply := f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN))
	reply.want(f.world, http.StatusOK, "")
	reply.decode(f.world, &first)
	reload := func(session string) answer {
		return f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN), "Attune-Page", "1", "Attune-Session", session)
	}
	reply = reload(first.Session.String())
	reply.want(f.world, http.StatusOK, "")
	if reply.decode(f.world, &again); again.Session != first.Session {
		t.Error("a reload opened a second page")
	}
	for name, session := range map[string]string{"None": "", "Guess": policies.Digest{9}.String(), "Malformed": "x"} {
		t.Run(name, func(t *testing.T) { reload(session).want(f.in(t), http.StatusNotFound, wire.CodeLinkEnded) })
	}
	if st := f.linkStands("ana", l); st.Opened != 1 {
		t.Errorf("counted %d, want 1", st.Opened)
	}
	f.svc.Clock.Forward(11 * 60e9)
	reload(first.Session.String()).want(f.world, http.StatusNotFound, wire.CodeLinkEnded)
}
