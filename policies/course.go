package policies

import (
	"maps"
	"slices"
	"time"
)

// CourseOf is what a family's record knows of its own course, taken all together: of
// days that differ from film to film the last, and a summary only once all film has one.
// What it does not know, such as a last contact or an adoption, whoever asks adds. A
// withdrawal that a later form answered does not count.
func CourseOf(f *Family, now Micros, where *time.Location) Course {
	return f.course(slices.Collect(maps.Values(f.Clips)), nil, now, where)
}

// ClipCourse is [CourseOf] for one clip and for those who are in it: what decides until
// when this clip is kept. Under a pack, it is held by whatever holds the clip.
func (f *Family) ClipCourse(o *Org, c *Clip, p Pack, now Micros, where *time.Location) Course {
	out := f.course([]*Clip{c}, c.People, now, where)
	held := len(f.HeldBy(o, c.ID, p, now))
	if f.InCourt() {
		held-- // a forecast says that of itself
	}
	out.Held = held > 0
	return out
}

// ClassOf is the retention class of a clip. What is placed on the case or health record
// lies there, and not here.
func (c *Clip) ClassOf() ClassName {
	if c.Kind == Film {
		return RawFilm
	}
	return WorkingClips
}

// Keeping says until when a clip is kept under a pack, and why: every reason, each with
// its source. It destroys nothing.
func (f *Family) Keeping(o *Org, id ClipID, p Pack, now Micros, where *time.Location) (Forecast, bool) {
	c := f.Clips[id]
	if c == nil {
		return Forecast{}, false
	}
	older, known := o.older(p, now)
	if !known {
		return Forecast{Class: c.ClassOf(), Standing: StandUndecided, Reasons: []string{unknownFigures}}, true
	}
	class, ok := p.Class(c.ClassOf())
	if !ok {
		return Forecast{Class: c.ClassOf(), Standing: StandUndecided, Reasons: []string{"The service's figures say nothing of this class; the IG lead decides. Until then it is kept."}}, true
	}
	course := f.ClipCourse(o, c, p, now, where)
	out := p.forecast(class, course)
	for _, old := range older {
		if was, ok := old.Pack.Class(class.Class); ok && old.binds(c) {
			out = out.careful(old.Pack.forecast(was, course))
		}
	}
	return out, true
}

// course is what the record knows of some clips, and of those in them; nil people are
// all of the family.
func (f *Family) course(clips []*Clip, people []PersonID, now Micros, where *time.Location) Course {
	c := Course{Events: map[Trigger]Day{}}
	later := func(t Trigger, d Day) {
		if c.Events[t].Before(d) {
			c.Events[t] = d
		}
	}
	summed := true
	for _, clip := range clips {
		later(OnFilmed, DayOf(clip.Captured.Until, where))
		if chosen := f.chosenFrom(clip); chosen != 0 {
			later(OnClipsChosen, DayOf(chosen, where))
		}
		filed := f.summarised(clip.ID)
		later(OnSummaryFiled, filed)
		summed = summed && !filed.IsZero()
	}
	if !summed {
		delete(c.Events, OnSummaryFiled)
	}
	if f.Closed != nil {
		if d, err := ParseDay(f.Closed.EndedOn); err == nil {
			later(OnInvolvementEnded, d)
		}
	}
	c.Stated = f.stated()
	if ended := f.courtEnded(); ended != 0 {
		later(OnProceedingsEnded, DayOf(ended, where))
	}
	for _, form := range f.Consents {
		if form.Says(Accreditation) {
			later(OnPermissionEnded, f.permittedUntil(form, DayOf(form.Until, where)))
		}
	}
	for id, p := range f.People {
		if people != nil && !slices.Contains(people, id) {
			continue
		}
		if born, err := LastOfMonth(p.Born); err == nil && (p.Role == Child || p.Role == Sibling) && c.Born.Before(born) {
			c.Born = born
		}
		if d := f.withdrewOn(id, now); c.Withdrawn.Before(d) {
			c.Withdrawn = d
		}
	}
	return c
}

// withdrewOn is the day on which somebody withdrew, and did not agree again; no day when
// they agree.
func (f *Family) withdrewOn(who PersonID, now Micros) (on Day) {
	if _, agreed := f.CurrentConsent(who, now); agreed {
		return on
	}
	for _, w := range f.Restrictions[personSubject(who)] {
		if d, err := ParseDay(f.Withdrawn[w]); err == nil && f.Suspended[w] == nil && on.Before(d) {
			on = d
		}
	}
	return on
}

// chosenFrom is when the last excerpt was made of the visit that a film shows; zero
// before there is one. Of an excerpt it is when that was made.
func (f *Family) chosenFrom(film *Clip) (last Micros) {
	for _, c := range f.Clips {
		if c.Chosen && (c.ID == film.ID || c.Kind != Film && sameVisit(c, film)) {
			last = max(last, c.Added)
		}
	}
	return last
}

// sameVisit: of one session, or, where one of the two names none, of one day.
func sameVisit(a, b *Clip) bool {
	if !a.Session.IsZero() && !b.Session.IsZero() {
		return a.Session == b.Session
	}
	return a.Captured.From.plus(summerTime).day() == b.Captured.From.plus(summerTime).day()
}

// stated are the cases that the record states. Court is one of them for as long as the
// flag stands: periods of a court count from its end.
func (f *Family) stated() (out []Case) {
	if c := f.Case(); c != nil {
		if is := statusCase[c.LegalStatus]; is != "" {
			out = append(out, is)
		}
	}
	if f.InCourt() || f.courtEnded() != 0 {
		out = append(out, IfInCourt)
	}
	return out
}

// statusCase is a constant. Whoever is accommodated or under an order is looked after:
// Children Act 1989 s 22(1).
var statusCase = map[LegalStatus]Case{
	"child_in_need": IfChildInNeed, "child_protection": IfProtection,
	"accommodated": IfLookedAfter, "interim_care_order": IfLookedAfter, "care_order": IfLookedAfter,
}

// courtEnded is when the court flag was taken away; zero while it stands, and where there
// never was one.
func (f *Family) courtEnded() (at Micros) {
	set := f.Restrictions[f.courtSubject()]
	if len(set) == 0 || f.InCourt() {
		return 0
	}
	for _, c := range f.Cases {
		if !c.Court && slices.ContainsFunc(set, func(s StatementID) bool { return slices.Contains(c.Knew, s) }) {
			at = max(at, c.At)
		}
	}
	return at
}

// permittedUntil is when the permission of a form to keep a copy for accreditation
// ends: on its date, or on the day of a withdrawal that stands.
func (f *Family) permittedUntil(form *Consent, end Day) Day {
	for _, p := range form.People {
		for _, s := range []Subject{personSubject(p.Person), purposeSubject(p.Person, Accreditation)} {
			for _, w := range f.Restrictions[s] {
				if d, err := ParseDay(f.Withdrawn[w]); err == nil && d.Before(end) && !f.settles(form, w, p.Person) {
					end = d
				}
			}
		}
	}
	return end
}
