package storagetest

import (
	"cmp"
	"context"
	"crypto/rand"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

func (w *World) sign(k *key, record policies.RecordID, kind policies.Kind, body policies.Body, deps ...policies.StatementID) ([]byte, policies.Statement) {
	w.t.Helper()
	k.n++
	raw, s, err := statement.Sign(policies.Statement{
		Signer: k.kid, Record: record, Kind: kind, N: k.n, Deps: deps, At: w.Clock.Micros(), Body: body,
	}, k.priv)
	if err != nil {
		w.t.Fatalf("sign %s: %v", kind, err)
	}
	return raw, s
}

// Say signs the next statement of this person's device.
func (p *Person) Say(record policies.RecordID, kind policies.Kind, body policies.Body, deps ...policies.StatementID) (storage.Sealed, policies.StatementID) {
	p.w.t.Helper()
	raw, s := p.w.sign(p.phone, record, kind, body, deps...)
	return storage.Sealed{Statement: raw}, s.ID
}

// Does says something and expects it to be accepted.
func (p *Person) Does(record policies.RecordID, kind policies.Kind, body policies.Body, attached ...storage.Attachment) policies.StatementID {
	p.w.t.Helper()
	s, id := p.Say(record, kind, body)
	s.Attachments = attached
	p.w.MustAccept(p.Caller(), s)
	return id
}

// Tries says something and returns why it was refused, nil if it was accepted.
func (p *Person) Tries(record policies.RecordID, kind policies.Kind, body policies.Body, attached ...storage.Attachment) error {
	p.w.t.Helper()
	s, _ := p.Say(record, kind, body)
	s.Attachments = attached
	return p.w.Push(p.Caller(), s)[0].Err
}

// Push hands a batch in.
func (w *World) Push(c policies.Caller, batch ...storage.Sealed) []storage.Result {
	w.t.Helper()
	results, proven, err := w.Records.Accept(context.Background(), c, batch, 0)
	if err != nil {
		w.t.Fatalf("accept: %v", err)
	}
	for i, r := range results {
		if w.Heard != nil && r.Err == nil {
			w.Heard(batch[i], r, proven)
		}
	}
	return results
}

// MustAccept hands a batch in and expects all of it to be accepted.
func (w *World) MustAccept(c policies.Caller, batch ...storage.Sealed) {
	w.t.Helper()
	for i, r := range w.Push(c, batch...) {
		if r.Err != nil {
			w.t.Fatalf("statement %d of %d: %v", i+1, len(batch), r.Err)
		}
	}
}

// Invite signs an invitation by the head of service, and keeps its one-time key.
func (w *World) Invite(name string, role policies.Role) *Person {
	w.t.Helper()
	p := &Person{Name: name, Role: role, w: w, oneTime: newKey(), own: newKey(), phone: newKey(), Identity: newIdentity(w.t)}
	w.MustAccept(w.Head.Caller(), w.invite(w.Head.phone, p))
	return p
}

func (w *World) invite(by *key, p *Person) storage.Sealed {
	w.t.Helper()
	var salt policies.Bytes16
	rand.Read(salt[:])
	label := policies.NameLabel(salt, p.Name)
	raw, s := w.sign(by, policies.RecordID(w.Org), "staff.invite", &policies.StaffInvite{
		Role: p.Role, Outside: p.Role == policies.Supervisor, Key: p.oneTime.public(), Expires: w.Clock.Micros() + policies.Micros(7*24*time.Hour/time.Microsecond),
		Fixed: []policies.Attachment{{Name: "label", SHA256: policies.DigestOf(label), Bytes: int64(len(label))}},
	})
	p.Staff, p.oneTime.kid = policies.StaffID(s.ID), policies.KeyID(s.ID)
	return storage.Sealed{Statement: raw, Attachments: []storage.Attachment{{Name: "label", Body: label}}}
}

// Joining signs what a person who joins sends: their certificate and their
// device's.
func (p *Person) Joining() []storage.Sealed {
	p.w.t.Helper()
	until := p.w.Clock.Micros() + policies.Micros(360*24*time.Hour/time.Microsecond)
	record := policies.RecordID(p.w.Org)
	person, s := p.w.sign(p.oneTime, record, "staff.certify", &policies.StaffCertify{
		Staff: p.Staff, Key: p.own.public(), Recipient: cmp.Or(p.Claims, p.Identity.Recipient().String()), Until: until,
	})
	p.own.kid = policies.KeyID(s.ID)
	device, d := p.w.sign(p.own, record, "device.certify", &policies.DeviceCertify{Staff: p.Staff, Key: p.phone.public(), Until: until})
	p.Device, p.phone.kid = policies.DeviceID(d.ID), policies.KeyID(d.ID)
	return []storage.Sealed{{Statement: person}, {Statement: device}}
}

func (p *Person) certify() {
	p.w.t.Helper()
	p.w.MustAccept(policies.Caller{Request: "join"}, p.Joining()...)
}

// Join invites a person, lets them join, and has the head of service confirm the
// six words.
func (w *World) Join(name string, role policies.Role) *Person {
	w.t.Helper()
	p := w.Invite(name, role)
	p.Confirmed()
	return p
}

// Confirmed lets somebody who was invited join, and has the head of service confirm
// the six words.
func (p *Person) Confirmed() {
	p.w.t.Helper()
	p.certify()
	p.w.Head.Does(policies.RecordID(p.w.Org), "staff.confirm", &policies.StaffConfirm{Staff: p.Staff, Certificate: p.own.kid})
}

// Hear confirms somebody's six words, too, whom the head of service has confirmed.
func (p *Person) Hear(other *Person) {
	p.w.t.Helper()
	p.Does(policies.RecordID(p.w.Org), "staff.confirm", &policies.StaffConfirm{Staff: other.Staff, Certificate: other.own.kid})
}

// SayOwn signs the next statement of this person's own key, which no device's key can.
func (p *Person) SayOwn(kind policies.Kind, body policies.Body) (storage.Sealed, policies.StatementID) {
	p.w.t.Helper()
	raw, s := p.w.sign(p.own, policies.RecordID(p.w.Org), kind, body)
	return storage.Sealed{Statement: raw}, s.ID
}

// NewDevice is a person's own statement about a device that was just made.
func (p *Person) NewDevice() (storage.Sealed, policies.StatementID) {
	p.w.t.Helper()
	until := p.w.Clock.Micros() + policies.Micros(300*24*time.Hour/time.Microsecond)
	return p.SayOwn("device.certify", &policies.DeviceCertify{Staff: p.Staff, Key: newKey().public(), Until: until})
}

// FreshKey is a key that nobody has used.
func FreshKey() policies.PublicKey { return newKey().public() }

// Copy is this person on a copy of their device: the same keys, and numbers from here on
// that the device gives out too.
func (p *Person) Copy() *Person {
	n, phone := *p, *p.phone
	n.phone = &phone
	return &n
}

// GoesOn certifies a new device that goes on with the work of this one, and is its caller.
func (p *Person) GoesOn() policies.Caller {
	p.w.t.Helper()
	until := p.w.Clock.Micros() + policies.Micros(300*24*time.Hour/time.Microsecond)
	s, id := p.SayOwn("device.certify", &policies.DeviceCertify{Staff: p.Staff, Key: newKey().public(), Until: until, Continues: p.Device})
	p.w.MustAccept(p.Caller(), s)
	return policies.Caller{Staff: p.Staff, Device: policies.DeviceID(id), Request: "test"}
}

// SaySeen signs the next statement of this person's device, of which it says what its
// author knew of the record.
func (p *Person) SaySeen(record policies.RecordID, seen policies.Seen, kind policies.Kind, body policies.Body) storage.Sealed {
	p.w.t.Helper()
	return p.SayAt(record, p.w.Clock.Micros(), seen, kind, body)
}

// SayAt is SaySeen with another time.
func (p *Person) SayAt(record policies.RecordID, at policies.Micros, seen policies.Seen, kind policies.Kind, body policies.Body) storage.Sealed {
	p.w.t.Helper()
	p.phone.n++
	raw, _, err := statement.Sign(policies.Statement{
		Signer: p.phone.kid, Record: record, Kind: kind, N: p.phone.n, At: at, Seen: seen, Body: body,
	}, p.phone.priv)
	if err != nil {
		p.w.t.Fatalf("sign %s: %v", kind, err)
	}
	return storage.Sealed{Statement: raw}
}

// SayOpen signs the opening of a family.
func (p *Person) SayOpen(reference string) (storage.Sealed, policies.StatementID) {
	p.w.t.Helper()
	return p.Say(policies.RecordID{}, policies.KindFamilyOpen, &policies.FamilyOpen{
		Reference: reference, Programme: policies.VIG, Recipient: newIdentity(p.w.t).Recipient().String(),
	})
}
