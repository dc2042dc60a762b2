package attune

import (
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Deputies says who decides about families while the head of service cannot, or may
// not: nobody approves their own request.
type Deputies struct{ d *desk }

// DeputyView is one appointment as this device knows it.
type DeputyView struct {
	policies.Deputy
	Name  string               `json:"name"`
	State policies.DeputyState `json:"state"`
}

// Appoint makes somebody of this service a deputy between two times; the zero time
// from means now. For a head of service.
func (ds *Deputies) Appoint(staff policies.StaffID, from, until time.Time, reason policies.DeputyReason) (policies.StatementID, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return policies.StatementID{}, err
	}
	now := ds.d.now()
	if from.IsZero() {
		from = now
	}
	b := policies.DeputyAppoint{Staff: staff, From: policies.At(from), Until: policies.At(until), Reason: reason}
	switch longest := policies.At(from.Add(policies.MaxDeputyLife)); {
	case !until.After(from) || !until.After(now):
		return policies.StatementID{}, problem(CodeInput, "Give a later last day.", "A deputy's time ends after it begins, and after today.")
	case b.Until > longest:
		return policies.StatementID{}, problem(CodeInput, "Give an earlier last day; who is still needed then is appointed again.",
			"Somebody is a deputy for %d days at most.", int(policies.MaxDeputyLife.Hours()/24))
	case ds.d.me.Staff == staff:
		return policies.StatementID{}, problem(CodeInput, "Appoint somebody else.", "Nobody appoints themselves.")
	case slices.ContainsFunc(org.Appointments(), func(d policies.Deputy) bool {
		return d.Staff == staff && d.State(policies.At(now)) == policies.DeputyNow && d.From <= b.From && d.Until >= b.Until
	}):
		return policies.StatementID{}, problem(CodeInput, "There is nothing to do.", "This person is a deputy for that time already.")
	}
	s, err := ds.d.outbox.file(draft{policies.RecordID(org.ID), "deputy.appoint", b, nil})
	return s.ID, err
}

// End ends every appointment of a person, at once when the service has it.
func (ds *Deputies) End(staff policies.StaffID) error {
	_, err := ds.d.outbox.file(draft{policies.RecordID(ds.d.me.Org), "deputy.end", policies.DeputyEnd{Staff: staff}, nil})
	return err
}

// List is every appointment, the oldest first.
func (ds *Deputies) List() ([]DeputyView, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	var out []DeputyView
	for _, d := range org.Appointments() {
		m, err := (&Staff{ds.d}).member(org, d.Staff)
		if err != nil {
			return nil, err
		}
		out = append(out, DeputyView{d, m.Name, d.State(policies.At(ds.d.now()))})
	}
	return out, nil
}
