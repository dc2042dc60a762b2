package policies

import "slices"

// Clip is a clip of a family.
type Clip struct {
	ID       ClipID      `json:"id"`
	By       StaffID     `json:"by"`
	Kind     ClipKind    `json:"kind"`
	Chosen   bool        `json:"chosen"`
	People   []PersonID  `json:"people"`
	Captured Span        `json:"captured"`
	Session  SessionID   `json:"session"`
	Approval ApprovalID  `json:"approval"`
	Consent  ConsentID   `json:"consent"`
	Payload  Payload     `json:"payload"`
	Media    Media       `json:"media"`
	Stored   StatementID `json:"stored"` // clip.stored; zero while the payload is on its way
	Accepted Micros      `json:"accepted"`
	Source   SourceFate  `json:"source"`

	Knew   []StatementID `json:"knew"`          // restrictions that its author named as known
	Added  Micros        `json:"added"`         // when it was added
	Purged []DeviceID    `json:"purged"`        // devices that destroyed the sealed film, as ordered; sorted
	Late   DeviceID      `json:"late,omitzero"` // that it came from although it had been revoked; zero for most

	Destroying   StatementID `json:"destroying,omitzero"`    // clip.destroy; zero while it is not
	DestroyingAt Micros      `json:"destroying_at,omitzero"` // of acceptance
	Mark         StatementID `json:"mark,omitzero"`          // that the order named
	Disposed     *Disposed   `json:"disposed,omitzero"`      // nil while something of it is left
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

// Check implements [Body].
func (b ClipAdd) Check() error {
	var c checks
	word(&c, "kind of clip", b.Kind, ClipKinds())
	named(&c, "the session", b.Session)
	distinct(&c, "people in the clip", b.People, 1, MaxPeople)
	named(&c, "the controller", b.Controller)
	c.span("the capture", b.Captured.From, b.Captured.Until, MaxCapture)
	named(&c, "the approval", b.Approval)
	named(&c, "the consent", b.Consent)
	c.payload(b.Payload)
	c.media(b.Media)
	c.source(b.Source)
	c.attachments(b.Fixed, "title")
	return c.err
}

// payload checks a length that an age payload can have: a nonce, then chunks of
// 64 KiB with a tag each, none empty unless it is the only one.
func (c *checks) payload(p Payload) {
	last := (p.Bytes - nonceBytes) % chunkBytes
	whole := p.Bytes >= nonceBytes+tagBytes && (last == 0 || last > tagBytes || p.Bytes == nonceBytes+tagBytes)
	c.that(whole && p.Bytes <= MaxPayloadBytes, "no sealed clip is %d bytes long", p.Bytes)
	named(c, "the payload's digest", p.SHA256)
	named(c, "the key commitment", p.Commitment)
}

func (c *checks) media(m Media) {
	c.that(mediaForm.MatchString(m.Type), "media type %q is not video or image", m.Type)
	c.that(codecForm.MatchString(m.Codec), "codec %q is not a codec string", m.Codec)
	c.that(m.DurationMS >= 0 && m.DurationMS <= MaxCapture.Milliseconds(), "duration %d ms, 0 to %d expected", m.DurationMS, MaxCapture.Milliseconds())
}

func (c *checks) source(s Source) {
	named(c, "the source's digest", s.SHA256)
	c.that(s.Bytes > 0 && s.Bytes <= MaxPayloadBytes, "no recording is %d bytes long", s.Bytes)
	c.that(len(s.Changed) <= 64, "%d changes to the source, 64 at most", len(s.Changed))
	for i, box := range s.Changed {
		c.line("a change to the source", box, 64)
		c.that(!slices.Contains(s.Changed[:i], box), "change %q is listed twice", box)
	}
}

// Check implements [Body].
func (b ClipStored) Check() error {
	var c checks
	named(&c, "the clip", b.Clip)
	c.that(b.Bytes > 0 && b.Bytes <= MaxPayloadBytes, "no sealed clip is %d bytes long", b.Bytes)
	named(&c, "the payload's digest", b.SHA256)
	return c.err
}

// Check implements [Body].
func (b ClipAnnotate) Check() error {
	var c checks
	named(&c, "the clip", b.Clip)
	word(&c, "what became of the recording", b.Source, []SourceFate{SourceKept, SourceRemoved})
	return c.err
}

func addClip(f *Family, o *Org, a act[ClipAdd]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	if err := f.rests(o, b); err != nil {
		return Changes{}, err
	}
	if b.Controller != o.ID {
		return Changes{}, notPossible("the clip names another organisation as controller")
	}
	if b.Captured.Until > a.Now.plus(Skew) {
		return Changes{}, notPossible("the clip was filmed in the future; set this device's clock")
	}
	id := ClipID(a.ID)
	f.Clips[id] = &Clip{
		ID: id, By: a.By.Staff, Kind: b.Kind, Chosen: b.Chosen, People: slices.Clone(b.People), Captured: b.Captured,
		Session: b.Session, Approval: b.Approval, Consent: b.Consent, Payload: b.Payload, Media: b.Media,
		Knew: knew(a.Statement), Accepted: a.Now, Added: min(a.At, a.Now), Purged: []DeviceID{}, Late: o.late(a.By),
	}
	return Changes{Clips: []ClipID{id}}, nil
}

// rests checks that what a clip rests on has arrived: session, approval, people,
// and consent. The form named must cover somebody in the clip; the others may
// have forms of their own, because each adult decides about their own image.
// Whether all that was in force is for authz to say.
func (f *Family) rests(o *Org, b ClipAdd) error {
	if f.Sessions[b.Session] == nil {
		return missing("the session", b.Session)
	}
	if f.Approvals[b.Approval] == nil && o.own(b.Approval) == nil {
		return missing("the approval", b.Approval)
	}
	if err := f.known(b.People...); err != nil {
		return err
	}
	form := f.Consents[b.Consent]
	if form == nil {
		return missing("the consent form", b.Consent)
	}
	if !slices.ContainsFunc(b.People, form.Covers) {
		return notPossible("the consent form named covers nobody in this clip")
	}
	return nil
}

// storeClip records the server's word that the payload is whole and durable, and
// checks it against the manifest again: the word of a server is not enough.
func storeClip(f *Family, _ *Org, a act[ClipStored]) (Changes, error) {
	c := f.Clips[a.Said.Clip]
	if c == nil {
		return Changes{}, missing("the clip", a.Said.Clip)
	}
	if c.Payload.Bytes != a.Said.Bytes || c.Payload.SHA256 != a.Said.SHA256 {
		return Changes{}, notPossible("what was stored is not what the clip's manifest names")
	}
	if !c.Stored.IsZero() {
		return Changes{}, notPossible("this clip is already stored")
	}
	c.Stored = a.ID
	return Changes{Clips: []ClipID{c.ID}}, nil
}

// annotateClip records what became of the recording. Removed wins over kept: a
// file that is gone does not come back, in whatever order the answers arrive.
func annotateClip(f *Family, o *Org, a act[ClipAnnotate]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	c := f.Clips[a.Said.Clip]
	if c == nil {
		return Changes{}, missing("the clip", a.Said.Clip)
	}
	if late := o.late(a.By); !late.IsZero() && c.Late != late {
		return Changes{}, notCertified("a device that was revoked says nothing of clips that came before")
	}
	if c.Source != SourceRemoved {
		c.Source = a.Said.Source
	}
	return Changes{Clips: []ClipID{c.ID}}, nil
}

// needs lists what everyone in a clip must have agreed to for a purpose: the
// purpose, and for a filmed review that it was filmed at all.
func (c *Clip) needs(purpose Purpose) []Purpose {
	if c.Kind == Review {
		return []Purpose{FilmReview, purpose}
	}
	return []Purpose{purpose}
}

// ClipConsented lists the people in a clip whose consent does not allow a
// purpose at a time; empty means that everyone agrees. An unknown clip is nobody's
// and must be refused by the caller before.
func (f *Family) ClipConsented(id ClipID, purpose Purpose, when Micros) (missing []PersonID) {
	c := f.Clips[id]
	if c == nil {
		return nil
	}
	return f.unconsented(c.People, c.needs(purpose), when)
}

func (f *Family) unconsented(people []PersonID, purposes []Purpose, when Micros) (missing []PersonID) {
	for _, p := range people {
		if !f.agrees(p, purposes, when) {
			missing = append(missing, p)
		}
	}
	return missing
}

func (f *Family) agrees(p PersonID, purposes []Purpose, when Micros) bool {
	for _, purpose := range purposes {
		if !f.ConsentFor(p, purpose, when) {
			return false
		}
	}
	return true
}

// CaptureConsented lists the people whose consent did not cover the whole of a
// capture, judged by the forms in force then and by every withdrawal since.
//
// Source: DESIGN §5: filming-time consent decides whether capture was lawful.
func (f *Family) CaptureConsented(people []PersonID, kind ClipKind, span Span) (missing []PersonID) {
	needs := (&Clip{Kind: kind}).needs(FilmAndUse)
	for _, p := range people {
		if !f.agrees(p, needs, span.From) || !f.agrees(p, needs, span.Until) {
			missing = append(missing, p)
		}
	}
	return missing
}

// NamedViewer reports whether everyone in a clip agreed to this viewer, for this
// purpose, at this time. Their consent to the purpose itself is a second
// question: [Family.ClipConsented].
func (f *Family) NamedViewer(who StaffID, id ClipID, purpose Purpose, now Micros) bool {
	c := f.Clips[id]
	return c != nil && !slices.ContainsFunc(c.People, func(p PersonID) bool {
		form, ok := f.DecidingForm(p, purpose, now)
		return !ok || !form.names(who, purpose, now)
	})
}

func (c *Consent) names(who StaffID, purpose Purpose, now Micros) bool {
	return slices.ContainsFunc(c.Viewers, func(v NamedViewer) bool {
		return v.Staff == who && v.Purpose == purpose && now < v.Until
	})
}
