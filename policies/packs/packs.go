// Package packs reads a service's figures: how long a device may film without
// contact, how long a link lives, how often a PIN may be tried.
//
// It promises that a pack it returns is complete, inside the ranges that the
// design allows, and that every figure names its source. It does not say that a
// figure is right for a service: an IG lead must confirm each, and policy.adopt
// then carries the file. Three packs ship with the program, for a service to copy and
// edit; what a service works by is the file that it adopted, which came from somebody
// else's disk and is read by [Parse] like any stranger's. Start at [Load]; [Paper]
// writes what a service hands out, with the pack's figures in it.
package packs

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/policies"
	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml papers/*.md
var files embed.FS

// Confirm is the sentence beside every figure in the generated papers.
const Confirm = "Your IG lead must confirm this figure."

// Load returns a pack that ships with this program, and the SHA-256 of its file.
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

// Names lists the packs that ship with this program.
func Names() []string { return []string{"council", "nhs", "court"} }

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
// consent.sign names as what was shown: the bytes of the Markdown that [Paper]
// writes for [Form], UTF-8 with "\n" line ends. The digest is over what was printed
// before anybody wrote on it; what they wrote is in the attachment "form".
//
// The words follow from the pack and from this program's template. An upgrade may
// change them, and then the digest: forms that were signed before keep theirs, and
// their words are what the earlier version printed. A service keeps a printed copy
// of every version that it used.
//
// Source: UK GDPR Art 7(1): show what the person was told.
func FormText(p policies.Pack) ([]byte, policies.Digest, error) {
	text, err := Paper(p, Form)
	if err != nil {
		return nil, policies.Digest{}, err
	}
	return text, policies.DigestOf(text), nil
}

func plain(name string) bool { return name != "" && !strings.ContainsAny(name, "/.\\") }

// Parse reads a pack strictly, because a slip in a figure would be signed and then
// enforced. An unknown, repeated or missing field, a figure without source or
// outside its range, and whatever YAML could read in two ways is an error with the
// number of its line.
func Parse(text []byte) (policies.Pack, error) {
	p, err := parse(text)
	if err != nil {
		return policies.Pack{}, fmt.Errorf("read pack: %w", err)
	}
	return p, nil
}

func parse(text []byte) (p policies.Pack, err error) {
	root, err := tree(text)
	if err != nil {
		return p, err
	}
	c := checker{lines: map[string]int{}}
	lines(root, "", c.lines)
	if err := periods(root); err != nil {
		return p, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&p); err != nil {
		return p, plainly(err)
	}
	c.pack(p)
	return p, c.err
}

// plainly takes the words of a program out of what the decoder says.
func plainly(err error) error {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return err
	}
	first := typed.Errors[0]
	if i := strings.Index(first, " not found in type "); i >= 0 {
		first = strings.Replace(first[:i], "field ", "there is no field ", 1)
	}
	return errors.New(first)
}
