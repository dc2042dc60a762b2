package attune

import (
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// oneSort refuses a form that is of two sorts, or rests on nothing. Some purposes are
// asked on a form of their own, at the time; entered with the rest, such a yes would be
// one that the family gave beforehand, to something that nobody could describe yet.
//
// Source: AVIGuk code: separate consent for training events and presentations.
func (c *Consents) oneSort(in SignConsent, pack policies.Pack) error {
	apart := func(p policies.Purpose) bool {
		asked, ok := pack.Asked(p)
		return ok && asked.Separate
	}
	_, whole := in.Purposes[policies.FilmAndUse]
	for _, p := range policies.Purposes() {
		if yes := in.Purposes[p]; yes && apart(p) && !in.Separate {
			return problem(CodeInput, "Record two forms: this one without it, then one with: attune consent sign --for "+string(p),
				"This service asks about %s on a form of its own.", words(p))
		}
		if yes := in.Purposes[p]; yes && !apart(p) && in.Separate {
			return problem(CodeInput, "Record it with the main form, which answers everything that is asked there.",
				"%s is asked on the main form here, not on one of its own.", sentence(words(p)))
		}
	}
	switch {
	case in.Separate && whole:
		return problem(CodeInput, "Leave film and use out: the family's other answers stay as they are.", "A form about one purpose does not answer whether the family may be filmed.")
	case in.Separate:
		return c.restsOnWhole(in)
	case !whole:
		return problem(CodeInput, "Add --yes film_and_use or --no film_and_use, as the paper has it; for a form about one purpose take --for.",
			"The form does not say whether the family may be filmed.")
	}
	return nil
}

// restsOnWhole refuses a separate form for somebody whose main form is not in force:
// it would allow nothing, and look as if it did.
func (c *Consents) restsOnWhole(in SignConsent) error {
	f, err := c.d.mirror.provisional(in.Family)
	if err != nil {
		return err
	}
	now := policies.At(c.d.now())
	if slices.ContainsFunc(in.People, func(p policies.Covered) bool { return !f.ConsentFor(p.Person, policies.FilmAndUse, now) }) {
		return problem(CodeInput, "Enter the main form first.", "Somebody on this form has not agreed to be filmed, or has said stop: this form rests on that one.")
	}
	return nil
}

// words is a purpose as people say it.
func words(p policies.Purpose) string { return strings.ReplaceAll(string(p), "_", " ") }

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
