package server_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// What a program of version 0 was compiled with: its own types, which refuse any member
// and any word that they do not know, as every program of ours does.
type (
	oldPush struct {
		Statements []struct {
			Statement   string    `json:"statement"`
			Attachments []oldFile `json:"attachments"`
		} `json:"statements"`
		Checkpoint int64 `json:"checkpoint"`
	}
	oldFile struct {
		Name string `json:"name"`
		Body []byte `json:"body"`
	}
	oldProven struct {
		Checkpoint  string   `json:"checkpoint"`
		Consistency []string `json:"consistency"`
		Time        int64    `json:"time"`
	}
	oldPlace struct {
		Record   string `json:"record"`
		Position int64  `json:"position"`
		Class    int    `json:"class"`
		Head     string `json:"head"`
		OrgHead  string `json:"org_head"`
		At       int64  `json:"at"`
		Index    int64  `json:"index"`
	}
	oldResults struct {
		Results []struct {
			ID      string   `json:"id"`
			Status  string   `json:"status"`
			Code    string   `json:"code"`
			Message string   `json:"message"`
			Retry   string   `json:"retry"`
			Rules   []string `json:"rules"`
			Receipt *struct {
				Place oldPlace `json:"place"`
				Leaf  string   `json:"leaf"`
				Proof []string `json:"proof"`
			} `json:"receipt"`
		} `json:"results"`
		Proven oldProven `json:"proven"`
	}
	oldItem struct {
		Kind        string    `json:"kind"`
		Place       oldPlace  `json:"place"`
		ID          string    `json:"id"`
		Statement   string    `json:"statement"`
		Attachments []oldFile `json:"attachments"`
	}
	oldPage struct {
		Items  []oldItem `json:"items"`
		Cursor string    `json:"cursor"`
		More   bool      `json:"more"`
		Proven oldProven `json:"proven"`
	}
	oldEndings struct {
		Items []oldItem `json:"items"`
		Time  int64     `json:"time"`
	}
)

// old is a device with such a program.
type old struct {
	*world
	name   string
	cursor string
	held   map[string][]string // ids by record
}

func (o *old) asks(method, path string, in, out any) {
	o.Helper()
	got := o.call(o.name, method, path, in, wire.ProtocolHeader, "0")
	got.want(o.world, http.StatusOK, "")
	if spoken := got.header.Get(wire.ProtocolHeader); spoken != "0" {
		o.Errorf("%s %s is answered in version %q", method, path, spoken)
	}
	o.must(wire.Decode(bytes.NewReader(got.body), 1<<20, out))
}

func (o *old) push(path string, statements ...storage.Sealed) (out oldResults) {
	o.Helper()
	var in oldPush
	for _, s := range statements {
		in.Statements = append(in.Statements, struct {
			Statement   string    `json:"statement"`
			Attachments []oldFile `json:"attachments"`
		}{string(s.Statement), []oldFile{}})
	}
	o.asks(http.MethodPost, path, in, &out)
	for i, r := range out.Results {
		switch r.Status {
		case "accepted", "duplicate":
			if r.Receipt == nil {
				o.Errorf("result %d has no receipt", i)
			}
		case "refused":
			if r.Code == "" || r.Message == "" {
				o.Errorf("result %d does not say why: %+v", i, r)
			}
		default:
			o.Errorf("version 0 knows no status %q", r.Status)
		}
	}
	return out
}

// pull takes the feed to its end, in small pages.
func (o *old) pull() {
	o.Helper()
	for more := true; more; {
		var page oldPage
		o.asks(http.MethodGet, "/v1/sync/pull?limit=5&cursor="+o.cursor, nil, &page)
		for _, i := range page.Items {
			switch i.Kind {
			case "statement":
				o.held[i.Place.Record] = append(o.held[i.Place.Record], i.ID)
			case "reset_scope":
				o.held[i.Place.Record] = nil
			case "drop_scope":
				delete(o.held, i.Place.Record)
			case "attached":
			default:
				o.Errorf("version 0 knows no item %q", i.Kind)
			}
		}
		if page.Cursor == "" || page.Proven.Checkpoint == "" {
			o.Fatalf("a page without cursor or checkpoint: %+v", page)
		}
		o.cursor, more = page.Cursor, page.More
	}
}

// TestOneVersionBack: a program of the version before works with this server as it did.
func TestOneVersionBack(t *testing.T) {
	w := newWorld(t)
	o := &old{world: w, name: "sam", held: map[string][]string{}}
	family := w.svc.Open("EH-1")
	record := family.Record.String()
	o.pull()
	before := len(o.held[record])
	if before == 0 || len(o.held[policies.RecordID(w.svc.Org).String()]) == 0 {
		t.Fatalf("pulled %v", o.held)
	}
	o.pull() // nothing new is an answer like any other

	session, id := w.svc.Sam.Say(family.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2, StillHappy: true})
	got := o.push("/v1/sync/push", session)
	if r := got.Results[0]; r.Status != "accepted" || r.ID != id.String() || r.Receipt.Place.Position != int64(before+1) {
		t.Errorf("session: %+v", r)
	}
	if r := o.push("/v1/sync/push", session).Results[0]; r.Status != "duplicate" {
		t.Errorf("again: %+v", r)
	}
	annotated, _ := w.svc.Sam.Say(family.Record, "clip.annotate", &policies.ClipAnnotate{Clip: policies.ClipID{1}, Source: policies.SourceKept})
	if r := o.push("/v1/sync/push", annotated).Results[0]; r.Status != "refused" || r.Code != string(wire.CodeMissing) || r.Retry != string(wire.RetryAfterSync) {
		t.Errorf("what rests on a clip that has not arrived: %+v", r)
	}
	stop, _ := w.svc.Sam.Say(family.Record, "team.remove", &policies.TeamRemove{Staff: w.svc.Ana.Staff})
	if r := o.push("/v1/restrictions", stop).Results[0]; r.Status != "accepted" {
		t.Errorf("restriction: %+v", r)
	}
	o.pull()
	if n := len(o.held[record]); n != before+2 {
		t.Errorf("%d statements of the family, want %d", n, before+2)
	}
	var none oldEndings
	if o.asks(http.MethodGet, "/v1/sync/endings?cursor="+o.cursor, nil, &none); len(none.Items) != 0 {
		t.Errorf("endings: %+v", none)
	}

	ana := &old{world: w, name: "ana", held: map[string][]string{record: {"held before"}}}
	if ana.pull(); len(ana.held[record]) != 0 {
		t.Errorf("ana still holds %v", ana.held[record])
	}
}
