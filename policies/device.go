package policies

// MaxDevices bounds the devices of one person that are in force: a laptop, a phone, a
// spare, and some more.
const MaxDevices = 10

// Check implements [Body].
func (b DeviceCertify) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	c.key("the device's key", b.Key)
	c.instant("the end of the certificate", b.Until)
	return c.err
}

// Check implements [Body].
func (b DeviceRevoke) Check() error {
	var c checks
	named(&c, "the device", b.Device)
	return c.err
}

// certifyDevice puts a device under a person's own key. Said again of a device that is
// there, it renews its certificate: the device stays the same, with its name and its
// numbers, so that nothing it signed before or after looks like another's.
func certifyDevice(o *Org, a act[DeviceCertify]) (Changes, error) {
	if a.Said.Staff != a.By.Staff {
		return Changes{}, notCertified("a device is certified by its own person's key")
	}
	if err := ends("the certificate", a.Said.Until, a.Now, Micros(MaxCertificateLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	if d := o.deviceOf(a.Signer, a.Said.Key); d != nil {
		return renewDevice(d, a)
	}
	before := o.Devices[a.Said.Continues]
	switch {
	case a.Said.Continues.IsZero():
	case before == nil:
		return Changes{}, missing("the device", a.Said.Continues)
	case before.Staff != a.By.Staff:
		return Changes{}, notCertified("a device goes on with the work of its own person's devices only")
	}
	if o.keyUsed(a.Said.Key) {
		return Changes{}, notPossible("this key is already in use; make a new one")
	}
	if o.devicesInForce(a.By.Staff, a.Now) >= MaxDevices {
		return Changes{}, notPossible("this person has %d devices; revoke one that is no longer used", MaxDevices)
	}
	o.Devices[DeviceID(a.ID)] = &Device{
		ID: DeviceID(a.ID), Staff: a.By.Staff, Key: a.Said.Key, Until: a.Said.Until,
		Under: a.Signer, Waiting: a.Signer != o.Staff[a.By.Staff].Certified, Continues: a.Said.Continues,
	}
	if before != nil && before.Copied == 0 {
		before.Copied = a.Now
	}
	return Changes{}, nil
}

// Carries reports whether a device goes on with the work of another, also through others
// between them. What it brings is held to no
// numbers, which two copies gave out twice.
func (o *Org) Carries(device, said DeviceID) bool {
	for d := o.Devices[device]; d != nil; d = o.Devices[d.Continues] {
		if d.Continues == said && !said.IsZero() {
			return true
		}
	}
	return false
}

func renewDevice(d *Device, a act[DeviceCertify]) (Changes, error) {
	switch {
	case !d.Revoked.IsZero():
		return Changes{}, notCertified("this device was revoked; make a new key on it")
	case a.Said.Continues != d.Continues:
		return Changes{}, notPossible("a device that is certified already goes on with no other's work")
	case a.Said.Until <= d.Until:
		return Changes{}, notPossible("this device's certificate lasts until %s already", d.Until.day())
	}
	d.Until = a.Said.Until
	return Changes{}, nil
}

// revokeDevice ends one device: a registrar anybody's, a person their own from another
// of theirs. It is not taken from a device that is itself revoked, but about itself:
// whoever stole it could shut its person out of all the others.
func revokeDevice(o *Org, a act[DeviceRevoke]) (Changes, error) {
	d, from := o.Devices[a.Said.Device], o.Devices[a.By.Device]
	if d == nil {
		return Changes{}, missing("the device", a.Said.Device)
	}
	by, whose := o.Staff[a.By.Staff], o.Staff[d.Staff]
	switch {
	case from.Waiting && d != from || d.Staff != by.ID && !by.HasPowers():
		return Changes{}, notCertified("a registrar has not yet confirmed this person's six words")
	case d.Staff != by.ID && !registrar(by.Role):
		return Changes{}, notCertified("only a registrar revokes the device of somebody else")
	case d != from && (!from.Revoked.IsZero() || !by.Revoked.IsZero()):
		return Changes{}, notCertified("this device was revoked and cannot revoke others; sign it on one in force")
	case o.able(whose, DeviceID{}, a.Now) && !o.able(whose, d.ID, a.Now) && !o.ableBeside(whose.ID, a.Now):
		return Changes{}, lastRegistrar()
	}
	if d.Revoked.IsZero() {
		d.Revoked, d.RevokedAt, d.RevokedBy = a.ID, a.Now, a.By.Staff
	}
	return Changes{}, nil
}

// FirstDevice reports whether a device.certify under this certificate is about its first
// device, or again about one that it has: what needs no device of that person already
// in force.
func (o *Org) FirstDevice(under KeyID, key PublicKey) bool {
	for _, d := range o.Devices {
		if o.under(d) == under && d.Key != key {
			return o.deviceOf(under, key) != nil
		}
	}
	return true
}

// deviceOf is the device with a key, under a certificate; nil when there is none.
func (o *Org) deviceOf(under KeyID, key PublicKey) *Device {
	for _, d := range o.Devices {
		if d.Key == key && o.under(d) == under {
			return d
		}
	}
	return nil
}

// under is the certificate that a device stands under.
func (o *Org) under(d *Device) KeyID {
	if d.Under.IsZero() { // stored before keys were replaced: there was but one
		return o.Staff[d.Staff].Certified
	}
	return d.Under
}

// Holds reports whether a device is one of a person's in force, under this certificate.
func (o *Org) Holds(under KeyID, who StaffID, device DeviceID, now Micros) bool {
	d := o.Devices[device]
	return d.Active(now) && d.Staff == who && o.under(d) == under
}

func (o *Org) devicesInForce(who StaffID, now Micros) (n int) {
	for _, d := range o.Devices {
		if d.Staff == who && d.Active(now) {
			n++
		}
	}
	return n
}
