package server

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// protocol is PROTOCOL.md, whole and of its part on HTTP.
func protocol(t *testing.T) (whole, http string) {
	t.Helper()
	b, err := os.ReadFile("../client-sdk/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, http, ok := strings.Cut(string(b), "\n## 12. HTTP\n")
	if !ok {
		t.Fatal("PROTOCOL.md has no §12")
	}
	return string(b), http
}

// Each address that the server answers stands in PROTOCOL.md, with its verb.
func TestProtocolNamesEveryRoute(t *testing.T) {
	_, text := protocol(t)
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range New(Config{}).routes().Routes() {
		path := parameter.ReplaceAllString(r.Path, "{$1}")
		if r.Method == "echo_route_not_found" || path == "/" || path == "/s" || strings.HasSuffix(path, "/") {
			continue
		}
		verb := regexp.MustCompile(`(?m)(^|[^\w])` + r.Method + `[^\n]*` + regexp.QuoteMeta(path) + `([^/\w]|$)`)
		other := regexp.MustCompile(regexp.QuoteMeta(path) + "`?, " + r.Method) // "`/v1/uploads`, …, OPTIONS"
		if !verb.MatchString(text) && !other.MatchString(text) && !(r.Method == "OPTIONS" && strings.Contains(text, "`OPTIONS /v1/uploads`")) {
			t.Errorf("%s %s does not stand in §12", r.Method, path)
		}
	}
}

// Each member of each message of sync, and each word of its closed lists, stands in
// PROTOCOL.md: whoever adds one is told here.
func TestProtocolNamesEveryMember(t *testing.T) {
	whole, _ := protocol(t)
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || !strings.HasSuffix(typ.PkgPath(), "client-sdk/wire") {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(whole, "`"+name+"`") && !strings.Contains(whole, `"`+name+`":`) && !strings.Contains(whole, "."+name+"`") {
				t.Errorf("%s.%s: PROTOCOL.md does not name %q", typ.Name(), typ.Field(i).Name, name)
			}
			walk(typ.Field(i).Type)
		}
	}
	for _, m := range []any{
		wire.PushRequest{}, wire.PushReply{}, wire.PullReply{}, wire.EndingsReply{}, wire.ProtocolRange{}, wire.Notice{}, wire.ErrorBody{}, wire.AgainRequest{}, wire.HistoryReply{},
		wire.LogPage{}, wire.ExportLine{}, wire.OpenLink{}, wire.OpenedLink{}, wire.LinkStatus{}, wire.ViewRequest{}, wire.Viewing{}, wire.UploadStatus{},
	} {
		walk(reflect.TypeOf(m))
	}
	for _, word := range []string{
		string(wire.Accepted), string(wire.Duplicate), string(wire.Refused), string(wire.Deferred), string(wire.RetryNever), string(wire.RetryAfterSync),
		string(wire.ItemStatement), string(wire.ItemAttached), string(wire.ItemResetScope), string(wire.ItemDropScope), string(wire.ItemOutcome),
		wire.ProtocolHeader, wire.PageHeader, wire.SessionHeader, demoHeader,
	} {
		if !strings.Contains(whole, "`"+word) {
			t.Errorf("PROTOCOL.md does not name %q", word)
		}
	}
}
