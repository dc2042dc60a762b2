package statement

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// encode writes the one spelling: members in the order of the struct, no HTML
// escaping, empty lists as [].
func encode(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true))
}

// decode reads b into v, strictly. It does not see missing or reordered members:
// the caller compares b with the re-encoding, see [differs].
func decode(b []byte, v any) error {
	err := json.Unmarshal(b, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return broken(RuleDuplicateMember, "a member stands twice")
	case errors.Is(err, json.ErrUnknownName) && errors.As(err, &semantic):
		name := semantic.JSONPointer.LastToken()
		if name != strings.ToLower(name) { // no member of the protocol has a capital
			return broken(RuleMemberCase, "member %q in other letters", name)
		}
		return broken(RuleUnknownMember, "member %q is not known", name)
	case errors.As(err, &semantic) && semantic.GoType != nil && semantic.GoType.Kind() == reflect.Array && semantic.JSONKind == '"':
		return broken(RuleIdentifier, "%s is not an identifier", semantic.JSONPointer)
	case errors.As(err, &semantic):
		return broken(RuleValueType, "%s has the wrong type", semantic.JSONPointer)
	}
	return broken(RuleJSON, "not well-formed JSON")
}

// differs says why got, which decodes, is not what its re-encoding is. It is
// only asked once they are known to differ.
func differs(got, canonical []byte) error {
	have, want := members(got), members(canonical)
	switch {
	case len(have) < len(want):
		return broken(RuleMissingMember, "a member is missing")
	case len(have) == len(want) && !slices.Equal(have, want):
		return broken(RuleMemberOrder, "members in another order")
	}
	return broken(RuleCanonical, "differs from its own re-encoding")
}

// members lists the member names of all objects in b, as they come.
func members(b []byte) (names []string) {
	for dec := jsontext.NewDecoder(bytes.NewReader(b)); ; {
		tok, err := dec.ReadToken()
		if err != nil { // the end: b decodes
			return names
		}
		kind, length := dec.StackIndex(dec.StackDepth())
		if kind == '{' && tok.Kind() == '"' && length%2 == 1 {
			names = append(names, tok.String())
		}
	}
}
