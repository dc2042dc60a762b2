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
	Older []OlderPack

	// Unknown is so where one of those is not here: then nothing has a date.
	Unknown bool

	// Standing lists the standing authorisations by which film of a class may go at the
	// end of its time without anybody looking at each; nil for none.
	Standing func(ClassName) []StatementID
}

// NewTerms are the terms of an organisation at a time.
func NewTerms(o *Org, p Pack, where *time.Location, now Micros) Terms {
	older, known := o.older(p, now)
	return Terms{Org: o, Pack: p, Policy: o.Policy.SHA256, Where: where, Now: now, Older: older, Unknown: !known, Standing: o.StandingFor}
}

func (t Terms) standing(class ClassName) []StatementID {
	if t.Standing == nil {
		return nil
	}
	return t.Standing(class)
}
