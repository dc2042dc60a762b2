package policies

import "slices"

// Signer is who may sign a kind of statement.
type Signer string

// The signers besides the roles of staff.
const (
	SignRoot   Signer = "root"   // offline, while the organisation record is being founded
	SignInvite Signer = "invite" // the one-time key of an invitation
	SignPerson Signer = "person" // a person's own key
	SignServer Signer = "server" // the certified server
	SignDevice Signer = "device" // any certified device, whatever the role
)

// Row is one kind of statement: everything the protocol needs to know about it.
type Row struct {
	Kind        Kind
	Class       Class
	Signers     []Signer // SignRoot…SignDevice
	Roles       []Role   // when a device signs: the roles, confirmed; empty means any
	Deputy      bool     // also by a deputy of the head of service, between their dates
	Restriction bool     // accepted at any n, from a revoked device, without a token
	Late        bool     // also from a device that was revoked after it was signed: see [Org.Late]
	Disposal    bool     // a step on something's way to its end: lets it be destroyed, or tells that it was
	New         func() Body
	Org         func(o *Org, s Statement, by Author, at Micros) (Changes, error)            // nil where only families have it
	Family      func(f *Family, o *Org, s Statement, by Author, at Micros) (Changes, error) // nil where only the organisation has it
}

// Ledgered reports whether statements of a kind stand in the restriction ledger, which
// no backup holds: what must not be undone by putting a service back.
func (r Row) Ledgered() bool { return r.Restriction || r.Disposal }

// ByTeam reports whether a kind is one that only a family's practitioner team states.
func (r Row) ByTeam() bool {
	return r.Family != nil && !r.Restriction && slices.Equal(r.Roles, practitioners)
}

// Author is who signed, as the organisation record knows them.
type Author struct {
	Signer Signer
	Staff  StaffID // zero for the root and the server
	Device DeviceID
	Role   Role
	Deputy bool // acts for the head of service here: see [Org.Deputises]
}
