package policies

import (
	"slices"
	"strings"
)

// Desks lists the people who receive every family's control statements, to do
// what their role is for: the head of service decides about filming, the IG
// officer answers for records, and a deputy prepares for and does what the head of
// service would. None receives content, keys or film by it.
func (o *Org) Desks(now Micros) []StaffID {
	var out []StaffID
	for id, p := range o.Staff {
		desk := p.Role == HeadOfService || p.Role == IGOfficer || o.Appointed(id, now)
		if desk && p.HasPowers() && p.Revoked.IsZero() {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, compareID)
	return out
}

// HasOfficer reports whether an IG officer is there to be told: confirmed, and their
// certificate in force.
func (o *Org) HasOfficer(now Micros) bool {
	for _, p := range o.Staff {
		if p.Role == IGOfficer && p.HasPowers() && p.Active(now) {
			return true
		}
	}
	return false
}

// MayKnow reports whether the author of a statement may learn that this family
// has a record. To everyone else the record does not exist. A withdrawal is taken
// from anyone certified: it must not depend on who is on which team.
func MayKnow(o *Org, f *Family, by Author, kind Kind) bool {
	if row, ok := RowOf(kind); ok && row.Restriction && row.Roles == nil {
		return by.Signer == SignDevice || by.Signer == SignServer
	}
	return by.Signer == SignServer || f.OnTeam(by.Staff) || f.member(by.Staff) != nil || o.desk(by.Staff) || f.everListed(by.Staff)
}

// desk reports whether a person has, or had as a deputy, to do with every family.
func (o *Org) desk(who StaffID) bool {
	p := o.Staff[who]
	standing := p != nil && (p.Role == HeadOfService || p.Role == IGOfficer) && p.HasPowers() && p.Revoked.IsZero()
	return standing || o.everDeputy(who)
}

// everListed reports whether a person was ever put on the viewer list: what has
// ended is refused to them by its rule, and not as a family that they never saw.
func (f *Family) everListed(who StaffID) bool {
	return f.anyListing(func(l *Listing) bool { return l.Staff == who })
}

// MayReceive reports whether a person who receives a record may have an attachment
// of it. Of the organisation's record everybody has the names of staff and the adopted
// packs, by whose figures their devices work. The team has everything but other people's key envelopes; a head of
// service and an IG officer have the names of staff; the IG officer has sealed
// consent forms too; a viewer has the keys written for them, and the titles that
// those open. Recovery envelopes go to nobody, but for one that two officers asked for.
func MayReceive(o *Org, f *Family, who StaffID, kind Kind, name string, now Micros) bool {
	if f == nil {
		return name == "label" || name == PackFile
	}
	if own, ok := strings.CutPrefix(name, "key/"); ok {
		return own == who.String() && f.TeamAt(who, now) // and not of who left it and stays on as a viewer
	}
	if strings.HasPrefix(name, "recovery/") {
		return kind == "recovery.use" && f.mayRecover(who, name)
	}
	if f.TeamAt(who, now) {
		return true
	}
	p := o.Staff[who]
	if p == nil {
		return false
	}
	if kind == "clip.add" && f.anyListing(func(l *Listing) bool { return l.Staff == who && f.stands(o, l) }) {
		return name == "title" || name == HeaderFor(p.Recipient)
	}
	if kind == "consent.sign" {
		return p.Role == IGOfficer && (name == "form" || name == "shown")
	}
	return p.Role == IGOfficer && kind == "breakglass.open" && name == "reason"
}

// HeaderFor is the name of the attachment that holds a clip's key for a recipient:
// "header/" and the SHA-256 of the recipient's text.
func HeaderFor(recipient string) string {
	return "header/" + DigestOf([]byte(recipient)).String()
}

// OwnHeaders are the names under which a person outside the team has, or had before
// their key was replaced, their keys to this family's clips. Whoever joins chooses
// their own recipient: with the family's, the family's headers would be deleted as that
// person's.
func (f *Family) OwnHeaders(o *Org, who StaffID) (names []string) {
	for _, r := range o.Recipients(who) {
		if !f.OwnKey(r) {
			names = append(names, HeaderFor(r))
		}
	}
	return names
}

// MaySee reports whether a person who receives a record may read a statement of
// this class in it, or only that something stands there. Whoever covered until a date
// that has passed is not on the team, and may still be on the viewer list.
func MaySee(f *Family, who StaffID, class Class, now Micros) bool {
	return class == Control || f == nil || f.TeamAt(who, now)
}
