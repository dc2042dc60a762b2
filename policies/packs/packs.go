// Package packs reads a service's figures: how long a device may film without
// contact, how long a link lives, how often a PIN may be tried.
//
// It promises that a pack it returns is complete, inside the ranges that the
// design allows, and that every figure names its source. It does not say that a
// figure is right for a service: an IG lead must confirm each, and policy.adopt
// then names the SHA-256 of the file. Start at [Load].
package packs

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/attune-vf/attune/policies"
	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml */consent-form.md
var files embed.FS

// Confirm is the sentence beside every figure in the generated papers.
const Confirm = "Your IG lead must confirm this figure."

// Load returns a pack that ships with this program, and the SHA-256 of its file
// that policy.adopt must name.
func Load(name string) (policies.Pack, policies.Digest, error) {
	text, err := Text(name)
	if err != nil {
		return policies.Pack{}, policies.Digest{}, err
	}
	p, err := Parse(text)
	if err == nil && p.Name != name {
		err = fmt.Errorf("pack %s calls itself %q", name, p.Name)
	}
	return p, policies.DigestOf(text), err
}

// Text is the file of a pack, byte for byte.
func Text(name string) ([]byte, error) {
	if !plain(name) {
		return nil, fmt.Errorf("%q is not the name of a pack", name)
	}
	text, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no pack called %q", name)
	}
	return text, nil
}

// FormText is the words of a pack's consent form, and their SHA-256, which
// consent.sign names as what was shown.
//
// Source: UK GDPR Art 7(1): show what the person was told.
func FormText(name string) ([]byte, policies.Digest, error) {
	if !plain(name) {
		return nil, policies.Digest{}, fmt.Errorf("%q is not the name of a pack", name)
	}
	text, err := files.ReadFile(name + "/consent-form.md")
	if err != nil {
		return nil, policies.Digest{}, fmt.Errorf("pack %q has no consent form", name)
	}
	return text, policies.DigestOf(text), nil
}

func plain(name string) bool { return name != "" && !strings.ContainsAny(name, "/.\\") }

// Parse reads a pack strictly: an unknown or repeated field, a second document, a
// figure without source or outside its range is an error, because a slip in a
// figure would be signed and then enforced.
func Parse(text []byte) (policies.Pack, error) {
	var p policies.Pack
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&p); err != nil {
		return policies.Pack{}, fmt.Errorf("read pack: %w", err)
	}
	if err := d.Decode(new(policies.Pack)); !errors.Is(err, io.EOF) {
		return policies.Pack{}, errors.New("read pack: one document expected")
	}
	if !plain(p.Name) || strings.TrimSpace(p.Title) == "" {
		return policies.Pack{}, errors.New("a pack needs a name and a title")
	}
	for _, r := range ranges(p) {
		if r.figure.Value < r.least || r.figure.Value > r.most {
			return policies.Pack{}, fmt.Errorf("%s: %d given, %d to %d allowed: %s", r.name, r.figure.Value, r.least, r.most, r.why)
		}
		if strings.TrimSpace(r.figure.Source) == "" {
			return policies.Pack{}, fmt.Errorf("%s has no source", r.name)
		}
	}
	return p, nil
}

// limit is the range that a service may choose a figure from.
type limit struct {
	name        string
	figure      policies.Figure
	least, most int
	why         string
}

func ranges(p policies.Pack) []limit {
	return []limit{
		{"offline_days", p.OfflineDays, 1, 14, "a withdrawal must reach every device within a fortnight"},
		{"link_days", p.LinkDays, 1, 28, "a link is for the next visit, not an archive"},
		{"link_opens", p.LinkOpens, 1, policies.MaxLinkOpens, "a carer watches again and again; a leaked link must run dry"},
		{"pin_tries", p.PINTries, 3, 5, "ten tries at six digits in all"},
		{"pin_pause_minutes", p.PINPauseMins, 15, 1440, "long enough to tire a guesser"},
		{"invite_days", p.InviteDays, 1, 7, "an invitation is a key on paper"},
		{"certificate_months", p.CertMonths, 1, 12, "leavers who were forgotten stop within a year"},
		{"approval_months", p.ApprovalMonths, 1, 12, "the head of service looks again within a year"},
		{"consent_months", p.ConsentMonths, 1, 24, "consent is asked again while people remember giving it"},
		{"viewing_days", p.ViewingDays, 1, 90, "a viewer whom nobody thought of for a quarter stops"},
	}
}
