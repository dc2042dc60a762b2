package attune

import (
	"bytes"
	"crypto/rand"
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Recoveries open a family's record by two of the three custodians, when nobody of its
// team can. Two officers in different roles ask for the envelope; the custodians open it
// on their own devices with the stock age tool; the officer who asked wraps the key to
// who covers. Nothing of it trusts the server, which has the envelope all the time.
type Recoveries struct{ d *desk }

// RecoveryView is one use, with the names of those concerned.
type RecoveryView struct {
	policies.Recovery
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	ByName    string            `json:"by_name"`
	ForName   string            `json:"for_name"`
	Here      bool              `json:"here"` // the envelope is on this device
}

// Use asks for the envelope of one pair of custodians, for somebody who is to have the
// family's key. It waits for an officer in the other role.
func (rs *Recoveries) Use(family policies.FamilyID, ground policies.RecoveryGround, pair policies.Pair, who policies.StaffID) (policies.StatementID, error) {
	s, err := rs.d.outbox.file(draft{policies.RecordID(family), "recovery.use", policies.RecoveryUse{Ground: ground, Pair: pair, For: who}, nil})
	return s.ID, err
}

// Confirm lets the envelope be handed to who asked for it.
func (rs *Recoveries) Confirm(family policies.FamilyID, use policies.StatementID) error {
	_, err := rs.d.outbox.file(draft{policies.RecordID(family), "recovery.confirm", policies.RecoveryConfirm{Use: use}, nil})
	return err
}

// List is every use of the custodians' envelopes in the families of this device, the
// oldest first in each.
func (rs *Recoveries) List() ([]RecoveryView, error) {
	all, err := rs.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	org, fs, out := rs.d.mirror.Org(), &Families{rs.d}, []RecoveryView{}
	for _, f := range all {
		for _, r := range f.Recovered() {
			body, err := rs.d.store.attachment(rs.d.store.db, r.ID.String(), "recovery/"+string(r.Pair))
			if err != nil {
				return nil, err
			}
			names := fs.names(org, []policies.StaffID{r.By, r.For})
			out = append(out, RecoveryView{r, f.ID, f.Reference, names[0], names[1], body != nil})
		}
	}
	return out, nil
}

// Find is the use that a number, or the beginning of one, means; the latest of a family
// for its reference.
func (rs *Recoveries) Find(text string) (RecoveryView, error) {
	all, err := rs.List()
	if err != nil {
		return RecoveryView{}, err
	}
	var ids []policies.StatementID
	for i := len(all) - 1; i >= 0; i-- {
		if strings.EqualFold(all[i].Reference, strings.TrimSpace(text)) {
			return all[i], nil
		}
		ids = append(ids, all[i].ID)
	}
	id, err := pick("recovery", text, ids)
	for _, v := range all {
		if err == nil && v.ID == id {
			return v, nil
		}
	}
	return RecoveryView{}, err
}

// Export is the envelope of a confirmed use: age inside age, for the pair in its order.
func (rs *Recoveries) Export(v RecoveryView) ([]byte, error) {
	body, err := rs.d.store.attachment(rs.d.store.db, v.ID.String(), "recovery/"+string(v.Pair))
	if err != nil || body != nil {
		return body, err
	}
	next := "Sync. If it stays, tell your IG officer: the service has not handed it over."
	switch {
	case v.Confirmed.IsZero():
		next = "An officer in the other role confirms it first: attune recovery confirm. Then sync."
	case v.By != rs.d.me.Staff:
		next = "Only " + v.ByName + ", who asked for it, is given it."
	}
	return nil, problem(CodeNoKey, next, "The custodians' envelope for family %s is not on this device.", v.Reference)
}

// Restore wraps the key that the custodians have opened to who is to have it. Key is what
// the stock tool wrote. It must be the key of the family: a key that somebody else gave
// the custodians would have everything sealed to a stranger.
func (rs *Recoveries) Restore(v RecoveryView, key []byte) error {
	org, err := rs.d.mirror.verifiedOrg()
	if err != nil {
		return err
	}
	f, err := rs.d.mirror.provisional(v.Family)
	if err != nil {
		return err
	}
	keys := ring{}
	if strange := keys.add(f, bytes.Clone(key)); strange || len(keys) == 0 {
		return problem(CodeInput, "Have the custodians open the envelope that attune recovery export wrote, once each.",
			"This is not the key of family %s.", f.Reference)
	}
	if _, ok := keys.inForce(f); !ok {
		return problem(CodeInput, "Ask for the envelope again: attune recovery use.", "Family %s has another key since.", f.Reference)
	}
	to, envelope, err := (&locks{rs.d}).envelope(org, v.For, keys)
	if err != nil {
		return err
	}
	body := policies.RecoveryRestore{Use: v.ID, Key: policies.KeyName(f.Recipient), To: to}
	_, err = rs.d.outbox.file(draft{policies.RecordID(v.Family), "recovery.restore", body, []wire.Attachment{envelope}})
	return err
}

// Drill is what a drill needs: envelopes as a family's, of a secret that opens nothing.
type Drill struct {
	Envelopes map[policies.Pair][]byte
	Secret    policies.Digest // SHA-256 of what is inside, with the line's end
}

// Drill makes envelopes for the custodians of this service. Whoever opens one with the
// stock tool has proved that the pair could open a family's, and has seen no family's key.
func (rs *Recoveries) Drill() (Drill, error) {
	org, err := rs.d.mirror.verifiedOrg()
	if err != nil {
		return Drill{}, err
	}
	var custodians [3]seal.Recipient
	for i := range custodians {
		if custodians[i], err = seal.ParseRecipient(org.Custodians[i]); err != nil {
			return Drill{}, err
		}
	}
	secret := []byte("A drill of " + org.Service + ": " + rand.Text() + "\n")
	ab, ac, bc, err := seal.SealPairs(secret, custodians)
	return Drill{
		Envelopes: map[policies.Pair][]byte{policies.PairAB: ab, policies.PairAC: ac, policies.PairBC: bc},
		Secret:    policies.DigestOf(secret),
	}, err
}
