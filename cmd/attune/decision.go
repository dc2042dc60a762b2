package main

import (
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type decisionCmd struct {
	List decisionListCmd `cmd:"" help:"What waits for you, and by when."`
	Make decisionMakeCmd `cmd:"" help:"Decide what waits for the head of service."`
}

type decisionListCmd struct {
	All bool `help:"What waits for other people too."`
}

// Help is what --help shows below the flags.
func (decisionListCmd) Help() string {
	return `Example: attune decision list

What is overdue goes on to the head of service, then to the information governance officer, and
stays. Nothing is destroyed because nobody looked.`
}

func (c *decisionListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		all, err := d.Decisions.Matters()
		if err != nil {
			return err
		}
		shown := []attune.MatterView{}
		for _, m := range all {
			if m.Mine || c.All {
				shown = append(shown, m)
			}
		}
		if len(shown) == 0 && !g.JSON {
			return g.print(nil, "Nothing waits for you.")
		}
		return g.print(map[string]any{"matters": shown}, "%s", table(shown, func(m attune.MatterView) []string {
			return []string{m.Reference, firstLetters(m.Of), dueText(m), m.Text, m.Do + matterHow(m)}
		}))
	})
}

// firstLetters is the beginning of an id, as every list shows it.
func firstLetters(id string) string { return id[:min(len(id), 8)] }

func dueText(m attune.MatterView) string {
	switch {
	case m.Due.IsZero():
		return "no date"
	case m.Overdue:
		return "overdue since " + m.Due.Local().Format("2 Jan 2006")
	}
	return "by " + m.Due.Local().Format("Mon 2 Jan 2006")
}

// matterHow is the command that deals with a matter, "" where there are several; what
// has to be chosen stands in it in capitals, and the command's help lists it.
func matterHow(m attune.MatterView) string {
	how, of := "", firstLetters(m.Of)
	switch m.Kind {
	case policies.ApprovalWaits:
		how = "attune approval grant " + of
	case policies.ApprovalEnds:
		if how = "attune approval request " + m.Reference; m.Reference == "" {
			how = "attune approval request --own PROGRAMME"
		}
	case policies.CountersignWaits:
		how = "attune viewer countersign " + of
	case policies.ObjectionWaits:
		how = "attune decision make " + m.Reference + " " + of + " --outcome may_be_used|stays_shut --ground WHY"
	case policies.ClipWaits:
		how = "attune decision make " + m.Reference + " " + of + " --outcome take|destroy --ground WHY"
	case policies.WithdrawalWaits:
		how = "attune disposal confirm " + m.Reference + " " + of + " --identity HOW"
	case policies.PlanWaits:
		how = "attune policy plan; the second signature: attune policy approve"
	case policies.StandingWaits:
		how = "attune retention standing " + of + " --sign"
	case policies.RetentionDue:
		how = "attune retention due " + m.Reference
	case policies.HoldReviews:
		how = "attune hold list"
	case policies.HoldWaits:
		how = "attune hold place " + m.Reference + " --confirms " + of + " --kind WHY, or attune hold release " + m.Reference + " " + of
	case policies.DormantFamily:
		how = "attune family close " + m.Reference + " --on DAY"
	case policies.RequestWaits:
		how = "attune request close " + m.Reference + " " + of + " --outcome HOW"
	case policies.RecoveryWaits:
		how = "attune recovery confirm " + of + "; who asks, and why: attune recovery list"
	case policies.RecoveryUsed:
		how = "attune recovery list"
	case policies.WordsWait:
		how = "attune confirm " + of + " --words 'THE SIX WORDS'"
	case policies.DeviceCopied:
		how = "attune device list; attune device revoke " + of
	case policies.GlassOpened:
		how = "attune breakglass show " + of
	case policies.TrainingEnds, policies.TraineeUncovered:
		how = "attune staff train " + of + "; who that is: attune staff list"
	case policies.ServiceRecovers:
		how = "attune service recovered"
	case policies.EquipmentOpen, policies.EquipmentStray:
		how = "attune equipment retire " + of + "; which that is: attune equipment list"
	default:
		return ""
	}
	return " How: " + how
}

// apart is a constant: kinds of matter that attune status tells in lines of their own.
var apart = map[policies.MatterKind]bool{
	policies.ApprovalWaits: true, policies.CountersignWaits: true, policies.ObjectionWaits: true, policies.StopWaits: true, policies.GlassOpened: true,
}

// mattersText is what waits for this person: how much, and the first few of what
// nothing else in the status tells of.
func mattersText(all []attune.MatterView) (mine int, lines []string) {
	for _, m := range all {
		if !m.Mine {
			continue
		}
		if mine++; len(lines) < 3 && (!apart[m.Kind] || m.Overdue) {
			lines = append(lines, fmt.Sprintf("%s %s %s(%s)%s", m.Text, stopped(m.Do), mark(m.Reference != "", "Family "+m.Reference+". "), dueText(m), matterHow(m)))
		}
	}
	return mine, lines
}

// stopped ends what to do with a full stop, where it ends with a command: another
// sentence follows.
func stopped(do string) string { return strings.TrimRight(do, ".") + "." }

type decisionMakeCmd struct {
	Family  ref    `arg:"" help:"Reference or id."`
	Of      ref    `arg:"" help:"Id of the objection, clip or withdrawal, as decision list has it."`
	Outcome string `required:"" enum:"may_be_used,stays_shut,take,keep,destroy" help:"${enum}."`
	Ground  string `required:"" enum:"court_order,both_agree,no_authority,by_mistake,best_interests,family_asked,safeguarding,legal_claim,legal_duty" help:"${enum}."`
}

// Help is what --help shows below the flags.
func (decisionMakeCmd) Help() string {
	return `Example: attune decision make NF-1042 5dQ8yZ2p --outcome may_be_used --ground court_order

For a head of service who did not record what is decided. The papers behind the ground are in the case record.

Of an objection: may_be_used, and film is used again by the forms that stand; or stays_shut.
Of a clip that was filmed before a stop was known: take, and its film may arrive, for those to use whom the
family agrees to now; or destroy, and the device that has it removes it.
Of a withdrawal: keep, and nobody watches the film; or destroy, once the service's clock has run and nothing holds it.`
}

func (c *decisionMakeCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Decisions.Find(family, string(c.Of))
		if err != nil {
			return err
		}
		if err := d.Decisions.Make(family, id, policies.Outcome(c.Outcome), policies.Ground(c.Ground)); err != nil {
			return err
		}
		return g.print(map[string]any{"family": family, "of": id, "outcome": c.Outcome}, "Recorded: %s. %s", plain(c.Outcome), syncNow)
	})
}

type disposalCmd struct {
	Confirm disposalConfirmCmd `cmd:"" help:"Confirm that a withdrawal came from the family."`
	List    disposalListCmd    `cmd:"" help:"Film of a family that somebody asked to be destroyed, and what stands in the way."`
}

type disposalConfirmCmd struct {
	Family     ref    `arg:"" help:"Reference or id."`
	Withdrawal ref    `arg:"" help:"Id, as decision list has it."`
	Identity   string `required:"" enum:"met_in_person,rang_known_number,document_seen,known_to_service" help:"How you made sure of the person: ${enum}."`
}

// Help is what --help shows below the flags.
func (disposalConfirmCmd) Help() string {
	return `Example: attune disposal confirm NF-1042 5dQ8yZ2p --identity rang_known_number

For a colleague of the team, the head of service or the information governance officer: whoever did not record
the withdrawal. What may be destroyed then, and what stands against it, is listed by attune disposal list.`
}

func (c *disposalConfirmCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		id, err := d.Decisions.Find(family, string(c.Withdrawal))
		if err != nil {
			return err
		}
		if err := d.Decisions.Confirm(family, id, policies.Identity(c.Identity)); err != nil {
			return err
		}
		return g.print(map[string]any{"family": family, "of": id}, "Confirmed. %s", syncNow)
	})
}

type disposalListCmd struct {
	Family ref `arg:"" help:"Reference or id."`
}

func (disposalListCmd) Help() string { return `Example: attune disposal list NF-1042` }

func (c *disposalListCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		list, err := d.Decisions.Destinies(family)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"clips": list}, "%s", destiniesText(list))
	})
}

func destiniesText(list []attune.DestinyView) string {
	if len(list) == 0 {
		return "Nobody has asked for film of this family to be destroyed."
	}
	var lines []string
	for _, d := range list {
		lines = append(lines, strings.TrimSpace(d.Clip.Short()+"  "+oneLine(d.Title))+"  "+destinyText(d))
		for i, r := range d.Reasons {
			lines = append(lines, "  "+r+" Rule: "+d.Rules[i]+".")
		}
	}
	return strings.Join(append(lines, "Nobody watches any of this. What may be destroyed goes with the next sweep; what went: attune certificate list."), "\n")
}

func destinyText(d attune.DestinyView) string {
	from := d.From.Local().Format("Mon 2 Jan 2006")
	switch d.Destiny {
	case policies.DestinyKept:
		return "is kept, unseen"
	case policies.DestinyHeld:
		return "is held"
	case policies.DestinyClock:
		return "may be destroyed from " + from + ", once it is confirmed"
	case policies.DestinyDestroy:
		return "may be destroyed since " + from
	}
	return "awaits a decision since " + from
}
