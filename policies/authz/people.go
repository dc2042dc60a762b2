package authz

import (
	"slices"

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
	case c.Sweeper:
		return types.Entity{UID: entity("Sweeper", "sweeper")}
	case c.Server:
		return types.Entity{UID: entity("Server", "server")}
	default:
		return q.staff(c.Staff, c.Device, q.deviceActive(c.Staff, c.Device))
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
	return q.staff(by.Staff, by.Device, active)
}

// staff is a person at a device as the records know them, and whether the device is in
// force; Nobody when they do not, and when they have a role that no rule could name: a
// forbid of a role must not miss it by a letter.
func (q *question) staff(who policies.StaffID, at policies.DeviceID, device bool) types.Entity {
	if q.org == nil || q.org.Staff[who] == nil || !slices.Contains(policies.Roles(), q.org.Staff[who].Role) {
		return types.Entity{UID: entity("Nobody", "nobody")}
	}
	p := q.org.Staff[who]
	f := q.family
	trained, supervised := q.trained(who)
	listed := q.Action == policies.ActPull && f != nil && f.Listed(q.org, who, q.Now)
	appointed := q.Action == policies.ActPull && q.org.Appointed(who, q.Now)
	is := bits(
		device && p.Active(q.Now), q.org.Empowered(who, at),
		f != nil && f.TeamAt(who, q.Now), f != nil && f.Worked(who), listed,
		p.Outside, q.org.Deputises(who, q.Now), appointed, trained, supervised, p.Active(q.Now) && q.late(at),
	)
	return types.Entity{UID: entity("Staff", who.String()), Attributes: q.known.record(outline{"Staff", p.Role, is}, ofStaff)}
}

// ofStaff are the facts of a person beside their role.
var ofStaff = []string{"active", "confirmed", "team", "worked", "listed", "outside", "deputy", "appointed", "trained", "supervised", "late"}

// late reports whether what is asked comes from a device that was revoked after it had
// been said, and is brought by that device itself: a visit, a clip, or the film of a clip
// that came so.
func (q *question) late(at policies.DeviceID) bool {
	if q.Statement != nil {
		return (q.Caller.Device.IsZero() || q.Caller.Device == at) && q.org.Late(*q.Statement, q.author, q.Now)
	}
	if q.Action != policies.ActUpload || q.family == nil || at.IsZero() {
		return false
	}
	c := q.family.Clips[q.Clip]
	return c != nil && c.Late == at
}

// trained looks at what is recorded of whoever makes film: as of the time when the
// clip was filmed, so that it may arrive late, and as of now when they ask to film.
func (q *question) trained(who policies.StaffID) (inTime, supervised bool) {
	when := q.Now
	if r, ok := bodyOf[policies.ApprovalRequest](q); ok && q.inOrg() { // for themselves
		return q.org.MayMakeFilm(who, r.Programme, when)
	}
	switch b, ok := bodyOf[policies.ClipAdd](q); {
	case q.family == nil:
		return true, true
	case ok:
		when = b.Captured.Until
	case q.Action != "approval.request":
		return true, true
	}
	return q.org.MayMakeFilm(who, q.family.Programme, when)
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

// device is what a person's own key signs about: a device, or the key that replaces it.
// Who brings it counts, since such a key outlives the device that it was stolen with.
func (q *question) device() (types.Entity, bool) {
	if q.org == nil {
		return types.Entity{}, false
	}
	who, under := q.author.Staff, q.Statement.Signer
	if d := q.org.Devices[q.author.Device]; d != nil {
		under = d.Under // a device signs none of this: the fold's to refuse
	}
	held := q.Caller.Staff == who && q.org.Holds(under, who, q.Caller.Device, q.Now)
	if b, ok := bodyOf[policies.DeviceCertify](q); ok {
		held = held || q.org.FirstDevice(under, b.Key)
	}
	return thing(entity("Device", "device"), types.RecordMap{"held": types.Boolean(held)}), true
}
