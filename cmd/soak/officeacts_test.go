package soak

import (
	"errors"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

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
