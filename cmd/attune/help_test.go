package main

import (
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
