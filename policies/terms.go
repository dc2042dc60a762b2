package policies

import "time"

// Terms is what film is judged under when it is asked what becomes of it: the figures in
// force, the calendar, and what the organisation's record says of film in general. Start
// at [NewTerms].
type Terms struct {
	Org    *Org
	Pack   Pack
	Policy Digest         // of the pack's file
	Where  *time.Location // whose midnights end a day
	Now    Micros

	// Older are packs that were adopted before and whose later dates still stand: a change
	// of figures moves nothing earlier by itself.
	Older []Pack

	// Standing lists the standing authorisations by which film of a class may go at the
	// end of its time without anybody looking at each; nil for none.
	Standing func(ClassName) []StatementID
}

// NewTerms are the terms of an organisation at a time.
func NewTerms(o *Org, p Pack, where *time.Location, now Micros) Terms {
	return Terms{Org: o, Pack: p, Policy: o.Policy.SHA256, Where: where, Now: now}
}

func (t Terms) standing(class ClassName) []StatementID {
	if t.Standing == nil {
		return nil
	}
	return t.Standing(class)
}

// authority reports whether a statement in the organisation's record is a person's word by
// which film may go.
func (o *Org) authority(StatementID) bool { return false }
