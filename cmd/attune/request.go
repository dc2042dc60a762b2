package main

import (
	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type requestCmd struct {
	Open  requestOpenCmd  `cmd:"" help:"Record that somebody asks to see, to erase, or complains, or that a court wrote."`
	Close requestCloseCmd `cmd:"" help:"Record how a request ended, as information governance officer."`
	Clock requestClockCmd `cmd:"" help:"Extend, stop or resume the clock of a request, or acknowledge a complaint."`
	List  requestListCmd  `cmd:"" help:"Requests, and by when the law wants an answer."`
}

type requestOpenCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	Kind   string `required:"" enum:"access,erasure,rectification,complaint,court_notice" help:"${enum}."`
	Person []ref  `sep:"none" help:"Whom it is about: label or id. Repeat."`
	On     string `placeholder:"DAY" help:"The day on which it came, such as 2026-11-20; today when not given."`
}

// Help is what --help shows below the flags.
func (requestOpenCmd) Help() string {
	return `Example: attune request open NF-1042 --kind access --person Mum --on 2026-11-20

From then on nothing of the family is destroyed. The information governance officer answers.`
}

func (c *requestOpenCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		people, err := findPeople(d, family, c.Person)
		if err != nil {
			return err
		}
		id, err := d.Requests.Open(family, policies.RequestKind(c.Kind), people, c.On)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Recorded (%s). %s", id.Short(), syncNow)
	})
}

type requestCloseCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Request ref    `arg:"" help:"Id, as request list has it."`
	Outcome string `required:"" enum:"met,met_in_part,supervised_viewing,redacted,refused,taken_back" help:"${enum}. A complaint that was upheld is met."`
	Ground  string `default:"" placeholder:"WHY" enum:",others_in_it,serious_harm,childs_wishes,no_authority,identity_not_shown,unfounded_or_excessive,legal_privilege,legal_duty,legal_claim,not_held,not_upheld" help:"Why it was not given in full: ${enum}."`
}

func (requestCloseCmd) Help() string {
	return `Example: attune request close NF-1042 8xQ2mL0a --outcome met`
}

func (c *requestCloseCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Requests.Find(family, string(c.Request))
		if err != nil {
			return err
		}
		if err := d.Requests.Close(family, id, policies.RequestOutcome(c.Outcome), policies.RequestGround(c.Ground)); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Closed (%s). %s", id.Short(), syncNow)
	})
}

type requestClockCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Request ref    `arg:"" help:"Id, as request list has it."`
	Step    string `required:"" enum:"extend_complex,extend_many,pause_identity,pause_clarify,resume,acknowledge" help:"${enum}."`
	On      string `placeholder:"DAY" help:"The day on which they were told or asked, or answered; today when not given."`
}

// Help is what --help shows below the flags.
func (requestClockCmd) Help() string {
	return `Example: attune request clock NF-1042 8xQ2mL0a --step extend_complex

An extension of two months counts only if they were told within the first month.`
}

func (c *requestClockCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Requests.Find(family, string(c.Request))
		if err != nil {
			return err
		}
		if err := d.Requests.Clock(family, id, policies.ClockStep(c.Step), c.On); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "Recorded (%s). Until when: attune request list. %s", id.Short(), syncNow)
	})
}

// clockText is until when an open request is to be answered, and why not sooner.
func clockText(r attune.RequestView) string {
	c := r.Clock
	switch {
	case !r.Open:
		return mark(r.Closed.Ground != "", plain(string(r.Closed.Ground)))
	case c.Stopped != "":
		return "stopped on " + c.StoppedOn.String() + " (" + plain(string(c.Stopped)) + ")"
	case c.Acknowledged:
		return "acknowledged"
	case r.AnswerBy == "":
		return ""
	}
	return "answer by " + r.AnswerBy + mark(c.Extended, ", extended") + mark(c.Late && !c.Extended, "; the extension came too late")
}

type requestListCmd struct{}

func (requestListCmd) Help() string { return `Example: attune request list` }

func (c *requestListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		list, err := d.Requests.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"requests": list}, "%s", table(list, func(r attune.RequestView) []string {
			state := "open"
			if !r.Open {
				state = plain(string(r.Closed.Outcome))
			}
			return []string{r.Reference, r.ID.Short(), plain(string(r.Kind)), "of " + r.ReceivedOn, state, clockText(r)}
		}))
	})
}

type familyCloseCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	On     string `placeholder:"DAY" help:"The day on which the work ended; today when not given."`
}

// Help is what --help shows below the flags.
func (familyCloseCmd) Help() string {
	return `Example: attune family close NF-1042 --on 2026-11-20

The service's periods count from that day. Nothing is deleted by it alone, and nothing stops by it.`
}

func (c *familyCloseCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		if err := d.Families.EndWork(family, c.On); err != nil {
			return err
		}
		v, err := d.Families.Case(family)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"family": family, "ended_on": v.EndedOn}, "The work ended on %s. %s", v.EndedOn, syncNow)
	})
}

type familyCaseCmd struct {
	Family     ref    `arg:"" help:"Reference or id."`
	Status     string `default:"" placeholder:"WORD" enum:",none,child_in_need,child_protection,accommodated,interim_care_order,care_order" help:"How the law stands to the child: none, child_in_need, child_protection, accommodated, interim_care_order, care_order."`
	Court      string `default:"" placeholder:"YES" enum:",yes,no" help:"Whether the family is before a court: yes or no. With yes nothing is destroyed."`
	Basis      string `default:"" placeholder:"WORD" enum:",public_task,consent" help:"The lawful basis: public_task or consent."`
	Controller string `default:"" placeholder:"WORD" enum:",filming_service,record_holder" help:"Who decides about the film: filming_service or record_holder."`
}

// Help is what --help shows below the flags.
func (familyCaseCmd) Help() string {
	return `Example: attune family case NF-1042 --status care_order --court yes

Without flags it shows how the case stands. What is not given stays as it is.`
}

func (c *familyCaseCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		v, err := d.Families.Case(family)
		if err != nil {
			return err
		}
		if *c != (familyCaseCmd{Family: c.Family}) {
			if err := d.Families.ChangeCase(family, c.change(v)); err != nil {
				return err
			}
			if v, err = d.Families.Case(family); err != nil {
				return err
			}
		}
		return g.print(v, "%s", caseText(v))
	})
}

// change is the case with what was given in it; what nobody has said yet is as it is
// for most families.
func (c *familyCaseCmd) change(v attune.CaseView) policies.CaseChange {
	next := policies.CaseChange{LegalStatus: "none", Court: v.Court, Basis: "public_task", Controller: policies.FilmingService}
	if v.Last != nil {
		next.LegalStatus, next.Basis, next.Controller = v.Last.LegalStatus, v.Last.Basis, v.Last.Controller
	}
	if c.Status != "" {
		next.LegalStatus = policies.LegalStatus(c.Status)
	}
	if c.Court != "" {
		next.Court = c.Court == "yes"
	}
	if c.Basis != "" {
		next.Basis = c.Basis
	}
	if c.Controller != "" {
		next.Controller = policies.Holder(c.Controller)
	}
	return next
}

func caseText(v attune.CaseView) string {
	text := "Nothing was said of the case yet."
	if v.Last != nil {
		text = "Legal status: " + plain(string(v.Last.LegalStatus)) + ". Lawful basis: " + plain(v.Last.Basis) + ". Controller: " + plain(string(v.Last.Controller)) + "."
	}
	if v.Court {
		text += " Before a court: nothing is destroyed."
	}
	if v.EndedOn != "" {
		text += " The work ended on " + v.EndedOn + "."
	}
	return text
}
