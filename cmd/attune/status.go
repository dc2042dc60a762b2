package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type statusCmd struct{}

// Help is what --help shows below the flags.
func (statusCmd) Help() string {
	return `Example: attune status

Until when visits can be made without a connection; what was not sent yet; what needs your attention, with what
to do; and of each film that is not at the service how far it is, what it waits for, and how often it was tried.`
}

// deviceStatus is what --json prints.
type deviceStatus struct {
	Server    string             `json:"server"`
	Service   string             `json:"service"`
	Waiting   []attune.Outcome   `json:"waiting"`
	Attention []attune.Outcome   `json:"attention"`
	Deferred  []attune.Outcome   `json:"deferred"`   // the service has it, and waits for what it rests on
	StopAsked []attune.StopAsked `json:"stop_asked"` // by carers, and still to be talked about
	Contact   string             `json:"contact"`    // RFC 3339, "" before the first contact

	Matters  []attune.MatterView    `json:"matters"`     // that wait, for this person and for others
	Objected []attune.ObjectionView `json:"objected"`    // film that is paused until two people agree
	Viewers  []attune.ViewerEntry   `json:"viewers"`     // that wait, for a countersign or for a practitioner's device
	Held     []attune.HeldUpload    `json:"held"`        // film that did not go to the service
	Uploads  []attune.QueuedUpload  `json:"uploads"`     // film that is not at the service, and what for it waits
	Ready    attune.Readiness       `json:"ready"`       // for visits without a connection
	Glass    []attune.GlassView     `json:"glass"`       // broken, and to be looked at by this IG officer, or for this person to watch
	Locks    []attune.Lock          `json:"locks"`       // families whose locks were changed, or have to be
	Training []attune.TrainingView  `json:"training"`    // of this person: over, ending, or without a supervisor
	Leaked   []attune.LeakedLink    `json:"leaked"`      // links that the service revoked: their secret was sent to it
	Asked    []requested            `json:"asked"`       // to film, and to be decided on by this head of service
	Joined   []attune.Member        `json:"joined"`      // whose words this registrar has still to hear
	Words    []string               `json:"words"`       // to be read to a registrar; empty once confirmed
	NewKeys  []attune.Member        `json:"new_keys"`    // whose key was replaced, and whose words nobody here has compared
	Ends     string                 `json:"ends"`        // day on which this person's certificate ends, when it is less than a month away
	Device   string                 `json:"device"`      // the same of this device
	Outdated *failure               `json:"outdated"`    // this program, or the service, has to be updated; null for neither
	Keys     string                 `json:"keys_gone"`   // day on which families' keys left this device, out of contact; "" while they are here
	Quiet    string                 `json:"quiet"`       // day of the last that any colleague did that has reached this device, when that is long ago
	Unsaid   int                    `json:"unconfirmed"` // devices that have not confirmed what they lost; for registrars, else 0
	Over     *failure               `json:"over"`        // this device was revoked, or its person; null for neither
	Gone     []attune.Forgotten     `json:"forgotten"`   // that the service lost when it was put back from a backup, and does not take again
	Overdue  bool                   `json:"overdue"`     // it was put back more than a week ago, and nobody says that it is whole again
	Evidence []string               `json:"evidence"`    // files that show where the server said what is not so

	AsOf   string `json:"as_of"`  // RFC 3339: another command is at work on this device, and this was so when it began; "" for now
	Deputy string `json:"deputy"` // last day on which this person decides in the head of service's place, "" for nobody's deputy

	contact       time.Time // zero before the first
	headOfService bool      // whose device this is, or a deputy's
	practitioner  bool
}

func (c *statusCmd) Run(g *global) error {
	if dir, err := g.controlled(); err == nil {
		if a, err := tell(dir, order{Do: "status", JSON: g.JSON}); err == nil {
			return g.printed(a)
		}
	}
	return g.each(func(at attune.Service, d *attune.Client) error {
		s, err := statusOf(d)
		if err != nil {
			return err
		}
		return g.print(of(at, s), "%s", s.text())
	})
}

// statusOf reads what this device holds; nothing of it needs a network.
func statusOf(d *attune.Client) (s deviceStatus, err error) {
	s = deviceStatus{Server: d.Server(), Words: wordsToRead(d)}
	for _, read := range []func() error{
		func() error { s.Waiting, err = d.Outbox.Waiting(); return err },
		func() error { s.Attention, err = d.Outbox.Attention(); return err },
		func() error { s.Deferred, err = d.Outbox.Deferred(); s.Deferred = list(s.Deferred); return err },
		func() error { s.contact, err = d.Mirror.Contact(); return err },
		func() error { s.StopAsked, err = d.Families.StopAsked(); return err },
		func() error { s.Matters, err = d.Decisions.Matters(); return err },
		func() error { s.Objected, err = d.Families.Objected(); return err },
		func() error { s.Viewers, err = d.Viewers.Waiting(); return err },
		func() error { s.Held, err = d.Uploader.Held(); return err },
		func() error { s.Uploads, err = d.Uploader.Queue(); s.Uploads = list(s.Uploads); return err },
		func() error { s.Ready, err = d.Ready(); return err },
		func() error { s.Glass, err = d.Glass.Waiting(); return err },
		func() error { s.Locks, err = d.Families.Locks(); return err },
		func() error { s.Training, err = myTraining(d); s.Training = list(s.Training); return err },
		func() error { s.Leaked, err = d.Families.Leaked(); return err },
		func() error { s.NewKeys, err = d.Staff.NewKeys(); return err },
		func() error { s.Outdated, err = outOfStep(d); return err },
		func() error { return s.readStanding(d) },
		func() error { s.Gone, err = d.Restored.Forgotten(); s.Gone = list(s.Gone); return err },
		func() error {
			st, err := d.Restored.Show()
			s.Overdue = st.Overdue
			return err
		},
		func() error { s.Evidence, err = d.Evidence(); s.Evidence = list(s.Evidence); return err },
	} {
		if err := read(); err != nil {
			return s, err
		}
	}
	s.Waiting, s.Attention, s.Held = list(s.Waiting), list(s.Attention), list(s.Held)
	if !s.contact.IsZero() {
		s.Contact = s.contact.UTC().Format("2006-01-02T15:04:05Z")
	}
	device, person := d.Devices.Ending()
	s.Device, s.Ends = dateOf(device), dateOf(person)
	if over := d.Devices.Over(); over != nil {
		s.Over = asFailure(over)
	}
	if org := d.Mirror.Org(); org != nil {
		s.Service = org.Service
		p := org.Staff[d.Keys.Staff()]
		for _, a := range org.Appointments() {
			if a.Staff == d.Keys.Staff() && a.State(policies.At(time.Now())) == policies.DeputyNow {
				s.Deputy = date(a.Until)
			}
		}
		s.practitioner = p != nil && p.Role == policies.Practitioner
		s.headOfService = p != nil && (p.Role == policies.HeadOfService || org.Deputises(p.ID, policies.At(time.Now())))
	}
	if s.headOfService {
		if s.Asked, err = requests(d); err != nil {
			return s, err
		}
	}
	s.Joined, err = joined(d)
	s.Asked, s.Joined = list(s.Asked), list(s.Joined)
	return s, err
}

// text is the status for a person: what to see to, in the order in which it came.
func (s deviceStatus) text() string {
	last := "never"
	if !s.contact.IsZero() {
		last = s.contact.Local().Format("Mon 2 Jan 15:04")
	}
	lines := []string{fmt.Sprintf("%s at %s, last contact %s.", s.Service, s.Server, last),
		fmt.Sprintf("Not sent yet: %d.%s", len(s.Waiting), mark(len(s.Waiting) > 0, " Send it when you are connected: attune sync"))}
	if n := len(s.Deferred); n > 0 {
		lines = append(lines, fmt.Sprintf("At the service, waiting for what it rests on: %d. Nothing to do; ask a colleague to sync whose work it needs.", n))
	}
	if at, err := time.Parse(time.RFC3339, s.AsOf); err == nil {
		lines = append([]string{fmt.Sprintf("As of %s: another command is at work on this device, and what it does shows once it has ended.", at.Local().Format("15:04"))}, lines...)
	}
	quiet := len(lines)
	attend := func(text string) { lines = append(lines, "Needs attention: "+text) }
	if s.practitioner {
		quiet++
		lines = append(lines, readyText(s.Ready))
	}
	if s.Deputy != "" {
		quiet++
		lines = append(lines, "You decide about families in the head of service's place until "+s.Deputy+": attune help deputy appoint")
	}
	if s.Outdated != nil {
		attend(s.Outdated.Message + " " + s.Outdated.Next)
	}
	if s.Keys != "" {
		attend("families' keys left this device on " + s.Keys + ", since it had not met the service for so long. Nothing is lost: attune sync brings them again.")
	}
	if s.Quiet != "" {
		attend("nothing that a colleague did has reached this device since " + s.Quiet + ". If one of them worked since then, the service may be holding it back: ask them, and tell your IG officer.")
	}
	if s.Unsaid > 0 {
		attend(count(s.Unsaid, "device has", "devices have") + " not confirmed what they were to lose: attune device list --unconfirmed")
	}
	if s.Over != nil {
		attend(s.Over.Message + " " + s.Over.Next)
	}
	if len(s.Words) > 0 {
		lines = append(lines, "Not confirmed yet. Read these words to your registrar: "+strings.Join(s.Words, " "))
	}
	if s.Ends != "" {
		attend("your certificate ends on " + s.Ends + ". Ask a registrar to renew it: attune staff renew")
	}
	if s.Device != "" {
		attend("this device's certificate ends on " + s.Device + ". It renews itself when you sync; if it does not, ask a registrar.")
	}
	if n := len(s.Evidence); n > 0 {
		attend(fmt.Sprintf("the service's server said what is not so, and nothing of it was used. Give your IG officer %s: attune service evidence FOLDER writes them",
			count(n, "file", "files")))
	}
	if s.Overdue {
		attend(overdueText)
	}
	for _, m := range s.NewKeys {
		attend(newKeyText(m))
	}
	mine, first := mattersText(s.Matters)
	if mine > 0 {
		lines = append(lines, fmt.Sprintf("%s for you. With what to do, and by when: attune decision list", count(mine, "matter waits", "matters wait")))
	}
	for _, text := range first {
		attend(text)
	}
	for _, a := range s.StopAsked {
		attend(stopText(a))
	}
	for _, o := range s.Objected {
		attend(objectionText(o) + mark(s.headOfService, " How: attune decision make --help"))
	}
	for _, r := range s.Asked {
		attend(r.text())
	}
	for _, m := range s.Joined {
		attend(joinedText(m))
	}
	toSee, toWait := viewersText(s.Viewers, s.headOfService)
	for _, text := range toSee {
		attend(text)
	}
	for _, text := range toWait {
		lines = append(lines, "Waiting: "+text)
	}
	for _, v := range s.Training {
		attend(endingText(v))
	}
	for _, v := range s.Glass {
		attend(glassText(v))
	}
	lines = append(lines, locksText(s.Locks, time.Now())...)
	for _, l := range s.Leaked {
		attend(leakedText(l))
	}
	for _, o := range s.Attention {
		attend(attentionText(o))
	}
	for _, text := range forgottenTexts(s.Gone) {
		attend(text)
	}
	for _, h := range s.Held {
		attend(heldText(h))
	}
	for _, u := range s.Uploads {
		lines = append(lines, "Film on its way: "+uploadText(u))
	}
	if len(lines) == quiet && len(s.Waiting) == 0 {
		lines = append(lines, "Nothing waits for you.")
	}
	return strings.Join(lines, "\n")
}

// readStanding reads how this device stands to the service.
func (s *deviceStatus) readStanding(d *attune.Client) error {
	gone, err := d.Keys.KeysGone()
	if err != nil {
		return err
	}
	heard, quiet, err := d.Mirror.Colleague()
	if s.Keys = dateOf(gone); quiet {
		s.Quiet = dateOf(heard)
	}
	org := d.Mirror.Org()
	if org == nil || err != nil || !slices.Contains(org.Desks(policies.At(time.Now())), d.Keys.Staff()) {
		return err
	}
	all, err := d.Devices.Unconfirmed()
	devices := map[policies.DeviceID]bool{}
	for _, u := range all {
		devices[u.Device] = true
	}
	s.Unsaid = len(devices)
	return err
}

// outOfStep tells that this program, or the service, has to be updated; nil for neither.
func outOfStep(d *attune.Client) (*failure, error) {
	told, err := d.Outdated()
	if told == nil || err != nil {
		return nil, err
	}
	return asFailure(told), nil
}

// wordsToRead is what a registrar has still to hear: whoever closed the window in
// which they joined must not need another invitation.
func wordsToRead(d *attune.Client) []string {
	if org := d.Mirror.Org(); org != nil && org.Empowered(d.Keys.Staff(), d.Keys.Device()) {
		return []string{}
	}
	return d.Keys.Words()
}
