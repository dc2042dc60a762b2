package packs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/attune-vf/attune/policies"
	"go.yaml.in/yaml/v3"
)

// What a pack may be: its bytes are bounded by [policies.MaxPackBytes]. Those that
// ship have some 600 values, and lists of rules in lists of classes are the deepest.
const (
	maxValues = 4000
	maxDepth  = 8
)

// What may stand without quotes, and what may not: YAML reads no, 012, 1e3,
// 2026-11-20 and ~ as something else than they look.
var (
	wholeNumber   = regexp.MustCompile(`^(0|[1-9][0-9]{0,6})$`)
	oddWord       = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|null|~|true|false|\.inf|\.nan)$`)
	unknownAnchor = regexp.MustCompile(`unknown anchor '([^']+)'`)
	oddNumber     = regexp.MustCompile(`^[-+.]?[0-9][0-9a-fA-FxXoO_.,:eE+-]*$`)
)

// tree reads the text as one document of plain YAML, and refuses whatever a person
// and a program could read differently. The error names the line.
func tree(text []byte) (*yaml.Node, error) {
	switch {
	case len(text) > policies.MaxPackBytes:
		return nil, fmt.Errorf("the file has %d bytes, %d at most", len(text), policies.MaxPackBytes)
	case !utf8.Valid(text):
		return nil, errors.New("the file is not UTF-8 text")
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.ContainsAny(line, "\t\r\ufeff\u0085\u2028\u2029") {
			return nil, at(i+1, "a tab or another kind of line end; write spaces and plain lines")
		}
		if strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") || strings.HasPrefix(line, "%") {
			return nil, at(i+1, "one document expected, without marks or directives")
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		return nil, whereAlias(text, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("one document expected")
	}
	if len(doc.Content) != 1 {
		return nil, errors.New("the file is empty")
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, at(root.Line, "names and values expected")
	}
	return root, (&walker{}).node(root, "", 0)
}

// whereAlias adds the line to the one refusal that the reader gives without.
func whereAlias(text []byte, err error) error {
	m := unknownAnchor.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	before, _, _ := strings.Cut(string(text), "*"+m[1])
	return at(strings.Count(before, "\n")+1, "%v; anchors and aliases are not taken", err)
}

func at(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
}

// walker looks at every value of the file before anything is decoded. A file of
// nothing but small values would cost the decoder the square of their number.
type walker struct{ values int }

// node looks at one and all below it. Path names it for the messages.
func (w *walker) node(n *yaml.Node, path string, depth int) error {
	if w.values++; w.values > maxValues {
		return at(n.Line, "more than %d values; a pack has some hundreds", maxValues)
	}
	if depth > maxDepth {
		return at(n.Line, "values inside values, more than %d deep", maxDepth)
	}
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return at(n.Line, "%s: anchors and aliases are not taken; write it out", path)
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return at(n.Line, "%s: types are not given; write the value", path)
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return scalar(n, path)
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if err := w.node(c, path, depth+1); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		return w.mapping(n, path, depth)
	}
	return nil
}

func (w *walker) mapping(n *yaml.Node, path string, depth int) error {
	seen := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := strings.TrimPrefix(path+"."+key.Value, ".")
		switch {
		case key.Kind != yaml.ScalarNode || key.Style != 0 || !plainKey(key.Value) || key.Anchor != "":
			return at(key.Line, "%q is not a name; merge keys and quoted names are not taken", key.Value)
		case seen[key.Value] != 0:
			return at(key.Line, "%s stands already in line %d", name, seen[key.Value])
		}
		seen[key.Value] = key.Line
		if err := w.node(value, name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func plainKey(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// scalar refuses a value that YAML takes for another type than it looks.
func scalar(n *yaml.Node, path string) error {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return at(n.Line, "%s: write it on one line", path)
	}
	if strings.ContainsFunc(n.Value, func(r rune) bool { return !unicode.IsPrint(r) }) { // also those that turn the writing round
		return at(n.Line, "%s: a character that nobody sees", path)
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		return nil
	}
	switch v := n.Value; {
	case v == "true" || v == "false" || wholeNumber.MatchString(v):
		return nil
	case v == "":
		return at(n.Line, "%s has no value", path)
	case oddWord.MatchString(v), oddNumber.MatchString(v), n.Tag != "!!str":
		return at(n.Line, "%s: %q could be read as something else; write a whole number, true or false, or put it in quotes", path, v)
	}
	return nil
}

// lines maps the path of every value, "retention.2.keep.1.source", to its line.
func lines(n *yaml.Node, path string, into map[string]int) {
	into[path] = n.Line
	sub := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			lines(n.Content[i+1], sub(n.Content[i].Value), into)
			into[sub(n.Content[i].Value)] = n.Content[i].Line
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			lines(c, sub(fmt.Sprint(i)), into)
		}
	}
}

// periods reads the value of every rule that says what it counts from: the decoder
// would refuse a bad one too, and not say where it stands.
func periods(n *yaml.Node) error {
	var value *yaml.Node
	counts := false
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			counts = counts || c.Value == "after"
			if c.Value == "value" {
				value = n.Content[i+1]
			}
			continue
		}
		if err := periods(c); err != nil {
			return err
		}
	}
	if counts && value != nil {
		if _, err := policies.ParsePeriod(value.Value); err != nil {
			return at(value.Line, "%v", err)
		}
	}
	return nil
}
