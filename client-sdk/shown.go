package attune

import (
	"slices"
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// Shown is who would see a family's film as it was read to them when a form was
// signed, and what has changed since.
type Shown struct {
	Consent  policies.ConsentID `json:"consent"` // zero: nobody has signed, or this device cannot open what was shown
	SignedOn string             `json:"signed_on"`
	Lines    []string           `json:"lines"`
	New      []string           `json:"new"`   // true now, and not shown then
	Ended    []string           `json:"ended"` // shown then, and no longer true
}

// WouldSee is who may see the film once this form counts, one line each: to be read to
// the family before they sign. The same lines are sealed beside the form.
//
// Source: Caldicott principle 8.
func (c *Consents) WouldSee(in SignConsent) ([]string, error) {
	body, err := c.body(&in)
	if err != nil {
		return nil, err
	}
	return c.wouldSee(in.Family, body)
}

func (c *Consents) wouldSee(family policies.FamilyID, body policies.ConsentSign) ([]string, error) {
	pack, err := c.d.figures()
	if err != nil {
		return nil, err
	}
	org, err := c.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	f, err := c.d.mirror.provisional(family)
	if err != nil {
		return nil, err
	}
	f = f.Clone()
	unsigned := policies.Digest{1} // stands for the attachments, which hold what is worked out here
	body.Fixed = []policies.Attachment{{Name: "form", SHA256: unsigned, Bytes: 1}, {Name: "shown", SHA256: unsigned, Bytes: 1}}
	now := policies.At(c.d.now())
	if _, err := f.Apply(org, policies.Statement{
		ID: policies.StatementID(unsigned), Signer: policies.KeyID(c.d.keys.Device()), Record: policies.RecordID(family), Kind: "consent.sign",
		Deps: f.DepsFor(org, body), At: now, Body: body,
	}, now); err != nil {
		return nil, impossible("consent.sign", err)
	}
	return f.Sight(org, pack, max(now, body.From)), nil
}

// shown compares what is true now with what was shown when the last form was signed.
func (fs *Families) shown(f *policies.Family, now []string) (Shown, error) {
	out := Shown{Lines: []string{}, New: []string{}, Ended: []string{}}
	last := f.LatestConsent()
	if last == nil {
		return out, nil
	}
	text, err := (&Consents{fs.d}).read(f.ID, last.ID, "shown")
	if CodeOf(err) == CodeNoKey || CodeOf(err) == CodeUnknown {
		return out, nil // a desk or a viewer, who compares nothing
	} else if err != nil {
		return out, err
	}
	out.Consent, out.SignedOn, out.Lines = last.ID, last.SignedOn, strings.Split(string(text), "\n")
	out.New, out.Ended = without(now, out.Lines), without(out.Lines, now)
	return out, nil
}

// without lists what is in a and not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

// read opens what is sealed beside a form.
func (c *Consents) read(family policies.FamilyID, id policies.ConsentID, name string) ([]byte, error) {
	sealed, err := c.d.shelf.fixed(policies.StatementID(id), name)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return nil, problem(CodeUnknown, "Sync, and try again.", "The form of consent %s is not on this device.", id.Short())
	}
	with := c.d.keys.identities()
	if keys, err := c.d.keys.family(family); err == nil {
		with = append(with, keys...)
	}
	form, err := seal.Open(sealed, with...)
	if err != nil {
		return nil, problem(CodeNoKey, "Ask the family's team or the IG officer.", "This form is not sealed to you.").because(err)
	}
	return form, nil
}
