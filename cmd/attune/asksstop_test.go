package main

import (
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

// asksstop URL PIN does what the carer's page does: it opens the link, takes some
// film, presses "Ask us to stop" twice, and goes on asking for film. Each answer is
// printed on a line.
func asksStop(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 2, "asksstop URL PIN")
	page, fragment, _ := strings.Cut(args[0], "#")
	secret, err := seal.ParseFragment(fragment)
	ts.Check(err)
	c := carer{page: page, client: &http.Client{Timeout: 30 * time.Second}}
	defer c.client.CloseIdleConnections()
	reply := c.open(ts, secret, args[1])
	defer reply.Body.Close()
	if neg || reply.StatusCode != http.StatusOK {
		ts.Fatalf("opening answered %s", reply.Status)
	}
	ts.Check(json.NewDecoder(reply.Body).Decode(&c.opened))
	for _, step := range []struct{ name, method, path string }{
		{"film", http.MethodGet, "/payload"}, {"press", http.MethodPost, "/stop"}, {"again", http.MethodPost, "/stop"},
		{"film now", http.MethodGet, "/payload"},
	} {
		r, err := http.NewRequest(step.method, c.page+step.path, nil)
		ts.Check(err)
		r.Header.Set(wire.PageHeader, "1")
		r.Header.Set(wire.SessionHeader, c.opened.Session.String())
		r.Header.Set("Range", "bytes=0-99")
		reply, err := c.client.Do(r)
		ts.Check(err)
		_, err = io.Copy(io.Discard, reply.Body)
		reply.Body.Close()
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%s: %d\n", step.name, reply.StatusCode)
	}
}
