package attune_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestAlertsAtTheDesk: an IG officer is told of somebody who is refused ten times, and not of
// nine; whoever may not read the log is told nothing.
func TestAlertsAtTheDesk(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAudited(t)
	since := time.Now().Add(-time.Hour)
	streaks := func() (n int) {
		found, err := a.ig.Log.Alerts(ctx, since)
		must(t, err)
		for _, f := range found {
			if f.Kind == policies.AlertDenials {
				n++
				if !strings.HasSuffix(f.Who, formula) || f.Count != 10 {
					t.Errorf("found %+v", f)
				}
			}
		}
		return n
	}
	for i := range 10 {
		if got := streaks(); got != 0 {
			t.Errorf("after %d refusals: %d alerts", i, got)
		}
		if _, _, err := a.sam.Log.Search(ctx, attune.LogFilter{}); err == nil {
			t.Fatal("a practitioner read the log")
		}
	}
	if got := streaks(); got != 1 {
		t.Errorf("after ten refusals: %d alerts, want 1", got)
	}
	if found, err := a.ig.Log.Alerts(ctx, time.Now().Add(time.Hour)); err != nil || slices.ContainsFunc(found, func(f attune.LogAlert) bool { return f.Kind == policies.AlertDenials }) {
		t.Errorf("from a time on that has not come: %+v, %v", found, err)
	}
	if _, err := a.sam.Log.Alerts(ctx, since); err == nil {
		t.Error("a practitioner was shown alerts")
	}
}
