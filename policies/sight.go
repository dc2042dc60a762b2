package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Sight says who may see a family's film, by role and purpose and until when, one
// sentence a line, as it is read to a carer. It names nobody: who works where is not a
// family's to be handed on paper, and one parent is not told of another's link.
//
// It follows from the record alone, so what is shown when a form is signed and what is
// true later can be laid side by side.
//
// Source: NICE NG26, concerns about filming (b): who might view the video and in which
// circumstances; Caldicott principle 8, no surprises.
func (f *Family) Sight(o *Org, p Pack, now Micros) []string {
	var lines []string
	if !f.anybodyAgrees(FilmAndUse, now) {
		lines = append(lines, "Nobody may watch now: no consent is in force.")
	} else {
		lines = append(lines, fmt.Sprintf("Your worker's team for your family, %s: they may watch while we work with you.", people(f.teamSize(o, now))))
	}
	for _, rule := range p.Scheme {
		// The team's own work is the first line; there only who was named beside the team.
		own := rule.Purpose == FilmAndUse || rule.Purpose == FilmReview
		if f.anybodyAgrees(rule.Purpose, now) && !(own && len(f.namedFor(rule.Purpose, now)) == 0) {
			lines = append(lines, f.sightFor(o, rule, own, now))
		}
	}
	return append(lines,
		"Whoever gets a link from us can watch that one recording, until the link ends.",
		fmt.Sprintf("The information officers, %s: they may read your forms, and never watch.", people(officers(o, now))),
		"Two of the three key holders together can open it, when nobody of the team can or a court orders it. We tell you, unless that is unsafe.",
		"In danger, or for a court, the police or a review of serious harm, one worker of the team may watch for some hours, whatever you said.",
		"A court can order us to show it. Somebody's safety can mean that others must see it.")
}

// sightFor is the line of one purpose: who was named for it, or whom the service's
// scheme has for it.
func (f *Family) sightFor(o *Org, rule PurposeRule, own bool, now Micros) string {
	head := "For " + strings.ReplaceAll(string(rule.Purpose), "_", " ")
	if own {
		head += ", also"
	}
	var named []string
	for _, a := range rule.Viewers {
		if !own && (a == ForTeam || a == ForCarer) { // they need no naming
			named = append(named, a.String())
		}
	}
	unnamed := len(named)
	for _, v := range f.namedFor(rule.Purpose, now) {
		p := o.Staff[v.Staff]
		if p == nil {
			continue
		}
		who := "a " + strings.ReplaceAll(string(p.Role), "_", " ")
		if p.Outside {
			who += " of another organisation"
		}
		named = append(named, who+", until "+v.Until.Time().Format("2 January 2006"))
	}
	if len(named) == unnamed {
		named = nil
		for _, a := range rule.Viewers {
			named = append(named, a.String())
		}
	}
	tail := "."
	for id := range f.People {
		if f.ConsentFor(id, FilmAndUse, now) && !f.ConsentFor(id, rule.Purpose, now) {
			tail = "; only film in which everybody agreed to this."
		}
	}
	return head + ": " + strings.Join(named, "; ") + tail
}

// namedFor lists whom forms in force name for a purpose, each once, until the last
// date that any form allows.
func (f *Family) namedFor(purpose Purpose, now Micros) (out []NamedViewer) {
	until := map[StaffID]Micros{}
	for id := range f.People {
		if !f.ConsentFor(id, purpose, now) {
			continue
		}
		whole, _ := f.CurrentConsent(id, now)
		form, _ := f.DecidingForm(id, purpose, now)
		for _, v := range form.Viewers {
			if v.Purpose == purpose && now < v.Until {
				until[v.Staff] = max(until[v.Staff], min(v.Until, form.Until, whole.Until))
			}
		}
	}
	for who, end := range until {
		out = append(out, NamedViewer{Staff: who, Purpose: purpose, Until: end})
	}
	slices.SortFunc(out, func(a, b NamedViewer) int {
		return cmp.Or(cmp.Compare(a.Until, b.Until), compareID(a.Staff, b.Staff))
	})
	return out
}

func (f *Family) anybodyAgrees(purpose Purpose, now Micros) bool {
	for id := range f.People {
		if f.ConsentFor(id, purpose, now) {
			return true
		}
	}
	return false
}

func (f *Family) teamSize(o *Org, now Micros) (n int) {
	for who := range f.Team {
		if p := o.Staff[who]; f.TeamAt(who, now) && p.Active(now) && p.HasPowers() {
			n++
		}
	}
	return n
}

func officers(o *Org, now Micros) (n int) {
	for _, p := range o.Staff {
		if p.Role == IGOfficer && p.Active(now) && p.HasPowers() {
			n++
		}
	}
	return n
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// LatestConsent is the form that was signed last, of either sort; nil where there is
// none.
func (f *Family) LatestConsent() (last *Consent) {
	for _, c := range f.Consents {
		if last == nil || last.before(c) {
			last = c
		}
	}
	return last
}
