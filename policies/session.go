package policies

// Check implements [Body].
func (b SessionLog) Check() error {
	var c checks
	c.day("the day of the session", b.On)
	c.that(b.Number >= 1 && b.Number <= MaxSessions, "session number %d, 1 to %d expected", b.Number, MaxSessions)
	c.attachments(b.Fixed, "note")
	return c.err
}

func logSession(f *Family, _ *Org, a act[SessionLog]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	id := SessionID(a.ID)
	f.Sessions[id] = &Session{ID: id, On: a.Said.On, Number: a.Said.Number}
	return Changes{}, nil
}
