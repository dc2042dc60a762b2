package attune

import (
	"crypto/sha256"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// LinkView is a link and its state now.
type LinkView struct {
	policies.Link
	Family policies.FamilyID  `json:"family"`
	State  policies.LinkState `json:"state"`
}

// Revoke ends a link, for good.
func (l *Links) Revoke(id policies.LinkID) error {
	f, err := l.family(id)
	if err != nil {
		return err
	}
	_, err = l.d.outbox.file(draft{policies.RecordID(f.ID), "link.revoke", policies.LinkRevoke{Link: id}, nil})
	return err
}

// Show gives a link's address and PIN again, on any device of the family's team.
func (l *Links) Show(id policies.LinkID) (Shared, error) {
	f, err := l.family(id)
	if err != nil {
		return Shared{}, err
	}
	key, err := l.d.keys.family(f.ID)
	if err != nil {
		return Shared{}, err
	}
	sealed, err := attachment(l.d.store.db, id.String(), "secret")
	if err != nil {
		return Shared{}, err
	}
	plain, err := seal.Open(sealed, key)
	var s linkSecret
	if err == nil {
		err = json.Unmarshal(plain, &s)
	}
	if err != nil {
		return Shared{}, problem(CodeSealed, "Make a new link.", "The address of link %s cannot be shown again.", id.Short()).because(err)
	}
	// A stranger's secret, swapped in by the server, would send the carer elsewhere.
	link := f.Links[id]
	secret, err := seal.ParseFragment(s.Fragment)
	if auth, pin := secret.Auth(), secret.PIN(s.PIN); err != nil || sha256.Sum256(auth[:]) != link.Auth || sha256.Sum256(pin[:]) != link.PIN {
		return Shared{}, problem(CodeSealed, "Make a new link.", "What was kept for link %s belongs to another link.", id.Short()).because(err)
	}
	return Shared{id, l.address(link.Token, s.Fragment), s.PIN, link.Expires.Time(), link.Opens}, nil
}

func (l *Links) family(id policies.LinkID) (*policies.Family, error) {
	all, err := l.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.Links[id] != nil {
			return f, nil
		}
	}
	return nil, problem(CodeUnknown, "Sync, and look at the family's links.", "There is no link %s on this device.", id.Short())
}

// Find is the link that a number, the beginning of one, or an address means.
func (l *Links) Find(text string) (policies.LinkID, error) {
	all, err := l.d.mirror.allProvisional()
	if err != nil {
		return policies.LinkID{}, err
	}
	var ids []policies.LinkID
	for _, f := range all {
		for id, k := range f.Links {
			if strings.Contains(text, "/s/"+k.Token.String()) {
				return id, nil
			}
			ids = append(ids, id)
		}
	}
	return pick("link", text, ids)
}

func linkViews(f *policies.Family, order map[string]int, now policies.Micros) (out []LinkView) {
	for _, id := range sortedBy(f.Links, order) {
		out = append(out, LinkView{*f.Links[id], f.ID, f.LinkState(id, now)})
	}
	return out
}
