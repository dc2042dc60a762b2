package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
)

// openlink URL PIN FILE does what the carer's page does: it asks for the page,
// opens the link with what only the link's holder and the PIN can make, fetches
// the sealed film in ranges, and opens it with the key that the server never saw.
// ! openlink expects a refusal; its status and code are printed either way.
func openLink(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 3, "openlink URL PIN FILE")
	page, fragment, ok := strings.Cut(args[0], "#")
	if !ok {
		ts.Fatalf("the link has no secret: %s", args[0])
	}
	secret, err := seal.ParseFragment(fragment)
	ts.Check(err)
	c := carer{page: page, client: &http.Client{Timeout: 30 * time.Second}}
	defer c.client.CloseIdleConnections()

	c.inert(ts)
	reply := c.open(ts, secret, args[1])
	defer reply.Body.Close()
	if refused := reply.StatusCode != http.StatusOK; refused != neg {
		printCode(ts, reply)
		ts.Fatalf("opening answered %s", reply.Status)
	}
	if neg {
		printCode(ts, reply)
		return
	}
	var opened wire.OpenedLink
	ts.Check(json.NewDecoder(reply.Body).Decode(&opened))
	write(ts, args[2], c.film(ts, secret, opened))
	fmt.Fprintf(ts.Stdout(), "200 until %s, watched by %v\n", opened.Until.Format(time.DateOnly), opened.Viewers)
}

type carer struct {
	page   string
	client *http.Client
	opened wire.OpenedLink
}

// inert asks for the page, as link previews do too: it must count for nothing.
func (c *carer) inert(ts *testscript.TestScript) {
	reply, err := c.client.Get(c.page)
	ts.Check(err)
	defer reply.Body.Close()
	io.Copy(io.Discard, reply.Body)
	// 503 is the page of a binary that was built without Node.
	if reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusServiceUnavailable {
		ts.Fatalf("the page answered %s", reply.Status)
	}
}

func (c *carer) open(ts *testscript.TestScript, secret seal.LinkSecret, pin string) *http.Response {
	body, err := wire.Encode(wire.OpenLink{Auth: secret.Auth(), PIN: secret.PIN(pin)})
	ts.Check(err)
	r, err := http.NewRequest(http.MethodPost, c.page+"/open", bytes.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(wire.PageHeader, "1")
	reply, err := c.client.Do(r)
	ts.Check(err)
	return reply
}

// film unwraps what the server could not read, and opens every chunk.
func (c *carer) film(ts *testscript.TestScript, secret seal.LinkSecret, opened wire.OpenedLink) []byte {
	c.opened = opened
	wrapped, err := base64.RawURLEncoding.DecodeString(opened.Sealed)
	ts.Check(err)
	plain, err := secret.Unwrap(wrapped, append(opened.Link[:], opened.Clip[:]...))
	ts.Check(err)
	var content wire.LinkContent
	ts.Check(json.Unmarshal(plain, &content))
	film, size, err := seal.OpenPayloadKey(content.Key, c, opened.Bytes)
	ts.Check(err)
	body, err := io.ReadAll(io.NewSectionReader(film, 0, size))
	ts.Check(err)
	return body
}

// ReadAt fetches a range of the sealed film.
func (c *carer) ReadAt(b []byte, off int64) (int, error) {
	if off >= c.opened.Bytes {
		return 0, io.EOF
	}
	last := min(off+int64(len(b)), c.opened.Bytes) - 1
	r, err := http.NewRequest(http.MethodGet, c.page+"/payload", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, last))
	r.Header.Set(wire.SessionHeader, c.opened.Session.String())
	reply, err := c.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusPartialContent {
		return 0, fmt.Errorf("payload: %s", reply.Status)
	}
	n, err := io.ReadFull(reply.Body, b[:last-off+1])
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

// stray LINK NAME keeps in $NAME an address whose link never was, with the secret
// of one that is.
func stray(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "stray LINK NAME")
	page, fragment, _ := strings.Cut(args[0], "#")
	origin, _, _ := strings.Cut(page, "/s/")
	ts.Setenv(args[1], origin+"/s/"+strings.Repeat("A", 22)+"#"+fragment)
}
