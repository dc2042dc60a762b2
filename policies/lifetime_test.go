package policies_test

import (
	"errors"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestWithin: each figure bounds what it is for, to the day, whatever program asks.
func TestWithin(t *testing.T) {
	figure := func(n int) policies.Figure { return policies.Figure{Value: n} }
	pack := policies.Pack{
		LinkDays: figure(14), ViewingDays: figure(30), InviteDays: figure(7),
		CertMonths: figure(12), ApprovalMonths: figure(6), ConsentMonths: figure(12),
	}
	now := policiestest.Start
	after := func(months, days int) policies.Micros { return policies.At(now.Time().AddDate(0, months, days)) }
	for name, tt := range map[string]struct {
		last func(policies.Micros) policies.Body
		end  policies.Micros // as long as the figure says
	}{
		"link":       {func(m policies.Micros) policies.Body { return policies.LinkCreate{Expires: m} }, after(0, 14)},
		"viewing":    {func(m policies.Micros) policies.Body { return policies.ViewerAdd{Until: m} }, after(0, 30)},
		"invitation": {func(m policies.Micros) policies.Body { return &policies.StaffInvite{Expires: m} }, after(0, 7)},
		"new key":    {func(m policies.Micros) policies.Body { return policies.StaffReinvite{Expires: m} }, after(0, 7)},
		"renewal":    {func(m policies.Micros) policies.Body { return policies.StaffRenew{Until: m} }, after(12, 0)},
		"person":     {func(m policies.Micros) policies.Body { return policies.StaffCertify{Until: m} }, after(12, 0)},
		"device":     {func(m policies.Micros) policies.Body { return &policies.DeviceCertify{Until: m} }, after(12, 0)},
		"filming":    {func(m policies.Micros) policies.Body { return policies.ApprovalRequest{From: now, Until: m} }, after(6, 0)},
		"consent":    {func(m policies.Micros) policies.Body { return &policies.ConsentSign{From: now, Until: m} }, after(12, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			endOfDay := tt.end + policies.Micros((23 * time.Hour).Microseconds())
			if err := pack.Within(tt.last(endOfDay), now); err != nil {
				t.Errorf("to the last day: %v", err)
			}
			if err := pack.Within(tt.last(tt.end+policiestest.Day(5)), now); !errors.Is(err, policies.ErrNotPossible) {
				t.Errorf("five days longer: %v, want not possible", err)
			}
			if err := (policies.Pack{}).Within(tt.last(tt.end+policiestest.Day(5)), now); err != nil {
				t.Errorf("without a figure: %v", err)
			}
		})
	}
	if err := pack.Within(policies.ClipAnnotate{}, now); err != nil {
		t.Errorf("what lasts for good: %v", err)
	}
}
