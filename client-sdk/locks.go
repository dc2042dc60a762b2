package attune

import (
	"errors"
	"maps"
	"slices"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// locks keeps a family's key with its team, and with nobody else: it turns the key once
// somebody has it who should not, and wraps it to whoever is on the team without.
//
// Any device of the team that has the key does it at its next sync, by itself: when
// somebody leaves, nobody must have to remember it. Two devices may do it at the same
// time; then the record says which key is in force, and the other still opens.
//
// As with viewers' keys only the verified fold decides who gets one.
type locks struct{ d *desk }

// TurnedKey is a family whose key this device turned.
type TurnedKey struct {
	Family    policies.FamilyID  `json:"family"`
	Reference string             `json:"reference"`
	Because   []policies.StaffID `json:"because"` // who had the replaced key, and is to have no other
}

// see looks after every family of this device, and reports whether it queued anything.
func (l *locks) see(r *Report) (queued bool, err error) {
	l.d.mirror.mu.Lock()
	families := slices.SortedFunc(maps.Keys(l.d.mirror.families), compareIDs)
	l.d.mirror.mu.Unlock()
	for _, id := range families {
		if stopped, err := l.d.stoppedAt(policies.RecordID(id)); err != nil || stopped {
			if err != nil {
				return queued, err
			}
			continue
		}
		turned, err := l.turn(id)
		if err != nil {
			return queued, err
		}
		if turned != nil {
			r.Turned, queued = append(r.Turned, *turned), true
			continue // everybody of the team has the new key by that
		}
		wrapped, err := l.wrap(id)
		if err != nil {
			return queued, err
		}
		queued = queued || wrapped
	}
	return queued, nil
}

// turn gives the family a new key if the one in force is due; nil if it is not, or if this
// device is not the one to do it.
func (l *locks) turn(id policies.FamilyID) (*TurnedKey, error) {
	org, f, err := l.seat(id)
	if err != nil || f == nil {
		return nil, err
	}
	because := f.KeyDue(org, policies.At(l.d.now()))
	if len(because) == 0 {
		return nil, nil
	}
	mine, err := l.old(org, f)
	if err != nil || len(mine) == 0 {
		return nil, err
	}
	key, err := seal.NewIdentity()
	if err != nil {
		return nil, err
	}
	body := policies.KeyTurn{Recipient: key.Recipient().String(), Replaces: f.KeyStatement(), For: []policies.Wrapped{}}
	previous, err := seal.Seal(mine.text(), key.Recipient())
	if err != nil {
		return nil, err
	}
	all := []wire.Attachment{{Name: "previous", Body: previous}}
	body.Fixed = fixed(all...)
	for _, who := range slices.SortedFunc(maps.Keys(f.Team), compareIDs) {
		if !f.Entrusted(org, who, policies.At(l.d.now())) || len(body.For) == policies.MaxTeam {
			continue
		}
		to, envelope, err := l.envelope(org, who, ring{key})
		if err != nil {
			continue // certified with what is no key: everybody else gets theirs
		}
		body.For = append(body.For, policies.Wrapped{Staff: who, To: to})
		all = append(all, envelope)
	}
	pairs, err := recovery(org, key)
	if err != nil {
		return nil, err
	}
	if _, err = l.d.outbox.file(draft{policies.RecordID(id), "key.turn", body, append(all, pairs...)}); err != nil {
		return nil, err
	}
	return &TurnedKey{id, f.Reference, because}, nil
}

// wrap gives the key in force to whoever of the team was not given it: added by a device
// that knew of another key, or by the head of service, who has none.
func (l *locks) wrap(id policies.FamilyID) (queued bool, err error) {
	org, f, mine, err := l.own(id)
	if err != nil || f == nil {
		return false, err
	}
	for _, who := range f.WithoutKey(org, policies.At(l.d.now())) {
		to, envelope, err := l.envelope(org, who, mine)
		if err != nil {
			continue
		}
		body := policies.KeyWrap{Staff: who, Key: policies.KeyName(f.Recipient), To: to}
		if _, err := l.d.outbox.file(draft{policies.RecordID(id), "key.wrap", body, []wire.Attachment{envelope}}); err != nil {
			return queued, err
		}
		queued = true
	}
	return queued, nil
}

// seat is a family of whose team this person is, and may be given its key; nil for others.
func (l *locks) seat(id policies.FamilyID) (*policies.Org, *policies.Family, error) {
	org := l.d.mirror.Org()
	if org == nil {
		return nil, nil, nil
	}
	f, err := l.d.mirror.provisional(id)
	if err != nil || !f.Entrusted(org, l.d.me.Staff, policies.At(l.d.now())) {
		return nil, nil, err
	}
	return org, f, nil
}

// own is a family whose key this device may look after, with its keys; nil when it is
// not: this person is not of its team, or has not got the key in force.
func (l *locks) own(id policies.FamilyID) (*policies.Org, *policies.Family, ring, error) {
	org, f, err := l.seat(id)
	if err != nil || f == nil {
		return nil, nil, nil, err
	}
	mine, _, err := l.d.keys.key(f)
	var e *Error
	if errors.As(err, &e) {
		return nil, nil, nil, nil // the list of families tells it; somebody else of the team has the key
	}
	return org, f, mine, err
}

// old are the keys that a new one replaces: with the one in force, as a rule. Without it
// when nobody else who is to have a key was given that one, or when this person was and
// it does not open: then whoever turned to it kept it to themselves, and to wait for
// them would leave the family's film to them. Empty when there is a colleague to wait
// for, or nothing opens here.
func (l *locks) old(org *policies.Org, f *policies.Family) (ring, error) {
	mine, _, err := l.d.keys.opened(f)
	if err != nil {
		return nil, err
	}
	if _, ok := mine.inForce(f); ok {
		return mine, nil
	}
	given := f.KeyHolders()
	waits := slices.ContainsFunc(given, func(who policies.StaffID) bool { return f.Entrusted(org, who, policies.At(l.d.now())) })
	if waits && !slices.Contains(given, l.d.me.Staff) {
		return nil, nil
	}
	return mine, nil
}

// envelope wraps keys to the recipient that a person's certificate names.
func (l *locks) envelope(org *policies.Org, who policies.StaffID, keys ring) (policies.Digest, wire.Attachment, error) {
	to, err := l.d.recipientOf(org, who)
	if err != nil {
		return policies.Digest{}, wire.Attachment{}, err
	}
	sealed, err := seal.Seal(keys.text(), to)
	return policies.Digest(to.Fingerprint()), wire.Attachment{Name: "key/" + who.String(), Body: sealed}, err
}

// sealTo is the key that what is new in a family is sealed to: the one in force, which
// is turned first where this device knows that it is due. Where it is due and cannot be
// turned here nothing is sealed: somebody has that key who is to see nothing more. Not so
// when this very person is that somebody, by a date that has passed: what they filmed
// before must still find its place.
func (d *desk) sealTo(id policies.FamilyID) (seal.Recipient, error) {
	if _, err := (&locks{d}).turn(id); err != nil {
		return seal.Recipient{}, err
	}
	f, err := d.mirror.provisional(id)
	if err != nil {
		return seal.Recipient{}, err
	}
	org := d.mirror.Org()
	if org != nil && slices.ContainsFunc(f.KeyDue(org, policies.At(d.now())), func(who policies.StaffID) bool { return who != d.me.Staff }) {
		return seal.Recipient{}, problem(CodeNoKey, "Have a practitioner's device that has the key sync, then sync here; where there is none: attune recovery use.",
			"The locks of family %s must be changed first, and this device does not have their key.", f.Reference)
	}
	return seal.ParseRecipient(f.Recipient)
}
