package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command has help with an example that begins as one types it.
func TestEveryCommandHasAnExample(t *testing.T) {
	var c commands
	k, err := kong.New(&c, kong.Name("attune"))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range k.Model.Leaves(true) {
		if !strings.Contains(leaf.Detail, "Example") || !strings.Contains(leaf.Detail, "attune ") {
			t.Errorf("%s has no example: %q", leaf.FullPath(), leaf.Detail)
		}
		if leaf.Help == "" {
			t.Errorf("%s says nothing", leaf.FullPath())
		}
	}
}

// People type help before they know of flags.
func TestHelpAsPeopleType(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"help"}, "Every day:\n  sync "},
		{[]string{"help", "consent", "sign"}, "Usage: attune consent sign "},
		{[]string{"help", "policy"}, "policy adopt "},
	} {
		var out, said bytes.Buffer
		if status := run(t.Context(), tt.args, &out, &said); status != 0 || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%v ended with %d, and printed %s%s", tt.args, status, out.String(), said.String())
		}
	}
}

// Every command stands under a heading that has words.
func TestEveryCommandHasAGroup(t *testing.T) {
	k, err := kong.New(&commands{}, kong.Name("attune"), kong.ExplicitGroups(groups()))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range k.Model.Children {
		if g := c.ClosestGroup(); g == nil || !strings.HasSuffix(g.Title, ":") {
			t.Errorf("%s stands under no heading", c.Name)
		}
	}
}
