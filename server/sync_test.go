package server_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// Two parsers that disagree about a message are a way in.
func TestStrictBodies(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		body   string
		status int
		code   wire.Code
	}{
		"Good":      {`{"statements":[],"checkpoint":0}`, http.StatusOK, ""},
		"Unknown":   {`{"statements":[],"checkpoint":0,"more":1}`, http.StatusBadRequest, wire.CodeBadRequest},
		"Duplicate": {`{"statements":[],"checkpoint":0,"checkpoint":1}`, http.StatusBadRequest, wire.CodeBadRequest},
		"OtherCase": {`{"Statements":[],"checkpoint":0}`, http.StatusBadRequest, wire.CodeBadRequest},
		"Trailing":  {`{"statements":[],"checkpoint":0}{}`, http.StatusBadRequest, wire.CodeBadRequest},
		"NotJSON":   {`statements`, http.StatusBadRequest, wire.CodeBadRequest},
		"Empty":     {``, http.StatusBadRequest, wire.CodeBadRequest},
		"NotUTF8":   {"{\"statements\":[{\"statement\":\"\xff\",\"attachments\":[]}],\"checkpoint\":0}", http.StatusBadRequest, wire.CodeBadRequest},
		"Negative":  {`{"statements":[],"checkpoint":-1}`, http.StatusBadRequest, wire.CodeBadRequest},
		"Deep":      {strings.Repeat(`[`, 100_000), http.StatusBadRequest, wire.CodeBadRequest},
		"TooMany":   {`{"statements":[` + strings.Repeat(`{"statement":"","attachments":[]},`, wire.MaxPushStatements) + `{"statement":"","attachments":[]}],"checkpoint":0}`, http.StatusRequestEntityTooLarge, wire.CodeTooLarge},
		"TooLarge":  {`{"statements":[],"checkpoint":0}` + strings.Repeat(" ", wire.MaxPushBytes), http.StatusRequestEntityTooLarge, wire.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.send(w.token("sam"), http.MethodPost, "/v1/sync/push", []byte(tt.body)).want(w, tt.status, tt.code)
		})
	}
}

func TestStrictQueries(t *testing.T) {
	w := newWorld(t)
	for _, q := range []string{"limit=0", "limit=1001", "limit=05", "limit=x", "limit=1&limit=2", "Limit=1", "page=1", "checkpoint=-1", "limit=%zz", "cursor=made%20up"} {
		t.Run(q, func(t *testing.T) {
			w := w.in(t)
			w.call("sam", http.MethodGet, "/v1/sync/pull?"+q, nil).want(w, http.StatusBadRequest, wire.CodeBadRequest)
		})
	}
	for _, q := range []string{"limit=1001", "famly=EH-1", "person=x", "since=yesterday"} {
		w.call("ig", http.MethodGet, "/v1/log/events?"+q, nil).want(w, http.StatusBadRequest, wire.CodeBadRequest)
	}
}

func TestPush(t *testing.T) {
	w := newWorld(t)
	identity, err := seal.NewIdentity()
	w.must(err)
	family := func(reference string) policies.Body {
		return &policies.FamilyOpen{Reference: reference, Programme: policies.VIG, Recipient: identity.Recipient().String()}
	}
	open, _ := w.svc.Sam.Say(policies.RecordID{}, policies.KindFamilyOpen, family("EH-1"))
	if r := w.pushes("sam", open).Results[0]; r.Status != wire.Accepted || r.Receipt == nil || r.Receipt.Leaf == "" || r.Code != "" {
		t.Errorf("first push: %+v", r)
	}
	if r := w.pushes("sam", open).Results[0]; r.Status != wire.Duplicate || r.Receipt == nil || r.Receipt.Leaf == "" {
		t.Errorf("second push: %+v", r)
	}
	elsewhere, _ := w.svc.Sam.Say(policies.RecordID{9}, "team.add", &policies.TeamAdd{Staff: w.svc.Ana.Staff})
	flipped := bytes.Clone(open.Statement)
	flipped[len(flipped)-10] ^= 1
	reply := w.pushes("sam", elsewhere, w.copied(open, family("EH-2")),
		storage.Sealed{Statement: []byte("no statement")}, storage.Sealed{Statement: flipped},
		storage.Sealed{Statement: open.Statement, Attachments: nil})
	for i, want := range []struct {
		status wire.Status
		code   wire.Code
		retry  wire.Retry
	}{
		{wire.Refused, wire.CodeNotFound, wire.RetryAfterSync},
		{wire.Refused, wire.CodeReused, wire.RetryNever},
		{wire.Refused, wire.CodeNotStatement, wire.RetryNever},
		{wire.Refused, wire.CodeNotStatement, wire.RetryNever},
		{wire.Duplicate, "", wire.RetryNever},
	} {
		r := reply.Results[i]
		refused := want.status == wire.Refused
		if r.Status != want.status || r.Code != want.code || r.Retry != want.retry || refused == (r.Receipt != nil) || refused == (r.Message == "") {
			t.Errorf("result %d = %+v, want %+v", i, r, want)
		}
	}
	if reply.Proven.Checkpoint == "" || reply.Proven.Time != w.svc.Clock.Micros() {
		t.Errorf("proven = %+v", reply.Proven)
	}
}

// copied is what a copy of sam's device says under the number of one.
func (w *world) copied(one storage.Sealed, body policies.Body) storage.Sealed {
	w.Helper()
	u, err := statement.Parse(one.Statement)
	w.must(err)
	raw, _, err := statement.Sign(policies.Statement{
		Signer: u.Signer, Kind: u.Kind, Record: u.Record, N: u.N, At: w.svc.Clock.Micros(), Body: body,
	}, w.device("sam").key)
	w.must(err)
	return storage.Sealed{Statement: raw}
}

// Joining takes the two certificates and nothing else: it needs no token.
func TestJoin(t *testing.T) {
	w := newWorld(t)
	joiner := w.svc.Invite("Noa Bell", policies.Practitioner)
	both := onWire(joiner.Joining())
	other, _ := w.svc.Sam.Say(policies.RecordID{}, policies.KindFamilyOpen, &policies.FamilyOpen{
		Reference: "EH-1", Programme: policies.VIG, Recipient: joiner.Identity.Recipient().String(),
	})
	for name, tt := range map[string]struct {
		statements []wire.Sealed
		status     int
		code       wire.Code
	}{
		"OtherKind": {append(both[:1:1], onWire([]storage.Sealed{other})...), http.StatusBadRequest, wire.CodeBadRequest},
		"Nonsense":  {[]wire.Sealed{{Statement: "x"}}, http.StatusUnprocessableEntity, wire.CodeNotStatement},
		"Three":     {append(both[:2:2], both[0]), http.StatusRequestEntityTooLarge, wire.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.call("", http.MethodPost, "/v1/join", wire.PushRequest{Statements: tt.statements}).want(w, tt.status, tt.code)
		})
	}
	reply := w.call("", http.MethodPost, "/v1/join", wire.PushRequest{Statements: both})
	reply.want(w, http.StatusOK, "")
	var out wire.PushReply
	reply.decode(w, &out)
	for i, r := range out.Results {
		if r.Status != wire.Accepted {
			t.Errorf("certificate %d: %+v", i, r)
		}
	}
	w.staff["joiner"] = joiner
	w.call("joiner", http.MethodGet, "/v1/sync/pull", nil).want(w, http.StatusOK, "")
}

func TestJoinIsLimited(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		w.call("", http.MethodPost, "/v1/join", wire.PushRequest{}).want(w, http.StatusOK, "")
	}
	limited := w.call("", http.MethodPost, "/v1/join", wire.PushRequest{})
	limited.want(w, http.StatusTooManyRequests, wire.CodeBusy)
	if limited.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestPullInPages(t *testing.T) {
	f := newFilmed(newWorld(t))
	seen, cursor := map[policies.StatementID]bool{}, ""
	for more := true; more; {
		var page wire.PullReply
		reply := f.call("sam", http.MethodGet, "/v1/sync/pull?limit=5&cursor="+cursor, nil)
		reply.want(f.world, http.StatusOK, "")
		reply.decode(f.world, &page)
		for _, item := range page.Items {
			if item.Kind == wire.ItemStatement {
				if seen[item.ID] {
					t.Errorf("%s came twice", item.ID)
				}
				seen[item.ID] = true
			}
		}
		cursor, more = page.Cursor, page.More
	}
	for _, id := range []policies.StatementID{policies.StatementID(f.family.ID), policies.StatementID(f.clip.ID), policies.StatementID(f.family.Consent)} {
		if !seen[id] {
			t.Errorf("%s did not come", id)
		}
	}
}

// TestBrokenBody: whoever sends a body that HTTP cannot read is told so, and it is
// no fault of the service.
func TestBrokenBody(t *testing.T) {
	w := newWorld(t)
	for name, body := range map[string]string{
		"Chunk": "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
		"Short": "Content-Length: 100\r\n\r\n{}",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", w.web.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "POST /v1/join HTTP/1.1\r\nHost: attune\r\n"+body); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			if reply.StatusCode != http.StatusBadRequest {
				t.Errorf("status %d, want 400", reply.StatusCode)
			}
		})
	}
}
