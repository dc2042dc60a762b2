package statement

import (
	"bytes"
	"unicode/utf8"
)

const (
	maxDepth   = 8       // the deepest body needs five
	maxInteger = 1 << 53 // exclusive: the first integer that JavaScript cannot tell from its neighbour
)

// scan checks what can be checked letter by letter, before a decoder sees the
// bytes: UTF-8, no space between tokens, no escape but the shortest, only plain
// integers, no null, bounded nesting. Whether the brackets match is left to the
// decoder, whether members are in order to the comparison with the re-encoding;
// scan is what gives these two nothing surprising to chew on.
func scan(b []byte) error {
	if !utf8.Valid(b) {
		return broken(RuleUTF8, "not valid UTF-8")
	}
	depth := 0
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			n, err := scanString(b[i:])
			if err != nil {
				return err
			}
			i += n
		case c == '-' || c >= '0' && c <= '9':
			n, err := scanInteger(b[i:])
			if err != nil {
				return err
			}
			i += n
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return broken(RuleDepth, "nested deeper than %d", maxDepth)
			}
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			return broken(RuleWhitespace, "space between tokens")
		case bytes.HasPrefix(b[i:], []byte("null")):
			return broken(RuleNull, "null")
		default:
			i++
		}
	}
	return nil
}

// scanString returns the length of the string that b begins with. A control
// character, a quote and a backslash are escaped, in the shortest way; nothing
// else is.
func scanString(b []byte) (int, error) {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1, nil
		case '\\':
			n := escapeLen(b[i:])
			if n == 0 {
				return 0, broken(RuleEscape, "escape that is not the shortest, or of what needs none")
			}
			i += n - 1
		}
	}
	return 0, broken(RuleJSON, "string does not end")
}

func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		return 2
	}
	if len(b) < 6 || !bytes.HasPrefix(b, []byte(`\u00`)) || b[4] != '0' && b[4] != '1' {
		return 0
	}
	switch low := b[5]; {
	case b[4] == '0' && bytes.IndexByte([]byte("89acd"), low) >= 0:
		return 0 // \b \t \n \f \r have their own letter
	case low >= '0' && low <= '9' || low >= 'a' && low <= 'f':
		return 6
	}
	return 0
}

// scanInteger returns the length of the number that b begins with. Nothing in
// the protocol is negative or broken, so there is no sign, point or exponent.
func scanInteger(b []byte) (int, error) {
	n := 0
	var value uint64
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		if value = value*10 + uint64(b[n]-'0'); value >= maxInteger {
			return 0, broken(RuleIntegerRange, "integer of 2^53 or more")
		}
		n++
	}
	switch {
	case n == 0 && len(b) > 1 && b[1] >= '1' && b[1] <= '9':
		return 0, broken(RuleIntegerRange, "integer below zero")
	case n == 0, n < len(b) && (b[n] == '.' || b[n] == 'e' || b[n] == 'E'), n > 1 && b[0] == '0':
		return 0, broken(RuleInteger, "number that is not a plain integer")
	}
	return n, nil
}
