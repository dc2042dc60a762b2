package main

import (
	"regexp"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// internals are words of the machinery, which nobody reads on a screen (DESIGN §1).
var internals = regexp.MustCompile(`(?i)\b(statement|digest|header|key generation|lease|payload)s?\b`)

// Everything that can be done has a name in the words of who does it.
func TestKindsInPlainWords(t *testing.T) {
	for _, row := range policies.Kinds() {
		if text := kindTexts[row.Kind]; text == "" || internals.MatchString(text) {
			t.Errorf("%s is called %q", row.Kind, text)
		}
	}
	for kind := range kindTexts {
		if _, ok := policies.RowOf(kind); !ok {
			t.Errorf("%s is no kind", kind)
		}
	}
}

// Whatever the service answers, a person is told what is the matter and what to do, and
// for each rule that can stand in the way as well.
func TestAttentionSaysWhatToDo(t *testing.T) {
	for _, code := range wire.Codes() {
		e := wire.EntryOf(code)
		if e.Message == "" || e.Next == "" || internals.MatchString(e.Message+e.Next) {
			t.Errorf("%s: %q %q", code, e.Message, e.Next)
		}
	}
}
