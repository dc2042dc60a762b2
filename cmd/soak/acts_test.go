package soak

import (
	"errors"
	"slices"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// act is one thing that people do. A device that may not, or does not know enough,
// is told so by the product, and that is all right.
type act struct {
	name   string
	weight int
	roles  []policies.Role // whose devices try it; nil for everybody's
	do     func(w *world, d *device) error
}

var (
	workers = []policies.Role{policies.Practitioner}
	heads   = []policies.Role{policies.HeadOfService}
	offices = []policies.Role{policies.HeadOfService, policies.IGOfficer}
	officer = []policies.Role{policies.IGOfficer}
	anybody []policies.Role
)

// errNothing: there was nothing to do it with.
var errNothing = errors.New("nothing to do it with")

// acts is a constant: what a step may be, and how often.
var acts = []act{
	{"sync", 420, anybody, func(w *world, d *device) error { return d.sync() }},
	{"open a family", 25, workers, openFamily},
	{"ask for filming", 30, workers, askForFilming},
	{"decide about filming", 90, heads, decideFilming},
	{"stop filming", 4, heads, stopFilming},
	{"sign consent", 60, workers, signConsent},
	{"withdraw consent", 10, workers, withdraw},
	{"log a session", 45, workers, logSession},
	{"add a clip", 60, workers, addClip},
	{"watch a clip", 30, anybody, watch},
	{"add to a team", 30, workers, addTeam},
	{"take off a team", 16, []policies.Role{policies.Practitioner, policies.HeadOfService}, removeTeam},
	{"cover", 6, heads, cover},
	{"put on the viewer list", 30, workers, addViewer},
	{"countersign", 15, heads, countersign},
	{"take off the viewer list", 8, []policies.Role{policies.Practitioner, policies.HeadOfService}, removeViewer},
	{"hold", 6, []policies.Role{policies.Practitioner, policies.IGOfficer}, hold},
	{"open a request", 4, []policies.Role{policies.Practitioner, policies.HeadOfService, policies.IGOfficer}, openRequest},
	{"appoint a deputy", 5, heads, appoint},
	{"end a deputy", 3, heads, endDeputy},
	{"decide", 12, heads, decide},
	{"confirm a withdrawal", 6, []policies.Role{policies.Practitioner, policies.HeadOfService}, confirm},
	{"end the work", 2, workers, endWork},
	{"make a link", 10, workers, makeLink},
	{"revoke a device", 1, offices, revokeDevice},
	{"revoke a person", 1, offices, revokePerson},
	{"put away what was refused", 8, anybody, dismiss},
	{"go out of reach", 40, anybody, func(w *world, d *device) error { d.offline = w.chance(30); return nil }},
	{"set a clock", 8, anybody, setClock},
	{"let time pass", 40, anybody, letTimePass},
	{"deliver what is late", 25, anybody, deliverLate},
	{"copy a device", 3, anybody, clone},
	{"upgrade", 4, anybody, upgrade},
	{"make a backup", 9, anybody, backUp},
	{"put the service back", 7, anybody, putBack},
	{"end the recovery", 2, officer, endRecovery},
}

// oneStep has somebody do something.
func (w *world) oneStep() {
	w.step++
	w.pass(time.Duration(1+w.r.IntN(600)) * time.Second)
	a := w.pick()
	d := w.deviceOf(a.roles)
	if d == nil {
		return
	}
	doing := func() {
		err := a.do(w, d)
		if d.dead {
			return
		}
		if errors.Is(err, errNothing) {
			return
		}
		w.judge(d, err)
		w.tell("%s: %s%s", d.name, a.name, outcome(err))
		w.remember(d)
		if err != nil {
			w.count.denied++
		}
	}
	if w.chance(4) {
		w.tell("%s dies while it is to %s", d.name, a.name)
		w.crash(d, doing)
		return
	}
	doing()
}

func outcome(err error) string {
	if err == nil {
		return ""
	}
	return ": " + string(attune.CodeOf(err))
}

func (w *world) pick() act {
	total := 0
	for _, a := range acts {
		total += a.weight
	}
	n := w.r.IntN(total)
	for _, a := range acts {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	panic("unreachable")
}

func (w *world) deviceOf(roles []policies.Role) *device {
	var able []*device
	for _, d := range w.devices {
		if roles == nil || slices.Contains(roles, d.person.role) {
			able = append(able, d)
		}
	}
	return one(w, able)
}

// one of a list; the zero value of an empty one.
func one[E any](w *world, list []E) (e E) {
	if len(list) == 0 {
		return e
	}
	return list[w.r.IntN(len(list))]
}

// familyOf is a family that a device has in its mirror, in the driver's order.
func (w *world) familyOf(d *device) (*family, *policies.Family) {
	var known []*family
	for _, f := range w.families {
		if _, ok := d.client.Mirror.Family(f.id); ok {
			known = append(known, f)
		}
	}
	f := one(w, known)
	if f == nil {
		return nil, nil
	}
	state, _ := d.client.Mirror.Family(f.id)
	return f, state
}

func (w *world) colleague(roles ...policies.Role) policies.StaffID {
	var able []*person
	for _, p := range w.people {
		if slices.Contains(roles, p.role) {
			able = append(able, p)
		}
	}
	if p := one(w, able); p != nil {
		return p.staff
	}
	return policies.StaffID{}
}

func nothing(n int) error {
	if n == 0 {
		return errNothing
	}
	return nil
}

func sortBy[E any](list []E, key func(E) string) {
	slices.SortFunc(list, func(a, b E) int {
		switch x, y := key(a), key(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}
