package policies

import (
	"cmp"
	"slices"
)

// Exposure is what a person's devices could open of a family at a time, at most: the film
// that had been added by then and whose key they had been given, whatever was taken from
// them since. What was in fact opened, the access log says.
//
// Source: UK GDPR Art 33(3)(a): a breach is told with what it concerns.
type Exposure struct {
	Team  bool     // had the family's key, and so its forms and notes too
	Clips []ClipID // in order of filming
}

// ExposedTo works out an Exposure. It errs towards more: a key that was given counts from
// the beginning, and a place on the viewer list counts for all that its purpose could
// have covered.
func (f *Family) ExposedTo(who StaffID, at Micros) Exposure {
	out := Exposure{Team: f.Worked(who) || slices.ContainsFunc(f.Wraps, func(w Wrap) bool { return w.Staff == who })}
	if !out.Team && !f.wasListed(who, at) {
		return out
	}
	var clips []*Clip
	for _, c := range f.Clips {
		if c.Added <= at {
			clips = append(clips, c)
		}
	}
	slices.SortFunc(clips, func(a, b *Clip) int {
		return cmp.Or(cmp.Compare(a.Captured.From, b.Captured.From), compareID(a.ID, b.ID))
	})
	for _, c := range clips {
		out.Clips = append(out.Clips, c.ID)
	}
	return out
}

// wasListed: on the viewer list at or before a time, or let in by a broken glass.
func (f *Family) wasListed(who StaffID, at Micros) bool {
	for _, l := range f.Viewers {
		if l.Staff == who && l.At <= at {
			return true
		}
	}
	for _, g := range f.Glass {
		if g.For == who && g.At <= at {
			return true
		}
	}
	return false
}
