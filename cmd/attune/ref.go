package main

import (
	"regexp"
	"strings"
)

// ref is how a person names a thing: an id or its first letters, a case number, a
// label, a name.
type ref string

// refMark stands before an id that begins with a hyphen, which every 64th does:
// the command line's reader would take it for a flag.
const refMark = "id:"

var (
	hyphened = regexp.MustCompile(`^-[A-Za-z0-9_][A-Za-z0-9_:-]+$`)    // -Ab3…; flags have two hyphens, -h one letter
	twoFirst = regexp.MustCompile(`^--[A-Za-z0-9_-]{41}(:[a-z_:]+)?$`) // a whole id: no flag is so long
)

// markRefs marks the ids among the arguments.
func markRefs(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if hyphened.MatchString(a) || twoFirst.MatchString(a) {
			a = refMark + a
		}
		out[i] = a
	}
	return out
}

// UnmarshalText takes the mark off again.
func (r *ref) UnmarshalText(b []byte) error {
	*r = ref(strings.TrimPrefix(string(b), refMark))
	return nil
}
