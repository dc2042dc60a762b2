package attune

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

// Consents records signed consent forms and withdrawals.
type Consents struct{ d *desk }

// SignConsent is what stands on a signed form.
type SignConsent struct {
	Family   policies.FamilyID
	People   []policies.Covered // who is covered, who decided, on what authority
	Purposes map[policies.Purpose]bool
	Separate bool // a form of its own, that leaves the family's other answers as they are
	Viewers  []policies.NamedViewer
	From     time.Time       // now when zero
	Until    time.Time       // the service's figure after From when zero
	SignedOn string          // "2026-11-20", the day on the paper; today when ""
	Form     string          // file with the signed form, a photograph, a scan or a PDF; it is not changed
	Medium   policies.Medium // of what was signed; paper when ""

	Understood []policies.Aid  // what helped them to understand it; nil: not recorded
	FormText   policies.Digest // SHA-256 of the exact words shown; those of the adopted pack when zero
}

// ConsentView is a form and for whom it decides about something now.
type ConsentView struct {
	policies.Consent
	Family   policies.FamilyID   `json:"family"`
	InForce  []policies.PersonID `json:"in_force"`
	Separate bool                `json:"separate"` // about purposes of its own

	Medium     policies.Medium `json:"medium"`
	Understood []policies.Aid  `json:"understood"`
}

// Sign records a signed form. The form itself is sealed to the family and to
// every confirmed IG officer: they read forms, and never film.
func (c *Consents) Sign(in SignConsent) (policies.ConsentID, error) {
	body, err := c.body(&in)
	if err != nil {
		return policies.ConsentID{}, err
	}
	form, err := os.ReadFile(in.Form)
	if err != nil {
		return policies.ConsentID{}, problem(CodeInput, "Name the file with the signed form.", "The form cannot be read.").because(err)
	}
	if len(form) == 0 || len(form) > policies.MaxAttachmentBytes-(256<<10) {
		return policies.ConsentID{}, problem(CodeInput, "Photograph it at a smaller size.", "The form has %d bytes; 1 byte to 7.75 MiB are taken.", len(form))
	}
	// An IG officer reads forms, and never film: a film given here by mistake would
	// pass by the filming gate, and by every rule about who may watch.
	if info, err := film.Inspect(bytes.NewReader(form), int64(len(form))); err == nil && strings.HasPrefix(info.MediaType, "video/") {
		return policies.ConsentID{}, problem(CodeInput, "Choose the photograph or scan of the signed paper.", "%s is a film, not a form.", filepath.Base(in.Form))
	}
	to, err := c.readers(in.Family)
	if err != nil {
		return policies.ConsentID{}, err
	}
	lines, err := c.wouldSee(in.Family, body)
	if err != nil {
		return policies.ConsentID{}, err
	}
	var attachments []wire.Attachment
	for _, a := range []struct {
		name string
		text []byte
	}{{"form", form}, {"shown", []byte(strings.Join(lines, "\n"))}} {
		sealed, err := seal.Seal(a.text, to...)
		if err != nil {
			return policies.ConsentID{}, err
		}
		attachments = append(attachments, wire.Attachment{Name: a.name, Body: sealed})
	}
	body.Fixed = fixed(attachments...)
	s, err := c.d.outbox.file(draft{policies.RecordID(in.Family), "consent.sign", body, attachments})
	return policies.ConsentID(s.ID), err
}

func (c *Consents) body(in *SignConsent) (policies.ConsentSign, error) {
	if in.From.IsZero() {
		in.From = c.d.now()
	}
	if in.SignedOn == "" {
		in.SignedOn = day(c.d.now())
	}
	if in.Medium == "" {
		in.Medium = policies.OnPaper
	}
	if len(in.Understood) == 0 {
		in.Understood = []policies.Aid{policies.NotRecorded}
	}
	pack, err := c.d.figures()
	if err != nil {
		return policies.ConsentSign{}, err
	}
	if in.Until.IsZero() {
		in.Until = in.From.AddDate(0, pack.ConsentMonths.Value, 0)
	}
	for p := range in.Purposes {
		// A misspelt answer would be no answer: a "no" on the paper must not get lost.
		if !slices.Contains(policies.Purposes(), p) {
			return policies.ConsentSign{}, problem(CodeInput, "Take one of those that consent sign --help lists.", "There is no purpose %q.", p)
		}
	}
	if err := c.oneSort(*in, pack); err != nil {
		return policies.ConsentSign{}, err
	}
	if in.FormText.IsZero() {
		paper := packs.Form
		if in.Separate {
			paper = packs.SeparateForm
		}
		words, err := packs.Paper(pack, paper)
		if err != nil {
			return policies.ConsentSign{}, problem(CodeInput, "Give the words that were shown.", "The service's pack has no form of its own.").because(err)
		}
		in.FormText = policies.DigestOf(words)
	}
	body := policies.ConsentSign{
		People: in.People, Viewers: append([]policies.NamedViewer{}, in.Viewers...), SignedOn: in.SignedOn,
		From: policies.At(in.From), Until: policies.At(in.Until), Medium: in.Medium, Understood: in.Understood, FormText: in.FormText,
	}
	for _, p := range policies.Purposes() { // in the order of the list: the same answers have one spelling
		if yes, answered := in.Purposes[p]; answered {
			body.Purposes = append(body.Purposes, policies.PurposeAnswer{Purpose: p, Yes: yes})
		}
	}
	return body, c.permitted(in.Family, pack, body)
}

// permitted asks what the server will ask of the service's figures, before anybody
// leaves the visit.
func (c *Consents) permitted(family policies.FamilyID, pack policies.Pack, body policies.ConsentSign) error {
	f, err := c.d.mirror.provisional(family)
	if err != nil {
		return err
	}
	if err := pack.Permits(f, body, policies.At(c.d.now())); err != nil {
		return impossible("consent.sign", err)
	}
	return nil
}

// readers are who may open the form: the family's key and the confirmed IG
// officers of the verified fold.
func (c *Consents) readers(family policies.FamilyID) ([]seal.Recipient, error) {
	org, err := c.d.mirror.verifiedOrg()
	if err != nil {
		return nil, err
	}
	own, err := c.d.sealTo(family)
	to := []seal.Recipient{own}
	for id, p := range org.Staff {
		if err != nil {
			break
		}
		if p.Role == policies.IGOfficer && p.HasPowers() && p.Active(policies.At(c.d.now())) {
			var r seal.Recipient
			r, err = c.d.recipientOf(org, id)
			if CodeOf(err) == CodeNewKey {
				err = nil // a form cannot wait for a phone call; the family's team can open it
				continue
			}
			to = append(to, r)
		}
	}
	return to, err
}

// List is every form of a family, in order.
func (c *Consents) List(family policies.FamilyID) ([]ConsentView, error) {
	v, err := (&Families{c.d}).Show(family)
	for i := range v.Consents {
		if err != nil {
			break
		}
		var s policies.Statement
		if s, err = c.d.shelf.statement(policies.StatementID(v.Consents[i].ID)); err == nil {
			body := s.Body.(*policies.ConsentSign)
			v.Consents[i].Medium, v.Consents[i].Understood = body.Medium, body.Understood
		}
	}
	return v.Consents, err
}

// ReadForm opens the signed form of a consent, for the family's team and the IG
// officer.
func (c *Consents) ReadForm(family policies.FamilyID, id policies.ConsentID) ([]byte, error) {
	return c.read(family, id, "form")
}

func consentViews(f *policies.Family, order map[string]int, now policies.Micros) (out []ConsentView) {
	for _, id := range sortedBy(f.Consents, order) {
		v := ConsentView{Consent: *f.Consents[id], Family: f.ID, InForce: []policies.PersonID{}}
		v.Separate = !v.Whole()
		for _, p := range v.People {
			if !slices.Contains(v.InForce, p.Person) && decides(f, v.Consent, p.Person, now) {
				v.InForce = append(v.InForce, p.Person)
			}
		}
		out = append(out, v)
	}
	return out
}

// decides reports whether a form decides about any of its purposes for a person now.
func decides(f *policies.Family, c policies.Consent, p policies.PersonID, now policies.Micros) bool {
	return slices.ContainsFunc(c.Purposes, func(a policies.PurposeAnswer) bool {
		form, ok := f.DecidingForm(p, a.Purpose, now)
		return ok && form.ID == c.ID
	})
}
