package server

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

var update = flag.Bool("update", false, "write the vectors anew")

// olderVector is one reply in the newest version, and as one of version 0 reads it.
type olderVector struct {
	Comment string         `json:"comment"`
	Newest  jsontext.Value `json:"v1"`
	Older   jsontext.Value `json:"v0"`
}

// replies are those that the two versions write otherwise, with everything in them that
// version 0 does not know.
func replies() []struct {
	comment string
	reply   any
} {
	place := wire.Place{Record: policies.RecordID{1}, Position: 7, Class: policies.Control, Head: policies.Digest{2}, OrgHead: policies.Digest{3}, At: 1790001201000000, Index: 23}
	proven := wire.Proven{Checkpoint: "attune/…\n24\n…\n", Consistency: []policies.Digest{{4}}, Time: 1790001201000100, Durable: 20, Recovering: true}
	receipt := &wire.Receipt{Place: place, Leaf: `{"v":1}`, Proof: []policies.Digest{{5}}}
	accepted := wire.Result{ID: policies.StatementID{6}, Status: wire.Accepted, Retry: wire.RetryNever, Rules: []string{}, Receipt: receipt}
	refused := wire.Result{ID: policies.StatementID{7}, Status: wire.Refused, Code: wire.CodeDenied, Message: "A rule does not allow this.", Retry: wire.RetryAfterSync, Rules: []string{"VIEW-3"}}
	waits := wire.Result{ID: policies.StatementID{8}, Status: wire.Deferred, Retry: wire.RetryNever, Rules: []string{}}
	stated := wire.Item{Kind: wire.ItemStatement, Place: place, ID: policies.StatementID{6}, Statement: "a.b.c", Attachments: []wire.Attachment{{Name: "title", Body: []byte("t")}}}
	outcome := wire.Item{Kind: wire.ItemOutcome, Place: wire.Place{Index: 31}, ID: policies.StatementID{8}, Attachments: []wire.Attachment{},
		Outcome: &wire.Outcome{Status: wire.Refused, Code: wire.CodeDenied, Message: "A rule does not allow this.", Retry: wire.RetryAfterSync, Rules: []string{"CLIP-1"}}}
	reset := wire.Item{Kind: wire.ItemResetScope, Place: wire.Place{Record: policies.RecordID{1}}, Attachments: []wire.Attachment{}}
	attached := wire.Item{Kind: wire.ItemAttached, Place: wire.Place{Record: policies.RecordID{1}, Index: 30}, ID: policies.StatementID{6}, Attachments: []wire.Attachment{{Name: "header/x", Body: []byte{0xfb, 0xff}}}}
	newer := wire.Item{Kind: "a_newer_kind", Place: place, Attachments: []wire.Attachment{}}
	dropped := wire.Item{Kind: wire.ItemDropScope, Place: place, ID: policies.StatementID{9}, Statement: "d.e.f", Attachments: []wire.Attachment{}}
	return []struct {
		comment string
		reply   any
	}{
		{"a push: accepted, refused, and one that waits for what it rests on", wire.PushReply{Results: []wire.Result{accepted, refused, waits}, Proven: proven}},
		{"a page: an item of a newer kind is left out", wire.PullReply{Items: []wire.Item{reset, stated, attached, newer, dropped, outcome}, Receipts: []wire.Receipt{*receipt}, Cursor: "c", More: true, Proven: proven}},
		{"a page of nothing but newer kinds moves the cursor all the same", wire.PullReply{Items: []wire.Item{newer}, Cursor: "d", Proven: proven}},
		{"endings", wire.EndingsReply{Items: []wire.Item{dropped}, Time: 1790001201000100}},
		{"a page of the log", wire.LogPage{Rows: []wire.LogRow{}, Next: -1, Proven: proven}},
		{"the beginning of an export", wire.ExportLine{Start: &wire.ExportStart{Part: true, Proven: proven}}},
	}
}

// TestOlderVectors: what a program of version 0 is sent, to the byte.
func TestOlderVectors(t *testing.T) {
	path := filepath.Join("..", "client-sdk", "vectors", "v0", "replies.json")
	if *update {
		var out []olderVector
		for _, r := range replies() {
			out = append(out, olderVector{r.comment, written(t, wire.Protocol, r.reply), written(t, 0, r.reply)})
		}
		b, err := json.Marshal(out, jsontext.WithIndent(" "))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []olderVector
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	all := replies()
	if len(vectors) != len(all) {
		t.Fatalf("%d vectors, %d replies", len(vectors), len(all))
	}
	for i, v := range vectors {
		t.Run(v.Comment, func(t *testing.T) {
			for version, want := range map[int]jsontext.Value{wire.Protocol: v.Newest, 0: v.Older} {
				if err := want.Compact(); err != nil {
					t.Fatal(err)
				}
				if got := written(t, version, all[i].reply); !bytes.Equal(got, want) {
					t.Errorf("version %d:\n got %s\nwant %s", version, got, want)
				}
			}
		})
	}
}

func written(t *testing.T, version int, reply any) jsontext.Value {
	t.Helper()
	b, err := wire.Encode(older(version, reply))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
