package attune

import (
	"maps"
	"slices"

	"github.com/attune-vf/attune/policies"
)

// PlanView is what a change of figures moves, and how far its signing is.
type PlanView struct {
	Adoption policies.StatementID `json:"adoption"`
	AsOf     policies.Micros      `json:"as_of"`
	Hash     policies.Digest      `json:"hash"`
	Moves    []policies.Move      `json:"moves"`
	Signed   *policies.Plan       `json:"signed"` // the last for these figures; nil while there is none
}

// Plan works out what the figures in force move against those that still bind older film.
// An IG officer signs it with [Policies.SignPlan].
func (p *Policies) Plan() (v PlanView, err error) {
	return p.planAt(policies.At(p.d.now()))
}

// PlanToApprove is the plan that was signed first, worked out again for the time of their signature, so that a head of
// service sees the list that they sign, or learns that their device has another.
func (p *Policies) PlanToApprove() (v PlanView, err error) {
	v, err = p.Plan()
	if err != nil || v.Signed == nil {
		return v, err
	}
	return p.planAt(v.Signed.AsOf)
}

func (p *Policies) planAt(asOf policies.Micros) (v PlanView, err error) {
	pack, err := p.d.figures()
	if err != nil {
		return v, err
	}
	org, err := p.d.mirror.verifiedOrg()
	if err != nil {
		return v, err
	}
	v.Adoption, v.AsOf, v.Moves = org.Policy.Adopted, asOf, []policies.Move{}
	p.d.mirror.mu.Lock()
	families := slices.Collect(maps.Values(p.d.mirror.families))
	p.d.mirror.mu.Unlock()
	for _, f := range families {
		v.Moves = append(v.Moves, f.Moves(org, pack, asOf, britain())...)
	}
	v.Moves = policies.InOrder(v.Moves)
	v.Hash = policies.PlanHash(v.Adoption, v.AsOf, v.Moves)
	for _, s := range org.Plans {
		if s.Adoption == v.Adoption && (v.Signed == nil || s.At > v.Signed.At) {
			v.Signed = s
		}
	}
	return v, nil
}

// SignPlan is the first signature, by an IG officer, on a plan as they saw it.
func (p *Policies) SignPlan(v PlanView) (policies.StatementID, error) {
	s, err := p.d.outbox.file(draft{policies.RecordID(p.d.me.Org), "retention.plan", policies.NewRetentionPlan(v.Adoption, v.AsOf, v.Moves), nil})
	return s.ID, err
}

// ApprovePlan is the second signature, by a head of service. What it moves earlier counts
// thirty days later.
//
// Errors: an [*Error] with [CodeInput] where this device comes to another list than the one
// that was signed first.
func (p *Policies) ApprovePlan(v PlanView) (policies.StatementID, error) {
	switch {
	case v.Signed == nil:
		return policies.StatementID{}, problem(CodeInput, "The information governance officer signs first: attune policy plan --sign.", "There is no signed plan for the figures in force.")
	case v.Signed.Hash != v.Hash:
		return policies.StatementID{}, problem(CodeInput, "Sync, and look again; if it stays so, have the plan made anew.", "This device comes to another list than was signed.")
	}
	s, err := p.d.outbox.file(draft{policies.RecordID(p.d.me.Org), "retention.approve", policies.RetentionApprove{Plan: v.Signed.ID, Hash: v.Hash}, nil})
	return s.ID, err
}
