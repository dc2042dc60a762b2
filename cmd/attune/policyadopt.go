package main

import (
	"os"
	"path/filepath"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

type policyAdoptCmd struct {
	Pack string `arg:"" help:"A pack of this program, or its file."`
	Out  string `placeholder:"FILE" type:"path" help:"With a new version of the rules: what the operator gives to attuned adopt."`
	Yes  bool   `help:"Do not ask whether to sign."`
}

// Help is what --help shows below the flags.
func (policyAdoptCmd) Help() string {
	return `Example: attune policy adopt ours.yaml

The service's own figures, from a copy of a pack; the server takes them at the next sync, and every device at its own:

  1  attune policy show council --yaml > ours.yaml      edit it, each figure with its source
  2  attune policy verify ours.yaml; attune policy diff council ours.yaml; attune policy preview ours.yaml --help
  3  the IG lead confirms each figure; attune policy doc ours.yaml consent-form --out form.md, and the other papers
  4  head of service: attune policy adopt ours.yaml, then attune sync

A server works only by the rules that were adopted, and takes an adoption only of those that it has. So a new version of
the rules comes in this order; no step needs a network between the two machines:

  1  head of service: install the new attune; attune policy adopt adopted --out adopt.file
  2  operator: stop the server, install the new attuned, attuned adopt --data DIR --statement adopt.file, start it
  3  everybody: install the new attune, sync

Do not sync between 1 and 2: the old server would refuse it. If you did, the file is still good.
The file holds what else is queued on this device, sealed as on the wire: hand it over, do not post it.`
}

// changing is one adoption about to be signed.
type changing struct {
	g     *global
	d     *attune.Client
	now   policies.Policy // in force, as this device knows it
	next  chosen
	rules policies.Digest
	list  []difference
}

func (c *policyAdoptCmd) Run(g *global) error {
	if c.Out != "" {
		if _, err := os.Lstat(c.Out); err == nil {
			return usage("Name a new file.", "%s is there already.", c.Out)
		}
	}
	w := changing{g: g}
	var err error
	if w.rules, err = rulesHere(); err != nil {
		return err
	}
	if c.Pack != adoptedPack {
		if w.next, err = g.pack(c.Pack); err != nil {
			return err
		}
	}
	return g.device(func(d *attune.Client) error {
		w.d = d
		if err := w.look(); err != nil {
			return err
		}
		return c.adopt(&w)
	})
}

// look compares what is to be adopted with what is.
func (w *changing) look() (err error) {
	if w.now, err = w.d.Policies.Adopted(); err != nil {
		return err
	}
	was, file, err := w.d.Policies.Figures()
	if w.next.file == nil { // the adopted figures, under other rules
		if err != nil {
			return err
		}
		w.next = chosen{Pack: was, file: file, sum: w.now.SHA256}
	}
	if err == nil { // figures that this version cannot read can only be replaced
		w.list = differences(was, w.next.Pack)
	}
	return nil
}

func (c *policyAdoptCmd) adopt(w *changing) error {
	if w.now.Bundle != w.rules && c.Out == "" {
		return usage("Write it to a file for the operator: --out FILE; see --help.",
			"This program has other rules than the service works by, and a server cannot take those while it runs.")
	}
	if w.now.SHA256 == w.next.sum && w.now.Bundle == w.rules {
		return problem("not_possible", "There is nothing to do.", "These rules and figures are adopted already.")
	}
	id, waiting := w.waiting()
	if !waiting {
		if !c.Yes {
			w.g.note("%s", w.text())
			if err := w.g.sign(w.d, "Adopt them? Type yes: "); err != nil {
				return err
			}
		}
		var err error
		if id, err = w.d.Policies.Adopt(w.next.file, w.rules); err != nil {
			return err
		}
	}
	result := map[string]any{"id": id, "pack": w.next.Name, "sha256": w.next.sum, "rules": w.rules, "differences": list(w.list)}
	confirm := strings.Replace(packs.Confirm, "this figure", "every figure", 1)
	if c.Out == "" {
		return w.g.print(result, "Signed. %s\nNow: attune sync", confirm)
	}
	body, err := w.d.Policies.File(id)
	if err == nil {
		err = writeNew(c.Out, body)
	}
	if err != nil {
		return err
	}
	result["file"] = c.Out
	return w.g.print(result, "Signed. %s\nNow the operator: stop the server, attuned adopt --data DIR --statement %s, start it.", confirm, filepath.Base(c.Out))
}

// text says what will change, and when. It promises nothing about what is destroyed:
// the dates by which film is kept are shown, and no date destroys alone.
func (w *changing) text() string {
	lines := []string{"What changes, from what is in force to what you would sign:", "", differencesText(w.list), ""}
	if w.now.Bundle != w.rules {
		lines = append(lines, "The rules change too: this program has those of another version.")
	}
	return strings.Join(append(lines,
		"It counts for everybody: the server's part as soon as it has it, each device's from its next sync.",
		"What was made before keeps the end that it was given: a consent, an approval, a link, an entry of a viewer list.",
		"Days without contact, and tries at a PIN, count for all at once. Forms that were signed stay as they were signed.",
		"Nobody is told by this: print the papers anew, and tell families what changed for them."), "\n")
}

// waiting is an adoption of the same that was signed here before and has not been
// taken: its file is written again, not a second one signed.
func (w *changing) waiting() (policies.StatementID, bool) {
	id, ok, err := w.d.Policies.Waiting()
	if err != nil || !ok {
		return id, false
	}
	a, err := w.d.Policies.Signed(id)
	return id, err == nil && a == policies.NewPolicyAdopt(w.next.Name, w.next.file, w.rules)
}

// sign asks for a yes and for the passphrase anew, after the person has read what
// they sign: whoever finds an open terminal does not sign in their name.
func (g *global) sign(d *attune.Client, question string) error {
	answer, err := ask(question)
	if err != nil {
		return err
	}
	if strings.ToLower(answer) != "yes" {
		return problem("not_signed", "Nothing was signed.", "You did not say yes.")
	}
	pass, err := g.passphrase(false)
	if err != nil {
		return err
	}
	err = d.Unlock(pass)
	clear(pass)
	return err
}
