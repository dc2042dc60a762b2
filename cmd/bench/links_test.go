package main

import (
	"encoding/json"
	"os"
	"testing"
)

// TestOpening holds the proof that a link's holder sends to the vectors that
// every other implementation runs.
func TestOpening(t *testing.T) {
	b, err := os.ReadFile("../../client-sdk/vectors/link.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Good []map[string]string `json:"good"`
	}
	if err := json.Unmarshal(b, &vectors); err != nil || len(vectors.Good) == 0 {
		t.Fatalf("%d vectors: %v", len(vectors.Good), err)
	}
	for _, v := range vectors.Good {
		link := "http://127.0.0.1:8080/s/" + v["id"] + "#" + v["fragment"]
		if got, want := openPath(link), "/s/"+v["id"]+"/open"; got != want {
			t.Errorf("path = %s, want %s", got, want)
		}
		var sent struct{ Auth, PIN string }
		if err := json.Unmarshal(opening(link, v["pin"]), &sent); err != nil || sent.Auth != v["auth"] || sent.PIN != v["pin_verifier"] {
			t.Errorf("sent %+v, %v; want %s and %s", sent, err, v["auth"], v["pin_verifier"])
		}
	}
}

// TestLinkTable: a kind that is always slower is told, the machine's noise is not.
func TestLinkTable(t *testing.T) {
	calm := []float64{10, 11, 12, 13, 14}
	slow := []float64{20, 21, 22, 23, 24}
	kinds := []ending{{name: "unknown"}, {name: "revoked"}, {name: "unknown again"}}
	rows := linkTable(kinds, [][]float64{calm, slow, calm})
	if len(rows) != 5 || rows[1].Ours != 22 || rows[1].Min != 21 || rows[1].Max != 23 {
		t.Errorf("rows = %+v", rows)
	}
	apart, told := rows[3], rows[4]
	if apart.Ours != 5 || apart.Peer != 0 || told.Ours != 1 || told.Peer != 0.5 {
		t.Errorf("apart %v and %v, told %v and %v; want 5 and 0, 1 and 0.5", apart.Ours, apart.Peer, told.Ours, told.Peer)
	}
}
