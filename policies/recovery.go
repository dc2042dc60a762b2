package policies

import (
	"cmp"
	"slices"
	"strings"
)

// A family's key is wrapped to each pair of three custodians, so that the record can be
// opened when nobody of the team can. recovery.use asks for the envelope of one pair;
// it is handed out only once somebody in the other role has confirmed, to who asked and
// to nobody else. The custodians open it with the stock tool, away from the service,
// and recovery.restore tells to whom the key was wrapped then.
//
// Source: DESIGN §4, recovery; UK GDPR Art 32(1)(c), availability in good time.

// Recovery is one use of the custodians' envelopes.
type Recovery struct {
	ID        StatementID    `json:"id"` // recovery.use
	By        StaffID        `json:"by"`
	Role      Role           `json:"role"` // of who asked
	Ground    RecoveryGround `json:"ground"`
	Pair      Pair           `json:"pair"`
	For       StaffID        `json:"for"`
	At        Micros         `json:"at"`
	Confirmed StatementID    `json:"confirmed"` // recovery.confirm, of several that with the lowest id; zero while it waits
	Given     Micros         `json:"given"`     // when it was confirmed last: the envelope is of the key in force then
	Restored  StatementID    `json:"restored"`  // recovery.restore, as with confirmed
}

// RecoveryGround is why a family's key is recovered.
type RecoveryGround string

// The grounds. There is no "other".
const (
	RecoverCover  RecoveryGround = "cover"       // the only practitioner is ill
	RecoverLeaver RecoveryGround = "leaver"      // the only practitioner left
	RecoverLost   RecoveryGround = "lost"        // every device of the team is lost
	RecoverCourt  RecoveryGround = "court_order" // a court has ordered it
	RecoverAccess RecoveryGround = "access"      // somebody in the film asks for their data, and nobody of the team can open it
)

// RecoveryGrounds lists every RecoveryGround.
func RecoveryGrounds() []RecoveryGround {
	return []RecoveryGround{RecoverCover, RecoverLeaver, RecoverLost, RecoverCourt, RecoverAccess}
}

// Pair is two of the three custodians of org.root, in its order.
type Pair string

// The pairs.
const (
	PairAB Pair = "ab"
	PairAC Pair = "ac"
	PairBC Pair = "bc"
)

// Pairs lists every Pair.
func Pairs() []Pair { return []Pair{PairAB, PairAC, PairBC} }

// RecoveryUse is the body of recovery.use. Loose attachment: "recovery/<pair>", which the
// server puts there once it is confirmed.
type RecoveryUse struct {
	Ground RecoveryGround `json:"ground"`
	Pair   Pair           `json:"pair"`
	For    StaffID        `json:"for"` // who is to have the key
}

// RecoveryConfirm is the body of recovery.confirm.
type RecoveryConfirm struct {
	Use StatementID `json:"use"`
}

// RecoveryRestore is the body of recovery.restore. Loose attachment: "key/<staff>".
type RecoveryRestore struct {
	Use StatementID `json:"use"`
	Key Digest      `json:"key"`
	To  Digest      `json:"to"`
}

// Check implements [Body].
func (b RecoveryUse) Check() error {
	var c checks
	word(&c, "ground", b.Ground, RecoveryGrounds())
	word(&c, "pair of custodians", b.Pair, Pairs())
	named(&c, "who is to have the key", b.For)
	return c.err
}

// Check implements [Body].
func (b RecoveryConfirm) Check() error {
	var c checks
	named(&c, "the recovery", b.Use)
	return c.err
}

// Check implements [Body].
func (b RecoveryRestore) Check() error {
	var c checks
	named(&c, "the recovery", b.Use)
	named(&c, "the family's key", b.Key)
	named(&c, "the person's key", b.To)
	return c.err
}

func useRecovery(f *Family, o *Org, a act[RecoveryUse]) (Changes, error) {
	p := o.Staff[a.Said.For]
	switch {
	case p == nil:
		return Changes{}, missing("the invitation", a.Said.For)
	case p.Role != Practitioner:
		return Changes{}, notPossible("only a practitioner is given a family's key")
	}
	put(&f.Recoveries, a.ID, &Recovery{ID: a.ID, By: a.By.Staff, Role: a.By.Role, Ground: a.Said.Ground, Pair: a.Said.Pair, For: p.ID, At: a.Now})
	return Changes{}, nil
}

func confirmRecovery(f *Family, _ *Org, a act[RecoveryConfirm]) (Changes, error) {
	r := f.Recoveries[a.Said.Use]
	switch {
	case r == nil:
		return Changes{}, missing("the recovery", a.Said.Use)
	case r.By == a.By.Staff || r.Role == a.By.Role:
		return Changes{}, notPossible("a recovery is confirmed by somebody in the other role: head of service, or IG officer")
	}
	r.Confirmed, r.Given = lowest(r.Confirmed, a.ID), max(r.Given, a.Now)
	return Changes{}, nil
}

// restoreKey notes the envelope, and that its author has seen the key: from then on it is
// due, and the first device of the team turns it.
func restoreKey(f *Family, o *Org, a act[RecoveryRestore]) (Changes, error) {
	r := f.Recoveries[a.Said.Use]
	switch {
	case r == nil:
		return Changes{}, missing("the recovery", a.Said.Use)
	case r.By != a.By.Staff:
		return Changes{}, notPossible("who asked for the recovery brings the key back")
	case r.Confirmed.IsZero():
		return Changes{}, missing("the confirmation of the recovery", a.Said.Use)
	}
	r.Restored = lowest(r.Restored, a.ID)
	f.wrap(Wrap{a.ID, r.For, a.Said.Key, a.Said.To})
	f.wrap(Wrap{a.ID, a.By.Staff, a.Said.Key, KeyName(o.Staff[a.By.Staff].Recipient)})
	return Changes{}, nil
}

func lowest(a, b StatementID) StatementID {
	if a.IsZero() || compareID(b, a) < 0 {
		return b
	}
	return a
}

// Recovered lists the uses of the custodians' envelopes, the oldest first.
func (f *Family) Recovered() []Recovery {
	return listed(f.Recoveries, func(a, b Recovery) int { return cmp.Or(cmp.Compare(a.At, b.At), compareID(a.ID, b.ID)) })
}

// Asked reports whether a person asked for this recovery: beside it lies an envelope for
// them alone, once it is confirmed.
func (f *Family) Asked(use StatementID, who StaffID) bool {
	r := f.Recoveries[use]
	return r != nil && r.By == who
}

// mayRecover reports whether an envelope of the custodians, beside a recovery.use, is for
// this person: theirs, of the pair that they asked for, and confirmed.
func (f *Family) mayRecover(who StaffID, name string) bool {
	pair := strings.TrimPrefix(name, "recovery/")
	for _, r := range f.Recoveries {
		if r.By == who && string(r.Pair) == pair && !r.Confirmed.IsZero() {
			return true
		}
	}
	return false
}

// The matters of this file and of key.go.
const (
	RecoveryWaits MatterKind = "recovery_confirm"
	RecoveryUsed  MatterKind = "recovery_used"
	KeyIsDue      MatterKind = "key_due"
)

// recoveriesWaiting: a recovery waits for the other role; and the IG officer sees each
// that was used until the key has come back.
func recoveriesWaiting(f *Family, o *Org, _ Pack, _ Micros) (out []Matter) {
	for _, r := range f.Recovered() {
		switch {
		case r.Confirmed.IsZero():
			other := IGOfficer
			if r.Role == IGOfficer {
				other = HeadOfService
			}
			out = append(out, Matter{
				Kind: RecoveryWaits, Of: r.ID.String(), Since: r.At, Due: r.At + 24*Hour, For: []Role{other},
				Text: "Somebody asks for the family's key from two custodians.", Do: "Ask why. If it is right, confirm it.",
			})
		case r.Restored.IsZero():
			out = append(out, Matter{
				Kind: RecoveryUsed, Of: r.ID.String(), Since: r.At, For: slices.Compact([]Role{IGOfficer, r.Role}),
				Text: "Two custodians may open the family's key, and nobody has brought it back.",
				Do:   "Whoever asked exports it, and restores what the two opened. An information governance officer asks what became of it.",
			})
		}
	}
	return out
}

// keysDue: the locks must be changed, and no device of the team has done it yet.
func keysDue(f *Family, o *Org, _ Pack, now Micros) []Matter {
	because := f.KeyDue(o, now)
	if len(because) == 0 {
		return nil
	}
	return []Matter{{
		Kind: KeyIsDue, Of: f.KeyStatement().String(), Since: now, For: []Role{Practitioner},
		Text: "The family's locks must be changed: somebody has the key who should not.", Do: "Connect a practitioner's device and sync.",
	}}
}
