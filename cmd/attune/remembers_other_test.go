//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// remembers: only Linux lets one process read another's memory as a file.
func remembers(ts *testscript.TestScript, _ bool, _ []string) { ts.Logf("its memory is not read here") }
