package policies

import (
	"cmp"
	"slices"
	"time"
)

// Breaking the glass lets one named person of a family's team watch named clips for
// some hours although somebody in them no longer agrees, or the head of service has
// revoked filming: a child may be in danger, or a court asks. It never makes anybody
// a viewer: whoever opens it names a member of the team, who holds the family's key
// already. It copies nothing, makes no link, and shows nobody film by rank.
//
// It ends by its time, by breakglass.close, and with the person's place on the team.
// A withdrawal after it does not end it: to watch against the family's will is what
// it is for. A hold does not either, since a hold keeps film and shows it to nobody.

// Glass is film that was opened against somebody's will.
type Glass struct {
	ID       GlassID       `json:"id"`
	By       StaffID       `json:"by"`
	For      StaffID       `json:"for"`
	Clips    []ClipID      `json:"clips"`
	Category GlassCategory `json:"category"`
	At       Micros        `json:"at"`
	Until    Micros        `json:"until"`
}

// BreakglassOpen is the body of breakglass.open. The attachment "reason" says why in
// words, sealed to the family's key and the IG officers.
//
// Source: Caldicott principles 6 and 7; UK GDPR Art 6(1)(c) to (e); domain notes,
// section 8: always outside consent, and said so on the form.
type BreakglassOpen struct {
	Clips    []ClipID      `json:"clips"`
	For      StaffID       `json:"for"`
	Category GlassCategory `json:"category"`
	Until    Micros        `json:"until"` // at most a day after it was signed
	Fixed    []Attachment  `json:"attachments"`
}

// BreakglassClose is the body of breakglass.close, a restriction: it ends there and
// then. By an IG officer it also says that they have looked at it.
type BreakglassClose struct {
	Glass GlassID `json:"glass"`
}

// GlassCategory is why film may be watched against somebody's will.
type GlassCategory string

// The categories. There is no "other": what is none of these waits for consent.
const (
	GlassSafeguarding GlassCategory = "safeguarding"        // somebody may come to serious harm
	GlassCourt        GlassCategory = "court_order"         // a court has ordered it
	GlassPolice       GlassCategory = "police"              // a written request about a serious crime
	GlassHarmReview   GlassCategory = "serious_harm_review" // a statutory review of a child's death or serious harm
)

// GlassCategories lists every GlassCategory.
func GlassCategories() []GlassCategory {
	return []GlassCategory{GlassSafeguarding, GlassCourt, GlassPolice, GlassHarmReview}
}

// Bounds of one opening.
const (
	MaxGlass      = 24 * time.Hour // the next day somebody decides anew
	MaxGlassClips = 50             // more than a case has; not "everything"
)

// Check implements [Body].
func (b BreakglassOpen) Check() error {
	var c checks
	distinct(&c, "the clips", b.Clips, 1, MaxGlassClips)
	named(&c, "who is to watch", b.For)
	word(&c, "category", b.Category, GlassCategories())
	c.instant("the end", b.Until)
	c.attachments(b.Fixed, "reason")
	c.that(len(b.Fixed) == 1, "the reason is missing")
	return c.err
}

// Check implements [Body].
func (b BreakglassClose) Check() error {
	var c checks
	named(&c, "what was opened", b.Glass)
	return c.err
}

// openGlass asks that the person was once put on the team; whether they still are is
// asked at each viewing, and by authz before this is taken.
func openGlass(f *Family, _ *Org, a act[BreakglassOpen]) (Changes, error) {
	b := a.Said
	for _, id := range b.Clips {
		if f.Clips[id] == nil {
			return Changes{}, missing("the clip", id)
		}
	}
	if b.For == a.By.Staff {
		return Changes{}, notPossible("nobody breaks the glass for themselves; name who is to watch")
	}
	if f.member(b.For) == nil {
		return Changes{}, missing("the place on the team of", b.For)
	}
	if err := ends("the time to watch", b.Until, a.Now, Micros(MaxGlass.Microseconds())); err != nil {
		return Changes{}, err
	}
	id := GlassID(a.ID)
	put(&f.Glass, id, &Glass{
		ID: id, By: a.By.Staff, For: b.For, Clips: slices.Clone(b.Clips), Category: b.Category, At: min(a.At, a.Now), Until: b.Until,
	})
	return Changes{Clips: slices.Clone(b.Clips)}, nil
}

// closeGlass is taken whether or not what it ends has arrived.
func closeGlass(f *Family, _ *Org, a act[BreakglassClose]) (Changes, error) {
	f.restrict(glassSubject(a.Said.Glass), a.ID)
	if a.By.Role == IGOfficer {
		f.restrict(reviewSubject(a.Said.Glass), a.ID)
	}
	return Changes{}, nil
}

// GlassState is what people call the state of an opening.
type GlassState string

// The states.
const (
	GlassOpen   GlassState = "open"
	GlassEnded  GlassState = "ended"
	GlassClosed GlassState = "closed"
)

// GlassState is the state of an opening at a time; "" for one that the record does
// not have.
func (f *Family) GlassState(id GlassID, now Micros) GlassState {
	g := f.Glass[id]
	switch {
	case g == nil:
		return ""
	case len(f.Restrictions[glassSubject(id)]) > 0:
		return GlassClosed
	case now >= g.Until:
		return GlassEnded
	}
	return GlassOpen
}

// GlassReviewed reports whether an IG officer has looked at an opening.
func (f *Family) GlassReviewed(id GlassID) bool {
	return len(f.Restrictions[reviewSubject(id)]) > 0
}

// GlassFor is the opening by which a person may watch a clip now; false for none. Of
// several it is the one that lasts longest. Whether they are on the team, and in
// force, is asked beside it.
func (f *Family) GlassFor(who StaffID, clip ClipID, now Micros) (last Glass, ok bool) {
	for _, g := range f.Glasses() {
		if g.For == who && slices.Contains(g.Clips, clip) && f.GlassState(g.ID, now) == GlassOpen && g.Until > last.Until {
			last, ok = g, true
		}
	}
	return last, ok
}

// Glasses lists every opening, the oldest first, with those that are over.
func (f *Family) Glasses() []Glass {
	return listed(f.Glass, func(a, b Glass) int { return cmp.Or(cmp.Compare(a.At, b.At), compareID(a.ID, b.ID)) })
}

// GlassOpened is the matter of an opening that no IG officer has looked at yet. It
// stays when the time to watch is over: that is when it can be looked at whole.
const GlassOpened MatterKind = "breakglass.open"

func glassOpened(f *Family, _ *Org, _ Pack, now Micros) []Matter {
	var out []Matter
	for _, g := range f.Glasses() {
		if f.GlassReviewed(g.ID) {
			continue
		}
		text := "The glass was broken: one person may watch film of this family whatever the family agreed to, until " + g.Until.clock() + "."
		if f.GlassState(g.ID, now) != GlassOpen {
			text = "The glass was broken on " + g.At.day() + ": one person could watch film of this family whatever the family agreed to."
		}
		out = append(out, Matter{
			Kind: GlassOpened, Of: g.ID.String(), Since: g.At, Due: g.At.workingDays(Figure{Value: 1}), For: []Role{IGOfficer},
			Text: text, Do: "Read the reason, look at who watched, and close it.",
		})
	}
	return out
}

// clock is a day and time for people, in UTC.
func (m Micros) clock() string { return m.Time().Format("2006-01-02 15:04") + " UTC" }
