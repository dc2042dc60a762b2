package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarkRefs(t *testing.T) {
	whole := "--" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789_-aBc"[:41]
	got := markRefs([]string{"watch", "-h", "--json", "-", "-Ab3_", "--carer", "-x-y:-z:own", whole, "2026-11-20"})
	want := []string{"watch", "-h", "--json", "-", refMark + "-Ab3_", "--carer", refMark + "-x-y:-z:own", refMark + whole, "2026-11-20"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestRefUnmarked(t *testing.T) {
	var r ref
	if err := r.UnmarshalText([]byte(refMark + "-Ab3_")); err != nil || r != "-Ab3_" {
		t.Errorf("ref = %q, %v", r, err)
	}
}
