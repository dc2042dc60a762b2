//go:build !unix

package main

import (
	"io/fs"
	"os"
)

func ownerOf(fs.FileInfo) int { return -1 }

func lock(*os.File) (bool, error) { return true, nil } // a server runs on Unix

func share(*os.File) error { return nil }

func sameDisk(string, string) bool { return false } // not known
