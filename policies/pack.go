package policies

import "time"

// Pack is the service's adopted configuration: the figures that an IG lead signs.
// Packs live in policies/packs; policy.adopt names the hash of the file.
type Pack struct {
	Name  string `yaml:"name" json:"name"`
	Title string `yaml:"title" json:"title"`

	OfflineDays    Figure `yaml:"offline_days" json:"offline_days"` // film and watch since last contact, 1 to 14
	LinkDays       Figure `yaml:"link_days" json:"link_days"`       // at most, 1 to 28
	LinkOpens      Figure `yaml:"link_opens" json:"link_opens"`     // default number of opens
	PINTries       Figure `yaml:"pin_tries" json:"pin_tries"`       // before a pause, and again before the lock
	PINPauseMins   Figure `yaml:"pin_pause_minutes" json:"pin_pause_minutes"`
	InviteDays     Figure `yaml:"invite_days" json:"invite_days"`               // at most 7
	CertMonths     Figure `yaml:"certificate_months" json:"certificate_months"` // at most 12
	ApprovalMonths Figure `yaml:"approval_months" json:"approval_months"`
	ConsentMonths  Figure `yaml:"consent_months" json:"consent_months"`
	ViewingDays    Figure `yaml:"viewing_days" json:"viewing_days"` // of one entry of a viewer list, at most 90
}

// Figure is a number with the place it comes from. Every figure carries the
// sentence "your IG lead must confirm" in the generated papers.
type Figure struct {
	Value  int    `yaml:"value" json:"value"`
	Source string `yaml:"source" json:"source"`
}

// Days is the figure as a span of days.
func (f Figure) Days() time.Duration { return time.Duration(f.Value) * 24 * time.Hour }
