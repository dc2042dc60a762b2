package attune

import (
	"cmp"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Fated is a clip, and what becomes of it, with every reason.
type Fated struct {
	Clip      policies.ClipID   `json:"clip"`
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	Kind      policies.ClipKind `json:"kind"`
	Filmed    time.Time         `json:"filmed"`
	By        policies.StaffID  `json:"by"` // who filmed it
	policies.Fated
}

// DueGroup is film of one family and one class that waits for a person, or goes.
type DueGroup struct {
	Family    policies.FamilyID  `json:"family"`
	Reference string             `json:"reference"`
	Class     policies.ClassName `json:"class"`
	Clips     []Fated            `json:"clips"`
}

// HeldBeyond reports whether film is held at a time when the schedule keeps it no longer.
func (f Fated) HeldBeyond(at policies.Micros) bool {
	return f.State == policies.FateHeld && !f.Until.IsZero() && at >= f.Until.After(britain())
}

// Fates says what becomes of the film of a family, or of all on this device for a zero id,
// as it would stand at a time if nothing changed until then. In the order of what comes
// first. It destroys nothing.
func (rs *Retention) Fates(family policies.FamilyID, asOf time.Time) ([]Fated, error) {
	org, families, pack, err := rs.records(family)
	if err != nil {
		return nil, err
	}
	terms := policies.NewTerms(org, pack, britain(), policies.At(asOf))
	out := []Fated{}
	for _, f := range families {
		for id, c := range f.Clips {
			fate, _ := f.Fate(id, terms)
			out = append(out, Fated{id, f.ID, f.Reference, c.Kind, c.Captured.From.Time(), c.By, fate})
		}
	}
	slices.SortFunc(out, func(a, b Fated) int {
		return cmp.Or(cmp.Compare(orLast(a.Due), orLast(b.Due)), cmp.Compare(a.Reference, b.Reference), a.Filmed.Compare(b.Filmed), cmp.Compare(a.Clip.String(), b.Clip.String()))
	})
	return out, nil
}

func orLast(at policies.Micros) policies.Micros {
	if at == 0 {
		return policies.MaxInstant
	}
	return at
}

func (rs *Retention) records(family policies.FamilyID) (*policies.Org, map[policies.FamilyID]*policies.Family, policies.Pack, error) {
	pack, err := rs.d.figures()
	if err != nil {
		return nil, nil, pack, err
	}
	org, err := rs.d.mirror.provisionalOrg()
	if err != nil {
		return nil, nil, pack, err
	}
	if family.IsZero() {
		all, err := rs.d.mirror.allProvisional()
		return org, all, pack, err
	}
	f, err := rs.d.mirror.provisional(family)
	return org, map[policies.FamilyID]*policies.Family{family: f}, pack, err
}

// Due is the film whose time is over and that waits for a person, by family and class, and
// what goes by itself because somebody authorised it: what an IG officer looks at each week.
func (rs *Retention) Due(family policies.FamilyID, asOf time.Time) ([]DueGroup, error) {
	all, err := rs.Fates(family, asOf)
	if err != nil {
		return nil, err
	}
	out := []DueGroup{}
	for _, x := range all {
		if !x.Waits() {
			continue
		}
		at := slices.IndexFunc(out, func(g DueGroup) bool { return g.Family == x.Family && g.Class == x.Class })
		if at < 0 {
			at, out = len(out), append(out, DueGroup{Family: x.Family, Reference: x.Reference, Class: x.Class})
		}
		out[at].Clips = append(out[at].Clips, x)
	}
	return out, nil
}

// ListHash is what somebody who authorises a list has seen: the clips and the last day of
// each, so that they can name it to a colleague.
func ListHash(clips []Fated) policies.Digest {
	lines := make([]string, 0, len(clips))
	for _, c := range clips {
		lines = append(lines, c.Clip.String()+" "+c.Until.String()+"\n")
	}
	slices.Sort(lines)
	return policies.DigestOf([]byte("attune/due/v1\n" + joined(lines)))
}

func joined(lines []string) (text string) {
	for _, l := range lines {
		text += l
	}
	return text
}

// Authorise lets film go whose time is over, or keeps it and has it looked at again on a
// day. It is for a registrar, and never for who filmed it. The list is as the caller saw it.
//
// Errors: an [*Error] with [CodeInput] for film that is not due, or that this person made.
func (rs *Retention) Authorise(group DueGroup, again string) (ids []policies.StatementID, err error) {
	for _, c := range group.Clips {
		switch {
		case c.By == rs.d.me.Staff:
			return nil, problem(CodeInput, "Ask the information governance officer.", "Nobody has film destroyed that they made themselves.")
		case !c.Waits():
			return nil, problem(CodeInput, "Look at what is due.", "The clip %s does not wait for anybody.", c.Clip.Short())
		}
	}
	for some := range slices.Chunk(group.Clips, policies.MaxAppraised) {
		group.Clips = some
		id, err := rs.authorise(group, again)
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (rs *Retention) authorise(group DueGroup, again string) (policies.StatementID, error) {
	body := policies.DisposalApprove{Class: group.Class, Outcome: policies.LetGo, Again: again}
	if again != "" {
		body.Outcome = policies.KeepOn
	}
	for _, c := range group.Clips {
		body.Clips = append(body.Clips, c.Clip)
		if last := c.Until.String(); again == "" && last > body.Until {
			body.Until = last
		}
	}
	if again == "" && body.Until == "" {
		body.Until = day(rs.d.now()) // film without a date: as somebody saw it today
	}
	s, err := rs.d.outbox.file(draft{policies.RecordID(group.Family), "disposal.approve", body, nil})
	return s.ID, err
}

// StandingView is a class of working material, and whether its film may go at the end of its
// time without anybody looking at each.
type StandingView struct {
	Class  policies.ClassName      `json:"class"`
	Stands bool                    `json:"stands"`
	Signed []policies.StandingWord `json:"signed"`
}

// Standings lists the standing authorisations, one line a class that may have one.
func (rs *Retention) Standings() ([]StandingView, error) {
	org, err := rs.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	out := []StandingView{}
	for _, class := range policies.ClassNames() {
		if class.IsFilm() && class.Working() {
			out = append(out, StandingView{class, len(org.StandingFor(class)) > 0, some(org.StandingSigned(class))})
		}
	}
	return out, nil
}

// SignStanding is one of the two signatures under a standing authorisation.
func (rs *Retention) SignStanding(class policies.ClassName) (policies.StatementID, error) {
	org, err := rs.d.mirror.provisionalOrg()
	if err != nil {
		return policies.StatementID{}, err
	}
	s, err := rs.d.outbox.file(draft{policies.RecordID(org.ID), "disposal.standing", policies.DisposalStanding{Class: class, Pack: org.Policy.SHA256}, nil})
	return s.ID, err
}

// EndStanding has film of a class wait for a person again.
func (rs *Retention) EndStanding(class policies.ClassName) (policies.StatementID, error) {
	s, err := rs.d.outbox.file(draft{policies.RecordID(rs.d.me.Org), "disposal.standing.end", policies.DisposalStandingEnd{Class: class}, nil})
	return s.ID, err
}

// britain is where a service's days end.
func britain() *time.Location {
	if london, err := time.LoadLocation("Europe/London"); err == nil {
		return london
	}
	return time.UTC
}
