package soak

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// fact is one accepted statement, read from the server's table with no help from the
// product: base64 and JSON.
type fact struct {
	id, record, head string
	kind, signer     string
	position, leaf   int64
	control          bool
	n                int64
	raw              string
	deps             []string
	body             struct {
		Staff, Device, Key, Of string
		Continues              string // of a device's certificate: whose copy it is
		Role                   string
		Outside                bool
		Until, From            int64
		Person                 string
		Purposes               []json.RawMessage
		People                 []json.RawMessage
		Clip                   string
	}
}

// facts is all that was accepted, in the order of acceptance.
type facts []fact

// accepted reads them, of one record or of all.
func (s *service) accepted(record string) (all facts, err error) {
	db, err := read(s.database())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), `SELECT id, record, position, class, kind, raw, head, log_index FROM statements
		WHERE $1 = '' OR record = $1 ORDER BY log_index`, record)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f fact
		var class int
		var raw []byte
		if err := rows.Scan(&f.id, &f.record, &f.position, &class, &f.kind, &raw, &f.head, &f.leaf); err != nil {
			return nil, err
		}
		f.control, f.raw = class == int(policies.Control), string(raw)
		if err := f.decode(); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// decode reads what was signed.
func (f *fact) decode() error {
	parts := strings.Split(f.raw, ".")
	var header struct{ Kid string }
	var payload struct {
		Deps []string
		N    int64
		Body json.RawMessage
	}
	for i, into := range []any{&header, &payload} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, into); err != nil {
			return err
		}
	}
	f.signer, f.deps, f.n = header.Kid, payload.Deps, payload.N
	_ = json.Unmarshal(payload.Body, &f.body) // a body with other words has nothing that is asked for here
	return nil
}

func (f fact) knows(all []string) bool {
	for _, id := range all {
		if !slices.Contains(f.deps, id) {
			return false
		}
	}
	return true
}

// crowd is who may see what, by plain loops over the facts.
type crowd struct {
	of      map[string]string // who a device belongs to
	role    map[string]string
	outside map[string]bool
	gone    map[string]bool // people and devices that were revoked
	desks   map[string]bool
}

func (all facts) crowd(org string, now int64) crowd {
	c := crowd{map[string]string{}, map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	deputies := map[string][]fact{}
	for _, f := range all {
		if f.record != org {
			continue
		}
		switch f.kind {
		case "staff.invite":
			c.role[f.id], c.outside[f.id] = f.body.Role, f.body.Outside
		case "device.certify":
			c.of[f.id] = f.body.Staff
		case "staff.revoke":
			c.gone[f.body.Staff] = true
		case "device.revoke":
			c.gone[f.body.Device] = true
		case "deputy.appoint":
			deputies[f.body.Staff] = append(deputies[f.body.Staff], f)
		case "deputy.end":
			delete(deputies, f.body.Staff)
		}
	}
	for who, role := range c.role {
		c.desks[who] = role == string(policies.HeadOfService) || role == string(policies.IGOfficer)
	}
	for who, list := range deputies {
		if slices.ContainsFunc(list, func(f fact) bool { return now < f.body.Until }) {
			c.desks[who] = true
		}
	}
	return c
}

// seat is how somebody stands to a family.
type seat struct{ team, receives bool }

// seats is who receives a family's record, by staff id.
func (all facts) seats(family string, c crowd, now int64) func(who string) seat {
	removed, unlisted := map[string][]string{}, map[string][]string{}
	signed := map[string]bool{}
	for _, f := range all {
		if f.record != family {
			continue
		}
		switch f.kind {
		case "team.remove":
			removed[f.body.Staff] = append(removed[f.body.Staff], f.id)
		case "viewer.remove":
			unlisted[f.body.Staff] = append(unlisted[f.body.Staff], f.id)
		case "countersign":
			signed[f.body.Of] = true
		}
	}
	return func(who string) seat {
		var s seat
		for _, f := range all {
			if f.record != family {
				continue
			}
			switch {
			case f.kind == "family.open" && c.of[f.signer] == who && f.knows(removed[who]),
				f.kind == "team.add" && f.body.Staff == who && f.knows(removed[who]),
				f.kind == "cover.authorise" && f.body.Staff == who && now < f.body.Until && f.knows(removed[who]):
				s.team, s.receives = true, true
			case f.kind == "viewer.add" && f.body.Staff == who && now < f.body.Until && f.knows(unlisted[who]) && (!c.outside[who] || signed[f.id]):
				s.receives = true
			}
		}
		if c.gone[who] {
			return seat{}
		}
		s.receives = s.receives || c.desks[who]
		return s
	}
}

// stopped is the people of a family whose film nobody may use: somebody withdrew for
// them as a whole, and no form was signed by who knew of all of it.
func (all facts) stopped(family string) map[string]bool {
	withdrawn := map[string][]string{}
	for _, f := range all {
		if f.record == family && (f.kind == "consent.withdraw" || f.kind == "consent.suspend") && len(f.body.Purposes) == 0 {
			for _, p := range f.people() {
				withdrawn[p] = append(withdrawn[p], f.id)
			}
		}
	}
	out := map[string]bool{}
	for p, by := range withdrawn {
		out[p] = true
		for _, f := range all {
			if f.record == family && f.kind == "consent.sign" && slices.Contains(f.people(), p) && f.knows(by) {
				delete(out, p)
			}
		}
	}
	return out
}

// people are those in the body: ids, or forms' rows with one.
func (f fact) people() (out []string) {
	for _, raw := range f.body.People {
		var id string
		if json.Unmarshal(raw, &id) != nil {
			var row struct{ Person string }
			if json.Unmarshal(raw, &row) != nil {
				continue
			}
			id = row.Person
		}
		out = append(out, id)
	}
	return out
}

// lawful holds a viewing that the server has just allowed against who has withdrawn.
func (w *world) lawful(d *device, family policies.FamilyID, clip policies.ClipID) {
	all, err := w.service.accepted(family.String())
	w.ok(err)
	stopped := all.stopped(family.String())
	for _, f := range all {
		if f.id != clip.String() {
			continue
		}
		for _, p := range f.people() {
			if stopped[p] {
				w.wrong("%s watched clip %s of a person who has withdrawn", d.name, clip.Short())
			}
		}
	}
}
