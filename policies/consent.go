package policies

// Consent is a signed consent form.
type Consent struct {
	ID       ConsentID       `json:"id"`
	Knew     []StatementID   `json:"knew"`
	At       Micros          `json:"at"`
	People   []Covered       `json:"people"`
	Purposes []PurposeAnswer `json:"purposes"`
	Viewers  []NamedViewer   `json:"viewers"`
	From     Micros          `json:"from"`
	Until    Micros          `json:"until"`
	SignedOn string          `json:"signed_on"`
}

// Covered is one person whose image the form is about, and who decided for them.
type Covered struct {
	Person PersonID `json:"person"`
	By     PersonID `json:"by"` // the same person when Basis is own or competent
	Basis  Basis    `json:"basis"`
}

// PurposeAnswer is the answer to one purpose on the form. "No" changes nothing
// else about the help a family gets.
type PurposeAnswer struct {
	Purpose Purpose `json:"purpose"`
	Yes     bool    `json:"yes"`
}

// NamedViewer is someone outside the team whom the family agreed to, for one
// purpose, until a date.
type NamedViewer struct {
	Staff   StaffID `json:"staff"`
	Purpose Purpose `json:"purpose"`
	Until   Micros  `json:"until"`
}

// ConsentSign is the body of consent.sign. The attachment "form" is the signed
// form, sealed to the family key and the IG officer's. SignedOn is the day on the
// paper; the statement's own time is when it was entered.
//
// Source: NICE NG26, concerns about filming (b); UK GDPR Art 7(1).
type ConsentSign struct {
	People   []Covered       `json:"people"`
	Purposes []PurposeAnswer `json:"purposes"`
	Viewers  []NamedViewer   `json:"viewers"`
	From     Micros          `json:"from"`
	Until    Micros          `json:"until"`
	SignedOn string          `json:"signed_on"`
	FormText Digest          `json:"form_text"` // SHA-256 of the exact words shown
	Fixed    []Attachment    `json:"attachments"`
}

// ConsentWithdraw is the body of consent.withdraw, a restriction on every
// consent that covers one of these people and does not name it.
type ConsentWithdraw struct {
	People  []PersonID `json:"people"`
	Channel Channel    `json:"channel"`
}

// Channel is how a carer told us.
type Channel string

// The channels. Withdrawing is as easy as giving: any of them will do.
const (
	InPerson Channel = "in_person"
	ByPhone  Channel = "phone"
	Writing  Channel = "writing"
	Page     Channel = "page"
)

// Channels lists every Channel.
func Channels() []Channel { return []Channel{InPerson, ByPhone, Writing, Page} }
