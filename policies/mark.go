package policies

import "slices"

// Film goes in four steps, each a statement of the server, so that everybody in the record
// sees where it stands: marked, which hides it and lets its days of grace begin; then
// spared, or ordered to be destroyed, from which nothing comes back; and disposed of, once
// nothing of it is left, which is its certificate. What lets the server state any of that is
// a person's word, which a mark names.
//
// Source: DESIGN §9, retention; NHS Records Management Code: nothing is destroyed without
// appraisal, and what was destroyed stays known.

// DisposalGround is why film goes.
type DisposalGround string

// The grounds.
const (
	ByWithdrawal DisposalGround = "withdrawal" // somebody in it asked, and a second person confirmed it
	ByDecision   DisposalGround = "decision"   // a head of service ordered it, of film that waited outside
	BySchedule   DisposalGround = "schedule"   // its time is over, and a person authorised it
)

// DisposalGrounds lists every DisposalGround.
func DisposalGrounds() []DisposalGround {
	return []DisposalGround{ByWithdrawal, ByDecision, BySchedule}
}

// MaxAuthority bounds what one mark rests on: a withdrawal and its confirmation for each
// person in a clip.
const MaxAuthority = 2 * MaxPeople

// ClipMark is the body of clip.mark, by the server: the film of a clip is to go. Nobody
// watches it from now on. Its deps name every hold on the clip that the server knew; one
// that they do not name ends the mark.
type ClipMark struct {
	Clip      ClipID         `json:"clip"`
	Class     ClassName      `json:"class"`
	Ground    DisposalGround `json:"ground"`
	Authority []StatementID  `json:"authority"` // of people: 1 to MaxAuthority
	Due       Micros         `json:"due"`       // since when it may go
	Until     Micros         `json:"until"`     // the last instant of its grace
	Pack      Digest         `json:"pack"`      // of the file whose figures it follows
}

// ClipSpare is the body of clip.spare, by the server: a mark counts no longer, because what
// it followed from is so no longer.
type ClipSpare struct {
	Clip ClipID      `json:"clip"`
	Mark StatementID `json:"mark"`
}

// ClipDestroy is the body of clip.destroy, by the server: the film is destroyed from now on.
// No hold comes in time after it, and its bytes are never taken in again.
type ClipDestroy struct {
	Clip ClipID      `json:"clip"`
	Mark StatementID `json:"mark"`
}

// Mark is a clip.mark as the record keeps it.
type Mark struct {
	ID        StatementID    `json:"id"`
	Clip      ClipID         `json:"clip"`
	Ground    DisposalGround `json:"ground"`
	Authority []StatementID  `json:"authority"`
	Due       Micros         `json:"due"`
	Until     Micros         `json:"until"`
	At        Micros         `json:"at"` // of acceptance
	Pack      Digest         `json:"pack"`
	Knew      []StatementID  `json:"knew"`
	Spared    StatementID    `json:"spared"` // clip.spare; zero while it counts
}

// Check implements [Body].
func (b ClipMark) Check() error {
	var c checks
	named(&c, "the clip", b.Clip)
	word(&c, "class", b.Class, ClassNames())
	c.that(b.Class.IsFilm(), "%s is not a class of film", b.Class)
	word(&c, "ground", b.Ground, DisposalGrounds())
	distinct(&c, "the authority", b.Authority, 1, MaxAuthority)
	c.instant("since when it is due", b.Due)
	c.instant("the end of the grace", b.Until)
	c.that(b.Due <= b.Until, "the grace ends before it is due")
	named(&c, "the pack", b.Pack)
	return c.err
}

// Check implements [Body].
func (b ClipSpare) Check() error { return checkMark(b.Clip, b.Mark) }

// Check implements [Body].
func (b ClipDestroy) Check() error { return checkMark(b.Clip, b.Mark) }

func checkMark(clip ClipID, mark StatementID) error {
	var c checks
	named(&c, "the clip", clip)
	named(&c, "the mark", mark)
	return c.err
}

func (b ClipMark) subjects(f *Family) []Subject { return f.held(b.Clip) }

func markClip(f *Family, _ *Org, a act[ClipMark]) (Changes, error) {
	b, c := a.Said, f.Clips[a.Said.Clip]
	if c == nil {
		return Changes{}, missing("the clip", b.Clip)
	}
	put(&f.Marks, a.ID, &Mark{
		ID: a.ID, Clip: b.Clip, Ground: b.Ground, Authority: slices.Clone(b.Authority), Due: b.Due, Until: b.Until, At: a.Now, Pack: b.Pack, Knew: knew(a.Statement),
	})
	return Changes{Clips: []ClipID{b.Clip}}, nil
}

func (f *Family) markOf(clip ClipID, mark StatementID) (*Mark, error) {
	m := f.Marks[mark]
	switch {
	case m == nil:
		return nil, missing("the mark", mark)
	case m.Clip != clip:
		return nil, notPossible("the mark is of another clip")
	}
	return m, nil
}

func spareClip(f *Family, _ *Org, a act[ClipSpare]) (Changes, error) {
	m, err := f.markOf(a.Said.Clip, a.Said.Mark)
	if err != nil {
		return Changes{}, err
	}
	if m.Spared.IsZero() || compareID(a.ID, m.Spared) < 0 {
		m.Spared = a.ID
	}
	return Changes{Clips: []ClipID{m.Clip}}, nil
}

// destroyClip is taken once. Whether the mark still counts is for authz to say.
func destroyClip(f *Family, _ *Org, a act[ClipDestroy]) (Changes, error) {
	m, err := f.markOf(a.Said.Clip, a.Said.Mark)
	if err != nil {
		return Changes{}, err
	}
	c := f.Clips[m.Clip]
	if !c.Destroying.IsZero() {
		return Changes{}, notPossible("this clip is being destroyed already")
	}
	c.Destroying, c.Mark, c.DestroyingAt = a.ID, m.ID, a.Now
	return Changes{Clips: []ClipID{c.ID}}, nil
}

// counts reports whether a mark still does: it was not spared, and it knew every hold on
// its clip that there ever was.
func (f *Family) counts(o *Org, m *Mark) bool {
	return m.Spared.IsZero() && f.knewHolds(o, m.Clip, m.Knew)
}

// Marked is the mark that counts of a clip, of several the earliest; nil for none.
func (f *Family) Marked(o *Org, id ClipID) (first *Mark) {
	for _, m := range f.Marks {
		if m.Clip == id && f.counts(o, m) && (first == nil || m.At < first.At || m.At == first.At && compareID(m.ID, first.ID) < 0) {
			first = m
		}
	}
	return first
}

// MayDestroy is what a rule is asked about a clip.destroy: whether its mark counts, and
// whether the days of grace are over.
func (f *Family) MayDestroy(o *Org, b ClipDestroy, now Micros) (stands, over bool) {
	m := f.Marks[b.Mark]
	return m != nil && f.counts(o, m), m != nil && now > m.Until
}

// Going reports whether the film of a clip is marked to go, is being destroyed, or was:
// nobody watches it, and none of it is taken in. A hold ends no mark for that: it keeps film,
// and gives nobody the right to watch, until the server has spared it.
func (f *Family) Going(id ClipID) bool {
	c := f.Clips[id]
	if c == nil {
		return false
	}
	if !c.Destroying.IsZero() {
		return true
	}
	for _, m := range f.Marks {
		if m.Clip == id && m.Spared.IsZero() {
			return true
		}
	}
	return false
}

// Unspared lists the marks of a clip that nobody has taken back, whether they count or not.
func (f *Family) Unspared(id ClipID) (out []StatementID) {
	for _, m := range sorted(f.Marks) {
		if m.Clip == id && m.Spared.IsZero() {
			out = append(out, m.ID)
		}
	}
	return out
}

// TooLate lists the clips which a hold is about and which were being destroyed when it
// came: it keeps none of them. Sorted.
func (f *Family) TooLate(hold StatementID) (out []ClipID) {
	h := f.Holds[hold]
	if h == nil {
		return nil
	}
	for id, c := range f.Clips {
		if h.Covers(c) && !c.Destroying.IsZero() && c.DestroyingAt <= h.At {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, compareID)
	return out
}

// Authority reports whether a statement is a person's word by which film may go.
func (f *Family) Authority(o *Org, id StatementID) bool {
	if f.Stops[id] != nil || f.Authorised[id] != nil || f.Appraisals[id] != nil {
		return true
	}
	for _, d := range f.Decisions {
		if d.ID == id {
			return d.Outcome == Destroy
		}
	}
	return o.authority(id)
}
