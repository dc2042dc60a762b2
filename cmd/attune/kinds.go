package main

import (
	"strings"

	"github.com/attune-vf/attune/policies"
)

// kindText names what somebody did, in the words that they would use of it.
func kindText(k policies.Kind) string {
	if text, ok := kindTexts[k]; ok {
		return text
	}
	return strings.ReplaceAll(string(k), ".", " ") // of a later version of the service
}

// kindTexts has every kind, as a test holds it to.
var kindTexts = map[policies.Kind]string{
	"org.root":              "the founding of the service",
	"server.certify":        "the server's key",
	"staff.invite":          "an invitation",
	"staff.certify":         "somebody's joining",
	"device.certify":        "a new device",
	"staff.confirm":         "the confirming of somebody's six words",
	"staff.rekey":           "somebody's new key",
	"staff.reinvite":        "a new invitation for a lost key",
	"staff.renew":           "somebody's longer certificate",
	"staff.revoke":          "the end of somebody's work here",
	"device.revoke":         "the stopping of a device",
	"policy.adopt":          "the adopting of a policy",
	"retention.plan":        "the plan of what a change of figures moves",
	"retention.approve":     "the second signature under a plan of dates",
	"disposal.standing":     "a signature that lets film of a class go at the end of its time",
	"disposal.standing.end": "the end of a standing authorisation",
	"service.hold":          "a hold on everything of the service",
	"service.release":       "the release of a hold on everything of the service",
	"service.restored":      "the putting back of the service from a backup",
	"service.recovered":     "the end of a recovery of the service",
	"deputy.appoint":        "a deputy",
	"deputy.end":            "the end of a deputy's time",
	"staff.train":           "somebody's training",
	"equipment.add":         "an entry in the register of equipment",
	"equipment.retire":      "the retiring of equipment",

	"family.open":      "the opening of a family",
	"family.close":     "the closing of a family",
	"case.change":      "a change of the case",
	"person.add":       "a person of the family",
	"person.change":    "a change of what is known of a person",
	"team.add":         "a colleague on the team",
	"team.remove":      "a colleague's leaving the team",
	"key.turn":         "new locks for a family",
	"key.wrap":         "a key for a colleague",
	"cover.authorise":  "cover for a family",
	"recovery.use":     "the opening of a family by its custodians",
	"recovery.confirm": "the confirming of a recovery",
	"recovery.restore": "a family's key from its custodians",

	"approval.request": "a request to film",
	"approval.grant":   "a permission to film",
	"approval.decline": "the declining of a request to film",
	"approval.revoke":  "the revoking of a permission to film",
	"consent.sign":     "a consent form",
	"consent.withdraw": "a withdrawal of consent",
	"consent.object":   "an objection",
	"consent.suspend":  "a carer's asking to stop",

	"hold.provisional":   "a hold",
	"hold.place":         "a legal hold",
	"hold.release":       "the release of a hold",
	"request.open":       "a request under the law",
	"request.clock":      "the moving of a request's clock",
	"request.close":      "the answer to a request under the law",
	"disposal.authorise": "the confirming of what may be destroyed",
	"disposal.approve":   "the letting go of film whose time is over",
	"decision.make":      "a decision",
	"breakglass.open":    "the breaking of the glass",
	"breakglass.close":   "the end of a broken glass",

	"viewer.add":     "a viewer",
	"viewer.remove":  "the end of a viewer's place",
	"countersign":    "the countersigning of a viewer",
	"session.log":    "a visit",
	"summary.file":   "a summary",
	"clip.add":       "a clip",
	"clip.stored":    "the service's taking in of a film",
	"clip.annotate":  "what you said of a recording",
	"clip.mark":      "the marking of a film to be destroyed",
	"clip.spare":     "the sparing of a film that was marked",
	"clip.destroy":   "the order to destroy a film",
	"clip.dispose":   "a film's certificate of destruction",
	"record.approve": "the letting go of a family's whole record",
	"family.dispose": "a record's certificate of destruction",
	"sweep.allow":    "the letting go on of the sweep",
	"device.purged":  "the destroying of a film on this device",
	"link.create":    "a link",
	"link.pin":       "a new PIN",
	"link.revoke":    "the revoking of a link",
}
