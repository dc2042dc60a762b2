package soak

import (
	"fmt"
	"time"

	"github.com/attune-vf/attune/policies"
)

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

func logSession(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	_, err := d.client.Sessions.Log(f.id, "", 0, w.chance(90), "a note of "+f.reference)
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

func endWork(w *world, d *device) error {
	f, _ := w.familyOf(d)
	if f == nil {
		return errNothing
	}
	return d.client.Families.EndWork(f.id, d.now().Format(time.DateOnly))
}
