package main

import (
	"fmt"
	"os"

	"go.uber.org/goleak"
)

// left turns a good status into a bad one when a test left a goroutine behind.
func left(status int) int {
	if err := goleak.Find(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}
