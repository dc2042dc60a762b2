package policies

import "slices"

// ServiceRecovers is the matter of a service that was put back.
const ServiceRecovers MatterKind = "service.recovers"

// A service that was put back from a backup has forgotten what was stated since. It
// says so in its first statement of the new history, takes back what devices still hold,
// and serves no film until an IG officer says that it is whole enough.

// Restoration is one time that a service was put back.
type Restoration struct {
	ID        StatementID `json:"id"` // service.restored
	At        Micros      `json:"at"`
	Log       LogState    `json:"log"`   // that the backup held
	Known     LogState    `json:"known"` // the last state of the log that is known; Log when nothing later is
	Recovered StatementID `json:"recovered"`
	By        StaffID     `json:"by"` // the IG officer who said so; zero while it recovers
}

// LogState is a state of the access log.
type LogState struct {
	Origin string `json:"origin"` // "attune/<organisation>/<history>"
	Size   int64  `json:"size"`   // rows
	Root   Digest `json:"root"`   // of the tree; zero where only the length is known
}

// ServiceRestored is the body of service.restored, which the server states first in a
// new history. The leaf that accepts it is the row Log.Size of the new log.
type ServiceRestored struct {
	Log   LogState `json:"log"`
	Known LogState `json:"known"`
}

// ServiceRecovered is the body of service.recovered: an IG officer lets a service that
// was put back serve film again.
type ServiceRecovered struct {
	Restored StatementID `json:"restored"`
}

// Check implements [Body].
func (b ServiceRestored) Check() error {
	var c checks
	for _, l := range []LogState{b.Log, b.Known} {
		c.that(l.Origin != "" && len(l.Origin) <= 200, "a log has a name of at most 200 bytes")
		c.that(l.Size > 0, "a log has rows")
	}
	c.that(b.Known.Size >= b.Log.Size, "the last known state is not older than the backup's")
	named(&c, "the root of the log", b.Log.Root)
	return c.err
}

// Check implements [Body].
func (b ServiceRecovered) Check() error {
	var c checks
	named(&c, "the restoration", b.Restored)
	return c.err
}

func restoreService(o *Org, a act[ServiceRestored]) (Changes, error) {
	o.Restorations = append(slices.Clone(o.Restorations), Restoration{ID: a.ID, At: a.Now, Log: a.Said.Log, Known: a.Said.Known})
	return Changes{}, nil
}

func recoverService(o *Org, a act[ServiceRecovered]) (Changes, error) {
	r, ok := o.Recovering()
	if !ok {
		return Changes{}, notPossible("the service is not being put back")
	}
	if r.ID != a.Said.Restored {
		return Changes{}, notPossible("the service was put back once more since; sync first")
	}
	o.Restorations = slices.Clone(o.Restorations)
	last := &o.Restorations[len(o.Restorations)-1]
	last.Recovered, last.By = a.ID, a.By.Staff
	return Changes{}, nil
}

// Recovering is the restoration that nobody has said is over; false when the service
// works as ever.
func (o *Org) Recovering() (Restoration, bool) {
	if o == nil || len(o.Restorations) == 0 {
		return Restoration{}, false
	}
	last := o.Restorations[len(o.Restorations)-1]
	return last, last.Recovered.IsZero()
}

// Before is a copy of the organisation in which nobody's certificate, and no device, was
// revoked at that time or later. Under it a statement is folded that the service had
// accepted before it was put back, and that comes again after the revocation: its author
// could still sign then. Everything else is as it is; the head is the same.
func (o *Org) Before(at Micros) *Org {
	n := o.Clone()
	n.setAside(at)
	return n
}

// ApplyBefore is Apply for a statement of the organisation's record that the service had
// accepted at that time, before it was put back. See [Org.Before].
func (o *Org) ApplyBefore(s Statement, at Micros) (Changes, error) {
	back := o.setAside(at)
	defer back()
	return o.Apply(s, at)
}

// setAside undoes revocations from a time on; back does them again.
func (o *Org) setAside(at Micros) (back func()) {
	var undone []func()
	for _, p := range o.Staff {
		if was := p.Revoked; !was.IsZero() && p.LeftAt > at {
			p.Revoked = StatementID{}
			undone = append(undone, func() { p.Revoked = was })
		}
	}
	for _, d := range o.Devices {
		if was := d.Revoked; !was.IsZero() && d.RevokedAt > at {
			d.Revoked = StatementID{}
			undone = append(undone, func() { d.Revoked = was })
		}
	}
	return func() {
		for _, redo := range undone {
			redo()
		}
	}
}

func serviceRecovers(o *Org, _ Pack, _ Micros) []Matter {
	r, ok := o.Recovering()
	if !ok {
		return nil
	}
	return []Matter{{
		Kind: ServiceRecovers, Of: r.ID.String(), Since: r.At, Due: r.At, For: []Role{IGOfficer},
		Text: "The service was put back from a backup, and serves no film.",
		Do:   "See that everybody's devices have synced, then end it.",
	}}
}

// Carried says what of an earlier history of the log is in the present one: its first rows,
// and up to which row a restoration admits that there were more. False when no restoration
// names that history.
func (o *Org) Carried(origin string) (rows, admitted int64, ok bool) {
	from := slices.IndexFunc(o.Restorations, func(r Restoration) bool { return r.Log.Origin == origin })
	if from < 0 {
		return 0, 0, false
	}
	rows = o.Restorations[from].Log.Size
	for _, r := range o.Restorations[from:] {
		rows = min(rows, r.Log.Size) // a later one may have put an older backup back
	}
	return rows, max(rows, o.Restorations[from].Known.Size), true
}
