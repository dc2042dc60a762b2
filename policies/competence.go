package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Whether a young person decides about film of themselves is looked at before they
// reach the service's age: 16, or 12 in Scotland. From three months before the month
// of that birthday it waits for the family's team; when the month is over nobody else
// signs for them any more, unless a review made since says that they do not decide.
//
// Source: ICO, what rights do children have; Age of Legal Capacity (Scotland) Act 1991
// s 2(4A); UK GDPR recital 38; domain notes, section 3.1.

// reviewAhead is how many months before the birthday's month a review counts.
const reviewAhead = 3

// reviewWindow is when the review of a young person opens, and when the age is
// reached: the end of the birthday's month. False where there is nothing to review.
func (p *Person) reviewWindow(pack Pack) (opens, reached Micros, ok bool) {
	born, err := time.Parse(monthForm, p.Born)
	if err != nil || pack.CompetenceAge.Value == 0 {
		return 0, 0, false
	}
	month := born.AddDate(pack.CompetenceAge.Value, 0, 0)
	return At(month.AddDate(0, -reviewAhead, 0)), At(month.AddDate(0, 1, 0)), true
}

// reviewedSince reports whether a review was made since it could be.
func (p *Person) reviewedSince(opens Micros) bool { return p.Review.On >= opens.day() }

// needsReview reports whether nobody else may sign for this person now: they are of
// the service's age and no review since says that they do not decide, or the last
// review, at whatever age, says that they do.
func (p *Person) needsReview(pack Pack, now Micros) bool {
	if p == nil {
		return false
	}
	opens, reached, ok := p.reviewWindow(pack)
	if !ok || p.Review.Outcome == Decides {
		return p.Review.Outcome == Decides
	}
	return now >= reached && !p.reviewedSince(opens)
}

// permitted is what the service's figures and the latest birth months say of a form.
func (b ConsentSign) permitted(p Pack, f *Family, now Micros) error {
	for _, c := range b.People {
		if f.known(c.Person, c.By) != nil {
			continue // the fold has refused it, or will
		}
		if err := f.mayDecide(c, now); err != nil {
			return err
		}
		who := f.People[c.Person]
		switch {
		case c.By == c.Person || !who.needsReview(p, now):
		case who.Review.Outcome == Decides:
			return notPossible("a review found that this young person decides themselves: they sign, as competent")
		default:
			return notPossible("this young person is past the age of %d at which they are asked themselves: record the review first", p.CompetenceAge.Value)
		}
	}
	return nil
}

// Permits refuses what the record alone would allow, and the service's figures do not:
// what lasts too long, and who is asked too late. F is the family that the statement is
// about, nil for the organisation.
func (p Pack) Permits(f *Family, body Body, accepted Micros) error {
	if err := p.Within(body, accepted); err != nil {
		return err
	}
	if b, ok := body.(interface {
		permitted(Pack, *Family, Micros) error
	}); ok && f != nil {
		return b.permitted(p, f, accepted)
	}
	return nil
}

// ReviewDue is the matter of a young person who must be asked.
const ReviewDue MatterKind = "competence_review"

// competenceReviews lists the young people whose review is due or was missed, and for
// whom somebody else decides.
func competenceReviews(f *Family, _ *Org, p Pack, now Micros) (out []Matter) {
	for id, who := range f.People {
		opens, reached, ok := who.reviewWindow(p)
		if !ok || now < opens || who.reviewedSince(opens) || !f.decidedByAnother(who, now) {
			continue
		}
		out = append(out, Matter{
			Kind: ReviewDue, Of: id.String(), Since: opens, Due: reached - 1, For: []Role{Practitioner},
			Text: fmt.Sprintf("A young person in the film turns %d in %s: it must be looked at whether they decide themselves.",
				p.CompetenceAge.Value, (reached - 1).Time().Format("January 2006")),
			Do: "Talk with them and with those who decide for them, then record it: " + strings.Join([]string{"attune person change", f.Reference, id.Short(), "--review"}, " "),
		})
	}
	slices.SortFunc(out, func(a, b Matter) int { return strings.Compare(a.Of, b.Of) })
	return out
}

// decidedByAnother: by the form in force, or where there is none by being a child.
func (f *Family) decidedByAnother(p *Person, now Micros) bool {
	if form, ok := f.CurrentConsent(p.ID, now); ok {
		return !form.DecidedBy(p.ID, p.ID)
	}
	return (p.Role == Child || p.Role == Sibling) && p.younger(adult, now)
}
