package main

import (
	"fmt"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// requested is a request to film that waits for a head of service or a deputy.
type requested struct {
	attune.ApprovalView
	Reference string `json:"reference"` // "" for a practitioner's own
}

func (r requested) text() string {
	what := "film family " + r.Reference
	if r.Own() {
		what = "film in every family of theirs"
	}
	return fmt.Sprintf("%s asks to %s (%s, until %s). To agree: attune approval grant %s. To refuse: attune approval decline %s --help",
		oneLine(r.Name), what, plain(string(r.Programme)), date(r.Until), r.ID.Short(), r.ID.Short())
}

// requests are what a head of service has to decide on. What they asked for
// themselves is somebody else's to decide.
func requests(d *attune.Client) (out []requested, err error) {
	waiting, err := d.Approvals.Waiting()
	if err != nil {
		return nil, err
	}
	reference, err := references(d)
	if err != nil {
		return nil, err
	}
	for _, v := range waiting {
		out = append(out, requested{v, reference[v.Family]})
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
