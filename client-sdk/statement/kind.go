package statement

import (
	"bytes"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// KindOf is the kind that a statement's header names, "" where none can be read. It is
// quick and believes nothing: it serves to sort out what must be read in another way.
func KindOf(raw Sealed) policies.Kind {
	first, _, ok := bytes.Cut(raw, []byte("."))
	if !ok || len(first) > 512 {
		return ""
	}
	header, err := decode64(first)
	if err != nil {
		return ""
	}
	_, typ, err := readHeader(header)
	if err != nil {
		return ""
	}
	kind, _ := strings.CutPrefix(typ, statementTyp)
	return policies.Kind(kind)
}
