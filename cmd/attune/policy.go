package main

import (
	"cmp"
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
)

type policyCmd struct {
	Show    policyShowCmd    `cmd:"" help:"The figures that the service works by, each with its source."`
	Diff    policyDiffCmd    `cmd:"" help:"What two packs say differently."`
	Verify  policyVerifyCmd  `cmd:"" help:"Whether this program has the rules and figures that were adopted."`
	Explain policyExplainCmd `cmd:"" help:"A rule or a figure: what it says, where it comes from."`
	Preview policyPreviewCmd `cmd:"" help:"Until when a pack would keep what, and why."`
	Doc     policyDocCmd     `cmd:"" help:"Print a paper: policy, forms, notices, script."`
	Adopt   policyAdoptCmd   `cmd:"" help:"Head of service: sign that the service works by these rules and figures."`
	Plan    policyPlanCmd    `cmd:"" help:"What a change of figures moves, clip by clip; sign it as information governance officer."`
	Approve policyApproveCmd `cmd:"" help:"Head of service: sign the plan of what a change of figures moves."`
}

func rulesHere() (policies.Digest, error) {
	b, err := authz.Load()
	if err != nil {
		return policies.Digest{}, fmt.Errorf("load rules: %w", err)
	}
	return b.SHA256(), nil
}

type policyShowCmd struct {
	Pack string `arg:"" optional:"" help:"A pack of this program, or its file; else the adopted one."`
	YAML bool   `name:"yaml" help:"Print the file, byte for byte: to copy it and put your own figures in."`
}

// Help is what --help shows below the flags.
func (policyShowCmd) Help() string {
	return `Example: attune policy show
         attune policy show nhs
         attune policy show council --yaml > ours.yaml

Your IG lead must confirm every figure before the head of service adopts them. See: attune policy adopt --help`
}

func (c *policyShowCmd) Run(g *global) error {
	p, err := g.pack(cmp.Or(c.Pack, adoptedPack))
	if err != nil {
		return err
	}
	if c.YAML && !g.JSON {
		_, err := g.out.Write(p.file)
		return err
	}
	rules, err := rulesHere()
	if err != nil {
		return err
	}
	return g.print(map[string]any{"pack": p.Name, "state": p.state(), "sha256": p.sum, "rules": rules, "entries": p.Entries(), "confirm": packs.Confirm, "papers": packs.Papers(), "yaml": string(p.file)},
		"%s\n%s\n\n%s\n\n%s No date destroys film alone: somebody lets it go.\nHash of the figures: %s\nHash of the rules:   %s\nPapers: attune policy doc %s PAPER, of %s", p.Title, sentence(p.state()), entryTable(p.Entries()),
		strings.Replace(packs.Confirm, "this figure", "every figure", 1), p.sum, rules, cmp.Or(c.Pack, adoptedPack), strings.Join(packs.Papers(), ", "))
}

func entryTable(list []policies.Entry) string {
	return table(list, func(e policies.Entry) []string { return []string{e.Name, e.Value, e.Source} })
}

type policyDiffCmd struct {
	Pack  string `arg:"" help:"A pack of this program, or its file."`
	Other string `arg:"" optional:"" help:"Another; else the adopted one."`
}

// Help is what --help shows below the flags.
func (policyDiffCmd) Help() string {
	return `Example: attune policy diff council nhs
         attune policy diff council ours.yaml
         attune policy diff ours.yaml`
}

// difference is one line that two packs say differently; "" where one has no such.
type difference struct {
	Name   string `json:"name"`
	One    string `json:"one"`
	Other  string `json:"other"`
	Source bool   `json:"source"` // only the source differs
}

func (c *policyDiffCmd) Run(g *global) error {
	one, err := g.pack(c.Pack)
	if err != nil {
		return err
	}
	other, err := g.pack(cmp.Or(c.Other, adoptedPack))
	if err != nil {
		return err
	}
	list := differences(one.Pack, other.Pack)
	return g.print(map[string]any{"differences": list}, "%s", differencesText(list))
}

func differencesText(list []difference) string {
	text := table(list, func(d difference) []string {
		if d.Source {
			return []string{d.Name, d.One, "the same, from another source"}
		}
		return []string{d.Name, orNone(d.One), orNone(d.Other)}
	})
	return strings.Replace(text, "(none)", "They say the same.", 1)
}

func orNone(s string) string {
	if s == "" {
		return "(not there)"
	}
	return s
}

// differences compares by the names of entries, in the order of the first pack.
func differences(one, other policies.Pack) []difference {
	there := map[string]policies.Entry{}
	for _, e := range other.Entries() {
		there[e.Name] = e
	}
	out := []difference{}
	for _, e := range one.Entries() {
		o := there[e.Name]
		delete(there, e.Name)
		if e != o {
			out = append(out, difference{e.Name, e.Value, o.Value, e.Value == o.Value})
		}
	}
	for _, e := range other.Entries() {
		if _, left := there[e.Name]; left {
			out = append(out, difference{e.Name, "", e.Value, false})
		}
	}
	return out
}

type policyVerifyCmd struct {
	File string `arg:"" optional:"" type:"path" help:"The file of a pack: whether it can be adopted. Else what was adopted."`
}

// Help is what --help shows below the flags.
func (policyVerifyCmd) Help() string {
	return `Example: attune policy verify
         attune policy verify ours.yaml

Without a file: compares the rules of this program with those that the head of service signed, as of this device's last
sync, and reads the figures that came with it. A server that has other rules does not start. With one: whether it can be
adopted; else the first line that is wrong, and why. Exit status 1 when something is.`
}

func (c *policyVerifyCmd) Run(g *global) error {
	if c.File != "" {
		return c.file(g)
	}
	rules, err := rulesHere()
	if err != nil {
		return err
	}
	return g.device(func(d *attune.Client) error {
		a, err := d.Policies.Adopted()
		if err != nil {
			return err
		}
		p, file, unreadable := d.Policies.Figures()
		result := map[string]any{"pack": a.Pack, "statement": a.Adopted, "figures": unreadable == nil, "rules": a.Bundle == rules, "sha256": a.SHA256, "bundle": a.Bundle}
		if unreadable == nil && a.Bundle == rules {
			return g.print(result, "This program has the rules that were adopted, and works by the adopted figures (%s).", chosen{Pack: p, file: file, sum: a.SHA256}.called())
		}
		if g.JSON {
			if err := g.print(result, ""); err != nil {
				return err
			}
		}
		if unreadable != nil {
			return unreadable
		}
		return problem("not_adopted", "Use the version that was adopted, or have the head of service adopt this one: attune policy adopt --help",
			"This program has other rules than were adopted.")
	})
}

func (c *policyVerifyCmd) file(g *global) error {
	p, err := packIn(c.File)
	if err != nil {
		return err
	}
	like, _, err := packs.Load(p.Name)
	if err != nil {
		return err
	}
	list := differences(like, p.Pack)
	return g.print(map[string]any{"pack": p.Name, "sha256": p.sum, "differences": list},
		"It can be adopted: %d entries, %s otherwise than in this program's %s. %s", len(p.Entries()), count(len(list), "of them", "of them"), p.Name,
		strings.Replace(packs.Confirm, "this figure", "every figure", 1))
}
