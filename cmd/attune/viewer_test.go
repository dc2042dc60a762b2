package main

import (
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestCountersignOneOfTwo: two colleagues put the same person on the list for the same
// purpose, and the head of service can still say which of them she signs.
func TestCountersignOneOfTwo(t *testing.T) {
	mo := policies.StaffID{1}
	entry := func(id byte, staff policies.StaffID, purpose policies.Purpose, state policies.ListingState) attune.ViewerEntry {
		return attune.ViewerEntry{Listing: policies.Listing{ID: policies.StatementID{id}, Staff: staff, Purpose: purpose}, State: state}
	}
	list := []attune.ViewerEntry{
		entry(0x10, mo, policies.Supervision, policies.ListingRemoved),
		entry(0x40, mo, policies.Supervision, policies.ListingWaits),
		entry(0x80, mo, policies.Supervision, policies.ListingWaits),
		entry(0xc0, mo, policies.Peers, policies.ListingWaits),
		entry(0xd0, policies.StaffID{2}, policies.Supervision, policies.ListingWaits),
	}
	for _, c := range []struct {
		cmd  viewerCountersignCmd
		want byte // of the id; 0 for none
	}{
		{viewerCountersignCmd{}, 0},
		{viewerCountersignCmd{Purpose: "peers"}, 0xc0},
		{viewerCountersignCmd{Purpose: "supervision"}, 0},
		{viewerCountersignCmd{Entry: list[2].ID.Short()}, 0x80},
		{viewerCountersignCmd{Purpose: "supervision", Entry: list[1].ID.Short()}, 0x40},
		{viewerCountersignCmd{Entry: list[0].ID.Short()}, 0},
		{viewerCountersignCmd{Entry: list[4].ID.Short()}, 0},
	} {
		got, err := c.cmd.entry(list, mo)
		if got.ID[0] != c.want || (err == nil) != (c.want != 0) {
			t.Errorf("%+v: %s, %v, want %x", c.cmd, got.ID.Short(), err, c.want)
		}
	}
}
