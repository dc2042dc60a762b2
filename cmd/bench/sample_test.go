package main

import (
	"strings"
	"testing"
)

func TestQuantile(t *testing.T) {
	x := []float64{4, 1, 3, 2, 5}
	for _, tt := range []struct{ q, want float64 }{{0, 1}, {0.25, 2}, {0.5, 3}, {0.625, 3.5}, {1, 5}} {
		if got := quantile(x, tt.q); got != tt.want {
			t.Errorf("quantile %v = %v, want %v", tt.q, got, tt.want)
		}
	}
	if got := median([]float64{1, 2}); got != 1.5 {
		t.Errorf("median of 1 and 2 = %v", got)
	}
	if x[0] != 4 {
		t.Error("the samples were reordered: pairs would no longer be pairs")
	}
}

func TestTold(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{"AlwaysSlower", []float64{3, 4}, []float64{1, 2}, 1},
		{"AlwaysFaster", []float64{1, 2}, []float64{3, 4}, 0},
		{"Same", []float64{1, 2, 2, 3}, []float64{1, 2, 2, 3}, 0.5},
		{"ThreeOfFour", []float64{2, 4}, []float64{1, 3}, 0.75},
	} {
		if got := told(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: told = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRow(t *testing.T) {
	r := compare("seal", "s", []float64{1, 2, 3}, []float64{4, 4, 9}, faster).atLeast(2)
	if r.Ours != 2 || r.Peer != 4 || r.Ratio != 2 || r.Min != 2 || r.Max != 4 || r.Runs != 3 || !*r.Met || r.Goal != "≥ 2 ×" {
		t.Errorf("row = %+v", r)
	}
	slow := compare("frame", "ms", []float64{14}, []float64{10}, costs).atMost(1.3)
	if slow.Ratio != 1.4 || *slow.Met {
		t.Errorf("row = %+v", slow)
	}
	bare := alone("decide", "µs", []float64{9, 12, 8}).atMost(10)
	if bare.Ours != 9 || bare.Min != 8 || bare.Max != 12 || !*bare.Met || bare.Goal != "≤ 10 µs" {
		t.Errorf("row = %+v", bare)
	}
	text := table([]Row{r, slow, bare})
	for _, want := range []string{"≥ 2 ×", "met", "MISSED", "≤ 10 µs"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestChoose(t *testing.T) {
	got, err := choose("seal, links")
	if err != nil || len(got) != 3 || got[0].name != "control" || got[1].name != "seal" || got[2].name != "links" {
		t.Errorf("chosen %v, %v", got, err)
	}
	if _, err := choose("nothing"); err == nil || !strings.Contains(err.Error(), "seal") {
		t.Errorf("error = %v, want the names that there are", err)
	}
}
