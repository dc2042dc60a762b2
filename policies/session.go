package policies

import "cmp"

// Check implements [Body].
func (b SessionLog) Check() error {
	var c checks
	c.day("the day of the session", b.On)
	c.that(b.Number >= 1 && b.Number <= MaxSessions, "session number %d, 1 to %d expected", b.Number, MaxSessions)
	c.that(!b.StillHappy || !b.Refused, "they are still happy to be filmed, and said no")
	c.attachments(b.Fixed, "note")
	return c.err
}

func logSession(f *Family, _ *Org, a act[SessionLog]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	id := SessionID(a.ID)
	f.Sessions[id] = &Session{ID: id, On: a.Said.On, Number: a.Said.Number, Refused: a.Said.Refused}
	return Changes{}, nil
}

// HappyOn reports whether nobody said no to being filmed at a session. Where the
// record has no more of it than its place nobody can tell, and the server has asked.
//
// Source: AVIGuk code: consent is asked again at each filming.
func (f *Family) HappyOn(id SessionID) bool {
	s := f.Sessions[id]
	return s == nil || !s.Refused
}

// HappyWith reports whether nobody said no on the day of a capture. A session of
// another day is no way around the one at which they did.
func (f *Family) HappyWith(c *Clip) bool {
	if !f.HappyOn(c.Session) {
		return false
	}
	s := f.Sessions[c.Session]
	return s == nil || s.On == c.Captured.From.plus(summerTime).day() || !f.RefusedToday(c.Captured.From)
}

// RefusedToday reports whether somebody said no to being filmed at the last session
// logged for this day.
func (f *Family) RefusedToday(now Micros) bool {
	var last *Session
	for _, s := range f.Sessions {
		if s.On == now.plus(summerTime).day() && (last == nil || cmp.Or(cmp.Compare(last.Number, s.Number), compareID(last.ID, s.ID)) < 0) {
			last = s
		}
	}
	return last != nil && last.Refused
}
