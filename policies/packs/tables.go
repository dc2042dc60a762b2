package packs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// blanksFor are what the practitioner writes by hand beside a purpose: a name and
// an end where somebody outside the team is to watch.
func blanksFor(s policies.PurposeRule) string {
	if slices.Contains(s.Viewers, policies.ForTreatingTeam) {
		return " Clinic staff who may watch: ______"
	}
	switch s.Purpose {
	case policies.Supervision, policies.NamedProfessional:
		return " Name: ______ until: ______"
	case policies.Peers:
		return " Names: ______ until: ______"
	case policies.Accreditation:
		return " Until: ______"
	}
	return ""
}

// boxes is one line with two empty boxes for each purpose.
func (w *writer) boxes(separate, easy bool) []string {
	var out []string
	for _, s := range w.pack.Scheme {
		if s.Separate != separate {
			continue
		}
		words := s.Asks
		if easy {
			words = s.Easy
		}
		out = append(out, "| "+words+blanksFor(s)+" | ☐ | ☐ |")
	}
	return out
}

// bullets names what is asked on a form of its own.
func (w *writer) bullets(easy bool) []string {
	var out []string
	for _, s := range w.pack.Scheme {
		if !s.Separate {
			continue
		}
		words := s.Asks
		if easy {
			words = s.Easy
		}
		out = append(out, "- "+words)
	}
	return out
}

func audiences(list []policies.Audience) string {
	var who []string
	for _, v := range list {
		who = append(who, v.String())
	}
	return strings.Join(who, ", ")
}

func (w *writer) viewers() []string {
	out := []string{"| What you may say yes to | Who watches | For how long |", "|---|---|---|"}
	for _, s := range w.pack.Scheme {
		if !s.Separate {
			out = append(out, fmt.Sprintf("| %s | %s | %s |", s.Asks, audiences(s.Viewers), s.Span()))
		}
	}
	return out
}

func (w *writer) scheme() []string {
	out := []string{"| Use, as the form asks it | Who watches | For how long | Asked | Source |", "|---|---|---|---|---|"}
	for _, s := range w.pack.Scheme {
		asked := "on the consent form"
		if s.Separate {
			asked = "on a form of its own"
		}
		out = append(out, fmt.Sprintf("| %s | %s | %s | %s | %s |", s.Asks, audiences(s.Viewers), s.Span(), asked, sourced(s.Days.Source)))
	}
	return out
}

// keep is two tables: what becomes of each class, and the periods, where classes
// that are kept alike share their lines.
func (w *writer) keep() []string {
	out := []string{"| What | Then | When consent is withdrawn | Written summary first | Who decides | Source |", "|---|---|---|---|---|---|"}
	for _, c := range w.pack.Retention {
		gate, holder := "no", "this service"
		if c.SummaryGate {
			gate = "yes"
		}
		if c.Controller == policies.RecordHolder {
			holder = "who keeps the record"
		}
		withdrawn := withdrawnText[c.Withdrawal]
		if !c.Class.IsFilm() {
			withdrawn = "kept"
		}
		out = append(out, fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", c.Class, fateText[c.Then], withdrawn, gate, holder, sourced(c.Source)))
	}
	out = append(out, "", "| What | Kept | Source |", "|---|---|---|")
	for _, same := range w.alike(func(a, b policies.RetentionClass) bool { return sameRules(a.Keep, b.Keep) }) {
		for _, k := range same[0].Keep {
			out = append(out, fmt.Sprintf("| %s | %s | %s |", titles(same), k, sourced(k.Source)))
		}
	}
	for _, same := range w.alike(func(a, b policies.RetentionClass) bool { return sameRules(a.Minimum, b.Minimum) }) {
		for _, k := range same[0].Minimum {
			out = append(out, fmt.Sprintf("| %s | at least %s, whatever is withdrawn | %s |", titles(same), k, sourced(k.Source)))
		}
	}
	return out
}

// alike groups the classes of the pack, in their order.
func (w *writer) alike(same func(a, b policies.RetentionClass) bool) (out [][]policies.RetentionClass) {
	for _, c := range w.pack.Retention {
		i := slices.IndexFunc(out, func(g []policies.RetentionClass) bool { return same(g[0], c) })
		if i < 0 {
			out = append(out, []policies.RetentionClass{c})
			continue
		}
		out[i] = append(out[i], c)
	}
	return out
}

func sameRules(a, b []policies.KeepRule) bool {
	return slices.EqualFunc(a, b, func(x, y policies.KeepRule) bool {
		return x.After == y.After && x.Value == y.Value && slices.Equal(x.When, y.When) && x.Source == y.Source
	})
}

// titles names classes together: "Notes of visits; the log of who watched".
func titles(list []policies.RetentionClass) string {
	out := list[0].Class.String()
	for _, c := range list[1:] {
		t := c.Class.String()
		out += "; " + strings.ToLower(t[:1]) + t[1:]
	}
	return out
}

var scopeText = map[string]string{
	policies.ByFamily:       "a family",
	policies.ByPractitioner: "a practitioner in a programme",
	policies.ByEither:       "a family, or a practitioner in a programme",
}

var fateText = map[policies.Fate]string{policies.FateDestroy: "destroyed", policies.FateReview: "a person looks"}

var withdrawnText = map[policies.Fate]string{policies.FateDestroy: "destroyed", policies.FateReview: "a person looks", policies.FateRestrict: "kept, and not shown"}

// keepPlain is for families: what is about the computers is left out.
func (w *writer) keepPlain() []string {
	out := []string{"| What | How long |", "|---|---|"}
	for _, same := range w.alike(func(a, b policies.RetentionClass) bool { return sameRules(a.Keep, b.Keep) }) {
		if c := same[0].Class; c == policies.SecurityLog || c == policies.Certificates {
			continue
		}
		for _, k := range same[0].Keep {
			out = append(out, fmt.Sprintf("| %s | %s |", titles(same), k.Plain()))
		}
	}
	return out
}

func sourced(source string) string { return strings.TrimRight(source, ". ") + ". " + Confirm }

func (w *writer) figures(names []string) []string {
	out := []string{"| Figure | Value | Source |", "|---|---|---|"}
	for _, n := range names {
		l := w.limits[n]
		out = append(out, fmt.Sprintf("| %s | %s | %s |", strings.ReplaceAll(n, "_", " "), l, sourced(l.Figure.Source)))
	}
	return out
}

func (w *writer) allFigures() []string {
	var names []string
	for _, l := range w.pack.Limits() {
		names = append(names, shortName(l.Name))
	}
	out := append(w.figures(names), fmt.Sprintf("| lawful basis | %s | %s |", strings.ReplaceAll(w.pack.Basis.Value, "_", " "), sourced(w.pack.Basis.Source)))
	out = append(out, fmt.Sprintf("| approvals to film | %s | %s |", scopeText[w.pack.ApprovalScope.Value], sourced(w.pack.ApprovalScope.Source)))
	for _, l := range w.pack.Labels {
		out = append(out, fmt.Sprintf("| name of a chosen clip, %s | %s | %s |", l.Programme, l.Chosen, sourced(l.Source)))
	}
	return out
}
