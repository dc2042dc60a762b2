// Package policiestest makes small invented services for tests: an organisation
// with people in every role, and a family with film, folded by the real Apply.
//
// Statements here are not signed. Their identities are digests of what they say
// and of a counter, which is all that package policies looks at. Start at [New].
package policiestest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Start is when every World begins: a Monday in an invented service.
var Start = policies.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))

// Day is a day later or earlier.
func Day(n int) policies.Micros { return policies.Micros(n) * 24 * policies.Hour }

// Person is somebody on the staff of a World, with one device.
type Person struct {
	ID     policies.StaffID
	Person policies.KeyID // the certificate
	Device policies.DeviceID
}

// Caller is the person at their device.
func (p Person) Caller() policies.Caller { return policies.Caller{Staff: p.ID, Device: p.Device} }

// World is an invented service at one time, and every statement it accepted.
type World struct {
	Now    policies.Micros
	Org    *policies.Org
	Family *policies.Family
	Log    []policies.Statement // the family's, in order of acceptance

	Root, Server policies.KeyID
	Staff        map[string]Person
	n            int64
}

// Key is an invented public key.
func Key(name string) policies.PublicKey { return sha256.Sum256([]byte("key of " + name)) }

// Recipient is an invented age recipient of the right shape.
func Recipient(name string) string {
	return "age1pq1" + fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
}

// Digest is an invented digest.
func Digest(name string) policies.Digest { return policies.DigestOf([]byte(name)) }

// New founds a service with two heads of service ("head", invited by the root,
// and "deputy"), an IG officer ("ig"), practitioners "ann", "bea" and "outsider",
// and a supervisor of another organisation ("sup"), all confirmed. The IG officer has
// heard the six words of all practitioners but "bea".
func New() *World {
	w := &World{Now: Start, Staff: map[string]Person{}}
	root := Key("root")
	s := w.Make(policies.KeyID(root), policies.KindRoot, policies.RecordID{}, policies.OrgRoot{
		Service: "Northfield Early Help", Key: root,
		Custodians: []string{Recipient("custodian a"), Recipient("custodian b"), Recipient("custodian c")},
	})
	w.Org = must(policies.NewOrg(s))
	w.Root = policies.KeyID(s.ID)
	w.Server = policies.KeyID(w.must(w.InOrg(w.Root, "server.certify", policies.ServerCertify{Key: Key("server"), LogKey: Key("log")})))
	w.Join("head", policies.HeadOfService)
	w.must(w.InOrg(w.Root, "policy.adopt", policies.NewPolicyAdopt("council", []byte("pack"), Digest("rules"))))
	for _, p := range []struct {
		name string
		role policies.Role
	}{
		{"deputy", policies.HeadOfService}, {"ig", policies.IGOfficer}, {"ann", policies.Practitioner},
		{"bea", policies.Practitioner}, {"outsider", policies.Practitioner}, {"sup", policies.Supervisor},
	} {
		w.Join(p.name, p.role)
		w.Confirm(p.name)
	}
	w.Hear("ann")
	w.Hear("outsider")
	return w
}

// Join invites a person and certifies them and a device; nobody has confirmed
// them yet.
func (w *World) Join(name string, role policies.Role) Person {
	inviter := w.Root
	if head, ok := w.Staff["head"]; ok {
		inviter = policies.KeyID(head.Device)
	}
	invite := w.must(w.InOrg(inviter, "staff.invite", policies.StaffInvite{Role: role, Outside: role == policies.Supervisor, Key: Key(name + " once"), Expires: w.Now + Day(7)}))
	w.Staff[name] = w.Certify(name, policies.KeyID(invite), policies.StaffID(invite))
	return w.Staff[name]
}

// Certify certifies a person and a device with an invitation's key.
func (w *World) Certify(name string, invitation policies.KeyID, who policies.StaffID) Person {
	p := Person{ID: who}
	p.Person = policies.KeyID(w.must(w.InOrg(invitation, "staff.certify", policies.StaffCertify{
		Staff: p.ID, Key: Key(name), Recipient: Recipient(name), Until: w.Now + Day(365),
	})))
	p.Device = policies.DeviceID(w.must(w.InOrg(p.Person, "device.certify", policies.DeviceCertify{
		Staff: p.ID, Key: Key(name + " device"), Until: w.Now + Day(365),
	})))
	return p
}

// Confirm has the head of service confirm a person's six words, and the deputy those
// of a registrar whom the head of service has invited.
func (w *World) Confirm(name string) {
	p, by := w.Staff[name], "head"
	if r := w.Org.Staff[p.ID].Role; name != "deputy" && (r == policies.HeadOfService || r == policies.IGOfficer) {
		by = "deputy"
	}
	w.must(w.InOrg(w.Key(by), "staff.confirm", policies.StaffConfirm{Staff: p.ID, Certificate: p.Person}))
}

// Hear has the IG officer confirm somebody's six words, too.
func (w *World) Hear(name string) {
	p := w.Staff[name]
	w.must(w.InOrg(w.Key("ig"), "staff.confirm", policies.StaffConfirm{Staff: p.ID, Certificate: p.Person}))
}

// Key is the key identifier of a person's device; "server" and "root" too.
func (w *World) Key(name string) policies.KeyID {
	switch name {
	case "server":
		return w.Server
	case "root":
		return w.Root
	}
	p, ok := w.Staff[name]
	if !ok {
		panic("policiestest: nobody is called " + name)
	}
	return policies.KeyID(p.Device)
}

// Make makes a statement without applying it.
func (w *World) Make(signer policies.KeyID, kind policies.Kind, record policies.RecordID, body policies.Body, deps ...policies.StatementID) policies.Statement {
	w.n++
	text := must(json.Marshal(body))
	id := sha256.Sum256(fmt.Appendf(nil, "%s %d %s %s", kind, w.n, record, text))
	return policies.Statement{
		ID: id, Signer: signer, Record: record, Kind: kind, N: w.n, Deps: deps, At: w.Now, Body: body,
	}
}

// InOrg makes a statement and applies it to the organisation.
func (w *World) InOrg(signer policies.KeyID, kind policies.Kind, body policies.Body) (policies.StatementID, error) {
	s := w.Make(signer, kind, policies.RecordID(w.Org.ID), body)
	_, err := w.Org.Apply(s, w.Now)
	return s.ID, err
}

// ByDefault makes a family statement that names every restriction its author's
// mirror knows, without applying it.
func (w *World) ByDefault(who string, kind policies.Kind, body policies.Body) policies.Statement {
	return w.Make(w.Key(who), kind, policies.RecordID(w.Family.ID), body, w.Family.DepsFor(w.Org, body)...)
}

// Accept applies a family statement.
func (w *World) Accept(s policies.Statement) (policies.Changes, error) {
	ch, err := w.Family.Apply(w.Org, s, w.Now)
	if err == nil {
		w.Log = append(w.Log, s)
	}
	return ch, err
}

// InFamily makes a family statement by a person and applies it.
func (w *World) InFamily(who string, kind policies.Kind, body policies.Body) (policies.StatementID, error) {
	s := w.ByDefault(who, kind, body)
	_, err := w.Accept(s)
	return s.ID, err
}

// Do is InFamily for what cannot fail.
func (w *World) Do(who string, kind policies.Kind, body policies.Body) policies.StatementID {
	return w.must(w.InFamily(who, kind, body))
}

// Open opens a family's record by a practitioner.
func (w *World) Open(who string) {
	s := w.Make(w.Key(who), policies.KindFamilyOpen, policies.RecordID{}, policies.FamilyOpen{
		Reference: "EH-2041/7", Programme: policies.VIG, Recipient: Recipient("family"),
	})
	f, _, err := policies.NewFamily(w.Org, s, w.Now)
	w.must(s.ID, err)
	w.Family, w.Log = f, []policies.Statement{s}
}

// TurnBody is a key.turn to an invented key, wrapped to these people.
func (w *World) TurnBody(key string, replaces policies.StatementID, to ...string) policies.KeyTurn {
	b := policies.KeyTurn{
		Recipient: Recipient(key), Replaces: replaces, For: []policies.Wrapped{},
		Fixed: []policies.Attachment{{Name: "previous", SHA256: Digest("previous"), Bytes: 100}},
	}
	for _, who := range to {
		b.For = append(b.For, policies.Wrapped{Staff: w.Staff[who].ID, To: policies.KeyName(Recipient(who))})
	}
	return b
}

func (w *World) must(id policies.StatementID, err error) policies.StatementID { return must(id, err) }

func must[T any](v T, err error) T {
	if err != nil {
		panic("policiestest: " + err.Error())
	}
	return v
}
