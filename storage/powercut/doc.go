// Package powercut is a description; all else of it is tests, behind the build tag
// power, for root on Linux with /dev/fuse.
//
// A power cut is not a crash: a crash loses what a process had not written, and a power
// cut what a disk had not synced. So the tests lay a service on a file system of their
// own, which keeps what was synced and forgets, from a chosen operation on, any part of
// the rest: writes in sectors of 512 bytes, in any order, and names from the end. Then
// the service is opened on what is left of its disk, and all that it had acknowledged
// must be there.
//
// It leaves to the disk that it does what fsync says. Start at TestPowerCut.
package powercut
