//go:build race

package wire_test

// raced: the race detector has a sync.Pool forget a quarter of what is put into it, so
// that the library's discarding of each empty frame takes 2 KiB in the mean.
const raced = true
