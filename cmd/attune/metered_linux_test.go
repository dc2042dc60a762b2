package main

import "testing"

func TestMeteredByNetworkManager(t *testing.T) {
	for said, want := range map[string][2]bool{
		"u 0\n": {false, false}, "u 1\n": {true, true}, "u 2\n": {false, true}, "u 3\n": {true, true}, "u 4\n": {false, true},
		"": {false, false}, "u 7": {false, false}, "s \"u 1\"": {false, false},
	} {
		if metered, known := meteredIn(said); metered != want[0] || known != want[1] {
			t.Errorf("%q: metered %v, known %v, want %v", said, metered, known, want)
		}
	}
}
