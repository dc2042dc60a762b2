package policies

// Clip is a clip of a family.
type Clip struct {
	ID       ClipID      `json:"id"`
	By       StaffID     `json:"by"`
	Kind     ClipKind    `json:"kind"`
	Chosen   bool        `json:"chosen"`
	People   []PersonID  `json:"people"`
	Captured Span        `json:"captured"`
	Approval ApprovalID  `json:"approval"`
	Consent  ConsentID   `json:"consent"`
	Payload  Payload     `json:"payload"`
	Media    Media       `json:"media"`
	Stored   StatementID `json:"stored"` // clip.stored; zero while the payload is on its way
	Source   SourceFate  `json:"source"`
}

// Span is a time from and until, both included.
type Span struct {
	From  Micros `json:"from"`
	Until Micros `json:"until"`
}

// Payload is the sealed film: nonce and STREAM of 64 KiB chunks. Commitment and
// Nonce fix the key of every chunk, so no server can serve another clip's bytes.
type Payload struct {
	Bytes      int64   `json:"bytes"`
	SHA256     Digest  `json:"sha256"`
	Nonce      Bytes16 `json:"nonce"`
	Commitment Digest  `json:"commitment"` // HKDF(file key, "attune/commit/v1")
}

// Media is what a player needs to know before it has the first byte.
type Media struct {
	Type       string `json:"type"`  // "video/mp4"
	Codec      string `json:"codec"` // "avc1.42C01E, mp4a.40.2"
	DurationMS int64  `json:"duration_ms"`
}

// Source is the recording as the camera left it.
type Source struct {
	SHA256  Digest   `json:"sha256"`
	Bytes   int64    `json:"bytes"`
	Changed []string `json:"changed"` // boxes blanked before sealing, "moov/udta/©xyz"
	Remove  bool     `json:"remove"`  // the practitioner asked for the source to be removed
}

// ClipAdd is the body of clip.add, the manifest. The attachment "title" is sealed
// under the clip's own key. Loose attachment: "header/<recipient fingerprint>".
type ClipAdd struct {
	Kind       ClipKind     `json:"kind"`
	Chosen     bool         `json:"chosen"`
	Session    SessionID    `json:"session"`
	People     []PersonID   `json:"people"`
	Controller OrgID        `json:"controller"`
	Captured   Span         `json:"captured"`
	Approval   ApprovalID   `json:"approval"`
	Consent    ConsentID    `json:"consent"`
	Payload    Payload      `json:"payload"`
	Media      Media        `json:"media"`
	Source     Source       `json:"source"`
	Fixed      []Attachment `json:"attachments"`
}

// ClipStored is the body of clip.stored, signed by the server once the payload is
// whole, checked against the manifest, and durable.
type ClipStored struct {
	Clip   ClipID `json:"clip"`
	Bytes  int64  `json:"bytes"`
	SHA256 Digest `json:"sha256"`
}

// SourceFate is what became of the recording on the camera.
type SourceFate string

// The fates.
const (
	SourceUnknown SourceFate = ""
	SourceRemoved SourceFate = "removed"
	SourceKept    SourceFate = "kept"
)

// ClipAnnotate is the body of clip.annotate.
type ClipAnnotate struct {
	Clip   ClipID     `json:"clip"`
	Source SourceFate `json:"source"`
}
