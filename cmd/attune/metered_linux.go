package main

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// metered asks NetworkManager, by the tool of the system's own bus, whether the network of
// now is paid for by volume: a phone's, or one that somebody marked so. Without either
// nothing is known.
func metered() (metered, known bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, "busctl", "--system", "--no-pager", "get-property", "org.freedesktop.NetworkManager",
		"/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager", "Metered").Output()
	if err != nil {
		return false, false
	}
	return meteredIn(string(said))
}

// meteredIn reads the property: 1 yes, 2 no, 3 a guess of yes, 4 a guess of no, 0 unknown.
//
// Source: NetworkManager D-Bus reference, NMMetered.
func meteredIn(said string) (metered, known bool) {
	switch strings.TrimSpace(said) {
	case "u 1", "u 3":
		return true, true
	case "u 2", "u 4":
		return false, true
	}
	return false, false
}
