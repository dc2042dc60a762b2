package policies

import (
	"cmp"
	"maps"
	"slices"
)

// The family's key over time. It is an age identity; the record holds its public
// half, who replaced it, and to whom it was wrapped. The secret half is nowhere but
// in envelopes beside the statements named here.
//
// Source: DESIGN §4, family key; e2ee notes §1: of its peers only one turns keys.

// MaxTeam is the most people to whom one key.turn wraps: with their envelopes, those
// of the custodians and the replaced keys it stays below what may travel beside a
// statement.
const MaxTeam = 50

// Turn is a family key that replaced another.
type Turn struct {
	ID        StatementID `json:"id"` // key.turn
	By        StaffID     `json:"by"`
	Recipient string      `json:"recipient"` // the new key's public half
	Replaces  StatementID `json:"replaces"`  // the key.turn, or the family.open, whose key it replaces
	At        Micros      `json:"at"`        // of acceptance
}

// Wrap says that a family key was wrapped to a person: whoever is in one can open what
// is sealed to that key, until it is replaced.
type Wrap struct {
	Statement StatementID `json:"statement"`
	Staff     StaffID     `json:"staff"`
	Key       Digest      `json:"key"` // of the family key's public half
	To        Digest      `json:"to"`  // of the person's
}

// Wrapped is one envelope of a key.turn.
type Wrapped struct {
	Staff StaffID `json:"staff"`
	To    Digest  `json:"to"` // SHA-256 of the recipient that the envelope is for
}

// KeyTurn is the body of key.turn: the family has a new key. The attachment "previous"
// holds the identities that it replaces, sealed to the new one. Loose attachments:
// "key/<staff>" for each of For, and "recovery/ab|ac|bc".
type KeyTurn struct {
	Recipient string       `json:"recipient"`
	Replaces  StatementID  `json:"replaces"`
	For       []Wrapped    `json:"for"` // to whom it was wrapped
	Fixed     []Attachment `json:"attachments"`
}

// KeyWrap is the body of key.wrap: somebody of the team gets the family's key who had
// no envelope with it. Loose attachment: "key/<staff>".
type KeyWrap struct {
	Staff StaffID `json:"staff"`
	Key   Digest  `json:"key"`
	To    Digest  `json:"to"`
}

// KeyName is how a key is named in statements: SHA-256 of its recipient's text.
func KeyName(recipient string) Digest { return DigestOf([]byte(recipient)) }

// Check implements [Body].
func (b KeyTurn) Check() error {
	var c checks
	c.recipient("the family's new key", b.Recipient)
	named(&c, "the key that is replaced", b.Replaces)
	c.that(len(b.For) >= 1 && len(b.For) <= MaxTeam, "%d people, 1 to %d expected", len(b.For), MaxTeam)
	for i, w := range b.For {
		named(&c, "the person", w.Staff)
		named(&c, "the person's key", w.To)
		c.that(!slices.ContainsFunc(b.For[:i], func(x Wrapped) bool { return x.Staff == w.Staff }), "%s is named twice", w.Staff.Short())
	}
	c.attachments(b.Fixed, "previous")
	c.that(len(b.Fixed) == 1, "the replaced key is missing, and what was sealed to it could not be opened")
	return c.err
}

// Check implements [Body].
func (b KeyWrap) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	named(&c, "the family's key", b.Key)
	named(&c, "the person's key", b.To)
	return c.err
}

func turnKey(f *Family, o *Org, a act[KeyTurn]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	if a.Said.Replaces != StatementID(f.ID) && f.Turns[a.Said.Replaces] == nil {
		return Changes{}, missing("the key that is replaced", a.Said.Replaces)
	}
	if a.Said.Recipient == f.first() {
		return Changes{}, notPossible("the family's first key does not come back")
	}
	if o.recipientUsed(a.Said.Recipient) {
		return Changes{}, notPossible("a family's key is nobody's own; make a new one")
	}
	f.First = f.first()
	put(&f.Turns, a.ID, &Turn{ID: a.ID, By: a.By.Staff, Recipient: a.Said.Recipient, Replaces: a.Said.Replaces, At: a.Now})
	for _, w := range a.Said.For {
		f.wrap(Wrap{a.ID, w.Staff, KeyName(a.Said.Recipient), w.To})
	}
	f.Recipient = f.turned().Recipient
	return Changes{}, nil
}

func wrapKey(f *Family, _ *Org, a act[KeyWrap]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	if f.member(a.Said.Staff) == nil {
		return Changes{}, missing("the person's place on the team", a.Said.Staff)
	}
	f.wrap(Wrap{a.ID, a.Said.Staff, a.Said.Key, a.Said.To})
	return Changes{}, nil
}

// wrap notes an envelope, sorted, so that state does not depend on arrival.
func (f *Family) wrap(w Wrap) {
	at, found := slices.BinarySearchFunc(f.Wraps, w, func(a, b Wrap) int {
		return cmp.Or(compareID(a.Statement, b.Statement), compareID(a.Staff, b.Staff))
	})
	if !found {
		f.Wraps = slices.Insert(f.Wraps, at, w)
	}
}

// first is the key that the family was opened with.
func (f *Family) first() string { return cmp.Or(f.First, f.Recipient) }

// turned is the key.turn whose key is in force; its zero, with the first key, when
// nobody has turned it.
//
// Every turn is kept, and each names the statement whose key it replaces, so they are
// a tree: an identifier is a hash, and no turn can name a later one. In force is the
// end of the longest chain from the opening, of several the one with the lowest
// identifier. Both are properties of the set of turns, whatever the order in which
// they came: that is why two devices that turned the key at the same time, each
// without knowing of the other, agree once both turns have arrived. Nothing is lost
// with the shorter branch: its key was wrapped to the team too, and stays one that
// opens.
func (f *Family) turned() Turn {
	best, deepest := Turn{Recipient: f.first()}, 0
	depths := make(map[StatementID]int, len(f.Turns))
	for id, t := range f.Turns {
		if d := f.depth(id, depths); d > deepest || d == deepest && compareID(id, best.ID) < 0 {
			best, deepest = *t, d
		}
	}
	return best
}

// depth is how many turns a chain has that ends with this one. It walks back as far as
// what is known already, so that asking for each turn walks over each of them once.
func (f *Family) depth(id StatementID, known map[StatementID]int) int {
	var chain []StatementID
	n := 0
	for t := f.Turns[id]; t != nil; t = f.Turns[id] {
		if d, ok := known[id]; ok {
			n = d
			break
		}
		chain = append(chain, id)
		id = t.Replaces
	}
	for _, id := range slices.Backward(chain) {
		n++
		known[id] = n
	}
	return n
}

// LastTurn is the key.turn whose key is in force; false while it is the first key.
func (f *Family) LastTurn() (Turn, bool) {
	t := f.turned()
	return t, !t.ID.IsZero()
}

// KeyStatement is the statement whose key is in force: a key.turn, or the opening.
func (f *Family) KeyStatement() StatementID {
	if t, ok := f.LastTurn(); ok {
		return t.ID
	}
	return StatementID(f.ID)
}

// Recipients lists the public halves of every key that the family ever had: the first,
// then those that were turned to, in the order of acceptance.
func (f *Family) Recipients() []string {
	turns := slices.SortedFunc(maps.Values(f.Turns), func(a, b *Turn) int {
		return cmp.Or(cmp.Compare(a.At, b.At), compareID(a.ID, b.ID))
	})
	out := []string{f.first()}
	for _, t := range turns {
		if !slices.Contains(out, t.Recipient) {
			out = append(out, t.Recipient)
		}
	}
	return out
}

// OwnKey reports whether a recipient is, or was, the family's.
func (f *Family) OwnKey(recipient string) bool {
	return recipient != "" && slices.Contains(f.Recipients(), recipient)
}

// FamilyHeader reports whether an attachment of this name holds a clip's key for a key
// of the family, the one in force or one that was replaced.
func (f *Family) FamilyHeader(name string) bool {
	return slices.ContainsFunc(f.Recipients(), func(r string) bool { return HeaderFor(r) == name })
}

// StaleHeader reports whether an attachment of a clip holds its key for a key of the
// family that had been replaced before the server took the clip: the author was
// offline. The server hands such a one to nobody, since those because of whom the key
// was turned have it; the author's device writes one for the key in force. Headers of
// clips from before the turn are no secret from whoever had the key then, and open with
// the replaced key, which the team keeps.
func (f *Family) StaleHeader(id ClipID, name string) bool {
	c := f.Clips[id]
	if c == nil {
		return false
	}
	for _, t := range f.Turns {
		if HeaderFor(f.recipientOf(t.Replaces)) == name && t.At <= c.Accepted && name != HeaderFor(f.Recipient) {
			return true
		}
	}
	return false
}

// HeaderStands reports whether a clip needs no other header for the team than that for
// one of its keys: the key in force, or one that it replaced after the clip was taken.
// Not so one of a chain that another has outgrown: who joins the team later has only
// the chain in force.
func (f *Family) HeaderStands(id ClipID, recipient string) bool {
	if recipient == f.Recipient {
		return true
	}
	if f.StaleHeader(id, HeaderFor(recipient)) {
		return false
	}
	for t := f.Turns[f.KeyStatement()]; t != nil; t = f.Turns[t.Replaces] {
		if f.recipientOf(t.Replaces) == recipient {
			return true
		}
	}
	return false
}

// recipientOf is the key of a key.turn or of the opening.
func (f *Family) recipientOf(id StatementID) string {
	if t := f.Turns[id]; t != nil {
		return t.Recipient
	}
	return f.first()
}

// KeyHolders lists who was given the key in force, sorted: it was wrapped to them, they
// made it, or they had it from the custodians, whatever they said of it afterwards.
func (f *Family) KeyHolders() []StaffID {
	var out []StaffID
	key := KeyName(f.Recipient)
	for _, w := range f.Wraps {
		if w.Key == key {
			out = append(out, w.Staff)
		}
	}
	last, turned := f.LastTurn()
	if turned {
		out = append(out, last.By)
	}
	for _, r := range f.Recoveries {
		if !r.Restored.IsZero() && max(r.At, r.Given) > last.At {
			out = append(out, r.By)
		}
	}
	slices.SortFunc(out, compareID)
	return slices.Compact(out)
}

// KeyDue lists why the key must be turned: whoever was given it and is not on the team
// any more, or no longer certified, or has another key of their own since, so that
// whoever has the old one could open what is sealed from now on. Nil when none.
func (f *Family) KeyDue(o *Org, now Micros) []StaffID {
	return slices.DeleteFunc(f.KeyHolders(), func(who StaffID) bool {
		return f.Entrusted(o, who, now) && !f.wrappedToOld(o, who)
	})
}

// Entrusted reports whether a person may be given the family's key now.
func (f *Family) Entrusted(o *Org, who StaffID, now Micros) bool {
	p := o.Staff[who]
	return f.TeamAt(who, now) && p.Active(now) && p.HasPowers()
}

// wrappedToOld: the key in force was wrapped to a recipient that is not theirs now.
func (f *Family) wrappedToOld(o *Org, who StaffID) bool {
	key, to := KeyName(f.Recipient), KeyName(o.Staff[who].Recipient)
	return slices.ContainsFunc(f.Wraps, func(w Wrap) bool { return w.Staff == who && w.Key == key && w.To != to })
}

// WithoutKey lists who is on the team and was not given the key in force, sorted: a
// device of the team that has it wraps it to them.
func (f *Family) WithoutKey(o *Org, now Micros) (out []StaffID) {
	holders := f.KeyHolders()
	for who := range f.Team {
		if f.Entrusted(o, who, now) && !slices.Contains(holders, who) {
			out = append(out, who)
		}
	}
	slices.SortFunc(out, compareID)
	return out
}

// LockedOut lists who was given the key that a turn replaced, and not the new one:
// because of them it was turned.
func (f *Family) LockedOut(turn StatementID) (out []StaffID) {
	t := f.Turns[turn]
	if t == nil {
		return nil
	}
	before := f.recipientOf(t.Replaces)
	given := func(who StaffID, recipient string) bool {
		return slices.ContainsFunc(f.Wraps, func(w Wrap) bool { return w.Staff == who && w.Key == KeyName(recipient) })
	}
	for _, w := range f.Wraps {
		if w.Key == KeyName(before) && w.Staff != t.By && !given(w.Staff, t.Recipient) && !slices.Contains(out, w.Staff) {
			out = append(out, w.Staff)
		}
	}
	slices.SortFunc(out, compareID)
	return out
}
