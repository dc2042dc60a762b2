package main

import (
	"fmt"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// requested is a request to film that waits for the head of service.
type requested struct {
	attune.ApprovalView
	Reference string `json:"reference"`
	Name      string `json:"name"` // of who asked
}

func (r requested) text() string {
	return fmt.Sprintf("%s asks to film family %s (%s, until %s). To agree: attune approval grant %s. To refuse: attune approval decline %s --help",
		oneLine(r.Name), r.Reference, plain(string(r.Programme)), date(r.Until), r.ID.Short(), r.ID.Short())
}

// requests are what a head of service has to decide on. What they asked for
// themselves is somebody else's to decide.
func requests(d *attune.Client) (out []requested, err error) {
	families, err := d.Families.List()
	if err != nil {
		return nil, err
	}
	for _, f := range families {
		for _, a := range f.Approvals {
			if a.State != policies.Requested || a.By == d.Keys.Staff() {
				continue
			}
			m, err := d.Staff.Show(a.By)
			if err != nil {
				return nil, err
			}
			out = append(out, requested{a, f.Reference, m.Name})
		}
	}
	return out, nil
}

// joined are those whose six words a registrar has still to hear.
func joined(d *attune.Client) (out []attune.Member, err error) {
	org := d.Mirror.Org()
	if org == nil {
		return nil, nil
	}
	me := org.Staff[d.Keys.Staff()]
	if !me.HasPowers() || me.Role != policies.HeadOfService && me.Role != policies.IGOfficer {
		return nil, nil
	}
	staff, err := d.Staff.List()
	for _, m := range staff {
		if m.State == attune.WaitingForWords {
			out = append(out, m)
		}
	}
	return out, err
}

func joinedText(m attune.Member) string {
	return fmt.Sprintf("%s joined as %s. Ring them on a number that you know and have them read six words to you: attune confirm --help",
		oneLine(m.Name), plain(string(m.Role)))
}
