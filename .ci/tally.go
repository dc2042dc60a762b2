// Command tally reads the output of `go test -json` and prints what a person
// needs: a line per package, the output of what failed, and a last line that
// counts, and what a test says after "proof:", which is a figure to be read whether
// or not it failed. A skipped test fails the run: what did not run has proved nothing.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

func main() {
	var passed, failed, skipped int
	var proofs []string
	output := map[string]*strings.Builder{} // by package and test
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20) // a test may print a long line
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Println(lines.Text()) // the build's own words
			continue
		}
		key := e.Package + " " + e.Test
		if output[key] == nil {
			output[key] = &strings.Builder{}
		}
		switch e.Action {
		case "output", "build-output":
			output[key].WriteString(e.Output)
			if _, said, ok := strings.Cut(e.Output, "proof: "); ok {
				proofs = append(proofs, strings.TrimSpace(said))
			}
			continue
		case "pass":
			if e.Test != "" {
				passed++
			}
		case "build-fail":
			failed++
			fmt.Print(output[key])
		case "fail":
			if e.Test != "" {
				failed++
			}
			fmt.Print(output[key])
		case "skip":
			if e.Test != "" {
				skipped++
				fmt.Print(output[key])
			}
		}
		if e.Test == "" && (e.Action == "pass" || e.Action == "fail") {
			fmt.Printf("%-4s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
			if e.Action == "fail" {
				failed++ // a package can fail without a failing test: a leak, a panic
			}
		}
		delete(output, key)
	}
	if err := lines.Err(); err != nil {
		fmt.Println(err)
		failed++
	}
	for _, p := range proofs {
		fmt.Println("proof:", p)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed+skipped > 0 || passed == 0 {
		os.Exit(1)
	}
}
