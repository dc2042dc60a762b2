package attune

import (
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Withdraw records that people said stop, however they told us: to everything, or to
// the purposes named. It stops that use at once, and reaches the server before
// anything else.
//
// Source: UK GDPR Art 7(3): as easy to withdraw as to give.
func (c *Consents) Withdraw(family policies.FamilyID, people []policies.PersonID, channel policies.Channel, purposes ...policies.Purpose) error {
	body := policies.ConsentWithdraw{People: people, Purposes: purposes, Channel: channel}
	_, err := c.d.outbox.file(draft{policies.RecordID(family), "consent.withdraw", body, nil})
	return err
}

// InUse is what may be used of a family's film now.
type InUse struct {
	Clips   int `json:"clips"`   // that may be watched for some purpose
	Links   int `json:"links"`   // that open
	Viewers int `json:"viewers"` // outside the team, who may watch something
}

// InUse counts what may be used now, for purposes, or for any when none is named.
func (c *Consents) InUse(family policies.FamilyID, purposes ...policies.Purpose) (InUse, error) {
	f, err := c.d.mirror.provisional(family)
	if err != nil {
		return InUse{}, err
	}
	org, err := c.d.mirror.verifiedOrg()
	if err != nil {
		return InUse{}, err
	}
	now := policies.At(c.d.now())
	if len(purposes) == 0 {
		purposes = []policies.Purpose{policies.FilmAndUse}
	}
	var n InUse
	for id, clip := range f.Clips {
		if !clip.Stored.IsZero() && f.FilmPermitted(org, id, now) && slices.ContainsFunc(purposes, func(p policies.Purpose) bool { return len(f.ClipConsented(id, p, now)) == 0 }) {
			n.Clips++
		}
	}
	for id, l := range f.Links {
		if f.LinkState(id, now) == policies.LinkOpen && len(f.ClipConsented(l.Clip, policies.FilmAndUse, now)) == 0 {
			n.Links++
		}
	}
	watch := map[policies.StaffID]bool{}
	for _, l := range f.Listings() {
		for id := range f.Clips {
			if f.ViewUntil(org, l, id, now) > 0 {
				watch[l.Staff] = true
			}
		}
	}
	n.Viewers = len(watch)
	return n, nil
}

// DecideBy is the day by which a second person confirms a withdrawal that is recorded
// now, by the service's clock, and how many working days that is. Nothing is
// destroyed before.
//
// Source: DESIGN §5, withdrawal.
func (c *Consents) DecideBy() (time.Time, int, error) {
	pack, err := c.d.figures()
	if err != nil {
		return time.Time{}, 0, err
	}
	now := c.d.now()
	n := pack.Clocks.Withdrawal.Value
	by := policies.DayOf(policies.At(now), now.Location()).WorkingDays(n)
	return time.Date(by.Year, by.Month, by.Day, 0, 0, 0, 0, now.Location()), n, nil
}
