package policiestest

import "github.com/attune-vf/attune/policies"

// Filmed is a family in the middle of the work: "ann" and "bea" on the team, a
// carer and a child, filming approved by the head of service, consent to film, to
// supervision and to the family's copy with "sup" named as viewer, who is on the
// viewer list and countersigned, a session, a chosen and stored clip of both, and a
// link for the carer.
type Filmed struct {
	*World
	Mum, Kid policies.PersonID
	Approval policies.ApprovalID
	Consent  policies.ConsentID
	Listing  policies.StatementID // of "sup"
	Session  policies.SessionID
	Clip     policies.ClipID
	Link     policies.LinkID
}

// NewFilmed makes a Filmed. Every step is a statement through Apply.
func NewFilmed() *Filmed {
	w := &Filmed{World: New()}
	w.Open("ann")
	w.Do("ann", "team.add", policies.TeamAdd{Staff: w.Staff["bea"].ID})
	w.Mum = policies.PersonID(w.Do("ann", "person.add", policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe}))
	w.Kid = policies.PersonID(w.Do("ann", "person.add", policies.PersonAdd{Role: policies.Child, Basis: policies.ParentalResponsibility, Born: "2024-03", Contact: policies.NoLink}))
	w.Approval = policies.ApprovalID(w.Do("ann", "approval.request", w.RequestBody()))
	w.Do("head", "approval.grant", policies.ApprovalGrant{Request: w.Approval})
	w.Consent = policies.ConsentID(w.Do("ann", "consent.sign", w.ConsentBody()))
	w.Listing = w.Do("ann", "viewer.add", w.ListingBody("sup"))
	w.Do("head", "countersign", policies.Countersign{Of: w.Listing})
	w.Session = policies.SessionID(w.Do("ann", "session.log", policies.SessionLog{On: "2026-03-02", Number: 1, StillHappy: true}))
	w.Now += policies.Hour
	w.Clip = policies.ClipID(w.Do("ann", "clip.add", w.ClipBody()))
	w.Store(w.Clip)
	w.Link = policies.LinkID(w.Do("ann", "link.create", w.LinkBody("link")))
	return w
}

// Store has the server say that a clip's payload is whole.
func (w *World) Store(id policies.ClipID) {
	p := w.Family.Clips[id].Payload
	w.Do("server", "clip.stored", policies.ClipStored{Clip: id, Bytes: p.Bytes, SHA256: p.SHA256})
}

// RequestBody asks for half a year of filming.
func (w *Filmed) RequestBody() policies.ApprovalRequest {
	return policies.ApprovalRequest{Programme: policies.VIG, From: Start - Day(1), Until: Start + Day(180)}
}

// ConsentBody is the form that both are on, decided by the carer.
func (w *Filmed) ConsentBody() policies.ConsentSign {
	return policies.ConsentSign{
		People: []policies.Covered{
			{Person: w.Mum, By: w.Mum, Basis: policies.Own},
			{Person: w.Kid, By: w.Mum, Basis: policies.ParentalResponsibility},
		},
		Purposes: []policies.PurposeAnswer{
			{Purpose: policies.FilmAndUse, Yes: true}, {Purpose: policies.Supervision, Yes: true},
			{Purpose: policies.FamilyCopy, Yes: true}, {Purpose: policies.Research, Yes: false},
		},
		Viewers:  []policies.NamedViewer{{Staff: w.Staff["sup"].ID, Purpose: policies.Supervision, Until: Start + Day(30)}},
		From:     Start - Day(1),
		Until:    Start + Day(365),
		SignedOn: w.Now.Time().Format("2006-01-02"),
		Medium:   policies.OnPaper, Understood: []policies.Aid{policies.NoneNeeded},
		FormText: Digest("the words shown"),
		Fixed: []policies.Attachment{
			{Name: "form", SHA256: Digest("the form"), Bytes: 1000},
			{Name: "shown", SHA256: Digest("who would see"), Bytes: 500},
		},
	}
}

// ListingBody puts somebody on the viewer list for supervision, for a month.
func (w *Filmed) ListingBody(who string) policies.ViewerAdd {
	return policies.ViewerAdd{Staff: w.Staff[who].ID, Purpose: policies.Supervision, Until: w.Now + Day(30)}
}

// ClipBody is ten minutes of film of both, a little before now.
func (w *Filmed) ClipBody() policies.ClipAdd {
	return policies.ClipAdd{
		Kind: policies.Excerpt, Chosen: true, Session: w.Session, People: []policies.PersonID{w.Mum, w.Kid},
		Controller: w.Org.ID, Captured: policies.Span{From: w.Now - 15*policies.Minute, Until: w.Now - 5*policies.Minute},
		Approval: w.Approval, Consent: w.Consent,
		Payload: policies.Payload{Bytes: 1 << 20, SHA256: Digest("payload"), Nonce: policies.Bytes16{1}, Commitment: Digest("commitment")},
		Media:   policies.Media{Type: "video/mp4", Codec: "avc1.42C01E, mp4a.40.2", DurationMS: 600_000},
		Source:  policies.Source{SHA256: Digest("source"), Bytes: 1 << 20},
	}
}

// GlassBody opens the clip for somebody against the family's will, for a morning.
func (w *Filmed) GlassBody(who string) policies.BreakglassOpen {
	return policies.BreakglassOpen{
		Clips: []policies.ClipID{w.Clip}, For: w.Staff[who].ID, Category: policies.GlassSafeguarding, Until: w.Now + 4*policies.Hour,
		Fixed: []policies.Attachment{{Name: "reason", SHA256: Digest("the reason"), Bytes: 500}},
	}
}

// ApproveBody lets the clip go at the end of its time, whenever that is.
func (w *Filmed) ApproveBody() policies.DisposalApprove {
	return policies.DisposalApprove{
		Clips: []policies.ClipID{w.Clip}, Class: w.Family.Clips[w.Clip].ClassOf(), Outcome: policies.LetGo, Until: "2030-01-01",
	}
}

// MarkBody marks the clip to go from now on, by this authority, after a week's grace.
func (w *Filmed) MarkBody(authority policies.StatementID, ground policies.DisposalGround) policies.ClipMark {
	return policies.ClipMark{
		Clip: w.Clip, Class: w.Family.Clips[w.Clip].ClassOf(), Ground: ground, Authority: []policies.StatementID{authority},
		Due: w.Now, Until: w.Now + Day(7), Pack: Digest("pack"),
	}
}

// DisposeBody is the certificate of the clip, once it was ordered to be destroyed.
func (w *Filmed) DisposeBody(order, authority policies.StatementID) policies.ClipDispose {
	c := w.Family.Clips[w.Clip]
	return policies.ClipDispose{
		Clip: c.ID, Order: order, Class: c.ClassOf(), Ground: policies.BySchedule, Authority: []policies.StatementID{authority}, Due: w.Now,
		Pack: Digest("pack"), Payload: c.Payload.SHA256, Versions: []policies.Version{{ID: "v1", Bytes: c.Payload.Bytes, SHA256: c.Payload.SHA256}},
		Keys: 2, VerifiedAt: w.Now, KeysAt: w.Now, Backup: (w.Now + Day(35)).Time().Format("2006-01-02"),
	}
}

// LinkBody is a link to the clip for the carer, for a fortnight.
func (w *Filmed) LinkBody(token string) policies.LinkCreate {
	d := Digest(token)
	return policies.LinkCreate{
		Clip: w.Clip, Person: w.Mum, Token: policies.Bytes16(d[:16]), Auth: Digest("auth"), PIN: Digest("pin"),
		Expires: w.Now + Day(14), Opens: 20,
	}
}
