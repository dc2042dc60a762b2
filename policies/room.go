package policies

import (
	"errors"
	"fmt"
	"slices"
)

// A family's record is folded whole by every device that receives it, kept whole by each,
// and sent whole to whoever joins. So it holds so much of each thing, and no more: years
// of the most work that a service does, several times over, and little enough that
// nobody's device is brought to a stand by one stolen phone or one faulty program.
//
// It is asked once, at the server, and never by the fold, where the order of arrival must
// not matter. What stops something is not bounded here: see [Family.Enough].

// How much a family's record holds.
const (
	MaxFamilyPeople   = 100    // everybody who was ever in a frame; a large family and its visitors are 30
	MaxFamilySessions = 500    // a visit a week for nine years; VIG has some six cycles, VIPP-SD six visits
	MaxFamilyClips    = 5_000  // ten of each session
	MaxFamilyLinks    = 2_000  // one a week for each of four carers for nine years
	MaxFamilyForms    = 500    // consents: one for each session
	MaxFamilyTeam     = 200    // places on the team, ever; four are there at a time
	MaxFamilyViewers  = 1_000  // entries of the viewer list, ever: renewed monthly for nine years by nine people
	MaxFamilyMatters  = 500    // of each: approvals asked for, requests of the family, decisions, cover, recoveries, glasses broken
	MaxFamilyStated   = 20_000 // statements in all, annotations and corrections among them: about 30 MB

	// MaxTurnsEach is how often one person turns the family's key. A key must be turned
	// when somebody leaves, so what one of them did may not use up what others need:
	// there is no bound on all of it, and keys do not count as statements.
	MaxTurnsEach = 100

	// MaxClipsEach is what one person adds: half, so that nobody alone can end the filming.
	MaxClipsEach = MaxFamilyClips / 2
)

// ErrRoom means that a record holds as much of one thing as it may.
var ErrRoom = errors.New("no room in this record")

// room is one bound.
type room struct {
	what  string
	most  int
	holds func(*Family) int
	fills func(Body) bool
}

func filledBy[B Body]() func(Body) bool {
	return func(b Body) bool {
		_, ok := b.(B)
		return ok
	}
}

// rooms is a constant: the bounds of things, each with what adds to it.
var rooms = []room{
	{"people", MaxFamilyPeople, func(f *Family) int { return len(f.People) }, filledBy[*PersonAdd]()},
	{"sessions", MaxFamilySessions, func(f *Family) int { return len(f.Sessions) }, filledBy[*SessionLog]()},
	{"clips", MaxFamilyClips, func(f *Family) int { return len(f.Clips) }, filledBy[*ClipAdd]()},
	{"links", MaxFamilyLinks, func(f *Family) int { return len(f.Links) }, filledBy[*LinkCreate]()},
	{"consent forms", MaxFamilyForms, func(f *Family) int { return len(f.Consents) }, filledBy[*ConsentSign]()},
	{"places on the team", MaxFamilyTeam, func(f *Family) int {
		n := 0
		for _, m := range f.Team {
			n += len(m.Added)
		}
		return n
	}, filledBy[*TeamAdd]()},
	{"entries of the viewer list", MaxFamilyViewers, func(f *Family) int { return len(f.Viewers) }, filledBy[*ViewerAdd]()},
	{"approvals", MaxFamilyMatters, func(f *Family) int { return len(f.Approvals) }, filledBy[*ApprovalRequest]()},
	{"changes of the case", MaxFamilyMatters, func(f *Family) int { return len(f.Cases) }, filledBy[*CaseChange]()},
	{"covers", MaxFamilyMatters, func(f *Family) int { return len(f.Covers) }, filledBy[*CoverAuthorise]()},
	{"recoveries", MaxFamilyMatters, func(f *Family) int { return len(f.Recoveries) }, filledBy[*RecoveryUse]()},
	{"broken glasses", MaxFamilyMatters, func(f *Family) int { return len(f.Glass) }, filledBy[*BreakglassOpen]()},
}

// Room refuses what the family's record has no room for; nil for what stops something.
// The error is [ErrRoom] and says how much there may be.
func (f *Family) Room(s Statement, by Author) error {
	row, ok := RowOf(s.Kind)
	if !ok || row.Restriction {
		return nil
	}
	for _, r := range rooms {
		if r.fills(s.Body) && r.holds(f) >= r.most {
			return full(r.most, r.what)
		}
	}
	switch s.Body.(type) {
	case *KeyTurn:
		return each(MaxTurnsEach, "changes of the family's locks by one person", f.Turns, func(t *Turn) bool { return t.By == by.Staff })
	case *KeyWrap:
		return nil
	case *ClipAdd:
		if err := each(MaxClipsEach, "clips by one person", f.Clips, func(c *Clip) bool { return c.By == by.Staff }); err != nil {
			return err
		}
	}
	if f.Count >= MaxFamilyStated && by.Signer != SignServer { // film that was sent is signed for
		return full(MaxFamilyStated, "statements")
	}
	return nil
}

func each[Noun, T any](most int, what string, all map[ID[Noun]]*T, of func(*T) bool) error {
	n := 0
	for _, x := range all {
		if of(x) {
			n++
		}
	}
	if n >= most {
		return full(most, what)
	}
	return nil
}

func full(most int, what string) error {
	return fmt.Errorf("%w: it holds %d %s, and no more", ErrRoom, most, what)
}

// standing counts the holds that keep the same as this one, for the same reason, and were
// not released; of provisional ones those of the last day, which have not lapsed.
func (f *Family) standing(like Hold, now Micros) (n int) {
	for id, h := range f.Holds {
		if h.Provisional == like.Provisional && h.Reason == like.Reason && h.Kind == like.Kind && h.Confirms == like.Confirms &&
			f.Released[id].IsZero() && (!h.Provisional || now-h.At < 24*Hour) && sameIDs(h.Clips, like.Clips) && sameIDs(h.Sessions, like.Sessions) && sameIDs(h.People, like.People) {
			n++
		}
	}
	return n
}

// EnoughHeld is [Family.Enough] of what keeps film from being destroyed: the same hold
// stands so often already, or the same request is open so often.
func (f *Family) EnoughHeld(body Body, now Micros) bool {
	switch b := body.(type) {
	case *HoldProvisional:
		return f.standing(Hold{Provisional: true, Clips: b.Clips, Sessions: b.Sessions, People: b.People, Reason: b.Reason}, now) >= MaxStanding
	case *HoldPlace:
		return f.standing(Hold{Clips: b.Clips, Sessions: b.Sessions, People: b.People, Kind: b.Kind, Confirms: b.Confirms}, now) >= MaxStanding
	case *RequestOpen:
		n := 0
		for _, r := range f.Requests {
			if r.Closed == nil && r.Kind == b.Kind && r.ReceivedOn == b.ReceivedOn && sameIDs(r.People, b.People) {
				n++
			}
		}
		return n >= MaxStanding
	}
	return false
}

// sameIDs compares two lists as sets; neither names anything twice.
func sameIDs[Noun any](a, b []ID[Noun]) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(id ID[Noun]) bool { return !slices.Contains(b, id) })
}
