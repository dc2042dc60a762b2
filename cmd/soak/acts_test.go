package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// mostFamilies keeps a run's records long rather than many.
const mostFamilies = 16

func openFamily(w *world, d *device) error {
	if len(w.families) >= mostFamilies {
		return errNothing
	}
	f := &family{reference: fmt.Sprintf("NF-%04d", len(w.families)+1)}
	var err error
	if f.id, err = d.client.Families.Open(f.reference, policies.VIG); err != nil {
		return err
	}
	w.families = append(w.families, f)
	f.mum, err = d.client.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.LinkSafe, "Mum of "+f.reference)
	if err != nil {
		return err
	}
	f.child, err = d.client.Families.AddPerson(f.id, policies.Child, policies.ParentalResponsibility, "2024-03", policies.NoLink, "Child of "+f.reference)
	if err == nil && w.chance(80) {
		_, err = d.client.Approvals.Request(f.id, 0)
	}
	return err
}

func askForFilming(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	_, err := d.client.Approvals.Request(f.id, 0)
	return err
}

func decideFilming(w *world, d *device) error {
	waiting, err := d.client.Approvals.Waiting()
	if err != nil || len(waiting) == 0 {
		return errors.Join(err, nothing(len(waiting)))
	}
	sortBy(waiting, func(a attune.ApprovalView) string { return a.ID.String() })
	a := one(w, waiting)
	if w.chance(12) {
		return d.client.Approvals.Decline(a.ID, policies.NotNow)
	}
	for _, a := range waiting {
		err = errors.Join(err, d.client.Approvals.Grant(a.ID))
	}
	return err
}

func stopFilming(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	return d.client.Approvals.StopFamily(f.id, policies.Safeguarding)
}

func signConsent(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	form := filepath.Join(d.home(), "form.jpg")
	if err := os.WriteFile(form, fmt.Appendf(nil, "a photographed form of %s, step %d", f.reference, w.step), 0o600); err != nil {
		return err
	}
	defer os.Remove(form)
	in := attune.SignConsent{
		Family: f.id, Form: form,
		People: []policies.Covered{
			{Person: f.mum, By: f.mum, Basis: policies.Own},
			{Person: f.child, By: f.mum, Basis: policies.ParentalResponsibility},
		},
		Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true, policies.FamilyCopy: w.chance(80), policies.Supervision: true, policies.Research: false},
	}
	until := policies.At(d.now().AddDate(0, 0, 1+w.r.IntN(60)))
	for _, p := range w.people {
		if p.role == policies.Supervisor || p.role == policies.Practitioner && w.chance(10) {
			in.Viewers = append(in.Viewers, policies.NamedViewer{Staff: p.staff, Purpose: policies.Supervision, Until: until})
		}
	}
	_, err := d.client.Consents.Sign(in)
	return err
}

func withdraw(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	who := [][]policies.PersonID{{f.mum}, {f.child}, {f.mum, f.child}}[w.r.IntN(3)]
	if w.chance(25) {
		return d.client.Consents.Withdraw(f.id, who, policies.InPerson, policies.FamilyCopy)
	}
	return d.client.Consents.Withdraw(f.id, who, policies.InPerson)
}

func logSession(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	_, err := d.client.Sessions.Log(f.id, "", 0, w.chance(90), "a note of "+f.reference)
	return err
}

func addClip(w *world, d *device) error {
	f, state := w.familyOf(d)
	if f == nil || !state.OnTeam(d.person.staff) {
		return errNothing
	}
	people := []policies.PersonID{f.mum, f.child}
	if w.chance(20) {
		people = people[:1]
	}
	in := attune.AddClip{Family: f.id, File: recording("plain.webm"), Kind: policies.Excerpt, Chosen: w.chance(60), Title: "Tea at " + f.reference, People: people}
	if w.chance(70) {
		in.File, in.Kind = recording("still.png"), policies.Still
	}
	_, err := d.client.Clips.Add(context.Background(), in)
	return err
}

// recording is a film of the product's tests.
func recording(name string) string {
	return filepath.Join("..", "..", "client-sdk", "film", "testdata", name)
}

// watch opens film. What the server hands out is held against who has withdrawn.
func watch(w *world, d *device) error {
	_, state := w.familyOf(d)
	if state == nil || len(state.Clips) == 0 {
		return errNothing
	}
	var clips []policies.ClipID
	for id := range state.Clips {
		clips = append(clips, id)
	}
	sortBy(clips, policies.ClipID.String)
	clip, purpose := one(w, clips), policies.FilmAndUse
	if d.person.role == policies.Supervisor {
		purpose = policies.Supervision
	}
	p, err := d.client.Clips.Open(context.Background(), clip, purpose)
	if err != nil {
		return err
	}
	defer p.Close()
	if _, err = io.Copy(io.Discard, p.Reader()); err == nil && !p.Offline && !d.dead {
		w.lawful(d, state.ID, clip)
	}
	return err
}

func addTeam(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	return d.client.Families.AddTeam(f.id, w.colleague(policies.Practitioner))
}

func removeTeam(w *world, d *device) error {
	f, state := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	var team []policies.StaffID
	for who := range state.Team {
		team = append(team, who)
	}
	sortBy(team, policies.StaffID.String)
	return d.client.Families.RemoveTeam(f.id, one(w, team))
}

func cover(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	return d.client.Families.Cover(f.id, w.colleague(policies.Practitioner), d.now().Add(time.Duration(1+w.r.IntN(200))*time.Hour))
}

func addViewer(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	who := w.colleague(policies.Supervisor)
	if w.chance(20) {
		who = w.colleague(policies.Practitioner)
	}
	_, err := d.client.Viewers.Add(f.id, who, policies.Supervision, d.now().Add(time.Duration(1+w.r.IntN(300))*time.Hour))
	return err
}

func countersign(w *world, d *device) error {
	waiting, err := d.client.Viewers.Waiting()
	if err != nil {
		return err
	}
	for _, e := range waiting {
		if e.State == policies.ListingWaits {
			return d.client.Viewers.Countersign(e.Family, e.ID)
		}
	}
	return errNothing
}

func removeViewer(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	return d.client.Viewers.Remove(f.id, w.colleague(policies.Supervisor, policies.Practitioner))
}

func hold(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	var err error
	if d.person.role == policies.IGOfficer {
		_, err = d.client.Holds.Place(f.id, attune.HoldScope{}, attune.HoldTerms{Kind: one(w, policies.HoldKinds())})
	} else {
		_, err = d.client.Holds.Ask(f.id, attune.HoldScope{}, one(w, policies.HoldReasons()))
	}
	return err
}

func openRequest(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	_, err := d.client.Requests.Open(f.id, one(w, policies.RequestKinds()), []policies.PersonID{f.mum}, "")
	return err
}

func appoint(w *world, d *device) error {
	_, err := d.client.Deputies.Appoint(w.colleague(policies.Practitioner, policies.Supervisor), time.Time{},
		d.now().Add(time.Duration(1+w.r.IntN(200))*time.Hour), policies.OnLeave)
	return err
}

func endDeputy(w *world, d *device) error {
	list, err := d.client.Deputies.List()
	if err != nil || len(list) == 0 {
		return errors.Join(err, nothing(len(list)))
	}
	return d.client.Deputies.End(one(w, list).Staff)
}

func decide(w *world, d *device) error {
	matters, err := d.client.Decisions.Matters()
	if err != nil || len(matters) == 0 {
		return errors.Join(err, nothing(len(matters)))
	}
	sortBy(matters, func(m attune.MatterView) string { return m.Family.String() + m.Of + string(m.Kind) })
	m := one(w, matters)
	of, err := policies.ParseID[policies.Statement](m.Of)
	if err != nil || m.Family.IsZero() {
		return errNothing
	}
	outcome := one(w, []policies.Outcome{policies.Take, policies.Destroy, policies.Keep})
	return d.client.Decisions.Make(m.Family, of, outcome, one(w, policies.GroundsFor(outcome)))
}

func confirm(w *world, d *device) error {
	f, state := w.familyOf(d)
	if f == nil || len(state.Stops) == 0 {
		return errNothing
	}
	var stops []policies.StatementID
	for id := range state.Stops {
		stops = append(stops, id)
	}
	sortBy(stops, policies.StatementID.String)
	return d.client.Decisions.Confirm(f.id, one(w, stops), one(w, policies.Identities()))
}

func endWork(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	return d.client.Families.EndWork(f.id, d.now().Format(time.DateOnly))
}

func makeLink(w *world, d *device) error {
	f, state := w.familyOf(d)
	if f == nil || len(state.Clips) == 0 {
		return errNothing
	}
	var clips []policies.ClipID
	for id := range state.Clips {
		clips = append(clips, id)
	}
	sortBy(clips, policies.ClipID.String)
	_, err := d.client.Links.Create(one(w, clips), f.mum, attune.LinkTerms{Days: 7, Opens: 3})
	return err
}

// mostRevoked leaves somebody to work.
func mostRevoked(w *world) int { return len(w.devices) / 12 }

func revokeDevice(w *world, d *device) error {
	other := one(w, w.devices)
	if w.gone() >= mostRevoked(w) || other.person == d.person || other.person == w.people[0] {
		return errNothing
	}
	err := d.client.Devices.Revoke(other.id)
	for _, x := range w.devices { // a copy that has not gone on as another device is this one
		x.revoked = x.revoked || err == nil && x.id == other.id
	}
	return err
}

func revokePerson(w *world, d *device) error {
	other := one(w, w.people)
	if w.gone()+2 > mostRevoked(w) || other == d.person || other == w.people[0] {
		return errNothing
	}
	err := d.client.Staff.Revoke(other.staff)
	for _, x := range w.devices {
		x.revoked = x.revoked || err == nil && x.person == other
	}
	return err
}

func (w *world) gone() (n int) {
	for _, d := range w.devices {
		if d.revoked {
			n++
		}
	}
	return n
}

// dismiss puts away what a person was told about. It need not be kept any more.
func dismiss(w *world, d *device) error {
	list, err := d.client.Outbox.Attention()
	if err != nil || len(list) == 0 {
		return errors.Join(err, nothing(len(list)))
	}
	o := one(w, list)
	delete(w.made, o.ID)
	return d.client.Outbox.Dismiss(o.ID)
}

func setClock(w *world, d *device) error {
	d.skew = 0
	if w.chance(60) {
		d.skew = time.Duration(w.r.IntN(172_800)-86_400) * time.Second // a day early or late
	}
	if w.chance(5) {
		d.skew = -365 * 24 * time.Hour
	}
	return nil
}

func letTimePass(w *world, _ *device) error {
	w.pass(time.Duration(1+w.r.IntN(30)) * time.Hour)
	return nil
}

func deliverLate(w *world, _ *device) error {
	if len(w.late) == 0 {
		return errNothing
	}
	w.deliver(w.r.IntN(len(w.late)))
	return nil
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
