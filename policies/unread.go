package policies

import "strings"

// A service is updated on one day and its devices on others, so a device meets kinds of
// statement that its program does not know. It can tell nothing of what such a statement
// changed: a newer program may know another way to withdraw. So the record is folded no
// further, and this program permits nothing in it, until it is updated.
//
// Unless the kind says of itself that nothing rests on it. The mark stands in the kind,
// which author and server sign and log, and not in a list that an old program cannot
// have: its name begins with "optional.". Such a statement is kept and chained, and
// changes no state. It is content, as nothing that permissions rest on is; and it is no
// restriction.

// OptionalPrefix begins the name of each kind on which no decision rests.
const OptionalPrefix = "optional."

// Optional reports whether a program that does not know this kind may pass it over.
func (k Kind) Optional() bool {
	return strings.HasPrefix(string(k), OptionalPrefix) && len(k) > len(OptionalPrefix)
}

// Unread is the body of a statement whose kind this program does not know. It stands
// for bytes that were verified, and says nothing; no other statement is made of it.
type Unread struct{}

// Check implements [Body].
func (Unread) Check() error { return nil }

// Pass chains a statement of the organisation's record whose kind this program does not
// know and may pass over. Its author must have a key here, whatever they may sign.
// Errors are [ErrSigner] or [ErrNotPossible], and leave the state as it was.
func (o *Org) Pass(s Statement) error {
	if err := passable(o, s, RecordID(o.ID)); err != nil {
		return err
	}
	o.Head, o.Count = NextHead(o.Head, Content, s.ID, o.Head), o.Count+1
	return nil
}

// Pass is [Org.Pass] of a family's record.
func (f *Family) Pass(o *Org, s Statement) error {
	if err := passable(o, s, RecordID(f.ID)); err != nil {
		return err
	}
	f.Head, f.Count = NextHead(f.Head, Content, s.ID, o.Head), f.Count+1
	return nil
}

func passable(o *Org, s Statement, record RecordID) error {
	if _, known := RowOf(s.Kind); known || !s.Kind.Optional() {
		return notPossible("%q cannot be passed over; update this program", s.Kind)
	}
	if s.Record != record {
		return notPossible("it was made for another record")
	}
	if _, known := o.Signer(s.Signer); !known {
		return notCertified("nobody in this organisation has the key %s", s.Signer.Short())
	}
	return checkStatement(s)
}
