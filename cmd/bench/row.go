package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// Row is one line of the table: ours, a peer's, and how they compare.
type Row struct {
	What string `json:"what"`
	Unit string `json:"unit"` // of ours and peer: "s", "ms", "CPU s", "MiB", "MB", "µs", "/s", "MB/s"

	Ours float64 `json:"ours"`           // median
	Peer float64 `json:"peer,omitempty"` // median; 0 where there is none

	// Ratio is what the goal speaks of: see costs, faster and beats. Min and Max
	// are the smallest and largest of the pairs that were measured one after the
	// other; without a peer they are of ours.
	Ratio float64 `json:"ratio,omitempty"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	Runs  int     `json:"runs"`

	Goal       string `json:"goal,omitempty"` // "≤ 1.3 ×", "≤ 10 µs"
	Met        *bool  `json:"met,omitempty"`
	Conditions string `json:"conditions"`

	OursAll []float64 `json:"ours_all,omitempty"` // as measured, in order
	PeerAll []float64 `json:"peer_all,omitempty"`
	Detail  any       `json:"detail,omitempty"`
}

// report is what a file in .cache/bench holds. Control is what the machine was
// worth just before the rows were measured and just after.
type report struct {
	Name       string `json:"name"`
	Conditions string `json:"conditions"`
	Control    []Row  `json:"control,omitempty"`
	Rows       []Row  `json:"rows"`
}

// compare makes a row of pairs that were measured in turn. ratio says which way
// the goal counts.
func compare(what, unit string, ours, peer []float64, ratio func(ours, peer float64) float64) Row {
	r := Row{
		What: what, Unit: unit, Ours: median(ours), Peer: median(peer), Runs: min(len(ours), len(peer)),
		Min: math.Inf(1), Max: math.Inf(-1), OursAll: ours, PeerAll: peer,
	}
	r.Ratio = ratio(r.Ours, r.Peer)
	for i := range r.Runs {
		one := ratio(ours[i], peer[i])
		r.Min, r.Max = min(r.Min, one), max(r.Max, one)
	}
	return r
}

func costs(ours, peer float64) float64  { return ours / peer } // × what the peer takes
func faster(ours, peer float64) float64 { return peer / ours } // × as fast as the peer, both being times
func beats(ours, peer float64) float64  { return ours / peer } // × the peer's rate

// alone makes a row without a peer.
func alone(what, unit string, ours []float64) Row {
	return Row{
		What: what, Unit: unit, Ours: median(ours), Runs: len(ours),
		Min: slices.Min(ours), Max: slices.Max(ours), OursAll: ours,
	}
}

// atMost and atLeast set the goal of a row: of its ratio if it has one, else of
// ours.
func (r Row) atMost(goal float64) Row {
	return r.reach(fmt.Sprintf("≤ %v", goal), r.figure() <= goal)
}

func (r Row) atLeast(goal float64) Row {
	return r.reach(fmt.Sprintf("≥ %v", goal), r.figure() >= goal)
}

func (r Row) figure() float64 {
	if r.Peer != 0 {
		return r.Ratio
	}
	return r.Ours
}

func (r Row) reach(goal string, met bool) Row {
	if r.Peer != 0 {
		goal += " ×"
	} else {
		goal += " " + r.Unit
	}
	r.Goal, r.Met = goal, &met
	return r
}

func (r Row) under(conditions string) Row {
	r.Conditions = conditions
	return r
}

// table prints rows for people.
func table(rows []Row) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tours\tpeer\tunit\tratio\tmin\tmax\truns\tgoal\t")
	for _, r := range rows {
		peer, ratio := "", ""
		if r.Peer != 0 {
			peer, ratio = digits(r.Peer), digits(r.Ratio)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n",
			r.What, digits(r.Ours), peer, r.Unit, ratio, digits(r.Min), digits(r.Max), r.Runs, r.Goal, verdict(r.Met))
	}
	t.Flush()
	return b.String()
}

func verdict(met *bool) string {
	switch {
	case met == nil:
		return ""
	case *met:
		return "met"
	}
	return "MISSED"
}

// digits writes three of them that mean something.
func digits(x float64) string {
	switch a := math.Abs(x); {
	case a >= 100 || a == 0:
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	case a >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
