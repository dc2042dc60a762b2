package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// because puts a cause into words. What the system and the network say names files,
// calls and sockets that nobody on a doorstep has heard of; a cause of our own is a
// sentence already and stays.
func because(err error) string {
	var name *net.DNSError
	for _, known := range []struct {
		is   bool
		said string
	}{
		{errors.Is(err, fs.ErrNotExist), "there is no such file or folder"},
		{errors.Is(err, fs.ErrExist), "it is there already"},
		{errors.Is(err, fs.ErrPermission), "this user may not"},
		{errors.Is(err, syscall.EROFS), "it can only be read"},
		{errors.Is(err, syscall.ENOSPC), "the disk is full"},
		{errors.Is(err, syscall.ENOTDIR), "a file stands where a folder should be"},
		{errors.As(err, &name), "its name is not known; are you connected?"},
		{errors.Is(err, syscall.ECONNREFUSED), "nothing answers there"},
		{errors.Is(err, syscall.ECONNRESET), "the connection broke off"},
		{errors.Is(err, syscall.ENETUNREACH), "there is no connection"},
		{errors.Is(err, syscall.EHOSTUNREACH), "there is no way to it"},
		{errors.Is(err, context.DeadlineExceeded), "it did not answer in time"},
		{errors.Is(err, os.ErrDeadlineExceeded), "it did not answer in time"},
	} {
		if known.is {
			return known.said
		}
	}
	return err.Error()
}
