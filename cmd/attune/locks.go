package main

import (
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

// toldFor is how long status tells that locks were changed: a practitioner on leave
// comes back to it.
const toldFor = 14 * 24 * time.Hour

// locksText tells of families whose locks were changed, or have to be.
func locksText(all []attune.Lock, now time.Time) (lines []string) {
	for _, l := range all {
		if len(l.Due) > 0 {
			lines = append(lines, "Waiting: the locks of family "+l.Reference+" must be changed, because "+strings.Join(l.Due, ", ")+
				"; a practitioner's device does it when it next syncs.")
		} else if len(l.Without) > 0 {
			lines = append(lines, "Waiting: a practitioner's device has still to give "+strings.Join(l.Without, ", ")+" the key of family "+l.Reference+".")
		}
		if !l.Changed.IsZero() && now.Sub(l.Changed) < toldFor {
			lines = append(lines, "Locks changed for family "+l.Reference+" on "+l.Changed.Local().Format("Mon 2 Jan")+
				mark(len(l.Because) > 0, " because "+strings.Join(l.Because, ", "))+".")
		}
	}
	return lines
}
