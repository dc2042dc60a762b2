package policies

// Rules that are applied where what they count or tell is, and not asked of Cedar.
// They stand in the log, or in a gate's reasons, like any other.
const (
	FoundingRule = "FOUNDING"
	PINRule      = "LINK-PIN"
	OpensRule    = "LINK-OPENS"
	SealedRule   = "LINK-SEALED"
	LeakRule     = "LINK-LEAKED"
	DropRule     = "PULL-DROP"
	DateRule     = "DATE-PASSED"
	ContactRule  = "GATE-CONTACT"
	ProofRule    = "GATE-PROOF"
	ReviewRule   = "CONSENT-REVIEW"
	AgainRule    = "RESTORE-AGAIN"
	LateRule     = "LATE-KNEW"
	ManyRule     = "LATE-MANY"

	// What stands between film and its destruction.
	WithdrawnRule = "DISPOSE-ASKED"
	ClockRule     = "DISPOSE-CLOCK"
	SecondRule    = "DISPOSE-SECOND"
	HeldRule      = "DISPOSE-HELD"
	DecidedRule   = "DISPOSE-DECIDED"
	MinimumRule   = "DISPOSE-MINIMUM"
	ScheduleRule  = "DISPOSE-SCHEDULE"
	AppraisedRule = "DISPOSE-APPRAISED"
	MarkRule      = "DISPOSE-MARK"
	GoneRule      = "DISPOSE-GONE"
	WholeRule     = "DISPOSE-RECORD"
)

// disposer is what works out what becomes of film.
const disposer = "every device, to show what waits; the server's sweeper, before each step"

// AppliedRule is one of them, as RULES.md prints it.
type AppliedRule struct {
	ID     string
	Title  string // a sentence that an IG lead signs
	Source string
	Where  string // what applies it
}

// AppliedRules lists them.
func AppliedRules() []AppliedRule {
	return []AppliedRule{
		{FoundingRule, "Until the first policy is adopted, the root's signature and the order of founding decide alone.",
			"Service policy on founding", "the server, once"},
		{PINRule, "A link opens with its PIN: some tries, a pause, as many again, then it is locked.",
			"UK GDPR Art 32(1)(b); service policy on share links", "the server, at each opening"},
		{OpensRule, "A link opens as often as its maker said, and no more.",
			"NICE NG26, getting started, concerns about filming (e)", "the server, at each opening"},
		{SealedRule, "A link opens only once what its page shows has arrived, sealed under the link's own key.",
			"Service policy on share links", "the server, at each opening"},
		{LeakRule, "A link whose secret part reached the server by mistake is revoked at once, and the family's team is told.",
			"UK GDPR Art 32(1)(b); service policy on share links", "the server, at each request under /s/"},
		{DropRule, "A device whose access to a record has ended is told so, and to forget it.",
			"Caldicott principle 4; UK GDPR Art 5(1)(c)", "the server, at each sync"},
		{DateRule, "What was granted until a date ends when that has passed: a consent, a viewing, cover, a deputy. Nobody has to do anything.",
			"UK GDPR Art 5(1)(b), (c) and (e)", "the server, as time passes"},
		{ReviewRule, "From the service's age on nobody else signs for a young person, unless a review since says that they do not decide themselves.",
			"UK GDPR recital 38 and Art 7; ICO, what rights do children have", "the server, at each form; the device, before filming"},
		{AgainRule, "What the service had accepted before it was put back is taken again when its own signed log proves that.",
			"UK GDPR Art 5(1)(f) and 32(1)(c): availability is restored", "the server, after it was put back from a backup"},
		{LateRule, "A revoked device's visits and clips count only if nothing shows that it said them after its revocation.",
			"Service policy on lost devices; UK GDPR Art 5(1)(d) and (f)", "the server, at each that arrives"},
		{ManyRule, "Of a revoked device 200 visits and clips are taken, 50 of them clips, in the 30 days after it was revoked.",
			"Service policy on lost devices; UK GDPR Art 32(1)(b)", "the server, at each that arrives"},
		{ContactRule, "No filming begins on a device that was out of contact with the service for longer than the policy allows.",
			"Service policy on filming offline", "the device, before filming"},
		{ProofRule, "Nobody films on a record that the service has not proved to be whole.",
			"Service policy on filming offline", "the device, before filming"},
		{WithdrawnRule, "Film is destroyed before its date only when somebody in it asked for it to stop, or a decision orders it.",
			"UK GDPR Art 17(1)(b); Records Management Code: nothing is destroyed without appraisal", disposer},
		{ClockRule, "Nothing is destroyed after a withdrawal before the service's working days for finding a reason to keep it are over.",
			"Service policy on withdrawal", disposer},
		{SecondRule, "Nothing is destroyed after a withdrawal before a second person has confirmed that the family asked for it.",
			"UK GDPR Art 12(6) and 5(1)(f); service policy on separation of duties", disposer},
		{HeldRule, "Nothing is destroyed while a hold, an open request, a complaint or a court stands, or was unknown to who confirmed it.",
			"DPA 2018 s 173, requests; Inquiries Act 2005 s 35; UK GDPR Art 17(3)(e); Data (Use and Access) Act 2025, complaints", disposer},
		{DecidedRule, "A head of service, or their deputy, may decide on a named ground that film is kept unseen or destroyed.",
			"UK GDPR Art 17(3) and 18(2)", disposer},
		{MinimumRule, "Film is kept to the end of the time that a law asks for, whoever wishes otherwise; only a hold stands before it.",
			"UK GDPR Art 17(3)(b); the class in the service's policy", disposer},
		{ScheduleRule, "Film that nobody asked about is kept until its date in the adopted policy, and a change of policy moves none earlier by itself.",
			"UK GDPR Art 5(1)(e); the class in the service's policy", disposer},
		{AppraisedRule, "Film whose time is over goes only once somebody who did not make it has let it go, or a signed standing authorisation does.",
			"NHS Records Management Code: nothing is destroyed without appraisal; service policy on disposal", disposer},
		{MarkRule, "Film that goes is marked first and nobody watches it; of film whose time is over the service's days of grace follow.",
			"Service policy on disposal: time to notice a mistake", disposer},
		{WholeRule, "A whole record is destroyed after its film and its last date, a month after an IG officer let it go, and unheld.",
			"UK GDPR Art 5(1)(e); NHS Records Management Code: appraisal, and a stub of what was destroyed", disposer},
		{GoneRule, "Film that is being destroyed does not come back, and none of it is ever taken in again.",
			"UK GDPR Art 17(1) and 5(2)", disposer},
	}
}

// RecordRule is something that a record cannot hold, whoever asks: it is refused when it
// is stated, with no rule of its own in the log.
type RecordRule struct {
	Title  string // a sentence that an IG lead signs
	Source string
	Says   string // how the refusal begins; a test finds it in this package
}

// RecordRules lists those that an IG lead would look for among the rules.
func RecordRules() []RecordRule {
	const apart = "Service policy on separation of duties"
	return []RecordRule{
		{"The custodians' key is used only when one of head of service and information governance officer asks, and the other confirms.",
			"UK GDPR Art 32(1)(b) and (c); " + apart, "a recovery is confirmed by somebody in the other role"},
		{"A family's key is given to practitioners, also when it was recovered.",
			"Caldicott principle 4", "only a practitioner is given a family's key"},
		{"Cover puts a confirmed practitioner on a team until a date, six weeks at most, and nobody covers by their own word.",
			"UK GDPR Art 32(1)(c); " + apart, "nobody puts themselves on a team"},
		{"A deputy works for this service, is a practitioner or a supervisor, and is appointed until a date, half a year at most.",
			"NICE NG26, getting started, concerns about filming (a); " + apart, "a deputy is a practitioner or a supervisor of this service"},
		{"Nobody appoints themselves as a deputy.", apart, "nobody appoints themselves"},
		{"Nobody releases a hold that they placed themselves.",
			"Inquiries Act 2005 s 35; " + apart, "nobody releases a hold that they placed themselves"},
		{"Earlier dates than film had count only when two people in different roles signed the same list, and a month later.",
			"UK GDPR Art 5(1)(e) and (2); " + apart, "nobody signs a plan twice"},
		{"A standing authorisation takes an information governance officer and a head of service, under the figures in force.",
			"NHS Records Management Code of Practice 2021; " + apart, "somebody in this role signed this already"},
		{"A hold on everything of the service is placed by the information governance officer, and released by a head of service.",
			"Inquiries Act 2005 s 35; " + apart, "nobody releases a hold that they placed themselves; ask another head of service"},
		{"Nobody confirms a withdrawal that they recorded themselves.",
			"UK GDPR Art 12(6); " + apart, "nobody confirms a withdrawal that they recorded themselves"},
		{"Nobody decides on what they recorded themselves: an objection, a withdrawal, film that met a stop.",
			"UK GDPR Art 18; " + apart, "nobody decides on what they recorded themselves"},
		{"Nobody confirms or renews their own certificate.",
			"Caldicott principle 4; " + apart, "nobody confirms their own certificate"},
		{"Nobody puts themselves on a viewer list, and nobody countersigns what they stated themselves.",
			"Caldicott principle 4; " + apart, "nobody puts themselves on the viewer list"},
		{"Nobody else signs for an adult.",
			"UK GDPR Art 4(11) and 7; NICE NG26, getting started, concerns about filming (b)", "nobody decides for an adult"},
	}
}
