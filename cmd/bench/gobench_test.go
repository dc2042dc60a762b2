package main

import (
	"slices"
	"testing"
)

func TestReadBench(t *testing.T) {
	const out = `goos: linux
BenchmarkLog/OneByOne-2         	    3000	    352163 ns/op	    1234 B/op
BenchmarkLog/Callers64-2        	    3000	     40123.5 ns/op
BenchmarkLog/BareInsert         	    3000	    300000 ns/op
PASS
`
	found := map[string][]float64{}
	if err := readBench(out, "BenchmarkLog", found); err != nil {
		t.Fatal(err)
	}
	if err := readBench("BenchmarkLog/BareInsert#01-2  1  2000000 ns/op\n", "BenchmarkLog", found); err != nil {
		t.Fatal(err)
	}
	for sub, want := range map[string][]float64{"OneByOne": {352163}, "Callers64": {40123.5}, "BareInsert": {300000, 2000000}} {
		if !slices.Equal(found[sub], want) {
			t.Errorf("%s = %v, want %v", sub, found[sub], want)
		}
	}
	if err := readBench("PASS\n", "BenchmarkLog", found); err == nil {
		t.Error("a benchmark without figures was accepted")
	}
	if got := perSecond([]float64{250_000}); got[0] != 4000 {
		t.Errorf("per second = %v, want 4000", got)
	}
}
