package policies

import (
	"cmp"
	"slices"
)

// A device says what it no longer has. Nobody can check it; but a device that says
// nothing is listed, and somebody asks where it is. It is taken like a restriction, late
// and from a device that has ended: just those have something to say.

// DevicePurged is the body of device.purged: this device no longer has the sealed film of
// a clip, which a head of service ordered to be destroyed; or anything of a family, which
// its person receives no longer; or, in the organisation's record, anything of a family whose
// record was destroyed, by its family.dispose; or anything of families and
// its person's keys, since it was revoked.
type DevicePurged struct {
	Clip  ClipID      `json:"clip"`  // zero for everything
	Order StatementID `json:"order"` // decision.make; what ended the access, or gave it until a date that has passed
}

// Check implements [Body].
func (b DevicePurged) Check() error {
	var c checks
	named(&c, "the order", b.Order)
	return c.err
}

// purgeDevice notes each device once for a clip, and for the record when it said so
// last: in one order whatever arrived first.
func purgeDevice(f *Family, _ *Org, a act[DevicePurged]) (Changes, error) {
	if a.Said.Clip.IsZero() {
		put(&f.Gone, a.By.Device, max(f.Gone[a.By.Device], a.Now))
		return Changes{}, nil
	}
	c := f.Clips[a.Said.Clip]
	if c == nil {
		return Changes{}, missing("the clip", a.Said.Clip)
	}
	if at, found := slices.BinarySearchFunc(c.Purged, a.By.Device, compareID); !found {
		c.Purged = slices.Insert(c.Purged, at, a.By.Device)
	}
	return Changes{Clips: []ClipID{c.ID}}, nil
}

// wipeDevice notes that a device which was revoked, or whose person was, has lost what it
// had.
func wipeDevice(o *Org, a act[DevicePurged]) (Changes, error) {
	d, p := o.Devices[a.By.Device], o.Staff[a.By.Staff]
	if !a.Said.Clip.IsZero() {
		return Changes{}, notPossible("a clip's film is purged in its family's record")
	}
	if o.purgedRecord(a.By.Device, a.Said.Order) {
		return Changes{}, nil
	}
	if order := a.Said.Order; order.IsZero() || order != d.Revoked && order != p.Revoked {
		return Changes{}, notPossible("this device was not revoked by what it names")
	}
	if d.Purged.IsZero() {
		d.Purged = a.ID
	}
	return Changes{}, nil
}

// Unconfirmed is a device that was to lose something and has not said that it did.
type Unconfirmed struct {
	Device DeviceID
	Staff  StaffID
	By     []StatementID // what ended the access: the last of them counts
	Since  Micros        // of a date that passed, or the time of a revocation where it is known; else 0
}

// Unwiped are the devices that were revoked, with their person or alone, and have not
// said that they lost what they had. One that nobody had confirmed had nothing.
func (o *Org) Unwiped() (out []Unconfirmed) {
	for id, d := range o.Devices {
		p := o.Staff[d.Staff]
		if d.Revoked.IsZero() && p.Revoked.IsZero() || !d.Purged.IsZero() || d.Waiting || !p.HasPowers() {
			continue
		}
		u := Unconfirmed{Device: id, Staff: d.Staff, Since: d.RevokedAt}
		for _, by := range []StatementID{d.Revoked, p.Revoked} {
			if !by.IsZero() {
				u.By = append(u.By, by)
			}
		}
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b Unconfirmed) int { return compareID(a.Device, b.Device) })
	return out
}

// Given is what let a person receive this record until a date, the latest; zero for none.
func (f *Family) Given(who StaffID) (by StatementID) {
	var until Micros
	for id, c := range f.Covers {
		if c.Staff == who && (c.Until > until || c.Until == until && compareID(id, by) < 0) {
			by, until = id, c.Until
		}
	}
	for id, l := range f.Viewers {
		if l.Staff == who && (l.Until > until || l.Until == until && compareID(id, by) < 0) {
			by, until = id, l.Until
		}
	}
	return by
}

// Leavers are the devices in force of people who received this record once and do not any
// more. Whether what they said of it came after that is for whoever knows when the
// statements came: see Gone. Of a device that was revoked [Org.Unwiped] tells.
func (f *Family) Leavers(o *Org, now Micros) (out []Unconfirmed) {
	dates := map[StaffID]Micros{}
	for who := range f.Team {
		dates[who] = 0
	}
	for _, c := range f.Covers {
		dates[c.Staff] = max(dates[c.Staff], min(c.Until, now))
	}
	for _, l := range f.Viewers {
		if p := o.Staff[l.Staff]; p != nil && (!p.Outside || !l.Signed.IsZero()) {
			dates[l.Staff] = max(dates[l.Staff], min(l.Until, now))
		}
	}
	for id, d := range o.Devices {
		since, received := dates[d.Staff]
		if !received || !d.Active(now) || !o.Staff[d.Staff].Active(now) || f.Receives(o, d.Staff, now) || o.desk(d.Staff) {
			continue
		}
		by := slices.Concat(f.Restrictions[staffSubject(d.Staff)], f.Restrictions[viewerSubject(d.Staff)])
		if len(by) > 0 {
			since = 0
		}
		out = append(out, Unconfirmed{id, d.Staff, by, since})
	}
	slices.SortFunc(out, func(a, b Unconfirmed) int { return cmp.Or(compareID(a.Staff, b.Staff), compareID(a.Device, b.Device)) })
	return out
}
