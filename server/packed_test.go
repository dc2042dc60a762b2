package server_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// A page comes as the device asks for it, and says the same.
func TestPackedPage(t *testing.T) {
	f := newFilmed(newWorld(t))
	sizes := map[wire.Encoding]int{}
	for accept, want := range map[string]wire.Encoding{"identity": wire.Plain, "gzip": wire.Gzip, "zstd, gzip": wire.Zstd, "br": wire.Plain} {
		got := f.call("sam", http.MethodGet, "/v1/sync/pull", nil, "Accept-Encoding", accept)
		got.want(f.world, http.StatusOK, "")
		if e := got.header.Get("Content-Encoding"); wire.Encoding(e) != want || got.header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%q: encoding %q, want %q", accept, e, want)
		}
		var page wire.PullReply
		if err := wire.DecodePacked(want, bytes.NewReader(got.body), 1<<20, &page); err != nil || len(page.Items) == 0 {
			t.Errorf("%q: %d items, %v", accept, len(page.Items), err)
		}
		sizes[want] = len(got.body)
	}
	if sizes[wire.Gzip] > sizes[wire.Plain]*3/4 || sizes[wire.Zstd] > sizes[wire.Plain]*3/4 {
		t.Errorf("sizes %v", sizes)
	}
}

// What a push unpacks to has the limit of a push, and nothing else is unpacked.
func TestPackedPush(t *testing.T) {
	w := newWorld(t)
	open, _ := w.svc.Sam.Say(policies.RecordID{}, policies.KindFamilyOpen, &policies.FamilyOpen{
		Reference: "EH-1", Programme: policies.VIG, Recipient: w.svc.Sam.Identity.Recipient().String(),
	})
	body, err := wire.Encode(wire.PushRequest{Statements: onWire([]storage.Sealed{open})})
	w.must(err)
	p := wire.NewPacker()
	pack := func(e wire.Encoding, body []byte) []byte {
		out, err := p.Pack(e, body)
		w.must(err)
		return out
	}
	var bomb bytes.Buffer
	z, err := zstd.NewWriter(&bomb, zstd.WithWindowSize(1<<20))
	w.must(err)
	_, err = io.CopyN(z, spaces{}, 1<<28)
	w.must(err)
	w.must(z.Close())
	for name, tt := range map[string]struct {
		encoding string
		body     []byte
		path     string
		status   int
		code     wire.Code
	}{
		"Gzip":      {"gzip", pack(wire.Gzip, body), "/v1/sync/push", http.StatusOK, ""},
		"Zstd":      {"zstd", pack(wire.Zstd, body), "/v1/sync/push", http.StatusOK, ""},
		"Identity":  {"identity", body, "/v1/sync/push", http.StatusOK, ""},
		"Bomb":      {"zstd", bomb.Bytes(), "/v1/sync/push", http.StatusRequestEntityTooLarge, wire.CodeTooLarge},
		"Cut":       {"zstd", pack(wire.Zstd, body)[:40], "/v1/sync/push", http.StatusBadRequest, wire.CodeBadRequest},
		"NotGzip":   {"gzip", body, "/v1/sync/push", http.StatusBadRequest, wire.CodeBadRequest},
		"Twice":     {"gzip, gzip", pack(wire.Gzip, pack(wire.Gzip, body)), "/v1/sync/push", http.StatusUnsupportedMediaType, wire.CodeBadRequest},
		"Brotli":    {"br", body, "/v1/sync/push", http.StatusUnsupportedMediaType, wire.CodeBadRequest},
		"Elsewhere": {"gzip", pack(wire.Gzip, []byte(`{"statements":[],"checkpoint":0}`)), "/v1/restrictions", http.StatusBadRequest, wire.CodeBadRequest},
		"JSONDeep":  {"zstd", pack(wire.Zstd, []byte(strings.Repeat("[", 10_000))), "/v1/sync/push", http.StatusBadRequest, wire.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.send(w.token("sam"), http.MethodPost, tt.path, tt.body, "Content-Encoding", tt.encoding).want(w, tt.status, tt.code)
		})
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
