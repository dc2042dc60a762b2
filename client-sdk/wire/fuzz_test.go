package wire

import (
	"bytes"
	"reflect"
	"strconv"
	"testing"
)

// messages are every message that one end decodes from the other.
func messages() []any {
	return []any{
		new(PushRequest), new(PushReply), new(AgainRequest), new(HistoryReply), new(PullReply), new(ViewRequest), new(Viewing), new(UploadStatus),
		new(AgainRequest), new(HistoryReply), new(OpenLink), new(OpenedLink), new(LinkContent), new(LogPage), new(ExportLine), new(ErrorBody),
		new(ProtocolRange), new(EndingsReply),
	}
}

// FuzzDecode: whatever is taken as a message says the same when it is written
// again, so that no two readers can understand it differently.
func FuzzDecode(f *testing.F) {
	for _, m := range messages() {
		b, err := Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"statements":[{"statement":"a.b.c","attachments":[{"name":"form","body":"AA=="}]}],"checkpoint":1}`))
	f.Add([]byte(`{"row":{"index":1,"leaf":"{}","hash":"","who":"","family":"","object":"","detail":""}}`))
	f.Add([]byte(`{"checkpoint":1,"checkpoint":2}`))
	f.Add([]byte(`{"Checkpoint":1}`))
	f.Add([]byte("{}{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range messages() {
			if Decode(bytes.NewReader(b), MaxRequestBytes, m) != nil {
				continue
			}
			written, err := Encode(m)
			if err != nil {
				t.Fatalf("%T %s: %v", m, b, err)
			}
			again := reflect.New(reflect.TypeOf(m).Elem()).Interface()
			if err := Decode(bytes.NewReader(written), 1<<20, again); err != nil {
				t.Fatalf("%T: %s is written as %s: %v", m, b, written, err)
			}
			if twice, err := Encode(again); err != nil || !bytes.Equal(twice, written) {
				t.Errorf("%T: %s, then %s, %v", m, written, twice, err)
			}
		}
	})
}

// FuzzParseVersion: a version has one spelling.
func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"0", "1", "01", "+1", "-1", "1 ", "99999", "", "1.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := ParseVersion(s); ok && strconv.Itoa(n) != s {
			t.Errorf("%q is read as %d", s, n)
		}
	})
}
