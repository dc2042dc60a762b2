package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// watch opens a viewing and returns the path of its payload.
func (f *filmed) watch(name string, purpose policies.Purpose) string {
	f.Helper()
	reply := f.call(name, http.MethodPost, "/v1/clips/"+f.clip.ID.String()+"/viewings", wire.ViewRequest{Purpose: purpose})
	reply.want(f.world, http.StatusCreated, "")
	var v wire.Viewing
	reply.decode(f.world, &v)
	if v.Bytes != int64(len(f.payload())) {
		f.Errorf("viewing of %d bytes, want %d", v.Bytes, len(f.payload()))
	}
	return "/v1/viewings/" + v.ID + "/payload"
}

func TestWatch(t *testing.T) {
	f := newFilmed(newWorld(t))
	f.store()
	path := f.watch("ana", policies.FilmAndUse)
	f.ranges(func(headers ...string) answer { return f.call("ana", http.MethodGet, path, nil, headers...) }, true)

	f.call("sam", http.MethodGet, path, nil).want(f.world, http.StatusNotFound, wire.CodeNotFound)
	f.watch("vera", policies.Supervision)
	unknown := f.call("ana", http.MethodGet, "/v1/viewings/"+policies.DigestOf(nil).String()+"/payload", nil)
	unknown.want(f.world, http.StatusNotFound, wire.CodeNotFound)

	copied := "/v1/clips/" + f.clip.ID.String() + "/viewings"
	f.call("ana", http.MethodPost, copied, wire.ViewRequest{Purpose: policies.FilmAndUse, Copy: true}).
		want(f.world, http.StatusUnprocessableEntity, wire.CodeReason)
}

// ranges asks for a payload in every way that there is.
func (f *filmed) ranges(get func(headers ...string) answer, suffix bool) {
	f.Helper()
	n := len(f.payload())
	for _, tt := range []struct {
		header     string
		start, end int // end 0: refused
	}{
		{fmt.Sprintf("bytes=0-%d", n-1), 0, n},
		{"bytes=0-0", 0, 1},
		{"bytes=65536-131071", 65536, 131072},
		{fmt.Sprintf("bytes=%d-%d", n-1, n+500), n - 1, n},
		{"bytes=100000-", 100000, n},
		{fmt.Sprintf("bytes=%d-", n), 0, 0},
		{fmt.Sprintf("bytes=%d-%d", n, n+1), 0, 0},
		{"bytes=0-1,4-5", 0, 0},
		{"bytes=5-4", 0, 0},
		{"lines=0-1", 0, 0},
		{"bytes=a-b", 0, 0},
	} {
		got := get("Range", tt.header)
		if tt.end == 0 {
			got.want(f.world, http.StatusRequestedRangeNotSatisfiable, wire.CodeRange)
			if h := got.header.Get("Content-Range"); h != fmt.Sprintf("bytes */%d", n) {
				f.Errorf("%s: Content-Range = %q", tt.header, h)
			}
			continue
		}
		got.want(f.world, http.StatusPartialContent, "")
		f.exactly(tt.header, got, tt.start, tt.end)
		if h, want := got.header.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", tt.start, tt.end-1, n); h != want {
			f.Errorf("%s: Content-Range = %q, want %q", tt.header, h, want)
		}
	}
	if suffix {
		f.exactly("suffix", get("Range", "bytes=-1000"), n-1000, n)
	}
	whole := get()
	whole.want(f.world, http.StatusOK, "")
	f.exactly("whole", whole, 0, n)
	if whole.header.Get("Content-Range") != "" || whole.header.Get("Cache-Control") != "no-store" {
		f.Errorf("whole with %v", whole.header)
	}
}

func (f *filmed) exactly(what string, got answer, start, end int) {
	f.Helper()
	if !bytes.Equal(got.body, f.payload()[start:end]) {
		f.Errorf("%s: %d bytes that are not those from %d to %d", what, len(got.body), start, end)
	}
	if h := got.header.Get("Content-Length"); h != strconv.Itoa(end-start) {
		f.Errorf("%s: Content-Length = %s, want %d", what, h, end-start)
	}
}

// Someone else's clip and no clip at all must look the same.
func TestWatchUnknown(t *testing.T) {
	f := newFilmed(newWorld(t))
	ask := func(clip policies.ClipID) answer {
		return f.call("outsider", http.MethodPost, "/v1/clips/"+clip.String()+"/viewings", wire.ViewRequest{Purpose: policies.FilmAndUse})
	}
	unknown := ask(policies.ClipID{1})
	unknown.want(f.world, http.StatusNotFound, wire.CodeNotFound)
	same := func(state string) {
		t.Helper()
		if a, b := withoutRequest(f.world, ask(f.clip.ID)), withoutRequest(f.world, unknown); a != b {
			t.Errorf("%s  %s\nunknown %s", state, a, b)
		}
	}
	same("uploading")
	f.store()
	same("stored")
	f.svc.Sam.Does(f.family.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.family.Carer}, Channel: policies.InPerson})
	same("withdrawn")
}

// withoutRequest is status, headers and body but for what differs each time.
func withoutRequest(w *world, a answer) string {
	w.Helper()
	var b wire.ErrorBody
	a.decode(w, &b)
	b.RequestID = ""
	h := a.header.Clone()
	h.Del("Date")
	h.Del("Content-Length")
	return fmt.Sprintf("%d %v %+v", a.status, h, b)
}
