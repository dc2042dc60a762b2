package policies

import (
	"strconv"
	"time"
)

// Pack is the service's adopted configuration: the figures and words that an IG
// lead signs. policies/packs reads the file and ships three to begin from; a service
// edits a copy and adopts that, and policy.adopt carries it.
//
// What comes of a figure. Enforced, at the server or before filming: those from
// OfflineDays to ApprovalScope, and the hours of a broken glass. [Clocks] give what
// waits its deadline, and end a provisional hold. Retention, and what follows a
// withdrawal, is worked out by [Family.Fate], by which the sweeper goes. The
// scheme says what is asked on a form of its own. The rest is printed.
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
	CompetenceAge  Figure `yaml:"competence_review_age" json:"competence_review_age"` // years, 12 to 16
	ViewingDays    Figure `yaml:"viewing_days" json:"viewing_days"`                   // of one entry of a viewer list, at most 90

	// ApprovalScope is which approvals practitioners ask for: ByFamily, ByPractitioner
	// or ByEither. What was granted before a change of it lasts until its end.
	ApprovalScope WordFigure `yaml:"approval_scope" json:"approval_scope"`

	Clocks    Clocks           `yaml:"clocks" json:"clocks"`
	Basis     WordFigure       `yaml:"lawful_basis" json:"lawful_basis"` // public_task or consent
	Retention []RetentionClass `yaml:"retention" json:"retention"`       // each class once
	Scheme    []PurposeRule    `yaml:"scheme" json:"scheme"`             // the purposes that the service asks about
	Labels    []Label          `yaml:"labels" json:"labels"`             // one per programme

	// Before are the packs that were adopted before this one, by their digests, where
	// whoever read the service's own figures brought them along: see adoption.go.
	Before map[Digest]Pack `yaml:"-" json:"-"`
}

// Clocks are the spans of DESIGN §5, and those that the papers promise to families.
// Withdrawal, ProvisionalHold, Reminder, Complaint and Request give matters their
// deadlines, HoldReview too, KeyDays, Breakglass and Grace are enforced, and Backup stands
// on certificates. The others are only printed.
type Clocks struct {
	LinkAfterVisit  Figure `yaml:"link_after_visit_days" json:"link_after_visit_days"` // a link lives until the next visit and this long
	KeyDays         Figure `yaml:"key_days" json:"key_days"`                           // family keys leave a device out of contact
	ProvisionalHold Figure `yaml:"provisional_hold_working_days" json:"provisional_hold_working_days"`
	Withdrawal      Figure `yaml:"withdrawal_working_days" json:"withdrawal_working_days"` // from withdrawal to destruction
	Grace           Figure `yaml:"grace_days" json:"grace_days"`                           // between due and destroyed
	Backup          Figure `yaml:"backup_days" json:"backup_days"`                         // until a backup no longer holds it
	HoldReview      Figure `yaml:"hold_review_months" json:"hold_review_months"`
	Reminder        Figure `yaml:"approval_reminder_working_days" json:"approval_reminder_working_days"`
	Film            Figure `yaml:"film_minutes" json:"film_minutes"` // of one film, as families are told
	Complaint       Figure `yaml:"complaint_days" json:"complaint_days"`
	Request         Figure `yaml:"request_months" json:"request_months"`     // to answer a subject access request
	Breach          Figure `yaml:"breach_hours" json:"breach_hours"`         // to tell the regulator
	Breakglass      Figure `yaml:"breakglass_hours" json:"breakglass_hours"` // film watched against somebody's will
}

// Figure is a number with the place it comes from. Every figure carries the
// sentence "your IG lead must confirm" in the generated papers.
type Figure struct {
	Value  int    `yaml:"value" json:"value"`
	Source string `yaml:"source" json:"source"`
}

// Days is the figure as a span of days.
func (f Figure) Days() time.Duration { return time.Duration(f.Value) * 24 * time.Hour }

// WordFigure is a choice from a closed list, with the place it comes from.
type WordFigure struct {
	Value  string `yaml:"value" json:"value"`
	Source string `yaml:"source" json:"source"`
}

// The scopes of approvals to film.
const (
	ByFamily       = "family"
	ByPractitioner = "practitioner" // in a programme, for a period
	ByEither       = "either"
)

// ApprovalScopes are the scopes that a pack may choose.
//
// Source: NICE NG26, concerns about filming (a), which asks for permission by the head
// of service and leaves open for what.
func ApprovalScopes() []string { return []string{ByFamily, ByPractitioner, ByEither} }

// Scoped reports whether a statement asks for or grants an approval to film: see
// [Pack.InScope].
func Scoped(body Body) bool {
	switch body.(type) {
	case ApprovalRequest, *ApprovalRequest, ApprovalGrant, *ApprovalGrant:
		return true
	}
	return false
}

// InScope refuses an approval, asked for or granted, of a kind that the service does
// not use. Where filming of a family was revoked, only an approval of its own can
// answer that, and is taken whatever the scope. Family is nil for the organisation's
// record; a pack without a scope refuses nothing.
func (p Pack) InScope(body Body, f *Family) error {
	if !Scoped(body) {
		return nil
	}
	switch scope := p.ApprovalScope.Value; {
	case f == nil && scope == ByFamily:
		return notPossible("approvals to film are by family here; ask for the family")
	case f != nil && scope == ByPractitioner && !f.filmingRevoked():
		return notPossible("approvals to film are by practitioner here; ask for yourself, in a programme")
	}
	return nil
}

// LawfulBases are the bases that a pack may state. What follows from a withdrawal
// differs: under consent film goes unless an exception stands; under a public task
// use stops at once and the rest is decided.
//
// Source: UK GDPR Art 6(1)(a) and (e), Art 17.
func LawfulBases() []string { return []string{"public_task", "consent"} }

// Label is what a programme calls a chosen clip, one that may be shared by link.
type Label struct {
	Programme Programme `yaml:"programme" json:"programme"`
	Chosen    string    `yaml:"chosen" json:"chosen"` // "better than usual"
	Source    string    `yaml:"source" json:"source"`
}

// Chosen is what this service calls a chosen clip of a programme.
func (p Pack) Chosen(programme Programme) string {
	for _, l := range p.Labels {
		if l.Programme == programme {
			return l.Chosen
		}
	}
	return "chosen"
}

// Limit is a figure by its name in the file, its unit, and the range that a
// service may choose from, with the reason.
type Limit struct {
	Name        string
	Figure      Figure
	Unit        string // "day", "working day", "try": singular
	Least, Most int
	Why         string
}

// String is the figure as people say it: "14 days", "5 tries".
func (l Limit) String() string {
	if l.Unit == "try" && l.Figure.Value != 1 {
		return strconv.Itoa(l.Figure.Value) + " tries"
	}
	return count(l.Figure.Value, l.Unit)
}

// Limits lists every single figure of the pack, in the order of the file.
func (p Pack) Limits() []Limit {
	c := p.Clocks
	return []Limit{
		{"offline_days", p.OfflineDays, "day", 1, 14, "a withdrawal must reach every device within a fortnight"},
		{"link_days", p.LinkDays, "day", 1, 28, "a link is for the next visit, not an archive"},
		{"link_opens", p.LinkOpens, "time", 1, MaxLinkOpens, "a carer watches again and again; a leaked link must run dry"},
		{"pin_tries", p.PINTries, "try", 3, 5, "ten tries at six digits in all"},
		{"pin_pause_minutes", p.PINPauseMins, "minute", 15, 1440, "long enough to tire a guesser"},
		{"invite_days", p.InviteDays, "day", 1, 7, "an invitation is a key on paper"},
		{"certificate_months", p.CertMonths, "month", 1, 12, "leavers who were forgotten stop within a year"},
		{"approval_months", p.ApprovalMonths, "month", 1, 12, "the head of service looks again within a year"},
		{"consent_months", p.ConsentMonths, "month", 1, 24, "consent is asked again while people remember giving it"},
		{"competence_review_age", p.CompetenceAge, "year", competent, 16, "from twelve on a child may be found to decide, and at sixteen nobody is left unasked"},
		{"viewing_days", p.ViewingDays, "day", 1, 90, "a viewer whom nobody thought of for a quarter stops"},
		{"clocks.link_after_visit_days", c.LinkAfterVisit, "day", 0, 14, "a link outlives the visit that it is for by little"},
		{"clocks.key_days", c.KeyDays, "day", 7, 30, "not before filming offline ends, and within a month"},
		{"clocks.provisional_hold_working_days", c.ProvisionalHold, "working day", 1, 10, "long enough for the IG officer to decide, and no longer"},
		{"clocks.withdrawal_working_days", c.Withdrawal, "working day", 1, 20, "time to find a reason to keep it; the family waits for this"},
		{"clocks.grace_days", c.Grace, "day", 7, 30, "time to notice a mistake"},
		{"clocks.backup_days", c.Backup, "day", 1, 35, "what was destroyed must leave the backups too"},
		{"clocks.hold_review_months", c.HoldReview, "month", 1, 6, "a hold that nobody looks at becomes an archive"},
		{"clocks.approval_reminder_working_days", c.Reminder, "working day", 1, 10, "work waits for this"},
		{"clocks.film_minutes", c.Film, "minute", 1, 60, "families are told how long a film is"},
		{"clocks.complaint_days", c.Complaint, "day", 1, 30, "the law gives 30 days to acknowledge a complaint"},
		{"clocks.request_months", c.Request, "month", 1, 1, "the law gives one month"},
		{"clocks.breach_hours", c.Breach, "hour", 1, 72, "the law gives 72 hours"},
		{"clocks.breakglass_hours", c.Breakglass, "hour", 1, int(MaxGlass.Hours()), "the next day somebody decides anew, and says why"},
	}
}

// Entry is one line of a pack as people read and compare it.
type Entry struct {
	Name   string `json:"name"`  // "link_days", "retention.raw_film.keep.1"
	Value  string `json:"value"` // "14 days"
	Source string `json:"source"`
}

// Entries lists everything that a pack decides, in the order of the file, each
// under a name that stays the same while its place does.
func (p Pack) Entries() []Entry {
	out := []Entry{{"title", p.Title, ""}}
	for _, l := range p.Limits() {
		out = append(out, Entry{l.Name, l.String(), l.Figure.Source})
	}
	out = append(out, Entry{"approval_scope", p.ApprovalScope.Value, p.ApprovalScope.Source})
	out = append(out, Entry{"lawful_basis", p.Basis.Value, p.Basis.Source})
	for _, c := range p.Retention {
		out = append(out, c.entries()...)
	}
	for _, s := range p.Scheme {
		out = append(out, s.entries()...)
	}
	for _, l := range p.Labels {
		out = append(out, Entry{"labels." + string(l.Programme), l.Chosen, l.Source})
	}
	return out
}
