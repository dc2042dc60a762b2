package policies

import "strings"

// Audience is who may watch for a purpose.
type Audience string

// The audiences.
const (
	ForTeam         Audience = "team"          // the family's practitioners
	ForCarer        Audience = "carer"         // the family itself
	ForSupervisor   Audience = "supervisor"    // one named supervisor, often of another organisation
	ForPeers        Audience = "peers"         // named practitioners who learn this work, in a session
	ForProfessional Audience = "professional"  // one named worker, such as a social worker
	ForStudyTeam    Audience = "study_team"    // of a named study
	ForEvent        Audience = "event"         // who comes to a named event
	ForTreatingTeam Audience = "treating_team" // named clinicians of the same trust
)

// Audiences lists every Audience.
func Audiences() []Audience {
	return []Audience{ForTeam, ForCarer, ForSupervisor, ForPeers, ForProfessional, ForStudyTeam, ForEvent, ForTreatingTeam}
}

var audienceText = map[Audience]string{
	ForTeam: "your worker's small team for your family", ForCarer: "you", ForSupervisor: "one supervisor whom you named",
	ForPeers: "the people whom you named, who learn this work", ForProfessional: "the one worker whom you named",
	ForStudyTeam: "the study team", ForEvent: "the people at the event that you agreed to", ForTreatingTeam: "the clinic team that you named",
}

// String is the audience as the papers say it to a family.
func (a Audience) String() string { return audienceText[a] }

// PurposeRule is how a service asks about one purpose, who may watch for it, and
// for how long one permission lasts. Each is its own yes or no; none is ticked.
//
// Source: AVIGuk code; GMC, visual and audio recordings; domain notes, section 7.
type PurposeRule struct {
	Purpose  Purpose    `yaml:"purpose" json:"purpose"`
	Asks     string     `yaml:"asks" json:"asks"`         // the line on the form, to the carer: "You may …"
	Easy     string     `yaml:"easy" json:"easy"`         // the same on the easy-read form, as a question
	Separate bool       `yaml:"separate" json:"separate"` // asked on a form of its own, at the time
	Viewers  []Audience `yaml:"viewers" json:"viewers"`
	Days     Figure     `yaml:"days" json:"days"` // of one permission to watch; 0: as long as the consent and the film last
}

// Asked returns how the service asks about a purpose; false when it does not.
func (p Pack) Asked(purpose Purpose) (PurposeRule, bool) {
	for _, s := range p.Scheme {
		if s.Purpose == purpose {
			return s, true
		}
	}
	return PurposeRule{}, false
}

// Span is how long one permission lasts: "30 days", or as long as the consent.
func (s PurposeRule) Span() string {
	if s.Days.Value == 0 {
		return "as long as the consent and the film last"
	}
	return count(s.Days.Value, "day")
}

func (s PurposeRule) entries() []Entry {
	who := make([]string, len(s.Viewers))
	for i, v := range s.Viewers {
		who[i] = string(v)
	}
	form := "on the consent form"
	if s.Separate {
		form = "on a form of its own"
	}
	name := "scheme." + string(s.Purpose)
	return []Entry{
		{name + ".form", form, s.Days.Source},
		{name + ".viewers", strings.Join(who, ", "), s.Days.Source},
		{name + ".days", s.Span(), s.Days.Source},
		{name + ".asks", s.Asks, s.Days.Source},
	}
}
