// Command bench measures Attune against what people would use otherwise, and
// against what the machine can do at best, on the same work in the same run.
//
// It promises that what it measures is the built binaries as processes, that
// both sides take turns, that figures are medians with the smallest and largest
// ratio of the pairs, and that a control row says what the machine was worth
// meanwhile. Machines are noisy: compare ratios, and CPU seconds before wall
// time. It asserts nothing; a goal is printed as met or missed.
//
// It is a Go module of its own, so that peers do not enter the product's module
// graph, and it measures the product only from outside: its binaries, its pages and
// PROTOCOL.md. What a device would send, package fleet signs with the SDK's own
// packages. Rows about the inside come from the benchmarks beside the code, which it
// runs with go test.
//
// Start in main.go, with the list of benchmarks.
//
// Source: DESIGN.md §13.
package main
