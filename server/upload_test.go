package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
)

func TestUpload(t *testing.T) {
	f := newFilmed(newWorld(t))
	created := f.createUpload("sam", len(f.payload()))
	created.want(f.world, http.StatusCreated, "")
	path := created.header.Get("Location")
	if created.header.Get("Tus-Resumable") != "1.0.0" || created.header.Get("Upload-Offset") != "0" {
		t.Errorf("created with %v", created.header)
	}
	if _, err := http.ParseTime(created.header.Get("Upload-Expires")); err != nil {
		t.Errorf("Upload-Expires: %v", err)
	}
	again := f.createUpload("sam", len(f.payload()))
	if again.header.Get("Location") != path {
		t.Errorf("a second creation leads to %q, want %q", again.header.Get("Location"), path)
	}

	const first = 70_000
	half := f.patch(path, 0, f.payload()[:first])
	half.want(f.world, http.StatusNoContent, "")
	if got := half.header.Get("Upload-Offset"); got != strconv.Itoa(first) {
		t.Errorf("Upload-Offset = %s, want %d", got, first)
	}
	f.stands(path, first)
	f.patch(path, 0, f.payload()).want(f.world, http.StatusConflict, wire.CodeOffset)
	f.patch(path, first+1, f.payload()[first+1:]).want(f.world, http.StatusConflict, wire.CodeOffset)
	f.stands(path, first)

	var where wire.UploadStatus
	f.call("sam", http.MethodGet, "/v1/clips/"+f.clip.ID.String()+"/upload", nil).decode(f.world, &where)
	if where != (wire.UploadStatus{Upload: path}) {
		t.Errorf("upload of the clip = %+v", where)
	}

	// A proxy that blocks PATCH: the method travels in a header.
	rest := f.send(f.token("sam"), http.MethodPost, path, f.payload()[first:], tus("Upload-Offset", strconv.Itoa(first),
		"Content-Type", "application/offset+octet-stream", "X-HTTP-Method-Override", "PATCH")...)
	rest.want(f.world, http.StatusNoContent, "")
	f.stands(path, len(f.payload()))
	f.createUpload("sam", len(f.payload())).want(f.world, http.StatusConflict, wire.CodeStored)
	f.call("sam", http.MethodGet, "/v1/clips/"+f.clip.ID.String()+"/upload", nil).decode(f.world, &where)
	if where != (wire.UploadStatus{Stored: true}) {
		t.Errorf("upload of the stored clip = %+v", where)
	}
}

// stands checks where an upload stands, which no cache may answer.
func (f *filmed) stands(path string, offset int) {
	f.Helper()
	head := f.call("sam", http.MethodHead, path, nil, tus()...)
	head.want(f.world, http.StatusOK, "")
	got := []string{head.header.Get("Upload-Offset"), head.header.Get("Upload-Length"), head.header.Get("Cache-Control")}
	want := []string{strconv.Itoa(offset), strconv.Itoa(len(f.payload())), "no-store"}
	for i := range want {
		if got[i] != want[i] {
			f.Errorf("HEAD = %v, want %v", got, want)
			return
		}
	}
}

func TestUploadRefused(t *testing.T) {
	f := newFilmed(newWorld(t))
	path := f.createUpload("sam", len(f.payload())).header.Get("Location")
	length, meta := strconv.Itoa(len(f.payload())), metadata(f.clip.ID)
	unknown := "/v1/uploads/" + policies.DigestOf([]byte("nothing")).String()
	const octets = "application/offset+octet-stream"
	for _, tt := range []struct {
		name         string
		who          string
		method, path string
		headers      []string
		status       int
		code         wire.Code
	}{
		{"NoVersion", "sam", "POST", "/v1/uploads", []string{"Upload-Length", length, "Upload-Metadata", meta}, 412, wire.CodeBadRequest},
		{"OtherVersion", "sam", "PATCH", path, []string{"Tus-Resumable", "0.2.2", "Upload-Offset", "0", "Content-Type", octets}, 412, wire.CodeBadRequest},
		{"HeadWithoutVersion", "sam", "HEAD", path, nil, 412, ""},
		{"OtherContentType", "sam", "PATCH", path, tus("Upload-Offset", "0", "Content-Type", "video/mp4"), 415, wire.CodeBadRequest},
		{"NoOffset", "sam", "PATCH", path, tus("Content-Type", octets), 400, wire.CodeBadRequest},
		{"OffsetWithSign", "sam", "PATCH", path, tus("Upload-Offset", "+0", "Content-Type", octets), 400, wire.CodeBadRequest},
		{"UnknownUpload", "sam", "PATCH", unknown, tus("Upload-Offset", "0", "Content-Type", octets), 404, wire.CodeNotFound},
		{"MalformedUpload", "sam", "PATCH", "/v1/uploads/1", tus("Upload-Offset", "0", "Content-Type", octets), 404, wire.CodeNotFound},
		{"AnothersUpload", "outsider", "PATCH", path, tus("Upload-Offset", "0", "Content-Type", octets), 404, wire.CodeNotFound},
		{"AnothersUploadSeen", "outsider", "HEAD", path, tus(), 404, ""},
		{"NoLength", "sam", "POST", "/v1/uploads", tus("Upload-Metadata", meta), 400, wire.CodeBadRequest},
		{"Empty", "sam", "POST", "/v1/uploads", tus("Upload-Length", "0", "Upload-Metadata", meta), 400, wire.CodeBadRequest},
		{"LengthToCome", "sam", "POST", "/v1/uploads", tus("Upload-Defer-Length", "1", "Upload-Metadata", meta), 400, wire.CodeBadRequest},
		{"Huge", "sam", "POST", "/v1/uploads", tus("Upload-Length", "9000000000000000", "Upload-Metadata", meta), 413, wire.CodeTooLarge},
		{"OtherLength", "sam", "POST", "/v1/uploads", tus("Upload-Length", "17", "Upload-Metadata", meta), 422, wire.CodeMismatch},
		{"NoClip", "sam", "POST", "/v1/uploads", tus("Upload-Length", length, "Upload-Metadata", "filename YQ=="), 400, wire.CodeBadRequest},
		{"TwoClips", "sam", "POST", "/v1/uploads", tus("Upload-Length", length, "Upload-Metadata", meta+","+meta), 400, wire.CodeBadRequest},
		{"ClipNotBase64", "sam", "POST", "/v1/uploads", tus("Upload-Length", length, "Upload-Metadata", "clip ***"), 400, wire.CodeBadRequest},
		{"UnknownClip", "sam", "POST", "/v1/uploads", tus("Upload-Length", length, "Upload-Metadata", metadata(policies.ClipID{1})), 404, wire.CodeNotFound},
		{"AnotherFamilysClip", "outsider", "POST", "/v1/uploads", tus("Upload-Length", length, "Upload-Metadata", meta), 404, wire.CodeNotFound},
		{"Deleting", "sam", "DELETE", path, tus(), 404, wire.CodeNotFound},
		{"OverrideToDelete", "sam", "POST", path, tus("X-HTTP-Method-Override", "DELETE"), 404, wire.CodeNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := f.in(t)
			w.send(w.token(tt.who), tt.method, tt.path, []byte("x"), tt.headers...).want(w, tt.status, tt.code)
		})
	}
	f.stands(path, 0)
}

func TestUploadOptions(t *testing.T) {
	f := newFilmed(newWorld(t))
	got := f.call("sam", http.MethodOptions, "/v1/uploads", nil)
	got.want(f.world, http.StatusNoContent, "")
	for name, want := range map[string]string{"Tus-Version": "1.0.0", "Tus-Extension": "creation", "Tus-Resumable": "1.0.0", "Tus-Max-Size": "68719476736"} {
		if got.header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.header.Get(name), want)
		}
	}
}

// A connection that breaks keeps what it delivered.
func TestUploadBrokenOff(t *testing.T) {
	f := newFilmed(newWorld(t))
	path := f.createUpload("sam", len(f.payload())).header.Get("Location")
	const sent = 80_000
	body := io.MultiReader(bytes.NewReader(f.payload()[:sent]), broken{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, f.web.URL+path, body)
	f.must(err)
	req.ContentLength = int64(len(f.payload()))
	for _, h := range [][2]string{{"Authorization", "Bearer " + f.token("sam")}, {"Tus-Resumable", "1.0.0"}, {"Upload-Offset", "0"}, {"Content-Type", "application/offset+octet-stream"}} {
		req.Header.Set(h[0], h[1])
	}
	if reply, err := f.web.Client().Do(req); err == nil {
		reply.Body.Close()
		t.Fatal("a request whose body broke was answered")
	}
	var at int
	for range 200 { // the server learns of the break a little later
		head := f.call("sam", http.MethodHead, path, nil, tus()...)
		at, err = strconv.Atoi(head.header.Get("Upload-Offset"))
		f.must(err)
		if at > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if at == 0 || at > sent {
		t.Fatalf("durable = %d of %d that were sent", at, sent)
	}
	f.patch(path, at, f.payload()[at:]).want(f.world, http.StatusNoContent, "")
	f.stands(path, len(f.payload()))
}

// A connection that stands still is given up, and keeps what it delivered: an
// attacker cannot hold uploads open, and a phone that lost its network does not
// block its own next attempt for long.
func TestUploadStandsStill(t *testing.T) {
	f := newFilmed(newWorld(t, func(c *server.Config) { c.BodyTime = time.Second }))
	path := f.createUpload("sam", len(f.payload())).header.Get("Location")
	const sent = 80_000
	conn, err := net.Dial("tcp", f.web.Listener.Addr().String())
	f.must(err)
	defer conn.Close()
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: attune\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"+
		"Content-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n", path, f.token("sam"), len(f.payload()))
	_, err = conn.Write(f.payload()[:sent])
	f.must(err)
	f.must(conn.SetReadDeadline(time.Now().Add(20 * time.Second)))
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the connection was never given up")
	}
	f.stands(path, sent)
	f.patch(path, sent, f.payload()[sent:]).want(f.world, http.StatusNoContent, "")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the train went into a tunnel") }

// film is the beginning of an MP4, and nothing after it.
func film(size int) []byte {
	return append([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomavc1"), make([]byte, size-24)...)
}

// Film in clear, and bytes of another clip, end the upload; the next begins anew.
func TestUploadOfOtherBytes(t *testing.T) {
	f := newFilmed(newWorld(t))
	path := f.createUpload("sam", len(f.payload())).header.Get("Location")
	f.patch(path, 0, film(len(f.payload()))).want(f.world, http.StatusUnprocessableEntity, wire.CodeNotSealed)
	f.patch(path, 0, f.payload()).want(f.world, http.StatusGone, wire.CodeUploadGone)

	path = f.createUpload("sam", len(f.payload())).header.Get("Location")
	flipped := bytes.Clone(f.payload())
	flipped[len(flipped)/2] ^= 1
	f.patch(path, 0, flipped).want(f.world, http.StatusUnprocessableEntity, wire.CodeMismatch)

	f.store()
}
