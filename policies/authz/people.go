package authz

import (
	"github.com/attune-vf/attune/policies"
	"github.com/cedar-policy/cedar-go/types"
)

// principal is who asks, with their facts: the author of a statement, the caller
// of anything else.
func (q *question) principal() types.Entity {
	if q.Statement != nil {
		return q.authored()
	}
	switch c := q.Caller; {
	case !c.Link.IsZero():
		id := c.Link.String()
		return thing(entity("Carer", id), types.RecordMap{"link": entity("Link", id)})
	case c.Server:
		return types.Entity{UID: entity("Server", "server")}
	default:
		return q.staff(c.Staff, q.deviceActive(c.Staff, c.Device))
	}
}

func (q *question) authored() types.Entity {
	by, c := q.author, q.Caller
	switch by.Signer {
	case policies.SignRoot:
		return types.Entity{UID: entity("Root", "root")}
	case policies.SignServer:
		return types.Entity{UID: entity("Server", "server")}
	}
	active := by.Signer == policies.SignPerson || q.deviceActive(by.Staff, by.Device)
	if delivered := !c.Device.IsZero() && c.Device != by.Device; delivered {
		active = active && q.active(c.Staff) && q.deviceActive(c.Staff, c.Device)
	}
	return q.staff(by.Staff, active)
}

// staff is a person as the records know them; Nobody when they do not.
func (q *question) staff(who policies.StaffID, device bool) types.Entity {
	if q.org == nil || q.org.Staff[who] == nil {
		return types.Entity{UID: entity("Nobody", "nobody")}
	}
	p := q.org.Staff[who]
	f := q.family
	listed := q.Action == policies.ActPull && f != nil && f.Listed(q.org, who, q.Now)
	appointed := q.Action == policies.ActPull && q.org.Appointed(who, q.Now)
	return thing(entity("Staff", who.String()), types.RecordMap{
		"role":      entity("Role", string(p.Role)),
		"active":    types.Boolean(device && p.Active(q.Now)),
		"confirmed": types.Boolean(p.HasPowers()),
		"team":      types.Boolean(f != nil && f.OnTeam(who)),
		"listed":    types.Boolean(listed),
		"outside":   types.Boolean(p.Outside),
		"deputy":    types.Boolean(q.org.Deputises(who, q.Now)),
		"worked":    types.Boolean(f != nil && f.Worked(who)),
		"appointed": types.Boolean(appointed),
	})
}

func (q *question) active(who policies.StaffID) bool {
	return q.org != nil && q.org.Staff[who].Active(q.Now)
}

func (q *question) deviceActive(who policies.StaffID, device policies.DeviceID) bool {
	if q.org == nil {
		return false
	}
	d := q.org.Devices[device]
	return d.Active(q.Now) && d.Staff == who
}
