package policies

import (
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
	g.approval(o, f, who, now, p)
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
	if !f.TeamAt(who, now) {
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

// approval picks the approval in force that lasts longest, of the family or of the
// practitioner. Where none covers now, it tells of the one that comes nearest: one that
// waits to be decided, then one that was stopped, then one whose time is not now.
func (g *Gate) approval(o *Org, f *Family, who StaffID, now Micros, p Pack) {
	why, nearest := Reason{"UPLOAD-APPROVAL", unasked(p)}, -1
	var best Micros
	for _, id := range f.ApprovalsFor(o, who) {
		reason, ok := f.ApprovalCovers(o, id, who, Span{now, now})
		until := f.ApprovalUntil(o, id)
		if ok && until > best {
			g.Approval, best = id, until
		}
		if near := slices.Index(nearness, f.FilmingState(o, id, now)); !ok && near >= nearest {
			why, nearest = reason, near
		}
	}
	if best == 0 {
		g.stop(why.Rule, why.Text)
	}
}

// nearness is a constant: the states of approvals that do not let film now, from the
// one with least to do about it to the one with most.
var nearness = []ApprovalState{Declined, ApprovalExpired, Granted, ApprovalRevoked, Requested}

// unasked says what nobody has asked for, by the approvals that the service uses.
func unasked(p Pack) string {
	switch p.ApprovalScope.Value {
	case ByPractitioner:
		return "You have no approval to film in this programme. Ask for one for yourself."
	case ByEither:
		return "Nobody has asked for approval to film this family, and you have none of your own."
	}
	return "Nobody has asked for approval to film this family."
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
