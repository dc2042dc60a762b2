package policies

// New keys for people who are here already. A person who has their key replaces it
// themselves; for a lost one a registrar invites them again, and a registrar in
// another role confirms. Until then the old key stays the one in force: neither a
// photographed invitation nor one registrar alone takes anybody's place.
//
// Source: DESIGN §4, people and devices.

// Certificate is a person's key that is not the one in force: replaced, or waiting.
type Certificate struct {
	ID        KeyID     `json:"id"` // staff.certify or staff.rekey
	Staff     StaffID   `json:"staff"`
	Key       PublicKey `json:"key"`
	Recipient string    `json:"recipient"`
	Until     Micros    `json:"until"`
}

// Reinvite is an invitation to certify a new key in the place of a lost one.
type Reinvite struct {
	ID          StatementID `json:"id"`
	Staff       StaffID     `json:"staff"`
	By          StaffID     `json:"by"`
	Role        Role        `json:"role"` // in which they invited
	Key         PublicKey   `json:"key"`  // one-time
	Expires     Micros      `json:"expires"`
	Certificate KeyID       `json:"certificate"` // made with it; zero before
}

// Check implements [Body].
func (b StaffRekey) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	named(&c, "the device that goes on", b.Device)
	c.key("the person's key", b.Key)
	c.recipient("the person's age recipient", b.Recipient)
	return c.err
}

// Check implements [Body].
func (b StaffReinvite) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	c.key("the one-time key", b.Key)
	c.instant("the end of the invitation", b.Expires)
	return c.err
}

// Check implements [Body].
func (b StaffRenew) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	c.instant("the end of the certificate", b.Until)
	return c.err
}

// rekeyStaff puts a new key and recipient in the place of a person's own. Every
// device certified under the old key ends but the one that the body names: that is
// where the new key was made, and it must not be without a certificate for an
// instant, or a lost reply would shut its person out. It gives no more time: whoever
// has a person's key cannot go on for ever without a registrar.
func rekeyStaff(o *Org, a act[StaffRekey]) (Changes, error) {
	p, d := o.Staff[a.By.Staff], o.Devices[a.Said.Device]
	switch {
	case a.Said.Staff != p.ID:
		return Changes{}, notCertified("a key is replaced by its own person")
	case a.Signer != p.Certified || !p.HasPowers():
		return Changes{}, notCertified("a registrar has not yet confirmed this person's six words")
	case d == nil:
		return Changes{}, missing("the device", a.Said.Device)
	case d.Staff != p.ID || !d.Active(a.Now) || d.Waiting:
		return Changes{}, notPossible("the new key belongs on a device of this person that is in force")
	case o.replacing(p, a.Now) != nil: // they said that the old key is lost: whoever has it now may not be them
		return Changes{}, notPossible("a registrar has invited this person to make a new key; use that invitation")
	case o.keyUsed(a.Said.Key) || o.recipientUsed(a.Said.Recipient):
		return Changes{}, notPossible("this key is already in use; make a new one")
	}
	o.replace(p, Certificate{ID: KeyID(a.ID), Key: a.Said.Key, Recipient: a.Said.Recipient, Until: p.Until}, d.ID, a.ID, a.Now)
	return Changes{}, nil
}

// reinviteStaff begins the replacement of a lost key. One that was under way ends,
// with the devices that were certified with it.
func reinviteStaff(o *Org, a act[StaffReinvite]) (Changes, error) {
	p := o.Staff[a.Said.Staff]
	switch {
	case p == nil:
		return Changes{}, missing("the invitation", a.Said.Staff)
	case p.ID == a.By.Staff:
		return Changes{}, notPossible("nobody invites themselves; replace your own key, or ask the other registrar")
	case !p.HasPowers():
		return Changes{}, notPossible("this person never had a confirmed key; make them an invitation")
	case !p.Revoked.IsZero():
		return Changes{}, notPossible("this person was revoked; they need a new invitation")
	case a.Now >= p.Until:
		return Changes{}, notPossible("this person's certificate ended on %s; renew it first", p.Until.day())
	case o.keyUsed(a.Said.Key):
		return Changes{}, notPossible("this one-time key is already in use; make a new invitation")
	}
	if err := ends("the invitation", a.Said.Expires, a.Now, Micros(MaxInviteLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	for _, d := range o.Devices {
		if d.Staff == p.ID && d.Waiting && d.Revoked.IsZero() {
			d.Revoked, d.RevokedAt = a.ID, a.Now
		}
	}
	p.Again = a.ID
	put(&o.Reinvites, a.ID, &Reinvite{
		ID: a.ID, Staff: p.ID, By: a.By.Staff, Role: a.By.Role, Key: a.Said.Key, Expires: a.Said.Expires,
	})
	return Changes{}, nil
}

// certifyAgain takes the first certificate made with an invitation to replace a
// lost key. It waits: the old one stays in force until a registrar has confirmed it.
func certifyAgain(o *Org, p *Staff, r *Reinvite, a act[StaffCertify]) (Changes, error) {
	switch {
	case a.Said.Staff != p.ID:
		return Changes{}, notCertified("the certificate names another person's invitation")
	case !r.Certificate.IsZero():
		return Changes{}, notPossible("this invitation was already used; if that was not you, tell a registrar now")
	case p.Again != r.ID:
		return Changes{}, notPossible("this invitation was replaced by a newer one, or is no longer needed")
	case a.Now >= r.Expires:
		return Changes{}, notPossible("this invitation ended on %s; ask for a new one", r.Expires.day())
	case o.keyUsed(a.Said.Key) || o.recipientUsed(a.Said.Recipient):
		return Changes{}, notPossible("this key is already in use; make a new one")
	}
	if err := ends("the certificate", a.Said.Until, a.Now, Micros(MaxCertificateLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	r.Certificate = KeyID(a.ID)
	o.keep(Certificate{ID: r.Certificate, Staff: p.ID, Key: a.Said.Key, Recipient: a.Said.Recipient, Until: a.Said.Until})
	o.Keys[r.Certificate] = p.ID
	return Changes{}, nil
}

// confirmAgain puts the new key in force. Two registrars in different roles stand for
// it: one said that the key is lost, the other heard the six words of the new one.
func confirmAgain(o *Org, p *Staff, r *Reinvite, a act[StaffConfirm]) (Changes, error) {
	switch {
	case p.ID == a.By.Staff:
		return Changes{}, notPossible("nobody confirms their own certificate; ask the other registrar")
	case !p.Revoked.IsZero():
		return Changes{}, notPossible("this person was revoked; they need a new invitation")
	case r.By == a.By.Staff || r.Role == a.By.Role:
		return Changes{}, notPossible("this new key is confirmed by a registrar in another role than the one who asked for it")
	case !o.Staff[r.By].Revoked.IsZero():
		return Changes{}, notPossible("whoever asked for this new key was revoked since; make a new invitation")
	}
	o.replace(p, *o.Certificates[r.Certificate], DeviceID{}, a.ID, a.Now)
	p.Confirmed, p.Heard = a.ID, a.ID // one of the two is an IG officer
	return Changes{}, nil
}

// renewStaff lets a person's certificate last longer. Their devices follow by
// themselves: see certifyDevice.
func renewStaff(o *Org, a act[StaffRenew]) (Changes, error) {
	p := o.Staff[a.Said.Staff]
	switch {
	case p == nil:
		return Changes{}, missing("the invitation", a.Said.Staff)
	case p.ID == a.By.Staff:
		return Changes{}, notPossible("nobody renews their own certificate; ask the other registrar")
	case !p.HasPowers():
		return Changes{}, notPossible("this person is not confirmed yet; hear their six words first")
	case !p.Revoked.IsZero():
		return Changes{}, notPossible("this person was revoked; they need a new invitation")
	case a.Said.Until <= p.Until:
		return Changes{}, notPossible("this certificate lasts until %s already", p.Until.day())
	}
	if err := ends("the certificate", a.Said.Until, a.Now, Micros(MaxCertificateLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	p.Until = a.Said.Until
	return Changes{}, nil
}

// replace puts a certificate in force, keeps the one before, and ends the devices
// under it but the one named.
func (o *Org) replace(p *Staff, with Certificate, kept DeviceID, by StatementID, now Micros) {
	o.keep(Certificate{ID: p.Certified, Staff: p.ID, Key: p.Key, Recipient: p.Recipient, Until: p.Until})
	delete(o.Certificates, with.ID)
	for _, d := range o.Devices {
		switch {
		case d.Staff != p.ID || !d.Revoked.IsZero():
		case d.ID == kept || d.Under == with.ID:
			d.Under, d.Waiting = with.ID, false
		default:
			d.Revoked, d.RevokedAt = by, now
		}
	}
	p.Certified, p.Key, p.Recipient, p.Until = with.ID, with.Key, with.Recipient, with.Until
	p.Again = StatementID{}
	o.Keys[with.ID] = p.ID
}

func (o *Org) keep(c Certificate) {
	put(&o.Certificates, c.ID, &c)
}

// replacing is the invitation by which a person's key is being replaced; nil when none
// is under way. One that ended unused replaces nothing.
func (o *Org) replacing(p *Staff, now Micros) *Reinvite {
	r := o.Reinvites[p.Again]
	if r == nil || r.Certificate.IsZero() && now >= r.Expires {
		return nil
	}
	return r
}

// Waiting is the certificate that a person made in the place of a lost key and that no
// registrar has confirmed yet.
func (o *Org) Waiting(who StaffID) (Certificate, bool) {
	p := o.Staff[who]
	if p == nil || !p.Revoked.IsZero() {
		return Certificate{}, false
	}
	if r := o.Reinvites[p.Again]; r != nil && !r.Certificate.IsZero() {
		return *o.Certificates[r.Certificate], true
	}
	return Certificate{}, false
}

// mayCertify reports whether a person's key may still sign: it is the one in force, or
// the one that waits, which certifies the device that it was made on.
func (o *Org) mayCertify(who StaffID, kid KeyID) bool {
	if o.Staff[who].Certified == kid {
		return true
	}
	c, ok := o.Waiting(who)
	return ok && c.ID == kid
}

// Recipients are all that a person ever had, the one in force first.
func (o *Org) Recipients(who StaffID) []string {
	p := o.Staff[who]
	if p == nil || p.Recipient == "" {
		return nil
	}
	out := []string{p.Recipient}
	for _, c := range o.Certificates {
		if c.Staff == who {
			out = append(out, c.Recipient)
		}
	}
	return out
}

// keyUsed reports whether a key ever stood for somebody: one key with two
// meanings would let a statement of one author pass as another's.
func (o *Org) keyUsed(k PublicKey) bool {
	if k == o.RootKey || k == o.Server.Key || k == o.Server.LogKey {
		return true
	}
	for _, r := range o.Retired {
		if k == r.Key || k == r.LogKey {
			return true
		}
	}
	for _, p := range o.Staff {
		if k == p.OneTime || k == p.Key {
			return true
		}
	}
	for _, d := range o.Devices {
		if k == d.Key {
			return true
		}
	}
	for _, c := range o.Certificates {
		if k == c.Key {
			return true
		}
	}
	for _, r := range o.Reinvites {
		if k == r.Key {
			return true
		}
	}
	return false
}

// recipientUsed reports whether an age recipient ever stood for somebody. The keys
// of a viewer are named and deleted by it: with another's, they would go along.
func (o *Org) recipientUsed(recipient string) bool {
	for _, p := range o.Staff {
		if p.Recipient == recipient {
			return true
		}
	}
	for _, c := range o.Certificates {
		if c.Recipient == recipient {
			return true
		}
	}
	for _, custodian := range o.Custodians {
		if custodian == recipient {
			return true
		}
	}
	return false
}
