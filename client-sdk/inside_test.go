package attune

import (
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// Stolen is what somebody has who kept a device's keys: every key of a family that it
// could open, and its person's own.
func Stolen(c *Client, id policies.FamilyID) []seal.Identity {
	keys, err := c.Keys.family(id)
	if err != nil {
		panic(err)
	}
	return append(keys, c.Keys.identity)
}

// Lacking is why the family's key in force is not on a device; nil when it is.
func Lacking(c *Client, id policies.FamilyID) error {
	f, err := c.Mirror.provisional(id)
	if err != nil {
		return err
	}
	_, _, err = c.Keys.key(f)
	return err
}
