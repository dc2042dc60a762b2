package attune

import (
	"context"
	"time"

	"github.com/attune-vf/attune/policies"
)

// LogAlert is a pattern in the access log that an IG officer should look at.
type LogAlert struct {
	policies.Alert
	ID   string    `json:"id"`
	From int64     `json:"from"` // its first event, by index
	To   int64     `json:"to"`   // the event that made it an alert
	When time.Time `json:"when"`
	Who  string    `json:"who"` // of the last event, as far as the log still names them
}

// lookBack is the longest span of a pattern: what began before the time that is asked for.
const lookBack = 24 * time.Hour

// Alerts reads the events since a time and finds the alerts among them, oldest first. The
// reading is a search, and is logged like one. Figures are [policies.DefaultAlertTerms];
// hours are those of this machine's clock.
func (l *Log) Alerts(ctx context.Context, since time.Time) ([]LogAlert, error) {
	pack, err := l.d.figures()
	if err != nil {
		return nil, err
	}
	var events []policies.Happened
	names := map[int64]string{}
	for in := (LogFilter{Since: since.Add(-lookBack)}); in.From >= 0; {
		page, next, err := l.Search(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			events = append(events, happened(e))
			names[e.Index] = e.Who
		}
		in.From = next
	}
	out := []LogAlert{}
	for _, a := range policies.Alerts(events, policies.DefaultAlertTerms(pack, time.Local)) {
		if when := a.At.Time(); !when.Before(since) {
			out = append(out, LogAlert{a, a.ID(), a.First, a.Last, when, names[a.Last]})
		}
	}
	return out, nil
}

// happened is an event as alerts see it. A pseudonym is one person's for good.
func happened(e LogEvent) policies.Happened {
	h := policies.Happened{Index: e.Index, At: policies.Micros(e.Event.At), Action: e.Event.Action, Outcome: e.Event.Outcome, Rules: e.Event.Rules}
	if e.Event.Subject != ([16]byte{}) {
		h.Who = e.Event.Subject.String()
	}
	if e.Event.Object != ([16]byte{}) {
		h.Object = e.Event.Object.String()
	}
	return h
}
