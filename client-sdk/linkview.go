package attune

import (
	"crypto/sha256"
	"slices"
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
	Leaked bool               `json:"leaked"` // revoked by the server, to which its secret was sent
}

// Revoke ends a link, for good. One that was revoked before stays so.
func (l *Links) Revoke(id policies.LinkID) error {
	f, err := l.family(id)
	if err != nil {
		return err
	}
	if f.LinkState(id, policies.At(l.d.now())) == policies.LinkRevoked {
		return nil
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
	link := f.Links[id]
	said := policies.StatementID(id)
	if !link.Issued.By.IsZero() {
		said = link.Issued.By
	}
	s, secret, err := l.kept(f, link, said)
	if err != nil {
		return Shared{}, err
	}
	if pin := secret.PIN(s.PIN); sha256.Sum256(pin[:]) != link.PIN {
		sealed, err := l.d.store.attachment(l.d.store.db, said.String(), "secret")
		if err != nil {
			return Shared{}, err
		}
		return Shared{}, l.swapped(id, sealed, "pin", "What was kept for link %s has another PIN.")
	}
	shared := l.shared(link, s)
	shared.State = f.LinkState(id, policies.At(l.d.now()))
	waiting, err := l.d.outbox.Waiting()
	shared.Unsent = slices.ContainsFunc(waiting, func(o Outcome) bool {
		return o.ID == said || o.ID == policies.StatementID(id)
	})
	return shared, err
}

func (l *Links) shared(link *policies.Link, s linkSecret) Shared {
	return Shared{link.ID, s.address(l.d.remote.base, link.Token), s.PIN, link.Expires.Time(), link.Opens, policies.LinkOpen, true}
}

// kept opens what a statement about a link keeps for the team. A stranger's secret,
// swapped in by the server, would send the carer elsewhere: it must be this link's.
func (l *Links) kept(f *policies.Family, link *policies.Link, said policies.StatementID) (linkSecret, seal.LinkSecret, error) {
	var s linkSecret
	keys, err := l.d.keys.family(f.ID)
	if err != nil {
		return s, seal.LinkSecret{}, err
	}
	sealed, err := l.d.store.attachment(l.d.store.db, said.String(), "secret")
	if err != nil {
		return s, seal.LinkSecret{}, err
	}
	plain, err := seal.Open(sealed, keys...)
	if err == nil {
		err = json.Unmarshal(plain, &s)
	}
	if err != nil {
		return s, seal.LinkSecret{}, problem(CodeSealed, "Make a new link.", "The address of link %s cannot be shown again.", link.ID.Short()).because(err)
	}
	secret, err := seal.ParseFragment(s.Fragment)
	if auth := secret.Auth(); err != nil || sha256.Sum256(auth[:]) != link.Auth {
		return s, secret, l.swapped(link.ID, sealed, "address", "What was kept for link %s belongs to another link.")
	}
	return s, secret, nil
}

// swapped: the sealed part of a link is another's. Of what it holds nothing is kept.
func (l *Links) swapped(id policies.LinkID, sealed []byte, what, message string) error {
	shows := exhibit{ID: id.String(), Got: what, Sealed: []sealedThing{{"secret", len(sealed), policies.DigestOf(sealed)}}}
	return l.d.shelf.again(lied(CodeLink, shows, nil, message, id.Short()), "secret", sealed)
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
		out = append(out, LinkView{*f.Links[id], f.ID, f.LinkState(id, now), f.LinkLeaked(id)})
	}
	return out
}
