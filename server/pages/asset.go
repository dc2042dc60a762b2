package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

// asset is one built file, compressed once.
type asset struct {
	body, zipped []byte
	contentType  string
	etag         string
}

// assetTypes lists the files that the page consists of, served at /s/<name>.
func assetTypes() map[string]string {
	return map[string]string{
		"app.js":  "text/javascript; charset=utf-8",
		"sw.js":   "text/javascript; charset=utf-8",
		"app.css": "text/css; charset=utf-8",
	}
}

// readAsset reads one built file; a missing one gives the zero asset, because a
// binary without pages is a lawful build.
func readAsset(build fs.FS, name, contentType string) (asset, error) {
	body, err := fs.ReadFile(build, "build/"+name)
	if errors.Is(err, fs.ErrNotExist) {
		return asset{}, nil
	}
	if err != nil {
		return asset{}, fmt.Errorf("read asset: %w", err)
	}
	sum := sha256.Sum256(body)
	return asset{
		body:        body,
		zipped:      zip(body),
		contentType: contentType,
		etag:        base64.RawURLEncoding.EncodeToString(sum[:16]),
	}, nil
}

// zip compresses into memory, which cannot fail.
func zip(body []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = z.Write(body)
	_ = z.Close()
	return out.Bytes()
}

// Asset returns a built file of the page: "app.js", "sw.js" or "app.css". The
// caller must not change body. ok is false for any other name, and for all of
// them when the binary was built without pages.
func (p *Pages) Asset(name string) (body []byte, contentType string, ok bool) {
	a, ok := p.assets[name]
	return a.body, a.contentType, ok
}

// ServeAsset answers GET and HEAD /s/<name> with its headers, compressed where
// the browser takes gzip, 304 where it has the same bytes already. It reports
// false, and writes nothing, for a name that is no asset; without built pages
// it answers 503.
func (p *Pages) ServeAsset(w http.ResponseWriter, r *http.Request, name string) bool {
	if _, known := assetTypes()[name]; !known {
		return false
	}
	a, ok := p.assets[name]
	if !ok {
		notBuilt(w)
		return true
	}
	h := w.Header()
	Headers(h, Static)
	h.Set("Content-Type", a.contentType)
	h.Set("Vary", "Accept-Encoding")
	body, etag := a.body, `"`+a.etag+`"`
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, etag = a.zipped, `"`+a.etag+`-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the browser went away: nobody is left to tell
	}
	return true
}

func acceptsGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			return strings.ReplaceAll(q, " ", "") != "q=0"
		}
	}
	return false
}
