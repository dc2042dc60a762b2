package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
}

// namedPack is a pack by its name or by a file, with the hash that is adopted.
func namedPack(name string) (policies.Pack, policies.Digest, error) {
	if !slices.Contains(packs.Names(), name) && strings.ContainsAny(name, "./\\") {
		text, err := os.ReadFile(name)
		if err != nil {
			return policies.Pack{}, policies.Digest{}, err
		}
		p, err := packs.Parse(text)
		if err != nil {
			return p, policies.Digest{}, problem("pack", "Put the line right, and try again.", "%s: %v.", filepath.Base(name), err)
		}
		return p, policies.DigestOf(text), nil
	}
	p, sum, err := packs.Load(name)
	if err != nil {
		return p, sum, usage("Packs: "+strings.Join(packs.Names(), ", ")+"; or the file of one.", "There is no pack %q.", name)
	}
	return p, sum, nil
}

// adopted is what the service works by, as this device knows it.
func (g *global) adopted() (a policies.Policy, err error) {
	err = g.device(func(d *attune.Client) error {
		a, err = d.Policies.Adopted()
		return err
	})
	return a, err
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
}

// Help is what --help shows below the flags.
func (policyShowCmd) Help() string {
	return `Example: attune policy show
         attune policy show nhs

Your IG lead must confirm every figure before the head of service adopts them.`
}

func (c *policyShowCmd) Run(g *global) error {
	var state string
	var adopted policies.Policy
	if c.Pack == "" {
		var err error
		if adopted, err = g.adopted(); err != nil {
			return err
		}
		c.Pack = adopted.Pack
	}
	p, sum, err := namedPack(c.Pack)
	if err != nil {
		return err
	}
	rules, err := rulesHere()
	if err != nil {
		return err
	}
	switch {
	case adopted.Pack == "":
		state = "shipped with this program"
	case adopted.SHA256 == sum && adopted.Bundle == rules:
		state = "adopted, and the same as in this program"
	default:
		return problem("not_adopted", "Use the version that was adopted; or see what changed with: attune policy verify",
			"The service adopted other rules or figures than this program has.")
	}
	return g.print(map[string]any{"pack": p.Name, "state": state, "sha256": sum, "rules": rules, "entries": p.Entries(), "confirm": packs.Confirm, "papers": packs.Papers()},
		"%s\n%s\n\n%s\n\n%s Nothing destroys film by these dates yet.\nHash of the figures: %s\nHash of the rules:   %s\nPapers: attune policy doc %s PAPER, of %s", p.Title, sentence(state), entryTable(p.Entries()),
		strings.Replace(packs.Confirm, "this figure", "every figure", 1), sum, rules, p.Name, strings.Join(packs.Papers(), ", "))
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
         attune policy diff council.yaml council
         attune policy diff council

A service that was adopted under an earlier version of a pack gives that version's file.`
}

// difference is one line that two packs say differently; "" where one has no such.
type difference struct {
	Name   string `json:"name"`
	One    string `json:"one"`
	Other  string `json:"other"`
	Source bool   `json:"source"` // only the source differs
}

func (c *policyDiffCmd) Run(g *global) error {
	one, _, err := namedPack(c.Pack)
	if err != nil {
		return err
	}
	other, err := c.other(g)
	if err != nil {
		return err
	}
	list := differences(one, other)
	text := table(list, func(d difference) []string {
		if d.Source {
			return []string{d.Name, d.One, "the same, from another source"}
		}
		return []string{d.Name, orNone(d.One), orNone(d.Other)}
	})
	return g.print(map[string]any{"differences": list}, "%s", strings.Replace(text, "(none)", "They say the same.", 1))
}

func (c *policyDiffCmd) other(g *global) (policies.Pack, error) {
	if c.Other != "" {
		p, _, err := namedPack(c.Other)
		return p, err
	}
	a, err := g.adopted()
	if err != nil {
		return policies.Pack{}, err
	}
	p, sum, err := namedPack(a.Pack)
	if err == nil && sum != a.SHA256 {
		err = problem("not_adopted", "Give the file that was adopted: attune policy diff "+c.Pack+" FILE",
			"The service adopted another version of %s than this program has; a hash alone cannot be compared.", a.Pack)
	}
	return p, err
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

type policyVerifyCmd struct{}

// Help is what --help shows below the flags.
func (policyVerifyCmd) Help() string {
	return `Example: attune policy verify

Compares what the head of service signed, as of this device's last sync, with the files of this program. A server
that has others does not start. Exit status 1 when they differ.`
}

func (c *policyVerifyCmd) Run(g *global) error {
	a, err := g.adopted()
	if err != nil {
		return err
	}
	rules, err := rulesHere()
	if err != nil {
		return err
	}
	_, sum, err := packs.Load(a.Pack)
	figures := err == nil && sum == a.SHA256
	result := map[string]any{"pack": a.Pack, "statement": a.Adopted, "figures": figures, "rules": a.Bundle == rules, "sha256": a.SHA256, "bundle": a.Bundle}
	if figures && a.Bundle == rules {
		return g.print(result, "This program has the rules and the figures (%s) that were adopted.", a.Pack)
	}
	if g.JSON {
		if err := g.print(result, ""); err != nil {
			return err
		}
	}
	var differ []string
	if !figures {
		differ = append(differ, "figures ("+a.Pack+")")
	}
	if a.Bundle != rules {
		differ = append(differ, "rules")
	}
	return problem("not_adopted", "Use the version that was adopted, or have the head of service adopt this one: attune policy adopt --help",
		"This program has other %s than were adopted.", strings.Join(differ, " and "))
}

type policyAdoptCmd struct {
	Pack string `arg:"" help:"A pack of this program."`
	Out  string `required:"" placeholder:"FILE" type:"path" help:"What the operator gives to: attuned adopt."`
}

// Help is what --help shows below the flags.
func (policyAdoptCmd) Help() string {
	return `Example: attune policy adopt council --out adopt.file

A server works only by the rules and figures that were adopted, and takes an adoption only of those that it has. So a
new version, or another pack, comes in this order; no step needs a network between the two machines:

  1  head of service: install the new attune; read attune policy show PACK; ask the IG lead to confirm each figure
  2  head of service: attune policy adopt PACK --out adopt.file
  3  operator: stop the server, install the new attuned, attuned adopt --data DIR --statement adopt.file, start it
  4  everybody: install the new attune, sync

Do not sync between 2 and 3: the old server would refuse it. If you did, the file is still good.
The file holds what else is queued on this device, sealed as on the wire: hand it over, do not post it.
Only packs that this program carries can be adopted: a service whose IG lead wants another figure cannot have it yet
without a build of its own.`
}

func (c *policyAdoptCmd) Run(g *global) error {
	if !slices.Contains(packs.Names(), c.Pack) {
		return usage("Packs: "+strings.Join(packs.Names(), ", ")+".", "This program has no pack %q.", c.Pack)
	}
	_, sum, err := packs.Load(c.Pack)
	if err != nil {
		return err
	}
	rules, err := rulesHere()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.Out); err == nil {
		return usage("Name a new file.", "%s is there already.", c.Out)
	}
	return g.device(func(d *attune.Client) error {
		id, waiting := waitingFor(d, c.Pack, sum, rules)
		if !waiting {
			if id, err = d.Policies.Adopt(c.Pack, sum, rules); err != nil {
				return err
			}
		}
		body, err := d.Policies.File(id)
		if err != nil {
			return err
		}
		if err := writeNew(c.Out, body); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "pack": c.Pack, "sha256": sum, "rules": rules, "file": c.Out},
			"Signed. %s\nNow the operator: stop the server, attuned adopt --data DIR --statement %s, start it.",
			strings.Replace(packs.Confirm, "this figure", "every figure", 1), filepath.Base(c.Out))
	})
}

// waitingFor is an adoption of the same that was signed here before and has not
// been taken: its file is written again, not a second one signed.
func waitingFor(d *attune.Client, pack string, sum, rules policies.Digest) (policies.StatementID, bool) {
	id, ok, err := d.Policies.Waiting()
	if err != nil || !ok {
		return id, false
	}
	a, err := d.Policies.Signed(id)
	return id, err == nil && a == policies.PolicyAdopt{Pack: pack, SHA256: sum, Bundle: rules}
}
