package attune_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// The malicious server: a proxy that rewrites whole replies, in front of the real
// server with its real database, and devices of the real SDK behind it. It knows what an
// operator knows: the server's keys, every row, every sealed byte, and the invitations
// that passed through the office. It does not know what only devices know.

// stage is a service at work: a family with two clips, a team of two, a supervisor of
// another organisation who watches, and the victim, who is of the team as well.
type stage struct {
	*watched
	victim *attune.Client
	second policies.ClipID
}

func newStage(t *testing.T) *stage {
	t.Helper()
	w := &stage{watched: newWatched(t)}
	w.victim = w.hire(policies.Practitioner, "Ana Lopez")
	w.sync(w.sam)
	must(t, w.sam.Families.AddTeam(w.id, w.victim.Keys.Staff()))
	w.second = w.add(t, film(t, "visit.mp4"), "Bath time "+marker).Clip
	w.sync(w.sam)
	w.list()
	w.sync(w.bea)
	w.sync(w.mo)
	w.sync(w.victim)
	return w
}

// honest ends every lie.
func (s *service) honest() {
	s.spoil.Store(nil)
	s.twist.Store(nil)
}

// replies rewrites whole replies to requests whose path begins so.
func (s *service) replies(path string, how func(r *http.Request, a *httptest.ResponseRecorder)) {
	f := func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.HasPrefix(r.URL.Path, path) {
			how(r, a)
		}
	}
	s.twist.Store(&f)
}

// becomes replaces the body of a reply.
func becomes(a *httptest.ResponseRecorder, status int, body []byte) {
	a.Code = status
	a.Body = bytes.NewBuffer(body)
}

// news is something honest for the next page of everybody's feed to bring.
func (w *stage) news() {
	w.t.Helper()
	_, err := w.sam.Sessions.Log(w.id, "", 0, true, "")
	must(w.t, err)
	w.sync(w.sam)
}

// forge signs as whoever holds key, and puts it behind all of its record on the page, in
// a chain that agrees with itself.
func (w *stage) forge(p *wire.PullReply, signer policies.KeyID, key ed25519.PrivateKey, record policies.RecordID, kind policies.Kind, body policies.Body) {
	w.t.Helper()
	raw, s, err := statement.Sign(policies.Statement{
		Signer: signer, Record: record, Kind: kind, N: 1000, At: policies.At(w.now()), Body: body,
	}, key)
	must(w.t, err)
	w.append(p, record, string(raw), s.ID, kind)
}

func (w *stage) append(p *wire.PullReply, record policies.RecordID, raw string, id policies.StatementID, kind policies.Kind) {
	w.t.Helper()
	org := w.victim.Mirror.Org()
	head, count, index := org.Head, org.Count, int64(0)
	if record != policies.RecordID(org.ID) {
		f, ok := w.victim.Mirror.Family(policies.FamilyID(record))
		if !ok {
			w.t.Fatal("the victim does not hold the family")
		}
		head, count = f.Head, f.Count
	}
	orgHead := org.Head
	for _, i := range p.Items {
		index = max(index, i.Place.Index)
		if i.Kind != wire.ItemStatement {
			continue
		}
		if i.Place.Record == policies.RecordID(org.ID) {
			orgHead = i.Place.Head
		}
		if i.Place.Record == record {
			head, count = i.Place.Head, i.Place.Position
		}
	}
	row, _ := policies.RowOf(kind)
	p.Items = append(p.Items, wire.Item{Kind: wire.ItemStatement, ID: id, Statement: raw, Attachments: []wire.Attachment{}, Place: wire.Place{
		Record: record, Position: count + 1, Class: row.Class, Head: policies.NextHead(head, row.Class, id, orgHead),
		OrgHead: orgHead, At: policies.At(w.now()), Index: index + 1,
	}})
}

// server is how the operator signs.
func (w *stage) server() (policies.KeyID, ed25519.PrivateKey) {
	return policies.KeyID(w.victim.Mirror.Org().Server.Certificate), w.key
}

// rechained gives every statement of a record on the page the head that follows from
// those before it, beginning behind what the victim holds.
func (w *stage) rechained(p *wire.PullReply, record policies.RecordID) {
	var head policies.Digest
	var count int64
	if f, ok := w.victim.Mirror.Family(policies.FamilyID(record)); ok {
		head, count = f.Head, f.Count
	}
	for n := range p.Items {
		if i := &p.Items[n]; i.Kind == wire.ItemStatement && i.Place.Record == record {
			count++
			i.Place.Position, i.Place.Head = count, policies.NextHead(head, i.Place.Class, i.ID, i.Place.OrgHead)
			head = i.Place.Head
		}
	}
}

// left out removes the first item whose statement is of a kind.
func without(t *testing.T, p *wire.PullReply, kind string) {
	t.Helper()
	for n, i := range p.Items {
		if kindOf(t, i) == kind {
			p.Items = append(p.Items[:n:n], p.Items[n+1:]...)
			return
		}
	}
	t.Fatalf("no %s on the page", kind)
}

func itemOf(t *testing.T, p *wire.PullReply, kind string) *wire.Item {
	t.Helper()
	for n := range p.Items {
		if kindOf(t, p.Items[n]) == kind {
			return &p.Items[n]
		}
	}
	t.Fatalf("no %s on the page", kind)
	return nil
}

// holds is all that a device believes of its records, to be compared.
func holds(t *testing.T, c *attune.Client) string {
	t.Helper()
	out := []string{}
	if org := c.Mirror.Org(); org != nil {
		out = append(out, "org "+org.Head.String())
	}
	list, err := c.Families.List()
	must(t, err)
	for _, f := range list {
		held, ok := c.Mirror.Family(f.ID)
		if ok {
			out = append(out, f.Reference+" "+held.Head.String())
		}
		b, err := json.Marshal(f)
		must(t, err)
		out = append(out, string(b))
	}
	seen, err := c.Mirror.Checkpoint()
	must(t, err)
	return strings.Join(append(out, seen.Root.String()), "\n")
}

// caught expects that what run does is refused with a code of its own, that a person is
// told what was wrong and what to do, and that what shows it is kept, or not.
func caught(t *testing.T, c *attune.Client, want wire.Code, kept bool, run func() error) {
	t.Helper()
	before, err := c.Evidence()
	must(t, err)
	err = run()
	var e *attune.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Fatalf("refused with %q: %v; want %s", attune.CodeOf(err), err, want)
	}
	if len(e.Message) < 20 || e.Next == "" || attune.Lied(err) != kept {
		t.Errorf("a person is told %q and to do %q; a lie: %v", e.Message, e.Next, attune.Lied(err))
	}
	after, err := c.Evidence()
	must(t, err)
	if !kept {
		if len(after) != len(before) {
			t.Errorf("kept as evidence: %v", after)
		}
		return
	}
	if len(after) != len(before)+1 {
		t.Fatalf("%d files of evidence, want one more than %d", len(after), len(before))
	}
	for _, file := range after {
		if strings.HasPrefix(filepath.Base(file), string(want)+"-") && strings.Contains(e.Next, file) {
			sound(t, c, file, want)
			return
		}
	}
	t.Errorf("no file of evidence for %s, or the person is not told where: %v; %s", want, after, e.Next)
}

// sound looks at a file of evidence: for its owner only, bounded, and without anything
// that opens film or can be read of a family.
func sound(t *testing.T, c *attune.Client, file string, want wire.Code) {
	t.Helper()
	for path, mode := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, mode)
		}
	}
	closed, err := os.ReadFile(file)
	must(t, err)
	raw := closed
	if c != nil { // of a service that it joined: there are families
		raw, err = c.ShowEvidence(file)
		must(t, err)
	}
	for _, open := range []string{"eyJhbGciOi", `"statement"`, `"record"`, `"clips"`} {
		if c != nil && strings.Contains(string(closed), open) {
			t.Errorf("the evidence holds %q in the clear", open)
		}
	}
	var x struct{ Code, Says, Noticed, Server, Statement, Got, Expected, Shown, Leaf, Item string }
	must(t, json.Unmarshal(raw, &x))
	if x.Code != string(want) || x.Says == "" || x.Noticed == "" || x.Server == "" || x.Statement+x.Got+x.Expected+x.Shown+x.Leaf+x.Item == "" {
		t.Errorf("the evidence says %s", raw)
	}
	for _, secret := range []string{marker, "AGE-SECRET-KEY", "age-encryption.org", "LS0t", "YWdlLWVuY3J5cHRpb24"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the evidence holds %q", secret)
		}
	}
	if len(closed) > 240<<10 {
		t.Errorf("%d bytes of evidence", len(raw))
	}
}

// refusedSync expects that a sync is refused, and nothing of it used; and that the
// device is where everybody else is once the lie has ended.
func (w *stage) refusedSync(t *testing.T, c *attune.Client, want wire.Code, kept bool) {
	t.Helper()
	before := holds(t, c)
	caught(t, c, want, kept, func() error {
		_, err := c.Sync(context.Background())
		return err
	})
	if after := holds(t, c); after != before {
		t.Errorf("of what was refused there is:\n%s\nwant\n%s", after, before)
	}
	w.recovers(t, c)
}

// recovers: honest use works again.
func (w *stage) recovers(t *testing.T, c *attune.Client) {
	t.Helper()
	w.honest()
	w.sync(c)
	w.sync(w.sam)
	w.sync(c)
	want, _ := w.sam.Mirror.Family(w.id)
	got, ok := c.Mirror.Family(w.id)
	if !ok || got.Head != want.Head {
		t.Errorf("afterwards the device does not hold the family as the author has it")
	}
	if c.Mirror.Org().Head != w.sam.Mirror.Org().Head {
		t.Error("afterwards the device does not hold the organisation as the author has it")
	}
}

// stranger is a key that nobody certified, and an age recipient of the operator's own.
func stranger(t *testing.T) (ed25519.PrivateKey, seal.Identity) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	id, err := seal.NewIdentity()
	must(t, err)
	return key, id
}

func inDays(w *stage, n int) policies.Micros {
	return policies.At(w.now().Add(time.Duration(n) * 24 * time.Hour))
}
