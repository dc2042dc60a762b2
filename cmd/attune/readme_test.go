package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// What README.md tells people to type is what this program takes: each line of attune
// that is not cut short is read as the command line reads it. Nothing is run.
func TestReadmeLinesAreRead(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"form.jpg", "event.jpg", "root.key", "org.root", "rotate.request"} {
		if err := os.WriteFile(name, []byte("paper"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	word := regexp.MustCompile(`'[^']*'|[^\s']+`)
	read := 0
	for line := range strings.Lines(string(readme)) {
		line, _, _ = strings.Cut(line, " #")
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "attune ") || strings.Contains(line, "…") {
			continue
		}
		for part := range strings.SplitSeq(line, "; ") {
			part, _, _ = strings.Cut(part, " > ")
			var args []string
			for _, w := range word.FindAllString(part, -1) {
				args = append(args, strings.Trim(w, "'"))
			}
			var c commands
			parser := kong.Must(&c, append(texts(), kong.Name("attune"), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}), kong.ExplicitGroups(groups()))...)
			if _, err := parser.Parse(markRefs(args[1:])); err != nil && !strings.Contains(part, "--help") {
				t.Errorf("%s: %v", part, err)
			}
			read++
		}
	}
	if read < 40 {
		t.Errorf("%d lines were found", read)
	}
}
