package attune

import (
	"crypto/ed25519"
	"fmt"
	"sync/atomic"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// Keys are this device's secrets, unlocked. Family keys are not kept: they are
// opened from their envelopes when they are needed, and gone with the mirror.
type Keys struct {
	me     profile
	device atomic.Pointer[deviceKey] // replaced when this device turns out to have been copied
	own    atomic.Pointer[ownKeys]   // nil on a device that was revoked
	mirror *Mirror
	shelf  *shelf
}

// ownKeys are what all devices of a person have in common.
type ownKeys struct {
	person   ed25519.PrivateKey
	identity seal.Identity
	former   []seal.Identity // before this person's key was replaced: what was wrapped to them still opens
}

func newKeys(me profile, s secrets) (*Keys, error) {
	k := &Keys{me: me}
	k.device.Store(&deviceKey{me.Device, signingKey(s.Device)})
	if s.Identity == "" {
		return k, nil
	}
	own := ownKeys{person: signingKey(s.Person)}
	for i, text := range append([]string{s.Identity}, s.Former...) {
		id, err := seal.ParseIdentity(text)
		if err != nil {
			return nil, damagedKeys(err)
		}
		if i == 0 {
			own.identity = id
		} else {
			own.former = append(own.former, id)
		}
	}
	k.own.Store(&own)
	return k, nil
}

// deviceKey is a device's certificate and the key that it certifies: always both, so that
// nothing is signed by one key in the name of another.
type deviceKey struct {
	id  policies.DeviceID
	key ed25519.PrivateKey
}

// this is what this device signs with now.
func (k *Keys) this() *deviceKey { return k.device.Load() }

// identities are all of this person, the one in force first; none on a device that was
// revoked.
func (k *Keys) identities() []seal.Identity {
	own := k.own.Load()
	if own == nil {
		return nil
	}
	return append([]seal.Identity{own.identity}, own.former...)
}

// lose forgets the person's keys in memory.
func (k *Keys) lose() { k.own.Store(nil) }

// held are the person's keys, or why they are not here.
func (k *Keys) held() (*ownKeys, error) {
	if own := k.own.Load(); own != nil {
		return own, nil
	}
	return nil, problem(CodeNoKey, "Use another device of yours, or ask a registrar.", "Your keys are not on this device any more.")
}

// Staff is the person whose device this is.
func (k *Keys) Staff() policies.StaffID { return k.me.Staff }

// Device is this device.
func (k *Keys) Device() policies.DeviceID { return k.this().id }

// Org is the organisation that this device joined.
func (k *Keys) Org() policies.OrgID { return k.me.Org }

// Words are the six words that the registrar must hear from this person.
func (k *Keys) Words() []string { return Words(k.me.Certificate) }

// Recipient is this person's public age key, age1pq1…; "" where their keys are not any
// more.
func (k *Keys) Recipient() string {
	own, err := k.held()
	if err != nil {
		return ""
	}
	return own.identity.Recipient().String()
}

// clips are the keys that open a family's clips here: the family's on the team, and
// for everybody else their own, for which a device of the team writes a header
// beside each clip that they may watch.
func (k *Keys) clips(f *policies.Family) (ring, error) {
	own, err := k.held()
	if err != nil {
		return nil, err
	}
	if !f.OnTeam(k.me.Staff) {
		return ring{own.identity}, nil
	}
	return k.family(f.ID)
}

// recipientOf is a person's public age key, from the verified fold only, and one that
// this device's user knows: not one that replaced another since.
func (d *desk) recipientOf(o *policies.Org, id policies.StaffID) (seal.Recipient, error) {
	p := o.Staff[id]
	if p == nil || p.Recipient == "" {
		return seal.Recipient{}, problem(CodeUnknown, "Sync, and check who joined.", "Nobody with the number %s has joined.", id.Short())
	}
	if known, err := d.knows(p); err != nil {
		return seal.Recipient{}, err
	} else if !known {
		return seal.Recipient{}, problem(CodeNewKey, "Ask them for its six words, by voice, then: attune staff trust "+id.Short(),
			"This person has a new key, which nobody has compared on this device.")
	}
	r, err := seal.ParseRecipient(p.Recipient)
	if err != nil {
		return seal.Recipient{}, fmt.Errorf("recipient of %s: %w", id.Short(), err)
	}
	return r, nil
}
