package storage

import (
	"context"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// alertsBack is how far back a process that tells of alerts looks.
const alertsBack = policies.Micros(24 * time.Hour / time.Microsecond)

// Alerts are those of the last day, by the figures of [policies.DefaultAlertTerms]. It is for
// the process beside the server that tells of them: it reads pseudonyms only, so that its
// reading is no event.
func (s *Store) Alerts(ctx context.Context, where *time.Location) (out []policies.Alert, err error) {
	pack, err := s.Figures(ctx)
	if err != nil {
		return nil, err
	}
	now := s.d.now()
	var events []policies.Happened
	f := rows.LogFilter{Since: int64(now - 2*alertsBack), Limit: 1000} // a pattern may have begun a day before
	for f.From >= 0 {
		err := s.d.rows.Read(ctx, func(v *rows.View) error {
			found, next, err := v.SearchLog(f)
			for _, r := range found {
				e, bad := accesslog.Decode(r.Leaf)
				if bad != nil {
					continue // verifying the log names it
				}
				events = append(events, happened(e))
			}
			f.From = next
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, a := range policies.Alerts(events, policies.DefaultAlertTerms(pack, where)) {
		if a.At >= now-alertsBack {
			out = append(out, a)
		}
	}
	return out, nil
}

func happened(e accesslog.Event) policies.Happened {
	h := policies.Happened{Index: e.Index, At: policies.Micros(e.At), Action: e.Action, Outcome: e.Outcome, Rules: e.Rules}
	if e.Subject != (accesslog.Pseudonym{}) {
		h.Who = e.Subject.String()
	}
	if e.Object != (accesslog.Pseudonym{}) {
		h.Object = e.Object.String()
	}
	return h
}
