package policies

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

// certifyDevice puts a device under a person's own key.
func certifyDevice(o *Org, a act[DeviceCertify]) (Changes, error) {
	if a.Said.Staff != a.By.Staff {
		return Changes{}, notCertified("a device is certified by its own person's key")
	}
	if err := ends("the certificate", a.Said.Until, a.Now, Micros(MaxCertificateLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	if o.keyUsed(a.Said.Key) {
		return Changes{}, notPossible("this key is already in use; make a new one")
	}
	o.Devices[DeviceID(a.ID)] = &Device{ID: DeviceID(a.ID), Staff: a.By.Staff, Key: a.Said.Key, Until: a.Said.Until}
	return Changes{}, nil
}

func revokeDevice(o *Org, a act[DeviceRevoke]) (Changes, error) {
	d := o.Devices[a.Said.Device]
	if d == nil {
		return Changes{}, missing("the device", a.Said.Device)
	}
	if err := o.mayRevoke(a.By, d.Staff); err != nil {
		return Changes{}, err
	}
	if d.Revoked.IsZero() {
		d.Revoked = a.ID
	}
	return Changes{}, nil
}
