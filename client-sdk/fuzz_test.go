package attune

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// FuzzParseInvitation: a line that somebody sent is an invitation or is refused in
// words; what is taken is written again as it was.
func FuzzParseInvitation(f *testing.F) {
	good := Invitation{Server: "https://attune.example.org", Role: policies.Practitioner, Expires: 1}
	good.Key[0], good.Org[0], good.Invite[0] = 1, 1, 1
	f.Add(good.String())
	f.Add(good.String()[:40] + "\n " + good.String()[40:])
	f.Add("attune-invite-2:AA")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseInvitation(text)
		if err != nil {
			if CodeOf(err) != CodeInvitation {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if again, err := ParseInvitation(i.String()); err != nil || again != i {
			t.Errorf("%+v is written %q: %+v, %v", i, i.String(), again, err)
		}
	})
}

func FuzzParseServerRequest(f *testing.F) {
	b, err := json.Marshal(ServerRequest{Origin: "https://attune.example.org"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"org":"","org":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseServerRequest(b)
		if err != nil {
			if CodeOf(err) != CodeInput {
				t.Errorf("%q: %v", b, err)
			}
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := ParseServerRequest(again); err != nil || !reflect.DeepEqual(s, r) {
			t.Errorf("%q is read as %+v, then as %+v, %v", b, r, s, err)
		}
	})
}

// FuzzReadError: a refusal by the server, or by whatever stands before it, has a
// code and a sentence.
func FuzzReadError(f *testing.F) {
	f.Add(403, []byte(`{"code":"denied","message":"A rule does not allow this.","next":"Ask.","rules":["VIEW-3"],"request_id":"x"}`))
	f.Add(502, []byte("<html>Bad Gateway</html>"))
	f.Add(0, []byte{})
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := readError(&http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body))})
		if r.Code == "" {
			t.Errorf("%d %q has no code", status, body)
		}
	})
}

// FuzzCell: whatever a name is, a spreadsheet shows it and the verifier gets it back.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"Sam Reed", "=1+1", "'=1+1", " \t=1", "\uFF1Dcmd", "a\"b,c", "a\r\nb", "@SUM(A1)", "\xff", "\uFEFF-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		line := csvLine(accesslog.Pseudonym{1}.String(), name)
		_, clean, err := parseName([]byte(line))
		if err != nil || cell(clean) != cell(name) {
			t.Fatalf("%q is written %q and read %q, %v", name, line, clean, err)
		}
		shown := cell(name)
		bare := strings.TrimLeft(shown, " \t\r\n\uFEFF\uFFFD")
		if strings.ContainsAny(shown, "\r\n\x00") || bare != "" && strings.ContainsAny(bare[:1], "=+-@") {
			t.Errorf("%q is shown as %q", name, shown)
		}
	})
}

// exported is a small export with everything that one can hold, made without a
// service.
func exported(f *testing.F) (files fstest.MapFS, key string) {
	f.Helper()
	must := func(err error) {
		f.Helper()
		if err != nil {
			f.Fatal(err)
		}
	}
	const origin = "attune/invented/1"
	signer, err := accesslog.NewSigner(origin, ed25519.NewKeyFromSeed(make([]byte, 32)))
	must(err)
	files = fstest.MapFS{}
	put := func(path string, data []byte) error {
		files[path] = &fstest.MapFile{Data: bytes.Clone(data)}
		return nil
	}
	static := accesslog.NewStatic(put)
	who, salt, said := accesslog.Pseudonym{7}, policies.Bytes16{8}, "asked for\n192.0.2.1"
	names := map[accesslog.Pseudonym]string{who: "practitioner Sam Reed"}
	var events, table strings.Builder
	table.WriteString(csvLine(eventsHead[:]...))
	for n := range int64(2) {
		e := accesslog.Event{Index: n, At: 1, Action: "clip.copy", Outcome: accesslog.Allowed, Subject: who, Nonce: accesslog.Nonce{1}, Rules: []string{"COPY-TEAM"}}
		detail := ""
		if n == 1 {
			detail, e.Commitment = said, sha256.Sum256(append(salt[:], said...))
		}
		leaf, err := e.Encode()
		must(err)
		must(static.Append(leaf))
		fmt.Fprintf(&events, "%s\n", leaf)
		table.WriteString(eventLine(e, names, detail))
	}
	must(static.Close())
	note, err := accesslog.Sign(static.Tree().Checkpoint(origin), signer)
	must(err)
	_, _, pem, err := accesslog.OpenSSL(note, ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey))
	must(err)
	about, err := json.Marshal(LogExported{Rows: 2, Size: 2, Log: origin, Key: signer.VKey(), Filter: map[string]string{}, Made: time.Unix(0, 0).UTC().Format(time.RFC3339)})
	must(err)
	detail, err := json.Marshal(exportedDetail{1, salt, said})
	must(err)
	for name, text := range map[string]string{
		"checkpoint": note, "log.vkey": signer.VKey() + "\n", "log.pem": string(pem), "export.json": string(about), "events.ndjson": events.String(),
		"names/names.csv": csvLine(namesHead[:]...) + csvLine(who.String(), names[who]), "names/events.csv": table.String(), "names/details.ndjson": string(detail) + "\n",
	} {
		must(put(name, []byte(text)))
	}
	return files, signer.VKey()
}

// FuzzVerifyLogExport: a folder that a stranger sent neither crashes the verifier
// nor passes when its table says something that its rows do not.
func FuzzVerifyLogExport(f *testing.F) {
	good, key := exported(f)
	if r, err := VerifyLogExport(good, key, nil); err != nil || !r.OK || !r.Names {
		f.Fatalf("untouched: %+v, %v", r, err)
	}
	parts := []string{"export.json", "names/names.csv", "names/events.csv", "names/details.ndjson", "log.pem"}
	for i, name := range parts {
		f.Add(i, good[name].Data)
	}
	f.Add(1, []byte("\"pseudonym\",\"name\"\r\n\"x"))
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		files := fstest.MapFS{}
		for name, file := range good {
			files[name] = file
		}
		name := parts[uint(which)%uint(len(parts))]
		files[name] = &fstest.MapFile{Data: body}
		r, err := VerifyLogExport(files, key, nil)
		// Names are the service's word, and export.json may be spelt otherwise.
		if free := name == "export.json" || name == "names/names.csv"; err == nil && r.OK && !free && !bytes.Equal(body, good[name].Data) {
			if name != "names/details.ndjson" { // whose spelling is free; what it says is committed to
				t.Errorf("%s: %q passes", name, body)
			}
		}
	})
}
