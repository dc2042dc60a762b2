package attune

import (
	"context"
	"slices"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Devices are the machines of this person, and for a registrar everybody's.
type Devices struct{ d *desk }

// DeviceView is one device.
type DeviceView struct {
	ID    policies.DeviceID `json:"id"`
	Staff policies.StaffID  `json:"staff"`
	Name  string            `json:"name"`  // of its person
	State string            `json:"state"` // in use, copied, waiting for words, revoked, ended
	Until time.Time         `json:"until"` // end of its certificate
	This  bool              `json:"this"`  // this very one
}

// DeviceInUse is the state of a device that may be used, and DeviceCopied of one of which
// there was a copy that goes on as another.
const (
	DeviceInUse  = "in use"
	DeviceCopied = "in use, was copied"
)

// List is the devices of a person, the oldest first; of this one where who is zero.
func (ds *Devices) List(who policies.StaffID) ([]DeviceView, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	if who.IsZero() {
		who = ds.d.me.Staff
	}
	m, err := (&Staff{ds.d}).Show(who)
	if err != nil {
		return nil, err
	}
	order, err := ds.d.shelf.order(policies.RecordID(org.ID))
	if err != nil {
		return nil, err
	}
	now, out := policies.At(ds.d.now()), []DeviceView{}
	for _, id := range sortedBy(org.Devices, order) {
		d := org.Devices[id]
		if d.Staff != who {
			continue
		}
		v := DeviceView{ID: id, Staff: who, Name: m.Name, State: DeviceInUse, Until: d.Until.Time(), This: id == ds.d.keys.Device()}
		switch {
		case !d.Revoked.IsZero() || m.State == Revoked:
			v.State = Revoked
		case !d.Active(now):
			v.State = Ended
		case d.Waiting || m.State == WaitingForWords:
			v.State = WaitingForWords
		case d.Copied != 0:
			v.State = DeviceCopied
		}
		out = append(out, v)
	}
	return out, nil
}

// Find is the device that a number, or the beginning of one, means: of this person, or
// of anybody when all is set.
func (ds *Devices) Find(text string, all bool) (policies.DeviceID, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return policies.DeviceID{}, err
	}
	var ids []policies.DeviceID
	for id, d := range org.Devices {
		if all || d.Staff == ds.d.me.Staff {
			ids = append(ids, id)
		}
	}
	return pick("device", text, ids)
}

// Revoke ends a device: one's own from another of one's own, or as a registrar
// anybody's. This device itself is refused: whoever holds it would be shut out by it.
func (ds *Devices) Revoke(id policies.DeviceID) error {
	if id == ds.d.keys.Device() {
		return problem(CodeInput, "Do it on another device of yours, or ask a registrar.", "This is the device that you are using.")
	}
	_, err := ds.d.outbox.file(draft{policies.RecordID(ds.d.me.Org), "device.revoke", policies.DeviceRevoke{Device: id}, nil})
	return err
}

// Over says that this device was revoked, or its person, and what to do; nil while both
// are in force. A device that was revoked has neither its person's keys nor anything of
// families: what is left is what was queued on it.
func (ds *Devices) Over() error { return ds.d.over() }

// renewAhead is how long before the end of its certificate a device renews it.
const renewAhead = 30 * 24 * time.Hour

// Ending is the end of this device's certificate or of its person's, whichever comes
// first, when it is less than a month away; the zero time else. The first renews
// itself at a sync; the second is renewed by a registrar.
func (ds *Devices) Ending() (device, person time.Time) {
	org := ds.d.mirror.Org()
	if org == nil {
		return device, person
	}
	soon := func(until policies.Micros) time.Time {
		if t := until.Time(); t.Sub(ds.d.now()) < renewAhead {
			return t
		}
		return time.Time{}
	}
	if d := org.Devices[ds.d.keys.Device()]; d != nil {
		device = soon(d.Until)
	}
	if p := org.Staff[ds.d.me.Staff]; p != nil && !p.Certified.IsZero() {
		person = soon(p.Until)
	}
	return device, person
}

// renew has this device's certificate last longer, when it is about to end or has: the
// person's key signs it, and the person's own certificate still bounds both. What the
// server refuses is tried again at the next sync; meanwhile status tells the date.
func (ds *Devices) renew(ctx context.Context) error {
	ending, _ := ds.Ending()
	if ending.IsZero() {
		return nil
	}
	d := ds.d.mirror.Org().Devices[ds.d.keys.Device()]
	until := policies.At(ds.d.now().AddDate(0, certificateMonths, 0))
	if !d.Revoked.IsZero() || d.Waiting || until <= d.Until {
		return nil
	}
	_, err := ownKey{d: ds.d, blind: true}.state(ctx, "device.certify", policies.DeviceCertify{Staff: d.Staff, Key: d.Key, Until: until, Continues: d.Continues})
	if e := CodeOf(err); slices.Contains([]wire.Code{wire.CodeSigner, wire.CodeNotPossible, wire.CodeDenied, wire.CodeReused, wire.CodeClock}, e) {
		return nil
	}
	return err
}
