package main

import "slices"

// median is the middle of x, 0 of nothing.
func median(x []float64) float64 { return quantile(x, 0.5) }

// quantile is the value below which share q of x lies, between neighbours in
// proportion.
func quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(x))
	at := q * float64(len(s)-1)
	i := int(at)
	if i == len(s)-1 {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// told is how well one value tells a from b: 0.5 is not at all, 1 or 0 is always.
// It is the share of pairs in which a's is the larger (Mann and Whitney's U over
// the number of pairs), ties counting half.
func told(a, b []float64) float64 {
	sorted := slices.Sorted(slices.Values(b))
	var wins float64
	for _, x := range a {
		below, _ := slices.BinarySearch(sorted, x)
		end := below
		for end < len(sorted) && sorted[end] == x {
			end++
		}
		wins += float64(below) + float64(end-below)/2
	}
	return wins / float64(len(a)) / float64(len(b))
}
