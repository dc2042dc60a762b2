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
	out := make([]LogRow, len(found))
	for i, r := range found {
		out[i] = LogRow{Index: r.N, Leaf: r.Leaf, Hash: r.Hash, Detail: r.Detail}
		if out[i].Who, err = who(v, o, r.Subject); err != nil {
			return nil, err
		}
		if r.Family.ID != "" {
			id, err := policies.ParseID[policies.Family](r.Family.ID)
			if err != nil {
				return nil, err
			}
			if out[i].Family, err = v.Label(policies.RecordID(id)); err != nil {
				return nil, err
			}
		}
		if r.Object.ID != "" {
			out[i].Object = r.Object.Kind + " " + r.Object.ID
		}
	}
	return out, nil
}

// who is "practitioner Sam Reed", from the invitation's label; the role and a
// short ID once the label was deleted. A carer is their link's ID.
func who(v *rows.View, o *policies.Org, n rows.Named) (string, error) {
	switch n.Kind {
	case "staff":
	case "key":
		return "the " + n.ID, nil // the server, or the root
	default:
		return strings.TrimSpace(n.Kind + " " + n.ID), nil
	}
	id, err := policies.ParseID[policies.Staff](n.ID)
	if err != nil {
		return "", err
	}
	role := policies.Role("former staff")
	if s := o.Staff[id]; s != nil {
		role = s.Role
	}
	attached, err := v.Attachments(policies.StatementID(id))
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
