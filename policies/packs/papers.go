package packs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// The papers of a service, each written once for all packs.
//
// A paper is a template in papers/, in Markdown. {{link_days}} stands for a figure
// of the pack with its unit; {{table figures}} and the like for lines made from the
// pack; lines between {{only nhs court}} and {{end}} belong to these packs. No
// figure is written out in a template, so that a paper cannot promise another one
// than the service adopted. What comes out lies in a folder per pack, to be read
// and compared there.

// Form is the paper whose words a family signs; see [FormText].
const Form = "consent-form"

// SeparateForm is the paper for a purpose that is asked on a form of its own.
const SeparateForm = "separate-form"

// Papers lists the papers, in the order in which a service reads them.
func Papers() []string {
	return []string{"service-policy", "storage", Form, "consent-form-easy", SeparateForm, "privacy-notice", "supervision-agreement", "booking-script"}
}

var (
	blank = regexp.MustCompile(`\{\{([a-z][a-z_ -]*)\}\}`)
	only  = regexp.MustCompile(`^\{\{only ([a-z -]+)\}\}$`)
)

// Paper writes a paper of a pack with the pack's figures. The same pack and program
// give the same bytes. Which paragraphs it has goes by the pack's name, which a
// service's own pack has from the one that it was copied from.
func Paper(p policies.Pack, paper string) ([]byte, error) {
	text, err := template(paper)
	if err != nil {
		return nil, err
	}
	return fill(p, text)
}

func template(paper string) (string, error) {
	if !slices.Contains(Papers(), paper) {
		return "", fmt.Errorf("there is no paper called %q", paper)
	}
	text, err := files.ReadFile("papers/" + paper + ".md")
	return string(text), err
}

// fill writes out a template. A blank that nothing fills is an error: a form must
// not go to a family with a hole in it.
func fill(p policies.Pack, text string) ([]byte, error) {
	text, err := forPack(p.Name, text)
	if err != nil {
		return nil, err
	}
	w := writer{pack: p, limits: map[string]policies.Limit{}}
	for _, l := range p.Limits() {
		w.limits[shortName(l.Name)] = l
	}
	for _, m := range blank.FindAllStringSubmatch(text, -1) {
		if _, ok := w.limits[m[1]]; ok && !slices.Contains(w.used, m[1]) {
			w.used = append(w.used, m[1])
		}
	}
	out := blank.ReplaceAllStringFunc(text, func(b string) string {
		s, ok := w.blank(strings.Fields(blank.FindStringSubmatch(b)[1]))
		if !ok && err == nil {
			err = fmt.Errorf("nothing fills %s", b)
		}
		return s
	})
	if err == nil && strings.Contains(out, "{{") {
		err = fmt.Errorf("a blank is not closed")
	}
	return []byte(out), err
}

// shortName is a figure's name in a template: "key_days" for "clocks.key_days".
func shortName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// forPack leaves out the lines that belong to other packs.
func forPack(pack, text string) (string, error) {
	var out strings.Builder
	within, keep := false, true
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if m := only.FindStringSubmatch(trimmed); m != nil {
			if within {
				return "", fmt.Errorf("%s stands inside another", trimmed)
			}
			names := strings.Fields(m[1])
			for _, n := range names {
				if !slices.Contains(Names(), n) {
					return "", fmt.Errorf("%s: there is no pack %q", trimmed, n)
				}
			}
			within, keep = true, slices.Contains(names, pack)
			continue
		}
		if trimmed == "{{end}}" {
			if !within {
				return "", fmt.Errorf("{{end}} ends nothing")
			}
			within, keep = false, true
			continue
		}
		if keep {
			out.WriteString(line)
		}
	}
	if within {
		return "", fmt.Errorf("an {{only}} has no {{end}}")
	}
	return out.String(), nil
}

// writer fills the blanks of one paper.
type writer struct {
	pack   policies.Pack
	limits map[string]policies.Limit
	used   []string // figures that stand in the text, in their order
}

// blank is what stands for a blank; false when nothing does.
func (w *writer) blank(words []string) (string, bool) {
	switch words[0] {
	case "title":
		return w.pack.Title, len(words) == 1
	case "scope":
		return scopeText[w.pack.ApprovalScope.Value], len(words) == 1
	case "basis":
		return w.basis(), len(words) == 1
	case "chosen":
		if len(words) == 2 && slices.Contains(policies.Programmes(), policies.Programme(words[1])) {
			return w.pack.Chosen(policies.Programme(words[1])), true
		}
	case "first":
		if len(words) == 2 {
			if c, ok := w.pack.Class(policies.ClassName(words[1])); ok {
				return c.Keep[0].Value.String(), true
			}
		}
	case "lines", "table":
		if make := w.blocks()[strings.Join(words, " ")]; make != nil {
			return strings.Join(make(), "\n"), true
		}
	}
	l, ok := w.limits[words[0]]
	return l.String(), ok && len(words) == 1
}

// blocks are the blanks that stand for several lines.
func (w *writer) blocks() map[string]func() []string {
	return map[string]func() []string{
		"lines purposes":       func() []string { return w.boxes(false, false) },
		"lines purposes easy":  func() []string { return w.boxes(false, true) },
		"lines separate":       func() []string { return w.bullets(false) },
		"lines separate easy":  func() []string { return w.bullets(true) },
		"lines separate boxes": func() []string { return w.boxes(true, false) },
		"table viewers":        w.viewers,
		"table scheme":         w.scheme,
		"table keep":           w.keep,
		"table keep plain":     w.keepPlain,
		"table figures":        func() []string { return w.figures(w.used) },
		"table figures all":    w.allFigures,
	}
}

func (w *writer) basis() string {
	if w.pack.Basis.Value == "consent" {
		return "You agreed to it. That is our ground in law (UK GDPR Article 6(1)(a) and Article 9(2)(a))."
	}
	return "The law gives this service a task: to help families and to keep children safe. Film is used for that task.\n" +
		"This is UK GDPR Article 6(1)(e), with Article 9(2) and the Data Protection Act 2018, Schedule 1."
}
