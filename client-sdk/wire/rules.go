package wire

// Advice is what a denial means to the person who was denied, and what they can do.
type Advice struct {
	Message string // one plain sentence
	Next    string // who can help, or what to do
}

// advice is for each rule that can stand in the way, in the words of a visit: the
// rules' own titles are for those who answer for them. A test holds it to the rules.
var advice = map[string]Advice{
	"DEFAULT-DENY": {"Nobody has given you this to do.", "Ask whose part it is; if it is yours, sync, and ask the head of service to look at your role."},
	"ERROR-DENY":   {"The service could not work out whether this is allowed, so it is not.", "Nothing is lost; tell your administrator."},

	"ACTIVE-1":      {"Your place in the service has ended, or this device was revoked.", "Ask a registrar to invite you or this device again; what is here stays here."},
	"LATE-KNEW":     {"This device was revoked before it said this.", "Record it on another device of yours; what is here stays here."},
	"LATE-MANY":     {"This device was revoked, and the service has taken as much from it as it does.", "Tell your registrar what is still here."},
	"CONFIRM-1":     {"Nobody has heard your six words yet.", "Read them to the head of service: attune status shows them."},
	"TEAM-1":        {"You are not on this family's team.", "Ask a practitioner of the family to add you to the team."},
	"DEVICE-HELD":   {"This comes from no device of yours that is in force.", "Do it on another device of yours; if you have none, ask a registrar for a new key."},
	"APPROVE-OTHER": {"You asked for this approval yourself.", "Ask the other person who may approve, such as the deputy."},
	"DEPUTY-TEAM":   {"You are, or were, on this family's team, so you do not decide for it as a deputy.", "Ask the head of service, or another deputy."},
	"VIEWER-NAMED":  {"The family's consent form does not name this person for this purpose.", "Ask the family; if they agree, take a new consent form that names them."},

	"VIEWER-SUPERVISES":   {"This person is recorded as something other than a supervisor of the programme.", "Name a supervisor for it; if the record is out of date, ask a registrar: attune staff train."},
	"TRAINING-ENDED":      {"Your recorded accreditation was over at that time.", "Ask a registrar to record your new certificate: attune staff train. What you filmed in time is taken."},
	"TRAINING-SUPERVISED": {"You are recorded as a trainee, and nobody supervised you at that time.", "Ask a registrar to record who supervises you: attune staff train. What is here stays here."},
	"OPERATOR-1":          {"An operator runs the service, and has no part in its records.", "Ask the head of service, if the work is yours to do."},
	"BREAKGLASS-OTHER":    {"Nobody breaks the glass for themselves.", "Ask the other person who may: the head of service or their deputy."},
	"BREAKGLASS-TEAM":     {"The glass is broken only for somebody of the family's team.", "Have the family's practitioner add them to the team first, or name somebody who is on it."},
	"BREAKGLASS-TOLD":     {"There is no information governance officer who could be told.", "Have a registrar confirm one, then break the glass."},

	"UPLOAD-OWN":      {"Another practitioner added this clip.", "Ask them to sync; their device sends the film."},
	"UPLOAD-APPROVAL": {"There was no permission to film for all of that time.", "Ask the head of service. The film stays on this device; if another approval covers that time, state it again: attune clip restate."},
	"UPLOAD-TODAY":    {"Somebody said at that visit that they did not want to be filmed.", "No film of it is taken in. If the answer was entered by mistake, log the visit again and add the recording for that one."},
	"UPLOAD-CONSENT":  {"Somebody in the film had not agreed to it in writing then, or had said stop.", "Talk with the family. The film stays on this device; if a form that covers that time is entered later, sync, and state it again: attune clip restate."},

	"UPLOAD-DECISION": {"Somebody said stop before the film reached the service, and you could not know.", "The head of service decides whether it is taken in. Keep this device until then; it sends the film by itself, or removes it."},

	"DISPOSE-TEAM":      {"You are not on this family's team.", "A practitioner of the team, the head of service or the information governance officer confirms it."},
	"DISPOSE-ASKED":     {"Nobody in the film has asked for it to stop.", "It is kept until its date."},
	"DISPOSE-CLOCK":     {"The working days for finding a reason to keep it are not over.", "Wait; what is due is listed: attune disposal list."},
	"DISPOSE-SECOND":    {"Nobody else has confirmed that the family asked for it.", "A colleague makes sure of the person, then: attune disposal confirm."},
	"DISPOSE-MINIMUM":   {"A law asks for it to be kept for longer.", "It is kept until then: attune retention list."},
	"DISPOSE-SCHEDULE":  {"Its time by the service's policy is not over.", "It is kept until then: attune retention list."},
	"DISPOSE-APPRAISED": {"Nobody has let it go who did not make it.", "The information governance officer or the head of service looks at it."},
	"DISPOSE-MARK":      {"It is marked to be destroyed, and nobody watches it.", "Who has a reason to keep it asks for a hold: attune hold ask."},
	"DISPOSE-GONE":      {"It is being destroyed, or was.", "Its certificate stands in the family's record."},
	"DISPOSE-RECORD":    {"The whole record of the family waits for its end, or has come to it.", "It is kept until the information governance officer lets it go."},
	"DISPOSE-WORD":      {"Nobody's word lets this film go.", "Nothing to do; the service looks again."},
	"DISPOSE-STANDS":    {"Something was placed against it since it was marked.", "Nothing to do; the service spares it."},
	"DISPOSE-GRACE":     {"The days in which a mistake can be noticed are not over.", "Nothing to do; the service looks again."},
	"STORE-ORDERED":     {"This film is being destroyed, or was.", "It is not taken in; this device removes what it has of it."},
	"VIEW-GOING":        {"This film is marked to be destroyed, or was destroyed.", "If it must be kept, ask for a hold: attune hold ask; the service then spares it."},
	"UPLOAD-GOING":      {"This film is marked to be destroyed, or was destroyed.", "It is not taken in. If it must be kept, ask for a hold: attune hold ask."},
	"HEADER-GOING":      {"This film is marked to be destroyed, or was destroyed.", "Nothing to do."},
	"LINK-GOING":        {"This film is marked to be destroyed, or was destroyed.", "Choose another clip."},
	"DISPOSE-HELD":      {"Something holds it: a legal hold, an open request, a complaint or a court.", "The information governance officer answers for that: attune hold list."},
	"DISPOSE-DECIDED":   {"The head of service has decided about it.", "Ask the head of service."},

	"VIEW-LIST":     {"You are not on the family's viewer list for this purpose now.", "Ask the family's practitioner; the place may have come to its date."},
	"VIEW-OUTSIDE":  {"The head of service has not countersigned your place on the viewer list.", "Ask the family's practitioner to have it countersigned."},
	"VIEW-CONSENT":  {"Somebody in the film does not agree to this use now.", "Do not show it. Talk with the family; a new consent form allows it again."},
	"VIEW-APPROVAL": {"The head of service has revoked the permission for this film.", "Ask the head of service; a new approval allows it again."},
	"VIEW-STORED":   {"The film has not arrived at the service.", "Ask who added it to sync, and try again."},
	"RANK-1":        {"A head of service watches only what a family named them for.", "Ask the family's practitioner, if the family would want you to watch."},
	"RANK-2":        {"An information governance officer does not watch film.", "The log, the consent forms and the dates are yours to read: attune log search."},
	"COPY-PURPOSE":  {"For this purpose you watch; you do not keep a copy.", "Watch it with: attune watch."},
	"HEADER-VIEWER": {"The person may not watch this clip now.", "Nothing to do; their key is written when they may."},

	"LINK-EXPIRED":  {"The link has come to its date.", "Make a new one: attune link create."},
	"LINK-REVOKED":  {"The link was revoked, or somebody said stop before it was made.", "Sync, look at what the family agrees to, and make a new one if they do."},
	"LINK-CONSENT":  {"Somebody in the clip does not agree to a link now.", "Talk with the family; a consent form that says yes allows it."},
	"LINK-APPROVAL": {"The head of service does not permit this film now.", "Ask the head of service to approve filming again."},
	"LINK-CHOSEN":   {"A link carries only a clip that was chosen to be shown.", "Cut the moment that went better than usual, and add it with --chosen."},
	"LINK-CONTACT":  {"This person cannot be sent a link safely.", "Show the clip at the next visit; change how they can be reached only if they ask for it."},
	"LINK-FAMILY":   {"This person is not in the clip, and decides for no child in it.", "Make the link for somebody who is, or who does."},
	"LINK-PLAYS":    {"Some phones cannot play this film.", "Have it converted to H.264 with AAC, and add it again."},
	"LINK-STORED":   {"The film has not arrived at the service.", "Sync the device that added it, and try again."},

	"LINK-PIN":       {"The PIN was wrong too often.", "Give the carer a new PIN."},
	"LINK-OPENS":     {"The link was opened as often as was agreed.", "Make a new one: attune link create."},
	"LINK-SEALED":    {"What the link's page shows has not arrived.", "Sync the device that made the link."},
	"LINK-LEAKED":    {"The link's secret part was sent to the service, so the link was revoked.", "Make a new one, and tell the carer why."},
	"PULL-DROP":      {"This family is no longer yours to see.", "Nothing to do; ask the family's team if that is wrong."},
	"DATE-PASSED":    {"What was granted until a date is over.", "Ask whoever granted it, if it is still needed."},
	"CONSENT-REVIEW": {"Somebody else signed for a young person who is old enough to be asked.", "Talk with them about who decides, and record it: attune person change --review."},
	"GATE-CONTACT":   {"This device has not met the service for too long.", "Sync before you film."},
	"GATE-PROOF":     {"The service has not shown that this family's record is whole.", "Sync before you film; if it stays, tell the information governance officer."},
	"RESTORE-AGAIN":  {"The service had accepted this before it was put back.", "Nothing to do."},
	"RECOVER-FILM":   {"The service is being put back from a backup, and shows no film until that is over.", "Sync this device, so that the service has back what it knew; the information governance officer ends it."},
	"RECOVER-LINK":   {"The service is being put back from a backup, and no link opens until that is over.", "Show the clip at the next visit, or wait for the information governance officer."},
	"RECOVER-SWEEP":  {"The service is being put back from a backup, and removes nothing until that is over.", "Nothing to do."},
	"FOUNDING":       {"The service is still being founded.", "Finish the ceremony."},
}

// AdviceOf joins what the rules of a denial mean and what to do, each once, in the
// order of the rules; false when none of them is known here, as on a device that is
// older than the service.
func AdviceOf(rules []string) (a Advice, ok bool) {
	said := map[Advice]bool{}
	for _, rule := range rules {
		line, known := advice[rule]
		if !known || said[line] {
			continue
		}
		said[line] = true
		if ok {
			a.Message, a.Next = a.Message+" "+line.Message, a.Next+" "+line.Next
		} else {
			a, ok = line, true
		}
	}
	return a, ok
}
