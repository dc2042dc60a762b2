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
	ContactRule  = "GATE-CONTACT"
	ProofRule    = "GATE-PROOF"
)

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
		{OpensRule, "A link opens as often as was agreed, and no more.",
			"NICE NG26, getting started, concerns about filming (e)", "the server, at each opening"},
		{SealedRule, "A link opens only once what its page shows has arrived, sealed under the link's own key.",
			"Service policy on share links", "the server, at each opening"},
		{LeakRule, "A link whose secret part was sent to the server is revoked at once, and the family's team is told.",
			"UK GDPR Art 32(1)(b); service policy on share links", "the server, at each request under /s/"},
		{DropRule, "A device whose access to a record has ended is told so, and to forget it.",
			"Caldicott principle 4; UK GDPR Art 5(1)(c)", "the server, at each sync"},
		{ContactRule, "Nobody films on a device that has not met the service within the agreed days.",
			"Service policy on filming offline", "the device, before filming"},
		{ProofRule, "Nobody films on a record that the service has not proved to be whole.",
			"Service policy on filming offline", "the device, before filming"},
	}
}
