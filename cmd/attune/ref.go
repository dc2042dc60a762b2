package main

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// ref is how a person names a thing: an id or its first letters, a case number, a
// label, a name.
type ref string

// refMark stands before an id that begins with a hyphen, which every 64th does:
// the command line's reader would take it for a flag.
// It holds a byte that no argument can: what a person typed is never taken for it.
const refMark = "\x00"

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
	*r = ref(unmark(string(b)))
	return nil
}

func unmark(s string) string { return strings.TrimPrefix(s, refMark) }

// texts takes the mark off arguments that are no ids: a name, a title or a file
// may begin with a hyphen too, and stands in a signed statement as it was typed.
func texts() []kong.Option {
	plain := kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		var s string
		if err := ctx.Scan.PopValueInto("string", &s); err != nil {
			return err
		}
		target.SetString(unmark(s))
		return nil
	})
	path := kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		if err := plain(ctx, target); err != nil || target.String() == "" {
			return err
		}
		target.SetString(kong.ExpandPath(target.String()))
		return nil
	})
	return []kong.Option{kong.KindMapper(reflect.String, plain), kong.NamedMapper("path", path)}
}
