package main

import (
	"fmt"
	"time"

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
		if m.State == attune.WaitingForWords || m.Replace {
			out = append(out, m)
		}
	}
	return out, err
}

func joinedText(m attune.Member) string {
	if m.Replace {
		return fmt.Sprintf("%s made a new key for a lost one. A registrar in another role than the one who asked for it rings them and hears the six words: attune confirm --help",
			oneLine(m.Name))
	}
	return fmt.Sprintf("%s joined as %s. Ring them on a number that you know and have them read six words to you: attune confirm --help",
		oneLine(m.Name), plain(string(m.Role)))
}

func newKeyText(m attune.Member) string {
	return fmt.Sprintf("%s has a new key. Ring them on a number that you know, ask for its six words, then: attune staff trust %s", oneLine(m.Name), m.ID.Short())
}

// dateOf writes a day; "" for the zero time.
func dateOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return date(policies.At(t))
}
