package policies

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A plan is what a change of figures moves: for each clip the date before and the date
// after. The IG officer's device works it out and the server works it out again, and takes
// it only when both have the same. A head of service then signs the same list. What is
// later counts from the change on; what is earlier counts a month after the second
// signature, and until then the older figures bind.

// PlanWait is from the second signature until earlier dates count: a month in which
// somebody can still hold film, or adopt other figures.
const PlanWait = 30 * 24 * Hour

// Move is one line of a plan.
type Move struct {
	Family    FamilyID  `json:"family"`
	Reference string    `json:"reference"` // for people; not in the hash
	Clip      ClipID    `json:"clip"`
	Class     ClassName `json:"class"`
	Before    string    `json:"before"` // "2027-01-31 destroy", or "waiting" and the like where there is no date
	After     string    `json:"after"`
	Earlier   bool      `json:"earlier"`
}

// RetentionPlan is the body of retention.plan, by an IG officer.
type RetentionPlan struct {
	Adoption StatementID `json:"adoption"` // policy.adopt in force
	AsOf     Micros      `json:"as_of"`    // that it was worked out for
	Hash     Digest      `json:"hash"`
	Earlier  int64       `json:"earlier"` // clips that it moves earlier
	Later    int64       `json:"later"`   // clips that it moves otherwise
}

// RetentionApprove is the body of retention.approve, by a head of service.
type RetentionApprove struct {
	Plan StatementID `json:"plan"`
	Hash Digest      `json:"hash"`
}

// Plan is a retention.plan as the record keeps it.
type Plan struct {
	ID       StatementID `json:"id"`
	Adoption StatementID `json:"adoption"`
	AsOf     Micros      `json:"as_of"`
	Hash     Digest      `json:"hash"`
	Earlier  int64       `json:"earlier"`
	Later    int64       `json:"later"`
	By       StaffID     `json:"by"`
	At       Micros      `json:"at"`
	Approved StatementID `json:"approved"` // retention.approve; zero until then
	Second   StaffID     `json:"second"`
	From     Micros      `json:"from"` // when earlier dates begin to count; 0 until approved
}

// InForce reports whether earlier dates count at a time.
func (p *Plan) InForce(now Micros) bool { return p.From != 0 && now >= p.From }

// Check implements [Body].
func (b RetentionPlan) Check() error {
	var c checks
	named(&c, "the adoption", b.Adoption)
	c.instant("the time of the plan", b.AsOf)
	named(&c, "the plan's hash", b.Hash)
	c.that(b.Earlier >= 0 && b.Later >= 0 && b.Earlier+b.Later <= 1<<32, "a plan moves no such number of clips")
	return c.err
}

// Check implements [Body].
func (b RetentionApprove) Check() error {
	var c checks
	named(&c, "the plan", b.Plan)
	named(&c, "the plan's hash", b.Hash)
	return c.err
}

func planRetention(o *Org, a act[RetentionPlan]) (Changes, error) {
	b := a.Said
	switch {
	case b.Adoption != o.Policy.Adopted:
		return Changes{}, notPossible("other figures were adopted since; sync, and make the plan anew")
	case b.AsOf > a.Now.plus(Skew) || b.AsOf < a.Now-7*24*Hour:
		return Changes{}, notPossible("a plan is signed within a week of being made; make it anew")
	case len(o.Binding(a.Now)) == 0:
		return Changes{}, notPossible("nothing is to be planned: no earlier figures bind any film")
	}
	put(&o.Plans, a.ID, &Plan{ID: a.ID, Adoption: b.Adoption, AsOf: b.AsOf, Hash: b.Hash, Earlier: b.Earlier, Later: b.Later, By: a.By.Staff, At: a.Now})
	return Changes{}, nil
}

// approvePlan takes the second signature, under the same hash, by another person in
// another role than who made the plan.
func approvePlan(o *Org, a act[RetentionApprove]) (Changes, error) {
	p := o.Plans[a.Said.Plan]
	switch {
	case p == nil:
		return Changes{}, missing("the plan", a.Said.Plan)
	case p.Hash != a.Said.Hash:
		return Changes{}, notPossible("this is another list than the IG officer signed; sync, and look again")
	case p.Adoption != o.Policy.Adopted:
		return Changes{}, notPossible("other figures were adopted since; the plan is made anew")
	case !p.Approved.IsZero():
		return Changes{}, notPossible("this plan was signed twice already")
	case p.By == a.By.Staff:
		return Changes{}, notPossible("nobody signs a plan twice; it takes an IG officer and a head of service")
	}
	p.Approved, p.Second, p.From = a.ID, a.By.Staff, a.Now+PlanWait
	return Changes{Dates: true}, nil
}

// Moves lists what the figures in force move of a family's film against those that still
// bind it, in the order of the clips. Holds and what people asked for stay out of it: they
// stand before any schedule, then as now.
func (f *Family) Moves(o *Org, p Pack, asOf Micros, where *time.Location) (out []Move) {
	older, _ := o.older(p, asOf)
	for _, id := range slices.SortedFunc(maps.Keys(f.Clips), compareID) {
		c := f.Clips[id]
		var bind []OlderPack
		for _, old := range older {
			if old.binds(c) {
				bind = append(bind, old)
			}
		}
		if len(bind) == 0 || !c.Destroying.IsZero() {
			continue
		}
		t := Terms{Org: o, Pack: bind[0].Pack, Older: bind[1:], Where: where, Now: asOf}
		before := f.planned(c, t)
		t.Pack, t.Older = p, nil
		after := f.planned(c, t)
		if saidOf(before) != saidOf(after) {
			out = append(out, Move{f.ID, f.Reference, id, c.ClassOf(), saidOf(before), saidOf(after), sooner(after, before)})
		}
	}
	return out
}

// saidOf is where film stands, in one form.
func saidOf(f Forecast) string {
	if f.Standing != StandDated {
		return string(f.Standing)
	}
	return f.Until.String() + " " + string(f.Then)
}

// sooner reports whether film may go earlier under a than under b. No date is later than
// any date, and where a person looks first it goes no earlier than without.
func sooner(a, b Forecast) bool {
	switch {
	case a.Standing != StandDated:
		return false
	case b.Standing != StandDated:
		return true
	}
	return a.Until.Before(b.Until) || a.Then == FateDestroy && b.Then != FateDestroy
}

// PlanHash is what both signatures are about: the lines of every family's moves, by family
// and clip, each as text with a line end, under a first line that says for what they are.
func PlanHash(adoption StatementID, asOf Micros, moves []Move) Digest {
	var b strings.Builder
	fmt.Fprintf(&b, "attune/retention-plan/v1 %s %d\n", adoption, asOf)
	for _, m := range InOrder(moves) {
		fmt.Fprintf(&b, "%s %s %s | %s | %s\n", m.Family, m.Clip, m.Class, m.Before, m.After)
	}
	return DigestOf([]byte(b.String()))
}

// InOrder is the moves of a plan in the order of its hash.
func InOrder(moves []Move) []Move {
	moves = slices.Clone(moves)
	slices.SortFunc(moves, func(a, b Move) int { return cmp.Or(compareID(a.Family, b.Family), compareID(a.Clip, b.Clip)) })
	return moves
}

// NewRetentionPlan is the body for a list of moves.
func NewRetentionPlan(adoption StatementID, asOf Micros, moves []Move) RetentionPlan {
	b := RetentionPlan{Adoption: adoption, AsOf: asOf, Hash: PlanHash(adoption, asOf, moves)}
	for _, m := range moves {
		if m.Earlier {
			b.Earlier++
		} else {
			b.Later++
		}
	}
	return b
}

// PlanWaits is the matter of a change of figures: of its plan, or of the second signature.
const PlanWaits MatterKind = "retention.plan"

func plansWaiting(o *Org, p Pack, now Micros) []Matter {
	if old, known := o.older(p, now); len(old) == 0 && known {
		return nil
	}
	var last *Plan
	for _, plan := range o.Plans {
		if plan.Adoption == o.Policy.Adopted && (last == nil || later(plan.At, plan.ID, last.At, last.ID)) {
			last = plan
		}
	}
	switch {
	case last == nil:
		changed := o.Adoptions[len(o.Adoptions)-1].At
		return []Matter{{
			Kind: PlanWaits, Of: o.Policy.Adopted.String(), Since: changed, Due: changed + 30*24*Hour, For: []Role{IGOfficer},
			Text: "The service's figures changed, and film that was there keeps its earlier dates where they are later.",
			Do:   "Look at the plan of what would move, and sign it.",
		}}
	case last.Approved.IsZero():
		return []Matter{{
			Kind: PlanWaits, Of: last.ID.String(), Since: last.At, Due: last.At + 30*24*Hour, For: []Role{HeadOfService},
			Text: fmt.Sprintf("A change of figures would end %s earlier.", count(int(last.Earlier), "clip")),
			Do:   "Look at the plan, and sign it, or leave it: then the earlier figures go on.",
		}}
	}
	return nil // it waits for its day
}
