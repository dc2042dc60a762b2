package policies

// The sweeper refuses to go on when the clock looks wrong, or when far more film than usual
// falls due at once, and says what it saw by a digest. An information governance officer who
// made sure of it lets it go on, by that digest: what they signed for is that clock, or that
// list, and no other.
//
// Source: DESIGN §9: refuses when the clock jumped; stops when far more than usual falls due.

// SweepAllow is the body of sweep.allow.
type SweepAllow struct {
	What SweepRefusal `json:"what"`
	Of   Digest       `json:"of"` // as the sweeper named it
}

// SweepRefusal is why a sweep stopped.
type SweepRefusal string

// The refusals.
const (
	RefusedClock  SweepRefusal = "clock"
	RefusedVolume SweepRefusal = "volume"
)

// SweepRefusals lists every SweepRefusal.
func SweepRefusals() []SweepRefusal { return []SweepRefusal{RefusedClock, RefusedVolume} }

// Check implements [Body].
func (b SweepAllow) Check() error {
	var c checks
	word(&c, "what is let go on", b.What, SweepRefusals())
	named(&c, "what the sweeper refused", b.Of)
	return c.err
}

// Allowance is a sweep.allow as the record keeps it.
type Allowance struct {
	ID   StatementID  `json:"id"`
	What SweepRefusal `json:"what"`
	By   StaffID      `json:"by"`
	At   Micros       `json:"at"`
}

func allowSweep(o *Org, a act[SweepAllow]) (Changes, error) {
	if o.Allowed[a.Said.Of] != nil {
		return Changes{}, notPossible("the sweeper may go on already")
	}
	put(&o.Allowed, a.Said.Of, &Allowance{ID: a.ID, What: a.Said.What, By: a.By.Staff, At: min(a.At, a.Now)})
	return Changes{}, nil
}
