package policies

// A request is what a family, or a court, asks of the service under the law: to see
// what is held, to have it erased, to complain. An open request holds everything of the
// family at once.
//
// Source: UK GDPR Art 12(3), 15 and 17; Data (Use and Access) Act 2025, complaints.

// LegalRequest is a request as the record keeps it. [Request] is another thing: what is
// asked of the rules.
type LegalRequest struct {
	ID         StatementID `json:"id"`
	Kind       RequestKind `json:"kind"`
	People     []PersonID  `json:"people"`
	ReceivedOn string      `json:"received_on"`
	By         StaffID     `json:"by"`
	At         Micros      `json:"at"`
	Moves      []ClockMove `json:"moves"`  // what moved its clock, in the order of their days
	Closed     *Answer     `json:"closed"` // nil while it is open
}

// Answer is how a request was closed. Of several the last counts.
type Answer struct {
	ID      StatementID    `json:"id"`
	Outcome RequestOutcome `json:"outcome"`
	Ground  RequestGround  `json:"ground"`
	By      StaffID        `json:"by"`
	At      Micros         `json:"at"`
}

// RequestOpen is the body of request.open, a restriction on disposal.
type RequestOpen struct {
	Kind       RequestKind `json:"kind"`
	People     []PersonID  `json:"people"`      // whom it is about; may be empty
	ReceivedOn string      `json:"received_on"` // the day from which the law counts
}

// RequestClose is the body of request.close.
type RequestClose struct {
	Request StatementID    `json:"request"`
	Outcome RequestOutcome `json:"outcome"`
	Ground  RequestGround  `json:"ground"` // of what was not given in full, else ""
}

// RequestKind is what was asked.
type RequestKind string

// The kinds.
const (
	AccessRequest        RequestKind = "access"
	ErasureRequest       RequestKind = "erasure"
	RectificationRequest RequestKind = "rectification"
	Complaint            RequestKind = "complaint"
	CourtNotice          RequestKind = "court_notice"
)

// RequestKinds lists every RequestKind.
func RequestKinds() []RequestKind {
	return []RequestKind{AccessRequest, ErasureRequest, RectificationRequest, Complaint, CourtNotice}
}

// RequestOutcome is how a request ended. A complaint that was upheld is met.
type RequestOutcome string

// RequestOutcomes lists every RequestOutcome.
func RequestOutcomes() []RequestOutcome {
	return []RequestOutcome{"met", "met_in_part", "supervised_viewing", "redacted", "refused", "taken_back"}
}

// RequestGround is why something was not given, or not in full.
type RequestGround string

// RequestGrounds lists every RequestGround.
//
// Source: UK GDPR Art 11(2), 12(5), 12A, 15(4), 17(3); DPA 2018 Sch 2 para 5, 16 and 19,
// Sch 3 (serious harm; the child's wishes).
func RequestGrounds() []RequestGround {
	return []RequestGround{"others_in_it", "serious_harm", "childs_wishes", "no_authority", "identity_not_shown", "unfounded_or_excessive", "legal_privilege", "legal_duty", "legal_claim", "not_held", "not_upheld"}
}

// Check implements [Body].
func (b RequestOpen) Check() error {
	var c checks
	word(&c, "kind of request", b.Kind, RequestKinds())
	distinct(&c, "people whom it is about", b.People, 0, MaxPeople)
	c.day("the day on which it was received", b.ReceivedOn)
	return c.err
}

// Check implements [Body].
func (b RequestClose) Check() error {
	var c checks
	named(&c, "the request", b.Request)
	word(&c, "outcome", b.Outcome, RequestOutcomes())
	if full := b.Outcome == "met" || b.Outcome == "taken_back"; full {
		c.that(b.Ground == "", "a ground is only for what was not given in full")
	} else {
		word(&c, "ground", b.Ground, RequestGrounds())
	}
	return c.err
}

// openRequest is taken before the people that it names have arrived: it holds at once.
func openRequest(f *Family, _ *Org, a act[RequestOpen]) (Changes, error) {
	if a.By.Role == Practitioner {
		if err := f.teamed(a.By); err != nil {
			return Changes{}, err
		}
	}
	if a.Said.ReceivedOn > a.Now.plus(Skew+summerTime).day() {
		return Changes{}, notPossible("the request is dated %s, which is still to come", a.Said.ReceivedOn)
	}
	put(&f.Requests, a.ID, &LegalRequest{
		ID: a.ID, Kind: a.Said.Kind, People: append([]PersonID{}, a.Said.People...), ReceivedOn: a.Said.ReceivedOn, By: a.By.Staff, At: min(a.At, a.Now),
	})
	f.restrict(f.disposalSubject(), a.ID)
	return Changes{}, nil
}

func closeRequest(f *Family, _ *Org, a act[RequestClose]) (Changes, error) {
	r := f.Requests[a.Said.Request]
	if r == nil {
		return Changes{}, missing("the request", a.Said.Request)
	}
	end := &Answer{ID: a.ID, Outcome: a.Said.Outcome, Ground: a.Said.Ground, By: a.By.Staff, At: min(a.At, a.Now)}
	if r.Closed == nil || later(end.At, end.ID, r.Closed.At, r.Closed.ID) {
		r.Closed = end
	}
	return Changes{}, nil
}

// AnswerBy is the last day that the law gives: to answer, or to acknowledge a complaint.
// No day for a court's notice, which names its own, while the clock is stopped, once a
// complaint is acknowledged, and while the pack is not known.
func (r *LegalRequest) AnswerBy(p Pack) Day { return r.Clock(p).Until }

// RequestWaits is the matter of a request that is open.
const RequestWaits MatterKind = "request"

// requestDo is a constant: what is to be done about each kind.
var requestDo = map[RequestKind]string{
	AccessRequest:        "Answer within the month, then close it.",
	RectificationRequest: "Put it right or say why not, then close it.",
	ErasureRequest:       "Decide, tell the family why, then close it.",
	Complaint:            "Acknowledge it by then; close it once it is answered.",
	CourtNotice:          "Do what the notice says; place a hold before you close it.",
}

func requestsWaiting(f *Family, _ *Org, p Pack, _ Micros) []Matter {
	var out []Matter
	for id, r := range f.Requests {
		if r.Closed != nil {
			continue
		}
		m := Matter{
			Kind: RequestWaits, Of: id.String(), Since: r.At, For: []Role{IGOfficer},
			Text: "A request of " + r.ReceivedOn + " is open (" + plainWord(r.Kind) + "). Nothing of the family is destroyed.",
			Do:   requestDo[r.Kind],
		}
		switch c := r.Clock(p); {
		case c.Stopped != "":
			m.Due = c.StoppedOn.Plus(Period{Months: p.Clocks.Request.Value}).end()
			m.Do = "The clock is stopped (" + plainWord(c.Stopped) + "). Ask again, resume it, or close it."
		case c.Acknowledged:
			m.Do = "It is acknowledged. Look into it without delay, tell them the outcome, then close it."
		case !c.Until.IsZero():
			m.Due = c.Until.end()
		}
		out = append(out, m)
	}
	return out
}
