package policies

import (
	"slices"
	"strings"
)

// Key returns the public key that a statement's kid names: the root (by its
// org.root; the raw key only signs org.root itself), an invitation's one-time
// key, a person, a device, the server.
//
// Keys of those who were revoked or have expired, and keys that were replaced, still resolve: their old
// statements must verify, and their restrictions are still taken. Whether one
// may sign now is for [Org.Author].
func (o *Org) Key(kid KeyID) (PublicKey, bool) {
	if kid.IsZero() {
		return PublicKey{}, false
	}
	if kid == KeyID(o.Root) {
		return o.RootKey, true
	}
	if s, ok := o.ServerOf(StatementID(kid)); ok {
		return s.Key, true
	}
	if d := o.Devices[DeviceID(kid)]; d != nil {
		return d.Key, true
	}
	if who, ok := o.Keys[kid]; ok {
		if c := o.Certificates[kid]; c != nil {
			return c.Key, true
		}
		return o.Staff[who].Key, true
	}
	if p := o.Staff[StaffID(kid)]; p != nil {
		return p.OneTime, true
	}
	if r := o.Reinvites[StatementID(kid)]; r != nil {
		return r.Key, true
	}
	return PublicKey{}, false
}

// ServerOf is the server as a certificate named it, in force or replaced.
func (o *Org) ServerOf(certificate StatementID) (Server, bool) {
	if certificate.IsZero() {
		return Server{}, false
	}
	if o.Server.Certificate == certificate {
		return o.Server, true
	}
	for _, s := range o.Retired {
		if s.Certificate == certificate {
			return s, true
		}
	}
	return Server{}, false
}

// Author says who signed, and refuses an author who may not sign this kind at
// this time: certificate over or revoked, role without the power, or a person
// whose six words nobody has confirmed. Time is the time of acceptance.
//
// Restrictions are taken from revoked and expired devices too, so that a
// withdrawal on a phone that was replaced is not lost. They still need the role,
// confirmed at some time: a photographed invitation gives no power to revoke.
func (o *Org) Author(s Statement, at Micros) (Author, error) {
	row, ok := RowOf(s.Kind)
	if !ok {
		return Author{}, notPossible("%q is not a kind of statement", s.Kind)
	}
	by, ok := o.Signer(s.Signer)
	if !ok {
		return Author{}, notCertified("nobody in this organisation has the key %s", s.Signer.Short())
	}
	if !slices.Contains(row.Signers, by.Signer) {
		return Author{}, notCertified("%s cannot be signed by the %s's key", s.Kind, by.Signer)
	}
	if by.Signer == SignServer && s.Signer != KeyID(o.Server.Certificate) {
		return Author{}, notCertified("the server's key %s was replaced, and signs nothing more", s.Signer.Short())
	}
	if by.Staff.IsZero() {
		return by, nil
	}
	by.Deputy = o.deputises(row, s, by, at)
	if by.Signer == SignPerson && !o.mayCertify(by.Staff, s.Signer) {
		return Author{}, notCertified("this person's key was replaced; use a device of theirs that is in force")
	}
	if err := o.mayAct(row, by, at, o.Late(s, by, at)); err != nil {
		return Author{}, err
	}
	return by, nil
}

// Signer says whose key a kid names, without asking whether they may still sign.
func (o *Org) Signer(kid KeyID) (Author, bool) {
	if kid.IsZero() {
		return Author{}, false
	}
	if kid == KeyID(o.Root) {
		return Author{Signer: SignRoot}, true
	}
	if _, ok := o.ServerOf(StatementID(kid)); ok {
		return Author{Signer: SignServer}, true
	}
	if d := o.Devices[DeviceID(kid)]; d != nil {
		return Author{Signer: SignDevice, Staff: d.Staff, Device: d.ID, Role: o.Staff[d.Staff].Role}, true
	}
	if who, ok := o.Keys[kid]; ok {
		return Author{Signer: SignPerson, Staff: who, Role: o.Staff[who].Role}, true
	}
	if p := o.Staff[StaffID(kid)]; p != nil {
		return Author{Signer: SignInvite, Staff: p.ID, Role: p.Role}, true
	}
	if r := o.Reinvites[StatementID(kid)]; r != nil {
		return Author{Signer: SignInvite, Staff: r.Staff, Role: o.Staff[r.Staff].Role}, true
	}
	return Author{}, false
}

func (o *Org) mayAct(row Row, by Author, at Micros, late bool) error {
	p := o.Staff[by.Staff]
	if !row.Restriction {
		if err := o.inForce(p, by, at, late); err != nil {
			return err
		}
	}
	if len(row.Roles) == 0 || by.Signer != SignDevice {
		return nil
	}
	if !slices.Contains(row.Roles, by.Role) && !by.Deputy {
		if row.Deputy && o.everDeputy(by.Staff) {
			return notCertified("the author is no deputy at this time; ask the head of service")
		}
		return notCertified("it needs the role of %s, and the signer's is %s", roleNames(row.Roles), roleNames([]Role{by.Role}))
	}
	if !o.Empowered(by.Staff, by.Device) {
		return notCertified("a registrar has not yet confirmed this person's six words")
	}
	return nil
}

// roleNames is how people read roles: head of service or IG officer.
func roleNames(roles []Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, strings.Replace(strings.ReplaceAll(string(r), "_", " "), "ig ", "IG ", 1))
	}
	return strings.Join(names, " or ")
}

func (o *Org) inForce(p *Staff, by Author, at Micros, late bool) error {
	if !p.Revoked.IsZero() {
		return notCertified("this person's certificate was revoked")
	}
	if by.Signer == SignInvite {
		return nil // staff.certify checks the invitation's own end
	}
	if at >= p.Until {
		return notCertified("this person's certificate ended on %s; a registrar can renew it", p.Until.day())
	}
	if by.Signer != SignDevice {
		return nil
	}
	d := o.Devices[by.Device]
	if !d.Revoked.IsZero() && !late {
		return notCertified("this device was revoked; sign it on another")
	}
	if at >= d.Until {
		return notCertified("this device's certificate ended on %s; certify it again", d.Until.day())
	}
	return nil
}

// HasPowers reports whether a registrar confirmed this person's certificate, or
// the root invited them. It says nothing about revocation or time.
func (p *Staff) HasPowers() bool {
	return p != nil && !p.Certified.IsZero() && (p.ByRoot || !p.Confirmed.IsZero())
}

// Empowered reports whether a person has powers at this device: not at one that was
// certified under a new key which no registrar has confirmed yet.
func (o *Org) Empowered(who StaffID, device DeviceID) bool {
	d := o.Devices[device]
	return o.Staff[who].HasPowers() && (d == nil || !d.Waiting)
}

// Active reports whether a person's certificate is in force: certified, not
// over, not revoked. Powers are another question: [Staff.HasPowers].
func (p *Staff) Active(now Micros) bool {
	return p != nil && !p.Certified.IsZero() && p.Revoked.IsZero() && now < p.Until
}

// Active reports whether a device's own certificate is in force. Its person's
// must be too.
func (d *Device) Active(now Micros) bool {
	return d != nil && d.Revoked.IsZero() && now < d.Until
}
