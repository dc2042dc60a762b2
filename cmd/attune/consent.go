package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type consentCmd struct {
	Sign     consentSignCmd     `cmd:"" help:"Record a signed consent form."`
	Withdraw consentWithdrawCmd `cmd:"" help:"Record that somebody said stop, however they told you."`
	Object   consentObjectCmd   `cmd:"" help:"Record that somebody who may decide about a child says no to what another agreed to."`
	List     consentListCmd     `cmd:"" help:"The forms of a family."`
	Form     consentFormCmd     `cmd:"" help:"Open a signed form, for the team and the IG officer."`
}

type consentSignCmd struct {
	Family   ref      `arg:"" help:"Reference or id."`
	Person   []ref    `required:"" sep:"none" placeholder:"PERSON:BY:BASIS" help:"Who is covered, who decided, on what authority; BY may be two, with a comma. Repeat."`
	For      []string `placeholder:"PURPOSE" help:"A form of its own, about this purpose alone, that was agreed to. Repeat."`
	Yes      []string `placeholder:"PURPOSE" help:"A purpose that was agreed to. Repeat."`
	No       []string `placeholder:"PURPOSE" help:"A purpose that was refused. Repeat."`
	Viewer   []ref    `sep:"none" placeholder:"STAFF:PURPOSE:DATE" help:"Somebody outside the team who may watch, for a purpose, until a date. Repeat."`
	From     string   `placeholder:"DATE" help:"First day; else today."`
	Until    string   `placeholder:"DATE" help:"Last day; else the service's figure."`
	SignedOn string   `placeholder:"DATE" help:"The day on the paper; else today."`
	Form     string   `type:"existingfile" placeholder:"FILE" help:"Photograph, scan or PDF of the signed form."`
	ReadOnly bool     `help:"Record nothing; print who would see the film, to be read to the family before they sign."`
	Medium   string   `default:"paper" enum:"paper,screen" help:"What was signed: ${enum}."`
	Aid      []string `placeholder:"AID" help:"What helped them to understand it, or none_needed; else it is not recorded. Repeat."`
	Text     string   `type:"existingfile" placeholder:"FILE" help:"The exact words of the form; else the form itself is their evidence."`
}

// Help is what --help shows below the flags.
func (consentSignCmd) Help() string {
	return `Example: attune consent sign NF-1042 --person Mum:Mum:own --person Robin:Mum:parental_responsibility
  --yes film_and_use --yes film_review --no training_event --viewer "Sue Lane:supervision:2026-12-20"
  --from 2026-11-20 --until 2027-04-20 --signed-on 2026-11-20 --form form.jpg

Two parents who both signed for their child:

  --person Robin:Mum,Dad:parental_responsibility

A form of its own, for one training day, while all other answers stay as they are:

  attune consent sign NF-1042 --for training_event --person Mum:Mum:own --form event.jpg

Purposes: film_and_use, film_review, supervision, peers, training_event, external_training, research,
named_professional, family_copy, accreditation. Each is its own yes or no.
Aids: none_needed, interpreter, translated, easy_read, read_aloud, audio, supporter.

Before they sign, read them who would see it: the same command with --read-only.`
}

func (c *consentSignCmd) Run(g *global) error {
	if c.Form == "" && !c.ReadOnly {
		return usage("Photograph or scan the signed paper, and name the file.", "--form is missing: consent is given in writing.")
	}
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		in, err := c.form(d, family)
		if err != nil {
			return err
		}
		lines, err := d.Consents.WouldSee(in)
		if err != nil {
			return err
		}
		if c.ReadOnly {
			return g.print(map[string]any{"would_see": lines}, "%s", strings.Join(lines, "\n"))
		}
		id, err := d.Consents.Sign(in)
		if err != nil {
			return err
		}
		if len(in.Viewers) > 0 {
			g.note("Whom the form names watches only once they are on the list: attune viewer add --help")
		}
		if len(in.Understood) == 0 {
			g.note("How they understood it is not recorded. Ask, and say it with --aid next time; none_needed where nothing was.")
		}
		result := map[string]any{"id": id, "family": family}
		if in.Separate {
			return g.print(result, "Recorded the form about %s (%s). The family's other answers stay as they are. It counts once the service has it: attune sync", spoken(c.For), id.Short())
		}
		return g.print(result, "Recorded the consent form (%s). It takes the place of all earlier ones. Sync before you film: it counts once the service has it.", id.Short())
	})
}

// form turns the flags into what stands on the paper.
func (c *consentSignCmd) form(d *attune.Client, family policies.FamilyID) (in attune.SignConsent, err error) {
	in = attune.SignConsent{Family: family, SignedOn: c.SignedOn, Form: c.Form, Purposes: map[policies.Purpose]bool{}, Separate: len(c.For) > 0, Medium: policies.Medium(c.Medium)}
	for _, a := range c.Aid {
		in.Understood = append(in.Understood, policies.Aid(a))
	}
	for _, text := range c.Person {
		signed, err := covered(d, family, text)
		if err != nil {
			return in, err
		}
		in.People = append(in.People, signed...)
	}
	for _, text := range c.Viewer {
		v, err := viewer(d, text)
		if err != nil {
			return in, err
		}
		in.Viewers = append(in.Viewers, v)
	}
	for _, answer := range []struct {
		list []string
		yes  bool
	}{{c.For, true}, {c.Yes, true}, {c.No, false}} {
		for _, p := range answer.list {
			if _, twice := in.Purposes[policies.Purpose(p)]; twice {
				return in, usage("Each purpose has one answer.", "The purpose %s is answered twice.", p)
			}
			in.Purposes[policies.Purpose(p)] = answer.yes
		}
	}
	if in.From, err = parseDay("from", c.From); err != nil {
		return in, err
	}
	if in.Until, err = parseUntil("until", c.Until); err != nil {
		return in, err
	}
	if _, err := parseDay("signed-on", c.SignedOn); err != nil {
		return in, err
	}
	if c.Text != "" {
		words, err := os.ReadFile(c.Text)
		if err != nil {
			return in, err
		}
		in.FormText = policies.DigestOf(words)
	}
	return in, nil
}

func usage(next, message string, args ...any) *failure {
	return problem("usage", next, message, args...).status(exitUsage)
}

// covered reads "Robin:Mum,Dad:parental_responsibility": once for each who signed.
func covered(d *attune.Client, family policies.FamilyID, text ref) (out []policies.Covered, err error) {
	parts := strings.Split(string(text), ":")
	if len(parts) != 3 {
		return nil, usage("Write it as PERSON:BY:BASIS, such as Robin:Mum:parental_responsibility.", "--person %q has %d parts.", text, len(parts))
	}
	person, err := d.Families.FindPerson(family, parts[0])
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Split(parts[1], ",") {
		by, err := d.Families.FindPerson(family, name)
		if err != nil {
			return nil, err
		}
		out = append(out, policies.Covered{Person: person, By: by, Basis: policies.Basis(parts[2])})
	}
	return out, nil
}

// viewer reads "Sue Lane:supervision:2026-12-20".
func viewer(d *attune.Client, text ref) (v policies.NamedViewer, err error) {
	parts := strings.Split(string(text), ":")
	if len(parts) != 3 {
		return v, usage("Write it as STAFF:PURPOSE:DATE, such as \"Sue Lane:supervision:2026-12-20\".", "--viewer %q has %d parts.", text, len(parts))
	}
	if v.Staff, err = d.Staff.Find(parts[0]); err != nil {
		return v, err
	}
	until, err := parseUntil("viewer", parts[2])
	v.Purpose, v.Until = policies.Purpose(parts[1]), policies.At(until)
	return v, err
}

type consentListCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

func (consentListCmd) Help() string { return `Example: attune consent list NF-1042` }

func (c *consentListCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		forms, err := d.Consents.List(family)
		if err != nil {
			return err
		}
		agreed, err := d.Consents.Agreed(family)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"consents": list(forms), "agreed": agreed}, "%s\nAgreed to now:\n%s", table(forms, consentRow), indented(table(agreed, agreedRow)))
	})
}

func consentRow(c attune.ConsentView) []string {
	covered := map[policies.PersonID]bool{}
	for _, p := range c.People {
		covered[p.Person] = true
	}
	var of []string
	for _, a := range c.Purposes {
		of = append(of, string(a.Purpose))
	}
	return []string{c.ID.Short(), "signed " + c.SignedOn, "until " + date(c.Until),
		fmt.Sprintf("in force for %d of %d", len(c.InForce), len(covered)), mark(c.Separate, "only about "+spoken(of)), understood(c)}
}

// understood is what helped the family, where something did.
func understood(c attune.ConsentView) string {
	var aids []string
	for _, a := range c.Understood {
		switch a {
		case policies.NotRecorded:
			return "how they understood it is not recorded"
		case policies.NoneNeeded:
			return "understood without help"
		}
		aids = append(aids, string(a))
	}
	return "understood with " + spoken(aids)
}

// agreedRow is what somebody agrees to now. What ends earlier than the rest says so.
func agreedRow(a attune.Agreement) []string {
	if len(a.Purposes) == 0 {
		return []string{cmp.Or(a.Label, a.Person.Short()), "nothing"}
	}
	var of []string
	whole := a.Purposes[0].Until // of film and use
	for _, p := range a.Purposes {
		text := string(p.Purpose)
		if p.Until != whole {
			text += " until " + date(p.Until)
		}
		of = append(of, text)
	}
	return []string{cmp.Or(a.Label, a.Person.Short()), spoken(of), "until " + date(whole)}
}

// spoken sets words of the protocol as people do: "supervision and family copy".
func spoken(of []string) string {
	var all []string
	for _, w := range of {
		all = append(all, plain(w))
	}
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return strings.Join(all, "")
}

type consentFormCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Consent ref    `arg:"" help:"Id."`
	Out     string `required:"" placeholder:"FILE" help:"Where to write the form."`
}

func (consentFormCmd) Help() string {
	return `Example: attune consent form NF-1042 9cD2hT0y --out form.jpg`
}

func (c *consentFormCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		list, err := d.Consents.List(family)
		if err != nil {
			return err
		}
		for _, v := range list {
			if !strings.HasPrefix(v.ID.String(), string(c.Consent)) {
				continue
			}
			form, err := d.Consents.ReadForm(family, v.ID)
			if err != nil {
				return err
			}
			if err := writeNew(c.Out, form); err != nil {
				return err
			}
			return g.print(map[string]any{"id": v.ID, "file": c.Out, "bytes": len(form)}, "Wrote %s. It is in clear: delete it when you have read it.", c.Out)
		}
		return problem("unknown", "List the forms with: attune consent list "+string(c.Family), "There is no consent form %q.", c.Consent)
	})
}
