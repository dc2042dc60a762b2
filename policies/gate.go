package policies

import (
	"maps"
	"slices"
	"time"
)

// Reason is one thing that stands in the way: the id of the rule, and a plain
// sentence that says what to do.
type Reason struct {
	Rule string
	Text string
}

// Gate is the answer to "may I film now?", asked on the device before the camera
// opens. It is provisional: the server rules when the clip arrives.
type Gate struct {
	Open     bool
	Approval ApprovalID
	Consent  ConsentID // the form that the clip will name
	Reasons  []Reason
}

// FilmingGate says whether a practitioner may film these people now: certified
// and on the team, filming approved, everyone's consent in force, and contact
// with the server within the pack's limit. LastContact is when this device last
// heard from the server; zero means never.
//
// Source: NICE NG26, concerns about filming (a) and (b); DESIGN §5.
func FilmingGate(o *Org, f *Family, who StaffID, people []PersonID, now, lastContact Micros, p Pack) Gate {
	var g Gate
	g.staff(o, f, who, now)
	g.training(o, f, who, now)
	g.approval(f, now)
	g.consent(f, people, now)
	g.today(f, now)
	g.reviewed(f, people, now, p)
	g.contact(now, lastContact, p.OfflineDays)
	g.Open = len(g.Reasons) == 0
	return g
}

func (g *Gate) stop(rule, text string) { g.Reasons = append(g.Reasons, Reason{rule, text}) }

func (g *Gate) staff(o *Org, f *Family, who StaffID, now Micros) {
	p := o.Staff[who]
	hasDevice := false
	for _, d := range o.Devices {
		hasDevice = hasDevice || (d.Staff == who && d.Active(now))
	}
	if !p.Active(now) || !hasDevice {
		g.stop("ACTIVE-1", "Your certificate has ended or was revoked. Ask a registrar.")
	} else if !p.HasPowers() {
		g.stop("CONFIRM-1", "A registrar has not yet heard your six words.")
	}
	if !f.OnTeam(who) {
		g.stop("TEAM-1", "You are not on this family's team.")
	}
}

func (g *Gate) training(o *Org, f *Family, who StaffID, now Micros) {
	inTime, supervised := o.MayMakeFilm(who, f.Programme, now)
	if !inTime {
		g.stop("TRAINING-ENDED", "Your accreditation in this programme has ended. Ask a registrar to record the new one.")
	} else if !supervised {
		g.stop("TRAINING-SUPERVISED", "You are recorded as a trainee, and nobody supervises you now. Ask a registrar.")
	}
}

// approval picks the approval in force that lasts longest.
func (g *Gate) approval(f *Family, now Micros) {
	var best *Approval
	why := Reason{"UPLOAD-APPROVAL", "Nobody has asked for approval to film this family."}
	for _, id := range slices.SortedFunc(maps.Keys(f.Approvals), compareID) {
		a := f.Approvals[id]
		reason, ok := f.ApprovalCovers(id, Span{now, now})
		if !ok {
			why = reason
		} else if best == nil || a.Until > best.Until {
			best = a
		}
	}
	if best == nil {
		g.stop(why.Rule, why.Text)
		return
	}
	g.Approval = best.ID
}

// consent picks the form that covers everyone, or else the carer's.
func (g *Gate) consent(f *Family, people []PersonID, now Micros) {
	if len(people) == 0 {
		g.stop("UPLOAD-CONSENT", "Say who will be in the film.")
		return
	}
	if len(f.unconsented(people, []Purpose{FilmAndUse}, now)) > 0 {
		g.stop("UPLOAD-CONSENT", "Somebody who would be in the film has no consent in force that says yes to filming.")
		return
	}
	var forms []*Consent
	for _, p := range people {
		form, _ := f.CurrentConsent(p, now)
		if person := f.People[p]; person != nil && person.Role == Carer {
			forms = slices.Insert(forms, 0, form)
		} else {
			forms = append(forms, form)
		}
	}
	g.Consent = forms[0].ID
	for _, form := range forms {
		if !slices.ContainsFunc(people, func(p PersonID) bool { return !form.Covers(p) }) {
			g.Consent = form.ID
			return
		}
	}
}

func (g *Gate) today(f *Family, now Micros) {
	if f.RefusedToday(now) {
		g.stop("UPLOAD-TODAY", "Somebody said no to being filmed today.")
	}
}

// reviewed shuts the gate where a form that somebody else signed has outlived the age
// at which the young person is asked.
func (g *Gate) reviewed(f *Family, people []PersonID, now Micros, p Pack) {
	for _, who := range people {
		form, ok := f.CurrentConsent(who, now)
		if ok && !form.DecidedBy(who, who) && f.People[who].needsReview(p, now) {
			g.stop(ReviewRule, "Somebody in the film is old enough to be asked themselves. Record the review of who decides first.")
			return
		}
	}
}

func (g *Gate) contact(now, last Micros, limit Figure) {
	switch since := time.Duration(now-last) * time.Microsecond; {
	case last == 0 || since > limit.Days():
		g.stop(ContactRule, "This device has not met the service for too long. Connect once, then film.")
	case since < -Skew:
		g.stop(ContactRule, "This device's clock is behind its last contact. Set the clock.")
	}
}
