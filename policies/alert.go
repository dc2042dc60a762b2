package policies

import (
	"fmt"
	"slices"
	"time"
)

// An alert is what an information governance officer would want to be told of without
// asking: a pattern in the access log that may be an accident, an attack, or nothing. It
// accuses nobody and stops nothing; what stops things is a rule.

// AlertKind names the rule by which events are an alert.
type AlertKind string

// The rules of alerts.
const (
	AlertHours     AlertKind = "out_of_hours"    // somebody watches film at night, or at a weekend
	AlertBulk      AlertKind = "bulk_viewing"    // somebody opens far more film than a visit needs
	AlertDenials   AlertKind = "denied_streak"   // somebody is refused again and again
	AlertPIN       AlertKind = "pin_locked"      // the PIN of a link was tried until it locked
	AlertGlass     AlertKind = "break_glass"     // film is opened against somebody's will
	AlertRecovery  AlertKind = "recovery"        // two keepers opened a family's key
	AlertRestored  AlertKind = "restored"        // the service was put back from a backup
	AlertStrangers AlertKind = "strangers_flood" // strangers knock far more often than usual
)

// AlertTerms are the figures that alerts go by.
type AlertTerms struct {
	FromHour, ToHour int // a working day, on the clock of Where; Saturday and Sunday are none
	NightViews       int // films that one person opens outside it, in one day
	BulkClips        int // different films that one person opens within an hour
	Denials          int // refusals of one person or link within an hour
	PINTries         int // wrong PINs of one link within a day: the number that locks it
	FloodMinutes     int // minutes of one hour in which strangers were refused

	Where *time.Location
}

// DefaultAlertTerms are figures to begin from. Nothing published sets them: they are ours,
// from what one practitioner does on a busy day, and your IG lead must confirm them. The
// number of wrong PINs follows from the adopted pack.
func DefaultAlertTerms(p Pack, where *time.Location) AlertTerms {
	return AlertTerms{FromHour: 7, ToHour: 20, NightViews: 3, BulkClips: 20, Denials: 10, PINTries: max(1, 2*p.PINTries.Value), FloodMinutes: 30, Where: where}
}

// Happened is what an alert needs of one event of the log. Who and Object are whatever
// names one person and one thing for good: pseudonyms do.
type Happened struct {
	Index           int64
	At              Micros
	Action, Outcome string
	Who, Object     string
	Rules           []string
}

// Alert is one pattern that was found. It names nobody: who reads it looks the events up,
// which is an event itself.
type Alert struct {
	Kind        AlertKind `json:"kind"`
	First, Last int64     `json:"-"` // events, by index: the first that belongs to it, and the one that made it an alert
	At          Micros    `json:"at"`
	Count       int       `json:"count"`
	Text        string    `json:"text"` // one sentence
}

// ID is the same whenever the same events are read again.
func (a Alert) ID() string { return fmt.Sprintf("%s-%d", a.Kind, a.First) }

// Outcomes of events, as the log writes them.
const (
	happenedAllowed = "allowed"
	happenedDenied  = "denied"
	happenedDone    = "done"
)

// Actions that the log knows and the rules do not.
const (
	strangersRefused = "strangers.refused"
	denialsCounted   = "denials.counted"
)

// alertRule counts events that belong together, and is an alert at a number within a span.
type alertRule struct {
	kind     AlertKind
	within   Micros
	enough   int
	counts   func(Happened) (group string, ok bool)
	distinct bool // of different objects
	text     string
}

// Alerts finds the alerts in events, which are in order of the log. It is pure: the same
// events give the same alerts, and events before the first of them are not needed but for
// patterns that had begun by then.
func Alerts(events []Happened, t AlertTerms) (out []Alert) {
	for _, r := range t.rules() {
		out = append(out, r.find(events)...)
	}
	slices.SortStableFunc(out, func(a, b Alert) int { return int(a.Last - b.Last) })
	return out
}

func (t AlertTerms) rules() []alertRule {
	const hour, day = Micros(time.Hour / time.Microsecond), Micros(24 * time.Hour / time.Microsecond)
	is := func(action, outcome string) func(Happened) (string, bool) {
		return func(h Happened) (string, bool) { return h.Object, h.Action == action && h.Outcome == outcome }
	}
	return []alertRule{
		{AlertHours, day, t.NightViews, t.atNight, true, "One person opened %d films outside working hours."},
		{AlertBulk, hour, t.BulkClips, opened, true, "One person opened %d different films within an hour."},
		{AlertDenials, hour, t.Denials, func(h Happened) (string, bool) {
			return h.Who, h.Outcome == happenedDenied && h.Action != denialsCounted && h.Who != ""
		}, false, "One person or link was refused %d times within an hour."},
		{AlertDenials, hour, 1, func(h Happened) (string, bool) { return h.Who, h.Action == denialsCounted }, false, "One person or link was refused more often in a minute than a person can ask (%d)."},
		{AlertPIN, day, t.PINTries, func(h Happened) (string, bool) {
			return h.Object, h.Action == string(ActOpenLink) && h.Outcome == happenedDenied && slices.Contains(h.Rules, PINRule)
		}, false, "A wrong PIN was given %d times, and the link is locked."},
		{AlertGlass, 0, 1, is("breakglass.open", happenedDone), false, "Film was opened against somebody's will (%d)."},
		{AlertRecovery, 0, 1, is("recovery.use", happenedDone), false, "Two keepers opened a family's key (%d)."},
		{AlertRestored, 0, 1, is("service.restored", happenedDone), false, "The service was put back from a backup (%d)."},
		{AlertStrangers, hour, t.FloodMinutes, func(h Happened) (string, bool) { return "", h.Action == strangersRefused }, false, "Strangers were refused in %d minutes of an hour."},
	}
}

// opened: somebody was given a film to watch or to keep.
func opened(h Happened) (string, bool) {
	return h.Who, h.Outcome == happenedAllowed && (h.Action == string(ActWatch) || h.Action == string(ActCopy))
}

func (t AlertTerms) atNight(h Happened) (string, bool) {
	who, ok := opened(h)
	at := h.At.Time().In(t.Where)
	day := at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
	return who, ok && !(day && at.Hour() >= t.FromHour && at.Hour() < t.ToHour)
}

// find walks the events once. After an alert the count of its group begins anew, so that one
// long pattern is told a few times and not at every event.
func (r alertRule) find(events []Happened) (out []Alert) {
	seen := map[string][]Happened{}
	for _, h := range events {
		group, ok := r.counts(h)
		if !ok || r.enough < 1 {
			continue
		}
		kept := slices.DeleteFunc(seen[group], func(was Happened) bool {
			return was.At <= h.At-r.within && r.enough > 1 || r.distinct && was.Object == h.Object
		})
		kept = append(kept, h)
		if len(kept) < r.enough {
			seen[group] = kept
			continue
		}
		delete(seen, group)
		out = append(out, Alert{Kind: r.kind, First: kept[0].Index, Last: h.Index, At: h.At, Count: len(kept), Text: fmt.Sprintf(r.text, len(kept))})
	}
	return out
}
