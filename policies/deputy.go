package policies

import (
	"cmp"
	"slices"
	"time"
)

// A deputy decides about families in the place of a head of service, between two
// dates: filming, viewers, objections. Leave and illness must not leave families
// without an answer, and nobody may answer their own request.
//
// A deputy never adopts the service's policy, never invites, confirms or revokes
// staff, and never appoints. What somebody signs as a deputy is judged by the time at
// which the service accepts it, like all permissions; what stops something counts
// when it was signed between the dates, however late it arrives.

// Deputy is one appointment.
type Deputy struct {
	ID      StatementID  `json:"id"` // deputy.appoint
	Staff   StaffID      `json:"staff"`
	By      StaffID      `json:"by"`
	From    Micros       `json:"from"`
	Until   Micros       `json:"until"`
	Reason  DeputyReason `json:"reason"`
	Ended   StatementID  `json:"ended"` // deputy.end; zero while there is none
	EndedAt Micros       `json:"ended_at"`
}

// DeputyAppoint is the body of deputy.appoint.
//
// Source: NICE NG26, concerns about filming (a): the head of service gives
// permission to film; service policy on separation of duties.
type DeputyAppoint struct {
	Staff  StaffID      `json:"staff"`
	From   Micros       `json:"from"`
	Until  Micros       `json:"until"`
	Reason DeputyReason `json:"reason"`
}

// DeputyEnd is the body of deputy.end, a restriction: every appointment of this person
// that the record holds is over.
type DeputyEnd struct {
	Staff StaffID `json:"staff"`
}

// DeputyReason is why a head of service needs a deputy.
type DeputyReason string

// The reasons.
const (
	OnLeave       DeputyReason = "leave"
	Illness       DeputyReason = "illness"
	VacantPost    DeputyReason = "vacant_post"
	OwnRequests   DeputyReason = "own_requests" // the head of service works with families too, and asks for approvals
	SharedService DeputyReason = "shared_service"
)

// DeputyReasons lists every DeputyReason.
func DeputyReasons() []DeputyReason {
	return []DeputyReason{OnLeave, Illness, VacantPost, OwnRequests, SharedService}
}

// MaxDeputyLife bounds one appointment: half a year covers long leave with one
// renewal, and a deputy whom nobody thought of for half a year stops being one.
const MaxDeputyLife = 184 * 24 * time.Hour

// MaxDeputyAhead bounds how long before its first day somebody is appointed: from
// then on they receive families' records, to know what they will decide about.
const MaxDeputyAhead = 31 * 24 * time.Hour

// deputyRoles are who may be a deputy. An IG officer answers for what the head of
// service decides and cannot do both.
func deputyRoles() []Role { return []Role{Practitioner, Supervisor} }

// Check implements [Body].
func (b DeputyAppoint) Check() error {
	var c checks
	named(&c, "the deputy", b.Staff)
	c.span("the deputy's time", b.From, b.Until, MaxDeputyLife)
	c.that(b.From < b.Until, "the deputy's time is empty")
	word(&c, "reason", b.Reason, DeputyReasons())
	return c.err
}

// Check implements [Body].
func (b DeputyEnd) Check() error {
	var c checks
	named(&c, "the deputy", b.Staff)
	return c.err
}

// appointDeputy takes somebody of this service who may already act here. That they
// are another person than the author follows from their role.
func appointDeputy(o *Org, a act[DeputyAppoint]) (Changes, error) {
	b, p := a.Said, o.Staff[a.Said.Staff]
	switch {
	case p == nil:
		return Changes{}, missing("the invitation", b.Staff)
	case p.ID == a.By.Staff:
		return Changes{}, notPossible("nobody appoints themselves; appoint somebody else")
	case !slices.Contains(deputyRoles(), p.Role):
		return Changes{}, notPossible("a deputy is a practitioner or a supervisor of this service")
	case p.Outside:
		return Changes{}, notPossible("a deputy works for this service")
	case !p.Active(a.Now) || !p.HasPowers():
		return Changes{}, notPossible("this person is not confirmed, or no longer certified; ask a registrar")
	case b.From > a.Now.plus(Skew+MaxDeputyAhead):
		return Changes{}, notPossible("a deputy is appointed at most a month before their first day, which is %s", b.From.day())
	}
	if err := ends("the deputy's time", b.Until, a.Now, Micros((MaxDeputyLife + MaxDeputyAhead).Microseconds())); err != nil {
		return Changes{}, err
	}
	put(&o.Deputies, a.ID, &Deputy{ID: a.ID, Staff: p.ID, By: a.By.Staff, From: b.From, Until: b.Until, Reason: b.Reason})
	return Changes{}, nil
}

// endDeputy ends what the record holds now; who is appointed again afterwards is a
// deputy again.
func endDeputy(o *Org, a act[DeputyEnd]) (Changes, error) {
	if o.Staff[a.Said.Staff] == nil {
		return Changes{}, missing("the invitation", a.Said.Staff)
	}
	for _, d := range o.Deputies {
		if d.Staff == a.Said.Staff && d.Ended.IsZero() {
			d.Ended, d.EndedAt = a.ID, a.Now
		}
	}
	return Changes{}, nil
}

// stands reports whether an appointment counts at a time, whatever ended it later.
func (d *Deputy) stands(when Micros) bool {
	return d.From <= when && when < d.Until && (d.Ended.IsZero() || when < d.EndedAt)
}

// Deputises reports whether a person may act as a deputy at a time. It says nothing
// of their certificate: see [Staff.Active].
func (o *Org) Deputises(who StaffID, when Micros) bool {
	return o.anyDeputy(func(d *Deputy) bool { return d.Staff == who && d.stands(when) })
}

// Appointed reports whether a person is a deputy now or will be: they receive what
// permissions in families rest on.
func (o *Org) Appointed(who StaffID, now Micros) bool {
	return o.anyDeputy(func(d *Deputy) bool { return d.Staff == who && d.Ended.IsZero() && now < d.Until })
}

// everDeputy reports whether a person was ever appointed: what they may no longer do
// is refused to them by its rule, and not as a family that they never saw.
func (o *Org) everDeputy(who StaffID) bool {
	return o.anyDeputy(func(d *Deputy) bool { return d.Staff == who })
}

func (o *Org) anyDeputy(is func(*Deputy) bool) bool {
	for _, d := range o.Deputies {
		if is(d) {
			return true
		}
	}
	return false
}

// Appointments lists every deputy there was, the oldest first.
func (o *Org) Appointments() []Deputy {
	return listed(o.Deputies, func(a, b Deputy) int { return cmp.Or(cmp.Compare(a.From, b.From), compareID(a.ID, b.ID)) })
}

// DeputyState is what people call the state of an appointment.
type DeputyState string

// The states.
const (
	DeputyAhead DeputyState = "ahead" // appointed, and the first day is still to come
	DeputyNow   DeputyState = "now"
	DeputyOver  DeputyState = "over"  // its last day has passed
	DeputyEnded DeputyState = "ended" // by the head of service, before
)

// State is the state of an appointment at a time.
func (d Deputy) State(now Micros) DeputyState {
	switch {
	case !d.Ended.IsZero():
		return DeputyEnded
	case now >= d.Until:
		return DeputyOver
	case now < d.From:
		return DeputyAhead
	}
	return DeputyNow
}

// deputises reports whether the author of a statement acts as a deputy. A permission
// counts by its acceptance; what stops something by when it was signed, which the
// author's own clock says: a false one could only stop more, under their own name.
func (o *Org) deputises(row Row, s Statement, by Author, accepted Micros) bool {
	when := accepted
	if row.Restriction {
		when = min(s.At, accepted)
	}
	return row.Deputy && by.Signer == SignDevice && o.Deputises(by.Staff, when)
}
