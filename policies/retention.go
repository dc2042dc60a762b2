package policies

import (
	"fmt"
	"slices"
	"strings"
)

// ClassName is a retention class. Each object of a family is in exactly one, so
// that two schedules never contradict each other.
//
// Source: MoReq2010, "class determines destiny".
type ClassName string

// The classes.
const (
	RawFilm        ClassName = "raw_film"        // as it came from the camera
	WorkingClips   ClassName = "working_clips"   // excerpts, stills and review films that are working material
	RecordClips    ClassName = "record_clips"    // those placed on the case or health record
	TrainingCopies ClassName = "training_copies" // kept for a practitioner's accreditation
	Forms          ClassName = "forms"           // consent forms and permissions to film
	CaseRecord     ClassName = "case_record"     // visits, viewer lists, written summaries
	AccessLog      ClassName = "access_log"      // names and detail of a family's log; its digests stay
	SecurityLog    ClassName = "security_log"    // of the server and its network
	Certificates   ClassName = "certificates"    // destruction certificates and what is left of a destroyed object
)

// ClassNames lists every ClassName.
func ClassNames() []ClassName {
	return []ClassName{RawFilm, WorkingClips, RecordClips, TrainingCopies, Forms, CaseRecord, AccessLog, SecurityLog, Certificates}
}

var classText = map[ClassName]string{
	RawFilm: "Film as it came from the camera", WorkingClips: "Clips, pictures and review films", RecordClips: "Clips placed on the record",
	TrainingCopies: "Copies kept for a worker's certificate", Forms: "Consent forms and permissions to film", CaseRecord: "Notes of visits and lists of viewers",
	AccessLog: "The log of who watched", SecurityLog: "Logs of the computers", Certificates: "Certificates of destruction",
}

// String is the class as the papers name it.
func (c ClassName) String() string { return classText[c] }

// IsFilm reports whether objects of the class show people.
func (c ClassName) IsFilm() bool {
	return slices.Contains([]ClassName{RawFilm, WorkingClips, RecordClips, TrainingCopies}, c)
}

// Working reports whether the class is working material, which a standing
// authorisation may destroy without looking at each object.
func (c ClassName) Working() bool {
	return slices.Contains([]ClassName{RawFilm, WorkingClips, TrainingCopies, SecurityLog}, c)
}

// Fate is what happens to an object.
type Fate string

// The fates. Nothing is destroyed without a person's authorisation, or a signed
// standing one for its class.
const (
	FateDestroy  Fate = "destroy"
	FateReview   Fate = "review"   // a person looks and decides
	FateRestrict Fate = "restrict" // nobody watches; it is kept until its date
)

// Holder is who is the controller of objects of a class, and so decides.
type Holder string

// The holders.
const (
	FilmingService Holder = "filming_service"
	RecordHolder   Holder = "record_holder" // who keeps the case or health record
)

// RetentionClass is one class of a pack: until when, and then what.
type RetentionClass struct {
	Class       ClassName  `yaml:"class" json:"class"`
	Keep        []KeepRule `yaml:"keep" json:"keep"`                 // the latest of those that apply
	Minimum     []KeepRule `yaml:"minimum" json:"minimum"`           // never before the latest of these, whatever is withdrawn; may be empty
	Then        Fate       `yaml:"then" json:"then"`                 // destroy or review
	Withdrawal  Fate       `yaml:"withdrawal" json:"withdrawal"`     // destroy, restrict or review
	SummaryGate bool       `yaml:"summary_gate" json:"summary_gate"` // only once an adequate written summary is filed
	Controller  Holder     `yaml:"controller" json:"controller"`
	Source      string     `yaml:"source" json:"source"` // of everything but the periods
}

// KeepRule is one period and what it counts from.
type KeepRule struct {
	After  Trigger `yaml:"after" json:"after"`
	Value  Period  `yaml:"value" json:"value"`
	When   []Case  `yaml:"when" json:"when,omitempty"` // all must hold; none: always
	Source string  `yaml:"source" json:"source"`
}

// Class returns a class of the pack.
func (p Pack) Class(name ClassName) (RetentionClass, bool) {
	for _, c := range p.Retention {
		if c.Class == name {
			return c, true
		}
	}
	return RetentionClass{}, false
}

// String is the rule as the service's policy says it: "2 months after involvement
// ended".
func (k KeepRule) String() string { return k.text(triggers[k.After].text) }

// Plain is the rule as a family reads it: "2 months after our work with you ends".
func (k KeepRule) Plain() string { return k.text(triggers[k.After].plain) }

func (k KeepRule) text(of string) string {
	text := k.Value.String() + " after " + of
	if k.Value == (Period{}) {
		text = "until " + of
	}
	if len(k.When) == 0 {
		return text
	}
	var when []string
	for _, c := range k.When {
		when = append(when, caseText[c])
	}
	if len(when) == 2 && strings.HasPrefix(when[1], "the child ") && strings.HasPrefix(when[0], "the child ") {
		when[1] = strings.TrimPrefix(when[1], "the child ")
	}
	return text + ", if " + strings.Join(when, " and ")
}

func (c RetentionClass) entries() []Entry {
	name := "retention." + string(c.Class)
	var out []Entry
	for i, k := range c.Keep {
		out = append(out, Entry{fmt.Sprintf("%s.keep.%d", name, i+1), k.String(), k.Source})
	}
	for i, k := range c.Minimum {
		out = append(out, Entry{fmt.Sprintf("%s.minimum.%d", name, i+1), k.String(), k.Source})
	}
	gate := "not asked for"
	if c.SummaryGate {
		gate = "must be filed first"
	}
	return append(out,
		Entry{name + ".then", string(c.Then), c.Source},
		Entry{name + ".withdrawal", string(c.Withdrawal), c.Source},
		Entry{name + ".summary", gate, c.Source},
		Entry{name + ".controller", string(c.Controller), c.Source})
}

// Trigger is what a period counts from.
type Trigger string

// The triggers.
const (
	OnFilmed             Trigger = "filmed"
	OnClipsChosen        Trigger = "clips_chosen"
	OnSummaryFiled       Trigger = "summary_filed"
	OnInvolvementEnded   Trigger = "involvement_ended"
	OnProceedingsEnded   Trigger = "proceedings_ended"
	OnLastContact        Trigger = "last_contact"
	OnCaseClosed         Trigger = "case_closed"
	OnPermissionEnded    Trigger = "permission_ended"
	OnCarerApprovalEnded Trigger = "carer_approval_ended"
	OnLogged             Trigger = "logged"
	OnDisposed           Trigger = "disposed"
	OnBirthday18         Trigger = "birthday_18"
	OnBirthday25         Trigger = "birthday_25"
	OnBirthday26         Trigger = "birthday_26"
	OnBirthday75         Trigger = "birthday_75"
	OnAdoptionOrder      Trigger = "adoption_order"
	OnDeath              Trigger = "death"
)

// trigger says how a Trigger reads, and which birthday it is. What may never
// happen, such as an adoption, is not waited for.
type trigger struct {
	text, plain string
	birthday    int
	maybe       bool
}

// triggers is a constant.
var triggers = map[Trigger]trigger{
	OnFilmed:             {text: "filming", plain: "we film"},
	OnClipsChosen:        {text: "the clips are chosen", plain: "we choose the clips"},
	OnSummaryFiled:       {text: "the written summary is filed", plain: "we write our notes"},
	OnInvolvementEnded:   {text: "involvement ends", plain: "our work with you ends"},
	OnProceedingsEnded:   {text: "the court proceedings end", plain: "the court case ends"},
	OnLastContact:        {text: "the last contact", plain: "we last see you"},
	OnCaseClosed:         {text: "the case closes", plain: "your case closes"},
	OnPermissionEnded:    {text: "the permission ends", plain: "the date on the form"},
	OnCarerApprovalEnded: {text: "approval as a foster carer ends", plain: "approval as a foster carer ends"},
	OnLogged:             {text: "the entry is written", plain: "we write it"},
	OnDisposed:           {text: "the object is destroyed", plain: "the film is deleted"},
	OnBirthday18:         {text: "the child's 18th birthday", plain: "your child turns 18", birthday: 18},
	OnBirthday25:         {text: "the child's 25th birthday", plain: "your child turns 25", birthday: 25},
	OnBirthday26:         {text: "the child's 26th birthday", plain: "your child turns 26", birthday: 26},
	OnBirthday75:         {text: "the child's 75th birthday", plain: "your child turns 75", birthday: 75},
	OnAdoptionOrder:      {text: "the adoption order", plain: "the adoption order", maybe: true},
	OnDeath:              {text: "the person's death", plain: "a person's death", maybe: true},
}

// Triggers lists every Trigger.
func Triggers() []Trigger {
	return []Trigger{OnFilmed, OnClipsChosen, OnSummaryFiled, OnInvolvementEnded, OnProceedingsEnded, OnLastContact, OnCaseClosed, OnPermissionEnded,
		OnCarerApprovalEnded, OnLogged, OnDisposed, OnBirthday18, OnBirthday25, OnBirthday26, OnBirthday75, OnAdoptionOrder, OnDeath}
}

// String is the trigger as the service's policy says it.
func (t Trigger) String() string { return triggers[t].text }

// Birthday is which birthday the trigger is, 0 when it is none.
func (t Trigger) Birthday() int { return triggers[t].birthday }

// Case is what must be so for a rule to apply.
type Case string

// The cases. The first four are read from the record's dates; the rest are stated.
const (
	IfChild          Case = "child"
	IfAdultsOnly     Case = "adults_only"
	IfSeventeenAtEnd Case = "seventeen_at_end"
	IfYoungerAtEnd   Case = "younger_at_end"
	IfDiedUnder18    Case = "died_under_18"
	IfLivedTo18      Case = "lived_to_18" // or is not known to have died
	IfNoPlan         Case = "no_plan"     // a child, and none of the next three
	IfLookedAfter    Case = "looked_after"
	IfChildInNeed    Case = "child_in_need"
	IfProtection     Case = "child_protection"
	IfMentalHealth   Case = "mental_health"
	IfInCourt        Case = "in_court"
	IfCarersRecord   Case = "carers_record" // placed on a foster carer's own record
)

// Cases lists every Case.
func Cases() []Case {
	return []Case{IfChild, IfAdultsOnly, IfSeventeenAtEnd, IfYoungerAtEnd, IfDiedUnder18, IfLivedTo18, IfNoPlan, IfLookedAfter, IfChildInNeed, IfProtection, IfMentalHealth, IfInCourt, IfCarersRecord}
}

// Stated lists the cases that nothing but a person's word decides.
func Stated() []Case {
	return []Case{IfLookedAfter, IfChildInNeed, IfProtection, IfMentalHealth, IfInCourt, IfCarersRecord}
}

var caseText = map[Case]string{
	IfChild: "a child is in it", IfAdultsOnly: "only adults are in it", IfSeventeenAtEnd: "the child was 17 when involvement ended",
	IfYoungerAtEnd: "the child was younger than 17 when involvement ended", IfDiedUnder18: "the child died before 18", IfLivedTo18: "the child is not known to have died before 18",
	IfNoPlan: "the child had no plan", IfLookedAfter: "the child was looked after", IfChildInNeed: "the child had a child in need plan",
	IfProtection: "the child had a child protection plan", IfMentalHealth: "a mental health service made it", IfInCourt: "it was before a court",
	IfCarersRecord: "it is on the carer's own record",
}

// String is the case as a condition: "a child is in it".
func (c Case) String() string { return caseText[c] }

// OfChild reports whether the case can only be so with a child in the film.
func (c Case) OfChild() bool {
	return slices.Contains([]Case{IfChild, IfSeventeenAtEnd, IfYoungerAtEnd, IfDiedUnder18, IfLivedTo18, IfNoPlan, IfLookedAfter, IfChildInNeed, IfProtection}, c)
}
