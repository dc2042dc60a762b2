package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

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
