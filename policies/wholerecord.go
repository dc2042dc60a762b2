package policies

import (
	"slices"
	"time"
)

// A whole record comes to its end after its film: forms, notes, titles, labels, keys and the
// statements themselves. What is left is their digests, by which the log and the chain of the
// record still verify, and the certificates of its film. It takes the end of the work, the
// last date of every class that the record has, an IG officer who looked at it and says so,
// and a month in which somebody can still hold it.
//
// Both statements stand in the organisation's record: the family's own has to end, and every
// device, also one that was away for a year, must see who let it go.
//
// Source: DESIGN §9; UK GDPR Art 5(1)(e); NHS Records Management Code: a stub of what was
// destroyed, and on whose word, is kept.

// RecordGrace is from an IG officer's word until a record may be destroyed. It is no figure of
// a pack: every device judges by it, also one that does not have the pack any more.
const RecordGrace = 30 * 24 * Hour

// RecordApprove is the body of record.approve: an IG officer looked at a family's record, and
// lets it go.
type RecordApprove struct {
	Family FamilyID `json:"family"`
	Closed string   `json:"closed"` // the day on which the case closed and the last contact was, of which the record knows nothing; may be ""
	Until  string   `json:"until"`  // the last day that it was kept, as its author saw it
}

// FamilyDispose is the body of family.dispose, by the server: nothing is left of a family's
// record but digests. It is the certificate of that, and the order for devices to let go.
type FamilyDispose struct {
	Family      FamilyID    `json:"family"`
	Authority   StatementID `json:"authority"` // record.approve
	Head        Digest      `json:"head"`      // of its record, at its end
	Count       int64       `json:"count"`     // statements in it
	Film        int         `json:"film"`      // clips that were destroyed before, each with a certificate
	Attachments int         `json:"attachments"`
	Due         Micros      `json:"due"`
	Pack        Digest      `json:"pack"`
	Backup      string      `json:"backup"` // the last day on which a backup may hold any of it
}

// RecordApproval is a record.approve as the organisation keeps it. Of several of one family the
// last counts.
type RecordApproval struct {
	ID     StatementID `json:"id"`
	Closed string      `json:"closed"`
	Until  string      `json:"until"`
	By     StaffID     `json:"by"`
	At     Micros      `json:"at"` // of acceptance
}

// Ended is a family's record that was destroyed.
type Ended struct {
	ID        StatementID `json:"id"` // family.dispose
	Authority StatementID `json:"authority"`
	Head      Digest      `json:"head"`
	Count     int64       `json:"count"`
	At        Micros      `json:"at"`
	Backup    string      `json:"backup"`
	Purged    []DeviceID  `json:"purged"` // devices that said that they let go of it, sorted
}

// Check implements [Body].
func (b RecordApprove) Check() error {
	var c checks
	named(&c, "the family", b.Family)
	if b.Closed != "" {
		c.day("the day on which the case closed", b.Closed)
	}
	c.day("the last day that it was kept", b.Until)
	return c.err
}

// Check implements [Body].
func (b FamilyDispose) Check() error {
	var c checks
	named(&c, "the family", b.Family)
	named(&c, "the authority", b.Authority)
	named(&c, "the head of its record", b.Head)
	named(&c, "the pack", b.Pack)
	c.that(b.Count > 0 && b.Film >= 0 && b.Attachments >= 0, "no record is of that size")
	c.instant("since when it was due", b.Due)
	c.day("the last day of a backup", b.Backup)
	return c.err
}

func approveRecord(o *Org, a act[RecordApprove]) (Changes, error) {
	b := a.Said
	if o.Ended[b.Family] != nil {
		return Changes{}, notPossible("this family's record was destroyed already")
	}
	if today := a.Now.plus(Skew + summerTime).day(); b.Until >= today || b.Closed > today {
		return Changes{}, notPossible("a record goes only after its time, and the day named is still to come")
	}
	put(&o.LetGo, b.Family, &RecordApproval{ID: a.ID, Closed: b.Closed, Until: b.Until, By: a.By.Staff, At: a.Now})
	return Changes{}, nil
}

func disposeFamily(o *Org, a act[FamilyDispose]) (Changes, error) {
	b, word := a.Said, o.LetGo[a.Said.Family]
	switch {
	case o.Ended[b.Family] != nil:
		return Changes{}, notPossible("this record has its certificate already")
	case word == nil || word.ID != b.Authority:
		return Changes{}, missing("the word of an information governance officer", b.Authority)
	case a.Now <= word.At+RecordGrace:
		return Changes{}, notPossible("a record goes a month after somebody let it go, and not before")
	}
	put(&o.Ended, b.Family, &Ended{ID: a.ID, Authority: b.Authority, Head: b.Head, Count: b.Count, At: a.Now, Backup: b.Backup, Purged: []DeviceID{}})
	return Changes{Ended: []FamilyID{b.Family}}, nil
}

// purgedRecord notes that a device let go of a record that was destroyed; false where the order
// is none of those.
func (o *Org) purgedRecord(by DeviceID, order StatementID) bool {
	for _, e := range o.Ended {
		if e.ID != order {
			continue
		}
		if at, found := slices.BinarySearchFunc(e.Purged, by, compareID); !found {
			e.Purged = slices.Insert(e.Purged, at, by)
		}
		return true
	}
	return false
}

// RecordFate says what becomes of a family's whole record, with every reason. Nothing is
// destroyed by it.
//
// What stands first decides: film that is still there; a hold, a request or a court; that the
// work goes on; the last date of every class that the record has; and then a person.
func (f *Family) RecordFate(t Terms) (x Fated) {
	x = Fated{Class: CaseRecord, State: FateWaiting}
	if n := f.undisposed(); n > 0 {
		x.say(WholeRule, "Its film is not all destroyed yet: "+count(n, "clip")+".")
		return x
	}
	if x.Reasons = f.keptWhole(t); len(x.Reasons) > 0 {
		x.State = FateHeld
		return x
	}
	if f.Closed == nil {
		x.say(WholeRule, "The work with the family goes on.")
		return x
	}
	word := t.Org.LetGo[f.ID]
	planned := f.plannedRecord(t, word)
	for _, text := range planned.Reasons {
		x.say(ScheduleRule, text)
	}
	switch planned.Standing {
	case StandDated:
		x.Until, x.Due = planned.Until, planned.Until.After(t.Where)
	case StandWaiting:
		x.say(WholeRule, "If the case has closed, say so when you let it go.")
		return x
	default:
		x.State = FateLook
		return x
	}
	if t.Now < x.Due {
		x.State, x.Date = FateKept, x.Due
		return x
	}
	return f.approvedRecord(t, word, x)
}

func (f *Family) approvedRecord(t Terms, word *RecordApproval, x Fated) Fated {
	switch {
	case word == nil:
		x.State = FateDue
		x.say(WholeRule, "Its time is over, and nobody has let it go.")
	case word.Until < x.Until.String():
		x.State = FateDue
		x.say(WholeRule, "Somebody let it go on "+word.At.day()+", when its time was over earlier; they have to look again.")
	case f.heldSince(t.Org, word.At):
		x.State = FateDue
		x.say(WholeRule, "It was held after somebody let it go on "+word.At.day()+"; they have to look again.")
	default:
		x.Ground, x.Authority = BySchedule, []StatementID{word.ID}
		if x.State, x.Date = FateGrace, word.At+RecordGrace+1; t.Now >= x.Date {
			x.State = FateGo
		}
		x.say(WholeRule, "Somebody looked at it on "+word.At.day()+", and let it go; it is kept for a month from then.")
	}
	return x
}

// FilmGone reports whether all film of the record has its certificate.
func (f *Family) FilmGone() bool { return f.undisposed() == 0 }

func (f *Family) undisposed() (n int) {
	for _, c := range f.Clips {
		if c.Disposed == nil {
			n++
		}
	}
	return n
}

// keptWhole lists what keeps anything at all of the record now.
func (f *Family) keptWhole(t Terms) (out []Reason) {
	for _, h := range sorted(f.Holds) {
		if f.HoldState(h.ID, t.Pack, t.Now) == HoldStands {
			out = append(out, Reason{HeldRule, "A hold of " + h.At.day() + " keeps it."})
		}
	}
	for _, r := range sorted(f.Requests) {
		if r.Closed == nil {
			out = append(out, Reason{HeldRule, "A request of " + r.ReceivedOn + " is open (" + plainWord(r.Kind) + ")."})
		}
	}
	if f.InCourt() {
		out = append(out, Reason{HeldRule, "The family is before a court."})
	}
	for _, h := range t.Org.ServiceHolds() {
		if h.Stands() {
			out = append(out, Reason{HeldRule, "Everything of the service is held since " + h.At.day() + " (" + plainWord(h.Kind) + ")."})
		}
	}
	return out
}

// HeldWhole reports whether anything keeps the record now.
func (f *Family) HeldWhole(t Terms) bool { return len(f.keptWhole(t)) > 0 }

// heldSince reports whether a hold, a request or a court came after a time: whoever let the
// record go before did not know of it, also where it is over by now.
func (f *Family) heldSince(o *Org, at Micros) bool {
	for _, h := range f.Holds {
		if h.At > at {
			return true
		}
	}
	for _, r := range f.Requests {
		if r.At > at {
			return true
		}
	}
	for _, c := range f.Cases {
		if c.Court && c.At > at {
			return true
		}
	}
	return slices.ContainsFunc(o.ServiceHolds(), func(h *ServiceHold) bool { return h.At > at })
}

// plannedRecord is the later of what is said of forms and of the case record, by the figures in
// force and by those before them that still bind.
func (f *Family) plannedRecord(t Terms, word *RecordApproval) Forecast {
	if t.Unknown {
		return Forecast{Class: CaseRecord, Standing: StandUndecided, Reasons: []string{unknownFigures}}
	}
	course := CourseOf(f, t.Now, t.Where)
	if word != nil {
		if d, err := ParseDay(word.Closed); err == nil {
			course.Events[OnCaseClosed], course.Events[OnLastContact] = d, d
		}
	}
	packs := []Pack{t.Pack}
	for _, old := range t.Older {
		packs = append(packs, old.Pack)
	}
	out := Forecast{Class: CaseRecord, Standing: StandDated}
	for _, p := range packs {
		for _, name := range []ClassName{Forms, CaseRecord} {
			class, ok := p.Class(name)
			if !ok {
				out.Standing = StandUndecided
				out.say("The service's figures say nothing of " + string(name) + "; it is kept")
				return out
			}
			next := Forecast{Class: name, Standing: StandDated}
			next.schedule(class, course)
			next.minimum(class, course)
			out.Reasons = append(out.Reasons, next.Reasons...)
			if next.Standing != StandDated && out.Standing == StandDated {
				out.Standing = next.Standing
			}
			if out.Until.Before(next.Until) {
				out.Until = next.Until
			}
		}
	}
	return out
}

// WholeRecordDue is the matter of a record whose time is over, and that nobody has let go.
const WholeRecordDue MatterKind = "retention.record"

func recordDue(f *Family, o *Org, p Pack, now Micros) []Matter {
	x := f.RecordFate(NewTerms(o, p, time.UTC, now))
	if x.State != FateDue {
		return nil
	}
	return []Matter{{
		Kind: WholeRecordDue, Of: f.ID.String(), Since: x.Due, Due: x.Due + 30*24*Hour, For: []Role{IGOfficer},
		Text: "The time of this family's whole record is over: forms, notes and keys. Its film is destroyed already.",
		Do:   "Look at it, and let it go, or hold it.",
	}}
}
