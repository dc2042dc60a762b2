package main

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"
)

// newNetworks returns channels that each hear when this machine's addresses changed: it
// came out of a lift, or into the office. It looks every few seconds, which works the same
// everywhere and costs less than a packet.
func newNetworks(ctx context.Context, listeners int) (out []<-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	all := make([]chan struct{}, listeners)
	for i := range all {
		all[i] = make(chan struct{}, 1)
		out = append(out, all[i])
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(3 * time.Second)
		defer tick.Stop()
		for before := addresses(); ; {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			now := addresses()
			if now == before {
				continue
			}
			before = now
			for _, c := range all {
				select {
				case c <- struct{}{}:
				default: // it has not yet listened to the last change
				}
			}
		}
	}()
	return out, func() { cancel(); <-ended }
}

// addresses are those of this machine, in one string that changes when they do.
func addresses() string {
	var all []string
	found, err := net.InterfaceAddrs()
	if err != nil {
		return "" // nothing is known, which is no change of network either
	}
	for _, a := range found {
		all = append(all, a.String())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
