package policies

import (
	"fmt"
	"time"
)

// RetentionDue is the matter of film whose time is over, or will be within a week: the
// notice that an IG officer gets of what is to go, before anything does.
//
// Source: domain notes §4.2, a weekly list of coming deletions.
const RetentionDue MatterKind = "retention.due"

// noticeAhead is how long before its end film is on the notice.
const noticeAhead = 7 * 24 * Hour

func retentionDue(f *Family, o *Org, p Pack, now Micros) []Matter {
	type notice struct {
		clips, going int
		since        Micros
	}
	by, t := map[ClassName]*notice{}, NewTerms(o, p, time.UTC, now)
	for id := range f.Clips {
		x, _ := f.Fate(id, t)
		soon := x.State == FateKept && x.Due != 0 && x.Due <= now+noticeAhead
		if !soon && x.State != FateDue && x.State != FateReady && !(x.State == FateLook && x.Due != 0 && f.notAsked(id)) {
			continue
		}
		n := by[x.Class]
		if n == nil {
			n = &notice{since: x.Due - noticeAhead}
			by[x.Class] = n
		}
		n.clips++
		n.since = min(n.since, x.Due-noticeAhead)
		if x.State == FateReady {
			n.going++
		}
	}
	var out []Matter
	for _, class := range ClassNames() {
		n := by[class]
		if n == nil || n.going == n.clips && n.since+noticeAhead+7*24*Hour < now {
			continue
		}
		m := Matter{
			Kind: RetentionDue, Of: string(class), Since: n.since, Due: n.since + noticeAhead + 30*24*Hour, For: []Role{IGOfficer},
			Text: fmt.Sprintf("The time of %s is over, or will be within a week (%s).", count(n.clips, "clip"), plainWord(class)),
			Do:   "Look at them, and let them go or keep them.",
		}
		if n.going == n.clips {
			m.Due, m.Do = 0, "They go by what was authorised; hold what must stay."
		}
		out = append(out, m)
	}
	return out
}

// notAsked reports whether nobody in a clip asked for it to be destroyed: what they asked
// for is a matter of its own.
func (f *Family) notAsked(id ClipID) bool {
	return len(f.asked(f.Clips[id], func(string, string) {})) == 0
}
