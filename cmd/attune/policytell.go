package main

import (
	"fmt"
	"slices"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
)

type policyExplainCmd struct {
	Name string `arg:"" help:"Id of a rule, as in a refusal or the log; or name of a figure, or its beginning."`
	Pack string `help:"For a figure: a pack of this program, its file, or adopted; else what this device's service adopted, and without a device council."`
}

// Help is what --help shows below the flags.
func (policyExplainCmd) Help() string {
	return `Example: attune policy explain VIEW-CONSENT
         attune policy explain link_days
         attune policy explain retention.raw_film --pack nhs`
}

// explained is a rule or a figure in words.
type explained struct {
	Name   string   `json:"name"`
	Effect string   `json:"effect,omitempty"` // permit or forbid
	Title  string   `json:"title"`
	Source string   `json:"source"`
	Text   string   `json:"text,omitempty"` // Cedar
	Cases  []string `json:"cases,omitempty"`
	Where  string   `json:"applied_by,omitempty"`
	Means  string   `json:"means,omitempty"` // to whoever was refused by it
	Next   string   `json:"next,omitempty"`
}

func (c *policyExplainCmd) Run(g *global) error {
	found, err := c.rule()
	if err == nil && len(found) == 0 {
		found, err = c.figures(g)
	}
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return problem("unknown", "Ids stand in refusals, in the log and in RULES.md; names of figures in: attune policy show council", "Nothing is called %q.", c.Name)
	}
	var text []string
	for i, e := range found {
		found[i].Means, found[i].Next = attune.AdviceOf(e.Name)
		text = append(text, found[i].String())
	}
	return g.print(map[string]any{"explained": found}, "%s", strings.Join(text, "\n\n"))
}

// rule looks the id up among the rules of Cedar, those applied in place, and the
// two names that stand for no rule.
func (c *policyExplainCmd) rule() ([]explained, error) {
	id := strings.ToUpper(c.Name)
	b, err := authz.Load()
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	for _, r := range b.Rules() {
		if r.ID == id {
			return []explained{{Name: r.ID, Effect: r.Effect, Title: r.Title, Source: r.Source, Text: cedarOf(id), Cases: casesOf(id)}}, nil
		}
	}
	for _, r := range policies.AppliedRules() {
		if r.ID == id {
			return []explained{{Name: r.ID, Title: r.Title, Source: r.Source, Where: r.Where}}, nil
		}
	}
	switch id {
	case policies.DefaultDeny:
		return []explained{{Name: id, Effect: "forbid", Title: "Nobody granted this to anybody in this part, so it is denied.", Source: "UK GDPR Art 25(2); every rule that grants is in RULES.md"}}, nil
	case policies.ErrorDeny:
		return []explained{{Name: id, Effect: "forbid", Title: "A rule could not be evaluated, so it is denied: a rule that is skipped could have stood in the way. Tell your administrator.", Source: "UK GDPR Art 32(1)(b)"}}, nil
	}
	return nil, nil
}

// cedarOf and casesOf read RULES.md, which a test keeps equal to the rules.
func cedarOf(id string) string {
	_, rest, _ := strings.Cut(policies.RuleSection(id), "```cedar\n")
	text, _, _ := strings.Cut(rest, "\n```")
	return text
}

func casesOf(id string) (out []string) {
	_, rest, _ := strings.Cut(policies.RuleSection(id), "\nDecides:\n")
	for line := range strings.Lines(rest) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			out = append(out, text)
		}
	}
	return out
}

// figures are the entries of that name, or below it; a short name will do.
func (c *policyExplainCmd) figures(g *global) (out []explained, err error) {
	name := c.Pack
	if name == "" {
		if name = adoptedPack; g.Home == "" {
			name = "council"
		}
	}
	p, err := g.pack(name)
	if err != nil {
		return nil, err
	}
	where := "pack " + p.Name
	if p.adopted {
		where = "the adopted figures, " + p.called()
	}
	why := map[string]string{}
	for _, l := range p.Limits() {
		why[l.Name] = fmt.Sprintf(" A service may choose %d to %d: %s.", l.Least, l.Most, l.Why)
	}
	for _, e := range p.Entries() {
		if e.Name == c.Name || strings.HasPrefix(e.Name, c.Name+".") || strings.HasSuffix(e.Name, "."+c.Name) {
			out = append(out, explained{Name: e.Name, Title: e.Value + "." + why[e.Name], Source: e.Source, Where: where + ". " + packs.Confirm})
		}
	}
	return out, nil
}

// String is what a person reads.
func (e explained) String() string {
	lines := []string{e.Name}
	if e.Effect != "" {
		lines[0] += "  (" + e.Effect + ")"
	}
	lines = append(lines, e.Title, "Source: "+strings.TrimSuffix(e.Source, ".")+".")
	if e.Where != "" {
		lines = append(lines, "In: "+strings.TrimSuffix(e.Where, ".")+".")
	}
	if e.Means != "" {
		lines = append(lines, "If it stopped you: "+e.Means+" "+e.Next)
	}
	if e.Text != "" {
		lines = append(lines, indented(e.Text))
	}
	if len(e.Cases) > 0 {
		lines = append(lines, "In the tests it decided:", indented(strings.Join(e.Cases, "\n")))
	}
	return strings.Join(lines, "\n")
}

type policyPreviewCmd struct {
	Pack      string   `arg:"" help:"A pack of this program, its file, or adopted."`
	Family    ref      `placeholder:"FAMILY" help:"Begin with what the record of this family knows: reference or id."`
	Event     []string `placeholder:"WHAT=DAY" help:"Something that happened. Repeat."`
	Born      string   `placeholder:"MONTH" help:"Month, or day, on which the youngest child in the film was born."`
	Is        []string `placeholder:"WORD" help:"What else is so. Repeat."`
	Withdrawn string   `placeholder:"DAY" help:"When consent was withdrawn."`
	Held      bool     `help:"A hold, an open request or a complaint stands."`
}

// Help is what --help shows below the flags.
func (policyPreviewCmd) Help() string {
	return `Example: attune policy preview council --event filmed=2026-11-20 --event clips_chosen=2026-11-27
           --event summary_filed=2026-12-01 --event involvement_ended=2027-01-31 --born 2023-04
         attune policy preview court --family NF-1042 --is in_court

What may happen: ` + joinWords(slices.DeleteFunc(policies.Triggers(), func(t policies.Trigger) bool { return t.Birthday() > 0 })) + `.
What may be so: ` + joinWords(policies.Stated()) + `.
It works out dates and destroys nothing: what goes, somebody lets go.`
}

func joinWords[W ~string](list []W) string {
	var out []string
	for _, w := range list {
		out = append(out, string(w))
	}
	return strings.Join(out, ", ")
}

func (c *policyPreviewCmd) Run(g *global) error {
	p, err := g.pack(c.Pack)
	if err != nil {
		return err
	}
	course := policies.Course{Events: map[policies.Trigger]policies.Day{}}
	if c.Family != "" {
		err := g.family(c.Family, func(d *attune.Client, id policies.FamilyID) error {
			course, err = d.Policies.Course(id)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := c.add(&course); err != nil {
		return err
	}
	list := p.Forecast(course)
	return g.print(map[string]any{"pack": p.Name, "forecast": list, "confirm": packs.Confirm}, "%s\n\nA forecast: nothing is destroyed by it. %s",
		forecastText(list), strings.Replace(packs.Confirm, "this figure", "every figure", 1))
}

// add puts what the flags say over what the record knows.
func (c *policyPreviewCmd) add(course *policies.Course) error {
	for _, text := range c.Event {
		name, value, _ := strings.Cut(text, "=")
		t := policies.Trigger(name)
		if !slices.Contains(policies.Triggers(), t) || t.Birthday() > 0 {
			return usage("See: attune policy preview --help", "Nothing is called %q; birthdays follow from --born.", name)
		}
		d, err := policies.ParseDay(value)
		if err != nil {
			return usage("Write it as filmed=2026-11-20.", "--event: %v.", err)
		}
		course.Events[t] = d
	}
	for _, w := range c.Is {
		if !slices.Contains(policies.Stated(), policies.Case(w)) {
			return usage("See: attune policy preview --help", "Nothing is called %q.", w)
		}
		course.Stated = append(course.Stated, policies.Case(w))
	}
	if c.Born != "" {
		d, err := policies.LastOfMonth(c.Born)
		if err != nil {
			d, err = policies.ParseDay(c.Born)
		}
		if err != nil {
			return usage("Write it as 2023-04.", "--born: %v.", err)
		}
		course.Born = d
	}
	if c.Withdrawn != "" {
		d, err := policies.ParseDay(c.Withdrawn)
		if err != nil {
			return usage("Write it as 2026-11-20.", "--withdrawn: %v.", err)
		}
		course.Withdrawn = d
	}
	course.Held = course.Held || c.Held
	return nil
}

func forecastText(list []policies.Forecast) string {
	var out []string
	for _, f := range list {
		what := keptUntil(f)
		out = append(out, f.Class.String()+": "+what+".\n"+indented(strings.Join(f.Reasons, "\n")))
	}
	return strings.Join(out, "\n")
}

// keptUntil is where something stands, as the end of a sentence.
func keptUntil(f policies.Forecast) string {
	what := map[policies.Standing]string{
		policies.StandHeld: "held; nothing is destroyed", policies.StandWaiting: "kept; no date yet", policies.StandUndecided: "kept; a person decides",
		policies.StandDated: "kept until " + f.Until.String() + ", then " + map[policies.Fate]string{policies.FateDestroy: "due to be destroyed", policies.FateReview: "a person looks"}[f.Then],
	}[f.Standing]
	if f.Stopped {
		what += "; nobody watches"
	}
	return what
}

type policyDocCmd struct {
	Pack  string `arg:"" help:"A pack of this program, its file, or adopted."`
	Paper string `arg:"" help:"Which paper."`
	Out   string `placeholder:"FILE" type:"path" help:"Write it there, byte for byte; else it is printed."`
}

// Help is what --help shows below the flags.
func (policyDocCmd) Help() string {
	return `Example: attune policy doc council consent-form --out form.md
         attune policy doc adopted privacy-notice

Papers: ` + strings.Join(packs.Papers(), ", ") + `.
The figures in it are those of the pack. The hash that a signed form names is that of consent-form as printed, before
anybody wrote on it; where another form was shown, easy-read or separate, give its file to attune consent sign, with --text.
A separate form is entered with --for, and with what it asks alone: the other answers stay as they are.`
}

func (c *policyDocCmd) Run(g *global) error {
	p, err := g.pack(c.Pack)
	if err != nil {
		return err
	}
	text, err := packs.Paper(p.Pack, c.Paper)
	if err != nil {
		return usage("Papers: "+strings.Join(packs.Papers(), ", ")+".", "%s.", sentence(err.Error()))
	}
	g.note("%s", strings.Replace(packs.Confirm, "this figure", "every figure in it", 1))
	result := map[string]any{"pack": c.Pack, "paper": c.Paper, "sha256": policies.DigestOf(text), "confirm": packs.Confirm}
	if c.Out == "" {
		result["text"] = string(text)
		return g.print(result, "%s", strings.TrimSuffix(string(text), "\n"))
	}
	result["file"] = c.Out
	if err := writeNew(c.Out, text); err != nil {
		return err
	}
	return g.print(result, "Wrote %s. Its hash is %s.", c.Out, policies.DigestOf(text))
}
