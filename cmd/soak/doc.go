// Package soak runs a whole service through weeks of bad luck and looks whether
// anything was lost, kept too long or shown to the wrong person.
//
// One seed is one run: some fifty devices, two to a person, work through the real SDK
// against the real server and its real store, in one process, on virtual time and
// without sockets. Requests and replies get lost, come twice or come late; devices go
// offline, crash between any two commits, have clocks that are off and get copied; the server
// crashes between any two commits too. Then all is made well, and everything is
// compared with what a few plain loops work out from the list of accepted statements.
//
// It is a test program and nothing of it is in the product. Randomness is replaced
// by the seed's for the whole process, keys and nonces too, which Go allows in tests
// only: so a seed that fails is run again to the byte. Start at TestSoak, or
//
//	make soak SEEDS=100
//	SEED=17 go test ./cmd/soak -run TestSoak -v
//
// With one seed, EXHIBIT=1 shows what a fault left on disks, TRACE=1 FROM=900 every
// answer of the server from that step on, and KEEP=DIR keeps all folders.
//
// TestPlanted puts faults in, one at a time, and has each found.
package soak
