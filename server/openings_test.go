package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/storagetest"
)

// What a carer's page says about watching: by role who can, until when. Never who
// did, when, how often or from where: one parent must not learn another's viewing.
func TestCarerLearnsNoOpenings(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	mine, others := f.family.Share(f.clip, 20), f.family.Share(f.clip, 20)
	before := f.told(mine)
	for range 3 {
		f.told(others)
	}
	f.call("sam", http.MethodPost, "/v1/clips/"+f.clip.ID.String()+"/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse}).
		want(f.world, http.StatusCreated, "")
	after := f.told(mine)
	said := []string{"bytes", "clip", "codec", "demo", "duration", "link", "media", "nonce", "sealed", "session", "until", "viewers"}
	if got := slices.Sorted(maps.Keys(after)); !slices.Equal(got, said) {
		t.Errorf("the page is told %v, want %v and nothing that counts openings", got, said)
	}
	delete(before, "session") // random
	delete(after, "session")
	if !maps.EqualFunc(before, after, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
		t.Errorf("what others watched in between shows:\n%s\n%s", before, after)
	}
	var viewers []map[string]string
	f.must(json.Unmarshal(after["viewers"], &viewers))
	for _, v := range viewers {
		if got := slices.Sorted(maps.Keys(v)); !slices.Equal(got, []string{"role", "until"}) || strings.Contains(v["role"], " ") {
			t.Errorf("a viewer is shown as %v, want role and date", v)
		}
	}
	if len(viewers) < 2 {
		t.Errorf("%d viewers are shown, want at least carer and team", len(viewers))
	}
}

// told is what the page is told when a carer opens their link.
func (f *filmed) told(l storagetest.Link) map[string]json.RawMessage {
	f.Helper()
	got := f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN))
	got.want(f.world, http.StatusOK, "")
	var out map[string]json.RawMessage
	got.decode(f.world, &out)
	return out
}

// What staff learn of watching: the feed carries none of it, to nobody, and moves
// for none of it. The matrix has the log's own addresses.
func TestFeedCarriesNoViewings(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	link := f.family.Share(f.clip, 20)
	cursor := map[string]string{}
	pull := func(name string) wire.PullReply {
		var page wire.PullReply
		for more := true; more; more = page.More {
			got := f.call(name, http.MethodGet, "/v1/sync/pull?cursor="+cursor[name], nil)
			if page = (wire.PullReply{}); got.status == http.StatusNoContent {
				break
			}
			got.decode(f.world, &page)
			cursor[name] = page.Cursor
		}
		return page
	}
	team := []string{"sam", "ana", "vera", "head", "ig"}
	for _, name := range team {
		pull(name)
		if len(pull(name).Items) > 0 {
			t.Fatalf("the feed of %s does not end", name)
		}
	}
	f.told(link)
	f.call("sam", http.MethodPost, "/v1/clips/"+f.clip.ID.String()+"/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse}).
		want(f.world, http.StatusCreated, "")
	f.call("vera", http.MethodPost, "/v1/clips/"+f.clip.ID.String()+"/viewings", wire.ViewRequest{Purpose: policies.Supervision}).
		want(f.world, http.StatusCreated, "")
	for _, name := range team {
		if page := pull(name); len(page.Items) > 0 {
			t.Errorf("after viewings %s is sent %d items, the first %+v", name, len(page.Items), page.Items[0].Place)
		}
	}
}

// A link's standing is its team's to see, as counts: the answer has no time and no
// place of an opening, and nobody else's is in it.
func TestLinkStandsWithoutTimes(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	link := f.family.Share(f.clip, 20)
	f.told(link)
	got := f.call("sam", http.MethodGet, "/v1/links/"+link.ID.String(), nil)
	got.want(f.world, http.StatusOK, "")
	var out map[string]json.RawMessage
	got.decode(f.world, &out)
	if said := slices.Sorted(maps.Keys(out)); !slices.Equal(said, []string{"locked", "opened", "opens", "paused"}) {
		t.Errorf("the team is told %v of a link", said)
	}
}
