package storage

import (
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// name says what pseudonyms stand for, as far as that is still known.
func (l *Log) name(v *rows.View, found []rows.LogRow) ([]LogRow, error) {
	o, err := l.d.org.read(v)
	if err != nil {
		return nil, err
	}
	n := naming{v, o, map[rows.Named]string{}}
	out := make([]LogRow, len(found))
	for i, r := range found {
		out[i] = LogRow{Index: r.N, Leaf: r.Leaf, Hash: r.Hash, Detail: r.Detail}
		if out[i].Who, err = n.of(r.Subject, n.who); err != nil {
			return nil, err
		}
		if out[i].Family, err = n.of(r.Family, n.reference); err != nil {
			return nil, err
		}
		if r.Object.ID != "" {
			out[i].Object = string(r.Object.Kind) + " " + r.Object.ID
		}
	}
	return out, nil
}

// naming reads each name once a page: most rows are about the same few.
type naming struct {
	v     *rows.View
	o     *policies.Org
	known map[rows.Named]string
}

func (n naming) of(named rows.Named, read func(rows.Named) (string, error)) (string, error) {
	if named.ID == "" {
		return "", nil
	}
	if name, ok := n.known[named]; ok {
		return name, nil
	}
	name, err := read(named)
	n.known[named] = name
	return name, err
}

func (n naming) reference(named rows.Named) (string, error) {
	id, err := policies.ParseID[policies.Family](named.ID)
	if err != nil {
		return "", err
	}
	return n.v.Label(policies.RecordID(id))
}

// who is "practitioner Sam Reed", from the invitation's label; the role and a
// short ID once the label was deleted. A carer is their link's ID.
func (n naming) who(named rows.Named) (string, error) {
	switch named.Kind {
	case rows.NamedStaff:
	case rows.NamedKey:
		return "the " + named.ID, nil // the server, or the root
	default:
		return strings.TrimSpace(string(named.Kind) + " " + named.ID), nil
	}
	id, err := policies.ParseID[policies.Staff](named.ID)
	if err != nil {
		return "", err
	}
	role := policies.Role("former staff")
	if s := n.o.Staff[id]; s != nil {
		role = s.Role
	}
	attached, err := n.v.Attachments(policies.StatementID(id))
	if err != nil {
		return "", err
	}
	name := id.Short()
	for _, a := range attached {
		if said := policies.LabelName(a.Body); a.Name == "label" && said != "" {
			name = said
		}
	}
	return string(role) + " " + name, nil
}
