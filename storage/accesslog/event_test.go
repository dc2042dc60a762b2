package accesslog_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/attune-vf/attune/storage/accesslog"
)

var update = flag.Bool("update", false, "write the vector file instead of comparing with it")

// vectorFile is run by every implementation that reads leaves.
const vectorFile = "../../client-sdk/vectors/leaf.json"

type leafVectors struct {
	About  string       `json:"about"`
	Accept []leafAccept `json:"accept"`
	Reject []leafReject `json:"reject"`
}

type leafAccept struct {
	Name string `json:"name"`
	Leaf string `json:"leaf"`
	Hash string `json:"hash"` // SHA-256(0x00 ‖ leaf), base64
}

type leafReject struct {
	Name string `json:"name"`
	Leaf string `json:"leaf"`
}

// rich uses every member and characters that careless encoders escape.
func rich() accesslog.Event {
	e := event(7)
	e.Action, e.Outcome, e.Request = "record.accept", accesslog.Done, "<a> & \u2028 “é” \t/"
	e.Accepted = &accesslog.Acceptance{
		Statement: accesslog.Digest{1}, Class: 1, Position: 12,
		Head: accesslog.Digest{2}, OrgHead: accesslog.Digest{3},
	}
	return e
}

// sparse has nothing but what an event must have.
func sparse() accesslog.Event {
	return accesslog.Event{Action: "log.open", Outcome: accesslog.Refused, Nonce: accesslog.Nonce{15: 1}}
}

// rejects changes the sparse leaf, one fault each.
func rejects(t *testing.T) []leafReject {
	leaf := string(encode(t, sparse()))
	change := func(name, from, to string) leafReject {
		if strings.Count(leaf, from) != 1 {
			t.Fatalf("%s: %q is not in the leaf once", name, from)
		}
		return leafReject{name, strings.Replace(leaf, from, to, 1)}
	}
	return []leafReject{
		change("unknown member", `"out"`, `"extra":1,"out"`),
		change("duplicate member", `"rng":"",`, `"rng":"","rng":"",`),
		change("missing member", `"rng":"",`, ``),
		change("reordered members", `"rng":"","req":""`, `"req":"","rng":""`),
		change("other case", `"act"`, `"Act"`),
		change("null list", `"rule":[]`, `"rule":null`),
		change("null acceptance", `"rng":""`, `"acc":null,"rng":""`),
		change("space", `"rng":""`, `"rng": ""`),
		change("trailing newline", `"c":""}`, "\"c\":\"\"}\n"),
		change("trailing value", `"c":""}`, `"c":""}{}`),
		change("needless escape", `log.open`, `log\u002eopen`),
		change("invalid UTF-8", `log.open`, "log\xffopen"),
		change("lone surrogate", `log.open`, `log\ud800open`),
		change("number as fraction", `"n":0`, `"n":0.0`),
		change("number as string", `"n":0`, `"n":"0"`),
		change("negative index", `"n":0`, `"n":-1`),
		change("index of 2^53", `"n":0`, `"n":9007199254740992`),
		change("other version", `"v":1`, `"v":2`),
		change("unknown outcome", `"refused"`, `"perhaps"`),
		change("no action", `log.open`, ``),
		change("no nonce", `AAAAAAAAAAAAAAAAAAAAAQ`, ``),
		change("base64 with padding", `AAAAAAAAAAAAAAAAAAAAAQ`, `AAAAAAAAAAAAAAAAAAAAAQ==`),
		change("base64 with spare bits", `AAAAAAAAAAAAAAAAAAAAAQ`, `AAAAAAAAAAAAAAAAAAAAAR`),
		change("zero written out", `"sub":""`, `"sub":"AAAAAAAAAAAAAAAAAAAAAA"`),
		change("rules unsorted", `"rule":[]`, `"rule":["VIEW-3","VIEW-1"]`),
		change("rule twice", `"rule":[]`, `"rule":["VIEW-3","VIEW-3"]`),
		change("bundle of another length", `"bun":""`, `"bun":"AQ"`),
	}
}

func encode(t testing.TB, e accesslog.Event) []byte {
	t.Helper()
	leaf, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

func TestLeafVectors(t *testing.T) {
	events := map[string]accesslog.Event{"rich": rich(), "sparse": sparse(), "view": event(3)}
	want := leafVectors{About: "Leaves of the access log: accept re-encodes to the same bytes and hashes as given; each reject has one fault."}
	for _, name := range []string{"rich", "sparse", "view"} {
		leaf := encode(t, events[name])
		want.Accept = append(want.Accept, leafAccept{name, string(leaf), accesslog.LeafHash(leaf).String()})
	}
	for _, r := range rejects(t) {
		if r.Name != "invalid UTF-8" { // not expressible in a JSON file
			want.Reject = append(want.Reject, r)
		}
	}
	if *update {
		out, err := json.Marshal(want, jsontext.WithIndent("  "))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorFile, append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var got leafVectors
	if err := json.Unmarshal(file, &got, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s differs from the code; a released leaf format never changes", vectorFile)
	}
	for _, a := range got.Accept {
		e, err := accesslog.Decode([]byte(a.Leaf))
		if err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
		if again := encode(t, e); string(again) != a.Leaf {
			t.Errorf("%s re-encodes to %s", a.Name, again)
		}
	}
}

func TestRejectedLeaves(t *testing.T) {
	for _, r := range rejects(t) {
		if _, err := accesslog.Decode([]byte(r.Leaf)); !errors.Is(err, accesslog.ErrLeaf) {
			t.Errorf("%s: %v, want ErrLeaf", r.Name, err)
		}
	}
}

// The sparse leaf, written out by hand from the field table.
func TestSparseLeafToTheByte(t *testing.T) {
	const want = `{"v":1,"n":0,"t":0,"act":"log.open","out":"refused","sub":"","fam":"","obj":"","rule":[],"bun":"",` +
		`"rng":"","req":"","nonce":"AAAAAAAAAAAAAAAAAAAAAQ","c":""}`
	if got := encode(t, sparse()); string(got) != want {
		t.Errorf("leaf = %s\nwant   %s", got, want)
	}
}

func TestUnfitEvents(t *testing.T) {
	for name, spoil := range map[string]func(*accesslog.Event){
		"ClassNotAByte":     func(e *accesslog.Event) { e.Accepted.Class = 256 },
		"PositionZero":      func(e *accesslog.Event) { e.Accepted.Position = 0 },
		"NoStatement":       func(e *accesslog.Event) { e.Accepted.Statement = accesslog.Digest{} },
		"BrokenText":        func(e *accesslog.Event) { e.Request = "\xff" },
		"TooLong":           func(e *accesslog.Event) { e.Request = strings.Repeat("x", 70_000) },
		"TimeBeforeTheEra":  func(e *accesslog.Event) { e.At = -1 },
		"RulesNotAscending": func(e *accesslog.Event) { e.Rules = []string{"B", "A"} },
	} {
		t.Run(name, func(t *testing.T) {
			e := rich()
			spoil(&e)
			if leaf, err := e.Encode(); err == nil {
				t.Errorf("encoded %s", leaf)
			}
		})
	}
}

func TestEventRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := event(0)
		e.Index = rapid.Int64Range(0, 1<<53-1).Draw(t, "n")
		e.At = rapid.Int64Range(0, 1<<53-1).Draw(t, "t")
		e.Action = rapid.StringN(1, 20, -1).Draw(t, "act")
		e.Range, e.Request = rapid.String().Draw(t, "rng"), rapid.String().Draw(t, "req")
		e.Rules = accesslog.SortRules(rapid.SliceOfN(rapid.StringN(1, 8, -1), 0, 4).Draw(t, "rule"))
		if rapid.Bool().Draw(t, "accepted") {
			e.Accepted = rich().Accepted
		}
		leaf, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(leaf, "\n\r") {
			t.Fatalf("leaf breaks its line: %q", leaf)
		}
		got, err := accesslog.Decode(leaf)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Rules) == 0 {
			e.Rules = []string{}
		}
		if !reflect.DeepEqual(got, e) {
			t.Fatalf("decoded %+v, want %+v", got, e)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, e := range []accesslog.Event{rich(), sparse(), event(3)} {
		leaf, _ := e.Encode()
		f.Add(leaf)
	}
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := accesslog.Decode(leaf)
		if err != nil {
			return
		}
		if again := encode(t, e); !bytes.Equal(again, leaf) {
			t.Errorf("two leaves for one event: %q and %q", leaf, again)
		}
	})
}
