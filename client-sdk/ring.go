package attune

import (
	"slices"
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// ring is the keys of a family that this device can open: the one in force first,
// where it is among them, then those that were replaced, which still open what was
// sealed to them.
type ring []seal.Identity

// family opens the family's keys from the envelopes addressed to this person, and from
// what each key was sealed to in its turn. It takes only those that the record names:
// an envelope with another key, which the server could slip in, would make this
// device seal film for a stranger.
//
// One key that opens is enough: what is wrong with the one in force takes nothing away of
// what was sealed before. See [Keys.key] for that.
func (k *Keys) family(id policies.FamilyID) (ring, error) {
	f, err := k.mirror.provisional(id)
	if err != nil {
		return nil, err
	}
	r, strange, err := k.opened(f)
	if err != nil || len(r) > 0 {
		return r, err
	}
	return nil, k.without(f, strange)
}

// opened is every key of the family that opens here, and the envelopes addressed to this
// person when one of them holds what is no key of the family.
func (k *Keys) opened(f *policies.Family) (r ring, strange [][]byte, err error) {
	envelopes, err := k.shelf.envelopes(f.ID, "key/"+k.me.Staff.String())
	if err != nil {
		return nil, nil, err
	}
	for _, e := range envelopes {
		if text, err := seal.Open(e, k.identities()...); err == nil && r.add(f, text) {
			strange = envelopes
		}
	}
	if err := r.previous(k.shelf, f); err != nil {
		return nil, nil, err
	}
	r.order(f)
	return r, strange, nil
}

// without says why the key in force is not here, and keeps what shows it when an envelope
// holds another key.
func (k *Keys) without(f *policies.Family, strange [][]byte) error {
	if len(strange) == 0 {
		return k.lacking(f)
	}
	shows := exhibit{Record: policies.RecordID(f.ID), Expected: f.Recipient}
	for _, e := range strange {
		shows.Sealed = append(shows.Sealed, sealedThing{"key", len(e), policies.DigestOf(e)})
	}
	return k.shelf.again(lied(CodeFamilyKey, shows, nil, "An envelope for family %s holds another key than the family's own.", f.Reference),
		"key/"+k.me.Staff.String(), strange...)
}

// add takes the identities of an envelope, one a line, and reports whether one is no
// key of the family.
func (r *ring) add(f *policies.Family, text []byte) (strange bool) {
	defer clear(text)
	for line := range strings.Lines(string(text)) {
		key, err := seal.ParseIdentity(strings.TrimSpace(line))
		if err != nil || !f.OwnKey(key.Recipient().String()) {
			strange = true
		} else if !r.has(key.Recipient().String()) {
			*r = append(*r, key)
		}
	}
	return strange
}

// previous opens what each key was turned from, as far as it leads. What does not open
// there, or is no key of the family, is left out: its author meant to keep it.
func (r *ring) previous(sh *shelf, f *policies.Family) error {
	for grew := true; grew; {
		grew = false
		for id, t := range f.Turns {
			if !r.has(t.Recipient) {
				continue
			}
			sealed, err := sh.fixed(id, "previous")
			if err != nil {
				return err
			}
			before := len(*r)
			if text, err := seal.Open(sealed, *r...); err == nil {
				r.add(f, text)
			}
			grew = grew || len(*r) > before
		}
	}
	return nil
}

func (r ring) has(recipient string) bool {
	return slices.ContainsFunc(r, func(k seal.Identity) bool { return k.Recipient().String() == recipient })
}

// order puts the latest first, so that two devices write the same envelope.
func (r ring) order(f *policies.Family) {
	all := f.Recipients()
	place := func(k seal.Identity) int {
		if k.Recipient().String() == f.Recipient {
			return -len(all)
		}
		return -slices.Index(all, k.Recipient().String())
	}
	slices.SortFunc(r, func(a, b seal.Identity) int { return place(a) - place(b) })
}

// inForce is the family's key in force, if it is here.
func (r ring) inForce(f *policies.Family) (seal.Identity, bool) {
	i := slices.IndexFunc(r, func(k seal.Identity) bool { return k.Recipient().String() == f.Recipient })
	if i < 0 {
		return seal.Identity{}, false
	}
	return r[i], true
}

// text is what an envelope holds: every key, one a line, as a file of identities for
// the stock tool. With the replaced ones, who joins later opens what was sealed to a
// chain that another has outgrown.
func (r ring) text() []byte {
	var b strings.Builder
	for _, k := range r {
		b.WriteString(k.String() + "\n")
	}
	return []byte(b.String())
}

// key is the family's key in force, or why it is not here.
func (k *Keys) key(f *policies.Family) (ring, seal.Identity, error) {
	r, strange, err := k.opened(f)
	if err != nil {
		return nil, seal.Identity{}, err
	}
	key, ok := r.inForce(f)
	if !ok {
		return nil, key, k.without(f, strange)
	}
	return r, key, nil
}

// lacking says why the key in force is not here. Nobody has wrapped it for this person
// yet; or the record says that somebody has, and the service did not hand it over:
// statements and what came with them are kept and sent together.
func (k *Keys) lacking(f *policies.Family) error {
	if err := k.shelf.d.keysGone(); err != nil {
		return err
	}
	to, key := policies.KeyName(k.Recipient()), policies.KeyName(f.Recipient)
	for _, w := range f.Wraps {
		if w.Staff == k.me.Staff && w.Key == key && w.To == to && w.Statement != policies.StatementID(f.ID) {
			return problem(CodeWithheld, "Sync again; if it stays, tell your IG officer. Another device of yours may have it.",
				"The key of family %s was wrapped for you, and the service has not handed it over.", f.Reference)
		}
	}
	if f.OnTeam(k.me.Staff) {
		return problem(CodeNoKey, "A practitioner's device that has it gives it to you when it next syncs; then sync.",
			"This device holds no key for family %s yet.", f.Reference)
	}
	return problem(CodeNoKey, "Ask a member of the family's team to add you, then sync.",
		"This device holds no key for family %s.", f.Reference)
}
