package rows

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/storage/accesslog"
)

// Event is what a caller has to say about an event; index, pseudonyms, nonces
// and commitment are this package's.
type Event struct {
	At       int64 // µs
	Action   string
	Outcome  string // accesslog.Allowed and its siblings
	Subject  Named
	Family   Named
	Object   Named
	Rules    []string
	Bundle   string
	Accepted *accesslog.Acceptance
	Range    string
	Request  string
	Detail   string // deletable: addresses, reasons; "" for none
}

// Named is what a pseudonym stands for; zero for nobody.
type Named struct {
	Kind NamedKind
	ID   string
}

// NamedKind says what the ID of a Named is of. It stands in the database, and with
// the ID where people read the log.
type NamedKind string

// What can stand in an event.
const (
	NamedStaff     NamedKind = "staff"
	NamedKey       NamedKind = "key"           // the server's, or the root's: its ID says which
	NamedCarer     NamedKind = "carer by link" // nobody else knows who it was: by the link's ID
	NamedFamily    NamedKind = "family"
	NamedStatement NamedKind = "statement"
	NamedClip      NamedKind = "clip"
	NamedLink      NamedKind = "link"
)

// Log appends an event to the access log and returns its index. It commits, or
// not, with everything else in the transaction.
func (tx *Tx) Log(e Event) (index int64, leaf []byte, err error) {
	ev := accesslog.Event{
		Index: tx.edge.Size(), At: e.At, Action: e.Action, Outcome: e.Outcome,
		Rules: accesslog.SortRules(e.Rules), Bundle: e.Bundle, Accepted: e.Accepted,
		Range: e.Range, Request: e.Request,
	}
	for _, p := range []struct {
		to   *accesslog.Pseudonym
		from Named
	}{{&ev.Subject, e.Subject}, {&ev.Family, e.Family}, {&ev.Object, e.Object}} {
		if *p.to, err = tx.pseudonym(p.from); err != nil {
			return 0, nil, err
		}
	}
	rand.Read(ev.Nonce[:])
	var nonce [16]byte
	if e.Detail != "" {
		rand.Read(nonce[:])
		ev.Commitment = sha256.Sum256(append(nonce[:], e.Detail...))
	}
	if leaf, err = ev.Encode(); err != nil {
		return 0, nil, err
	}
	if err := tx.insertEvent(ev, leaf); err != nil {
		return 0, nil, err
	}
	if e.Detail != "" {
		if err := tx.exec(`INSERT INTO details (n, nonce, body) VALUES ($1, $2, $3)`, ev.Index, nonce[:], e.Detail); err != nil {
			return 0, nil, err
		}
	}
	return ev.Index, leaf, nil
}

func (tx *Tx) insertEvent(ev accesslog.Event, leaf []byte) error {
	hash := accesslog.LeafHash(leaf)
	c := columnsOf(ev)
	if err := tx.exec(`
		INSERT INTO events (n, leaf, hash, at, action, outcome, subject, family, object, rules)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		ev.Index, leaf, hash[:], c.at, c.action, c.outcome, c.subject, c.family, c.object, c.rules); err != nil {
		return err
	}
	edge, full := tx.edge.Append(leaf)
	for _, t := range full {
		if err := tx.exec(`INSERT INTO tiles (level, idx, data) VALUES ($1, $2, $3)`, t.Level, t.Index, t.Data); err != nil {
			return err
		}
	}
	tx.edge = edge
	return nil
}

// columns are what search reads; they are derived from the leaf and compared
// with it again by Audit.
type columns struct {
	at                                              int64
	action, outcome, subject, family, object, rules string
}

func columnsOf(e accesslog.Event) columns {
	c := columns{at: e.At, action: e.Action, outcome: e.Outcome,
		subject: text(e.Subject), family: text(e.Family), object: text(e.Object)}
	if len(e.Rules) > 0 {
		c.rules = " " + strings.Join(e.Rules, " ") + " "
	}
	return c
}

func text(p accesslog.Pseudonym) string {
	b, _ := p.MarshalText() // cannot fail: base64 of sixteen bytes, or ""
	return string(b)
}

// pseudonym is the random name of a person or thing in the log, made at first use.
func (tx *Tx) pseudonym(n Named) (accesslog.Pseudonym, error) {
	var p accesslog.Pseudonym
	if n.ID == "" {
		return p, nil
	}
	if p, ok := tx.names[n]; ok {
		return p, nil
	}
	rand.Read(p[:])
	res, err := tx.change(`INSERT INTO pseudonyms (pseudonym, kind, subject) VALUES ($1, $2, $3) ON CONFLICT (kind, subject) DO NOTHING`, text(p), n.Kind, n.ID)
	if err != nil {
		return p, err
	}
	if made, err := res.RowsAffected(); err != nil {
		return p, err
	} else if made == 0 {
		var s string
		err := tx.row(`SELECT pseudonym FROM pseudonyms WHERE kind = $1 AND subject = $2`, n.Kind, n.ID).Scan(&s)
		if err = cmp.Or(err, p.UnmarshalText([]byte(s))); err != nil {
			return p, fmt.Errorf("pseudonym: %w", err)
		}
	}
	if n.Kind != NamedStatement { // about which there is one event
		tx.names[n] = p
	}
	return p, nil
}
