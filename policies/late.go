package policies

import "time"

// A device that was lost, and found, or given back by who left it in a drawer, can hold
// film that nobody else has. It was revoked, loses what it held, and nothing is given to it;
// but what was recorded on it before that is a family's, and not thrown away for who else
// may have had the device in hand. It arrives by a narrow way: the visit, the clip and what
// became of the recording, for a month, and the film itself only when the head of service,
// who sees that it came so, lets it in.
//
// Whoever stole it, and can use its key, can state that a visit was before. They gain that
// it is looked at: no consent, no approval, no place on a team comes this way, nobody sees
// any film by it, and no film is taken in on their word.
//
// Source: DESIGN §6, a revoked device's outbox may still arrive, awaiting decision.

// LateFor is how long after it was revoked a device is listened to: a fortnight's leave,
// and again as much to find it.
const LateFor = 30 * 24 * time.Hour

// What a revoked device can have accepted, and how much of it: a season's visits, of which
// some were filmed. The server counts.
const (
	MaxLate      = 200
	MaxLateClips = 50
)

// Late reports whether a statement was signed, as it says itself, by a device before that
// was revoked, and is one that may come afterwards; at is the time of acceptance. What can
// be proved against its word is for the server: see [LateRule].
func (o *Org) Late(s Statement, by Author, at Micros) bool {
	row, _ := RowOf(s.Kind)
	d := o.Devices[by.Device]
	return row.Late && by.Signer == SignDevice && d != nil && !d.Revoked.IsZero() &&
		s.At < d.RevokedAt && at <= d.RevokedAt.plus(LateFor)
}

// late is the device that a statement comes from after it was revoked; zero for any other.
func (o *Org) late(by Author) DeviceID {
	if d := o.Devices[by.Device]; d != nil && !d.Revoked.IsZero() {
		return by.Device
	}
	return DeviceID{}
}

// lateStop is the revocation behind which a clip came; none for most.
func (o *Org) lateStop(c *Clip) []StatementID {
	if c == nil || c.Late.IsZero() || o == nil || o.Devices[c.Late] == nil {
		return nil
	}
	return []StatementID{o.Devices[c.Late].Revoked}
}

// lateDeps is what a decision on a clip that came late names beside what stops it.
func (f *Family) lateDeps(o *Org, body Body) []StatementID {
	switch b := body.(any).(type) {
	case DecisionMake:
		return o.lateStop(f.Clips[ClipID(b.Of)])
	case *DecisionMake:
		return o.lateStop(f.Clips[ClipID(b.Of)])
	}
	return nil
}
