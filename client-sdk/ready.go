package attune

import (
	"time"

	"github.com/attune-vf/attune/policies"
)

// Readiness says until when this device may film and watch without a connection.
type Readiness struct {
	Until time.Time `json:"until"` // zero: not now
	Why   string    `json:"why"`   // not, or what ends it; "" where it is the last contact
	Next  string    `json:"next"`  // what to do
}

// Ready works out until when visits can be made without meeting the service before: as
// many days as the policy says after the last contact, and no longer than the certificates
// of this device and its person are in force. Whether a family may be filmed is another
// question: [Clips.Gate]. It needs no network.
func (c *Client) Ready() (Readiness, error) {
	no := func(why, next string) (Readiness, error) { return Readiness{Why: why, Next: next}, nil }
	org := c.desk.mirror.Org()
	contact, err := c.desk.mirror.Contact()
	if err != nil {
		return Readiness{}, err
	}
	if org == nil || contact.IsZero() {
		return no("This device has not met the service yet.", "Connect once: attune sync")
	}
	if e := c.desk.overIn(org); e != nil {
		return no(messageOf(e))
	}
	if stopped, err := c.desk.stoppedAt(policies.RecordID(org.ID)); err != nil || stopped {
		if err != nil {
			return Readiness{}, err
		}
		return no(messageOf(programTooOld()))
	}
	if !org.Empowered(c.desk.me.Staff, c.desk.keys.Device()) {
		return no("Nobody has heard your six words yet.", "Read them to your registrar: attune status shows them.")
	}
	pack, err := c.desk.figures()
	if err != nil {
		return Readiness{}, err
	}
	now := c.desk.now()
	if g, err := c.desk.clockRight(); err != nil || !g.Open {
		return Readiness{Why: "This device's clock was ahead of the service's at their last contact.", Next: "Set the clock, then: attune sync"}, err
	}
	a, err := c.desk.lease.look()
	if err != nil {
		return Readiness{}, err
	}
	if a.behind {
		return no("This device's clock says an earlier time than it did before.", "Set the clock, then: attune sync")
	}
	until := now.Add(pack.OfflineDays.Days() - a.away)
	if !a.known || now.After(until) {
		return no("This device has not met the service since "+contact.Local().Format("Monday 2 January")+".", "Connect once, then film: attune sync")
	}
	r := Readiness{Until: until}
	if d := org.Devices[c.desk.keys.Device()]; d != nil && d.Until.Time().Before(r.Until) {
		r = Readiness{d.Until.Time(), "Then this device's certificate ends.", "It renews itself when you sync; if it does not, ask a registrar."}
	}
	if p := org.Staff[c.desk.me.Staff]; p != nil && p.Until.Time().Before(r.Until) {
		r = Readiness{p.Until.Time(), "Then your certificate ends.", "Ask a registrar to renew it: attune staff renew"}
	}
	if !now.Before(r.Until) {
		r.Until, r.Why = time.Time{}, "Your certificate, or this device's, is over."
	}
	return r, nil
}

// messageOf takes an error of this package apart.
func messageOf(err error) (message, next string) {
	if e, ok := err.(*Error); ok { //nolint:errorlint // as overIn makes it
		return e.Message, e.Next
	}
	return err.Error(), ""
}
