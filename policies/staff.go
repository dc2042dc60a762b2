package policies

// The acts by which a service is founded and people join and leave it.
// Source: DESIGN §4, ceremony, people and devices.

// Check implements [Body].
func (b OrgRoot) Check() error {
	var c checks
	c.line("the service's name", b.Service, 100)
	c.key("the root key", b.Key)
	c.that(len(b.Custodians) == 3, "%d custodians, three expected: any two of them can recover a family's key", len(b.Custodians))
	for i, r := range b.Custodians {
		c.recipient("a custodian's key", r)
		for _, other := range b.Custodians[:i] {
			c.that(r != other, "two custodians have the same key")
		}
	}
	return c.err
}

// Check implements [Body].
func (b ServerCertify) Check() error {
	var c checks
	c.key("the server's key", b.Key)
	c.key("the log's key", b.LogKey)
	c.that(b.Key != b.LogKey, "the server's key and the log's key must differ")
	return c.err
}

// Check implements [Body].
func (b StaffInvite) Check() error {
	var c checks
	word(&c, "role", b.Role, Roles())
	c.that(!b.Outside || b.Role == Supervisor || b.Role == Practitioner, "a %s works for this service", b.Role)
	c.key("the one-time key", b.Key)
	c.instant("the end of the invitation", b.Expires)
	c.attachments(b.Fixed, "label")
	return c.err
}

// Check implements [Body].
func (b StaffCertify) Check() error {
	var c checks
	named(&c, "the invitation", b.Staff)
	c.key("the person's key", b.Key)
	c.recipient("the person's age recipient", b.Recipient)
	c.instant("the end of the certificate", b.Until)
	return c.err
}

// Check implements [Body].
func (b StaffConfirm) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	named(&c, "the certificate", b.Certificate)
	return c.err
}

// Check implements [Body].
func (b StaffRevoke) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	return c.err
}

// Check implements [Body].
func (b PolicyAdopt) Check() error {
	var c checks
	c.that(packForm.MatchString(b.Pack), "%q is not the name of a pack", b.Pack)
	named(&c, "the pack's digest", b.SHA256)
	c.that(b.Bytes > 0 && b.Bytes <= MaxPackBytes, "the pack has %d bytes, 1 to %d expected", b.Bytes, MaxPackBytes)
	named(&c, "the digest of the rules", b.Bundle)
	return c.err
}

// certifyServer takes the server's certificate, or the one that replaces it. It names
// the one in force: of two that the root signed for the same server only one counts,
// and neither counts again later. What the keys before it signed still verifies, and
// they sign nothing more.
func certifyServer(o *Org, a act[ServerCertify]) (Changes, error) {
	if a.Said.Replaces != o.Server.Certificate {
		return Changes{}, notPossible("it replaces another certificate than the server has now")
	}
	if o.keyUsed(a.Said.Key) || o.keyUsed(a.Said.LogKey) {
		return Changes{}, notPossible("this key is already in use here")
	}
	if !o.Server.Certificate.IsZero() {
		o.Retired = append(o.Retired, o.Server)
	}
	o.Server = Server{Certificate: a.ID, Key: a.Said.Key, LogKey: a.Said.LogKey}
	return Changes{}, nil
}

func inviteStaff(o *Org, a act[StaffInvite]) (Changes, error) {
	founding := a.By.Signer == SignRoot
	if founding && len(o.Staff) > 0 {
		return Changes{}, notCertified("the root invites the first person only; a registrar invites everyone else")
	}
	if err := ends("the invitation", a.Said.Expires, a.Now, Micros(MaxInviteLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	if o.keyUsed(a.Said.Key) {
		return Changes{}, notPossible("this one-time key is already in use; make a new invitation")
	}
	o.Staff[StaffID(a.ID)] = &Staff{
		ID: StaffID(a.ID), By: a.By.Staff, Role: a.Said.Role, Outside: a.Said.Outside, OneTime: a.Said.Key, InviteEnd: a.Said.Expires, ByRoot: founding,
	}
	return Changes{}, nil
}

// certifyStaff takes the first certificate made with an invitation. The second
// is refused by every device that folds this record, whatever a server says: a
// photographed invitation is worth nothing once it was used.
func certifyStaff(o *Org, a act[StaffCertify]) (Changes, error) {
	p := o.Staff[a.By.Staff]
	if r := o.Reinvites[StatementID(a.Signer)]; r != nil {
		return certifyAgain(o, p, r, a)
	}
	switch {
	case a.Said.Staff != p.ID:
		return Changes{}, notCertified("the certificate names another person's invitation")
	case !p.Certified.IsZero():
		return Changes{}, notPossible("this invitation was already used; if that was not you, tell a registrar now")
	case a.Now >= p.InviteEnd:
		return Changes{}, notPossible("this invitation ended on %s; ask for a new one", p.InviteEnd.day())
	case o.keyUsed(a.Said.Key) || o.recipientUsed(a.Said.Recipient):
		return Changes{}, notPossible("this key is already in use; make a new one")
	}
	if err := ends("the certificate", a.Said.Until, a.Now, Micros(MaxCertificateLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	p.Certified, p.Key, p.Recipient, p.Until = KeyID(a.ID), a.Said.Key, a.Said.Recipient, a.Said.Until
	o.Keys[KeyID(a.ID)] = p.ID
	return Changes{Joined: []StaffID{p.ID}}, nil
}

// confirmStaff gives powers to whoever joined, or puts a new key in the place of a
// lost one. Other registrars are confirmed by a second registrar, where there is one:
// else one alone could make colleagues who agree with them. Founding is the exception
// that it must be: the first, whom the root invited, confirms the second. An IG officer
// may confirm also whom a head of service has confirmed: cover asks for that.
func confirmStaff(o *Org, a act[StaffConfirm]) (Changes, error) {
	p := o.Staff[a.Said.Staff]
	if p == nil {
		return Changes{}, missing("the invitation", a.Said.Staff)
	}
	if r := o.Reinvites[p.Again]; r != nil && r.Certificate == a.Said.Certificate {
		return confirmAgain(o, p, r, a)
	}
	switch {
	case p.Certified.IsZero():
		return Changes{}, missing("the certificate", a.Said.Certificate)
	case p.ID == a.By.Staff:
		return Changes{}, notPossible("nobody confirms their own certificate; ask the other registrar")
	case p.Certified != a.Said.Certificate:
		return Changes{}, notPossible("this is not the certificate in force; hear the six words again")
	case !p.Revoked.IsZero():
		return Changes{}, notPossible("this person was revoked; they need a new invitation")
	case !p.Confirmed.IsZero() && (a.By.Role != IGOfficer || !p.Heard.IsZero()):
		return Changes{}, notPossible("this person is already confirmed")
	case registrar(p.Role) && p.By == a.By.Staff && o.ableBeside(a.By.Staff, a.Now):
		return Changes{}, notPossible("you invited this registrar yourself, so another registrar hears their six words")
	}
	if p.Confirmed.IsZero() {
		p.Confirmed = a.ID
	}
	if a.By.Role == IGOfficer {
		p.Heard = a.ID
	}
	return Changes{}, nil
}

// revokeStaff ends a person's certificate and with it all their devices. Unlike
// a family's restrictions it is not taken from a device that was itself revoked,
// unless about its own person: whoever stole a registrar's phone could shut out
// the whole service with it, and nothing in the record could bring it back.
func revokeStaff(o *Org, a act[StaffRevoke]) (Changes, error) {
	p := o.Staff[a.Said.Staff]
	if p == nil {
		return Changes{}, missing("the invitation", a.Said.Staff)
	}
	if err := o.mayRevoke(a.By, p.ID); err != nil {
		return Changes{}, err
	}
	if o.able(p, DeviceID{}, a.Now) && !o.ableBeside(p.ID, a.Now) {
		return Changes{}, lastRegistrar()
	}
	if p.Revoked.IsZero() {
		p.Revoked, p.LeftAt = a.ID, a.Now
	}
	return Changes{Left: []StaffID{p.ID}}, nil
}

func (o *Org) mayRevoke(by Author, target StaffID) error {
	gone := !o.Staff[by.Staff].Revoked.IsZero() || !o.Devices[by.Device].Revoked.IsZero()
	if gone && by.Staff != target {
		return notCertified("this device was revoked and cannot revoke others; sign it on one in force")
	}
	return nil
}

func adoptPolicy(o *Org, a act[PolicyAdopt]) (Changes, error) {
	if a.By.Signer == SignRoot && !o.Policy.Adopted.IsZero() {
		return Changes{}, notCertified("the root adopts the first policy only; the head of service adopts the next")
	}
	o.adopted(a.ID, a.Said.SHA256, a.Now)
	o.Policy = Policy{Adopted: a.ID, Pack: a.Said.Pack, SHA256: a.Said.SHA256, Bundle: a.Said.Bundle}
	return Changes{Dates: true}, nil
}

// ends checks that an end lies ahead of now, and not too far. Acceptance counts,
// because the author's clock proves nothing; Skew allows an honest one to run
// ahead.
func ends(what string, end, now, longest Micros) error {
	if end <= now {
		return notPossible("%s has already ended", what)
	}
	if end > now.plus(Skew)+longest {
		return notPossible("%s may last %d days at most", what, longest.Time().Sub(Micros(0).Time())/(24*3600*1e9))
	}
	return nil
}
