//go:build !unix

package main

import "io/fs"

func ownerOf(fs.FileInfo) int { return -1 }
