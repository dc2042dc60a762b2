package policies

import "slices"

// The closed word lists of the protocol. A word outside its list is refused
// when a statement is checked, and by the lint when a rule names one.

// Role is what a member of staff is certified as.
type Role string

// The roles of staff.
const (
	Practitioner  Role = "practitioner"
	Supervisor    Role = "supervisor"
	HeadOfService Role = "head_of_service"
	IGOfficer     Role = "ig_officer"
	Operator      Role = "operator" // runs the machine; has no part in the work
)

// Roles lists every Role.
func Roles() []Role { return []Role{Practitioner, Supervisor, HeadOfService, IGOfficer, Operator} }

// Purpose is what film may be used for. Each is its own yes or no on a consent
// form; none is ticked beforehand.
//
// Source: domain notes, section 7; AVIGuk code on separate consent.
type Purpose string

// The purposes.
const (
	FilmAndUse        Purpose = "film_and_use"
	FilmReview        Purpose = "film_review"
	Supervision       Purpose = "supervision"
	Peers             Purpose = "peers"
	TrainingEvent     Purpose = "training_event"
	ExternalTraining  Purpose = "external_training"
	Research          Purpose = "research"
	NamedProfessional Purpose = "named_professional"
	FamilyCopy        Purpose = "family_copy"
	Accreditation     Purpose = "accreditation"
)

// Purposes lists every Purpose.
func Purposes() []Purpose {
	return []Purpose{FilmAndUse, FilmReview, Supervision, Peers, TrainingEvent, ExternalTraining, Research, NamedProfessional, FamilyCopy, Accreditation}
}

// FilmRole is the part a person has in a family's film.
type FilmRole string

// The parts.
const (
	Carer   FilmRole = "carer"
	Child   FilmRole = "child"
	Sibling FilmRole = "sibling"
	Visitor FilmRole = "visitor"
	Worker  FilmRole = "worker" // the practitioner, who is in the picture of a review film
)

// FilmRoles lists every FilmRole.
func FilmRoles() []FilmRole { return []FilmRole{Carer, Child, Sibling, Visitor, Worker} }

// Basis is why somebody may decide about a person's image.
type Basis string

// The bases of authority.
const (
	Own                    Basis = "own"
	ParentalResponsibility Basis = "parental_responsibility"
	CareOrder              Basis = "care_order"
	Delegated              Basis = "delegated"
	Competent              Basis = "competent"
)

// Bases lists every Basis.
func Bases() []Basis {
	return []Basis{Own, ParentalResponsibility, CareOrder, Delegated, Competent}
}

// Contact says whether a link may be sent to a person safely.
type Contact string

// The safe-contact flags.
const (
	LinkSafe     Contact = "link_safe"
	NoLink       Contact = "no_link"
	InPersonOnly Contact = "in_person_only"
)

// Contacts lists every Contact.
func Contacts() []Contact { return []Contact{LinkSafe, NoLink, InPersonOnly} }

// ClipKind is what a clip is.
type ClipKind string

// The kinds of clip.
const (
	Film    ClipKind = "film"    // a raw recording
	Excerpt ClipKind = "excerpt" // cut from a film
	Review  ClipKind = "review"  // a filmed shared review
	Still   ClipKind = "still"
)

// ClipKinds lists every ClipKind.
func ClipKinds() []ClipKind { return []ClipKind{Film, Excerpt, Review, Still} }

// Programme is a model of video feedback.
type Programme string

// The programmes.
const (
	VIG    Programme = "vig"
	VIPPSD Programme = "vipp_sd"
)

// Programmes lists every Programme.
func Programmes() []Programme { return []Programme{VIG, VIPPSD} }

func oneOf[W ~string](w W, list []W) bool { return slices.Contains(list, w) }
