package attune

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Outbox holds what this device has said and the server has not yet taken. What
// the server refused stays here too, under "needs attention": nothing that a
// person did is deleted because a server disliked it.
type Outbox struct {
	d *desk

	mu sync.Mutex
	// mu guards the field below: queued statements that were verified since this
	// device was opened, by their bytes. They are never changed.
	known map[string]policies.Statement
}

// Outcome is what became of one statement at the server.
type Outcome struct {
	ID      policies.StatementID `json:"id"`
	Kind    policies.Kind        `json:"kind"`
	Record  policies.RecordID    `json:"record"`
	Made    time.Time            `json:"made"`
	Code    wire.Code            `json:"code"`    // "" when accepted
	Message string               `json:"message"` // one plain sentence
	Next    string               `json:"next"`    // what to do
	Rules   []string             `json:"rules"`   // that decided
	Retry   wire.Retry           `json:"retry"`   // whether doing it again, anew, could help
}

// draft is a statement about to be made.
type draft struct {
	record      policies.RecordID // zero for family.open
	kind        policies.Kind
	body        policies.Body
	attachments []wire.Attachment
}

// file makes a statement of a draft and queues it. It is possible by the fold
// over what this device knows, or it is refused here and takes no number.
func (o *Outbox) file(d draft) (policies.Statement, error) {
	return o.fileWith(d, nil)
}

// fileWith also runs also in the transaction that queues the statement. On a full
// disk what stops something is queued all the same, from the reserve.
func (o *Outbox) fileWith(d draft, also func(tx *sql.Tx, s policies.Statement) error) (s policies.Statement, err error) {
	row, _ := policies.RowOf(d.kind)
	if !row.Restriction {
		return o.make(d, o.d.store.write, also)
	}
	err = o.d.store.withReserve(func() error {
		s, err = o.make(d, o.d.store.must, also)
		return err
	})
	return s, err
}

func (o *Outbox) make(d draft, write func(func(*sql.Tx) error) error, also func(tx *sql.Tx, s policies.Statement) error) (policies.Statement, error) {
	this := o.d.keys.this()
	s, apply, err := o.context(d, this)
	if err != nil {
		return policies.Statement{}, err
	}
	row, _ := policies.RowOf(d.kind)
	if err := o.d.going(d.record, row); err != nil {
		return policies.Statement{}, err
	}
	err = write(func(tx *sql.Tx) error {
		if s.N, err = nextNumber(tx, s.Signer); err != nil {
			return err
		}
		raw, signed, err := statement.Sign(s, this.key)
		if err != nil {
			return unsignable(d.kind, err)
		}
		if err := apply(signed); err != nil {
			return impossible(d.kind, err)
		}
		s = signed
		if err := o.d.store.queue(tx, signed, raw, row.Restriction, d.attachments); err != nil {
			return fmt.Errorf("queue %s: %w", d.kind, err)
		}
		if also != nil {
			return also(tx, signed)
		}
		return nil
	})
	if err == nil {
		o.d.nudge()
	}
	return s, err
}

// context is the statement without its number, and the fold that it must pass.
func (o *Outbox) context(d draft, by *deviceKey) (policies.Statement, func(policies.Statement) error, error) {
	seen, err := recall(o.d.store.db)
	if err != nil {
		return policies.Statement{}, nil, err
	}
	now := policies.At(o.d.now())
	s := policies.Statement{
		Signer: policies.KeyID(by.id), Record: d.record, Kind: d.kind, At: now, Body: d.body,
		Deps: []policies.StatementID{},
		Seen: policies.Seen{Size: seen.Size, Root: policies.Digest(seen.Root)},
	}
	org, err := o.d.mirror.provisionalOrg()
	if err != nil {
		return s, nil, err
	}
	switch {
	case d.kind == policies.KindFamilyOpen:
		return s, func(s policies.Statement) error {
			_, _, err := policies.NewFamily(org, s, now)
			return err
		}, nil
	case d.record == policies.RecordID(org.ID):
		s.Seen.Head = o.d.mirror.Org().Head
		return s, func(s policies.Statement) error {
			_, err := org.Apply(s, now)
			return err
		}, nil
	}
	f, err := o.d.mirror.provisional(policies.FamilyID(d.record))
	if err != nil {
		return s, nil, err
	}
	if known, ok := o.d.mirror.Family(f.ID); ok {
		s.Seen.Head, f = known.Head, f.Clone()
	}
	s.Deps = f.DepsFor(org, d.body)
	return s, func(s policies.Statement) error {
		_, err := f.Apply(org, s, now)
		return err
	}, nil
}

// unsignable turns a body that no verifier would take into a sentence for people:
// it came from what a person typed.
func unsignable(kind policies.Kind, err error) error {
	var v *statement.SyntaxError
	if !errors.As(err, &v) {
		return err
	}
	why := strings.TrimPrefix(v.Why, string(kind)+": ")
	if v.Rule == statement.RuleIntegerRange {
		why = "a number in it is too small or too large"
	}
	return problem(CodeInput, "Put it right, and do it again; nothing was recorded.", "The %s cannot be recorded: %s.",
		strings.ReplaceAll(string(kind), ".", " "), why)
}

// impossible turns a refusal of the fold into a sentence for people.
func impossible(kind policies.Kind, err error) error {
	code, next := wire.CodeNotPossible, "Look at what changed; sync if you can."
	switch {
	case errors.Is(err, policies.ErrSigner):
		code, next = wire.CodeSigner, "Ask somebody whose part it is; if it is yours, sync, check that your six words were confirmed, and look at this device's clock."
	case errors.Is(err, policies.ErrMissing):
		code, next = wire.CodeMissing, "Sync, and try again."
	}
	return problem(code, next, "%s cannot be done now.", strings.ReplaceAll(string(kind), ".", " ")).because(reason(err))
}

// reason is a cause whose own words are said without the class that they begin with,
// which a person who reads a refusal has no use for.
func reason(err error) error { return plainly{err} }

type plainly struct{ error }

func (p plainly) Error() string {
	said := p.error.Error()
	for _, class := range []error{policies.ErrNotPossible, policies.ErrSigner, policies.ErrMissing} {
		said = strings.Replace(said, class.Error()+": ", "", 1)
	}
	return said
}

func (p plainly) Unwrap() error { return p.error }

// nextNumber takes the signer's next n. In the same transaction as the statement:
// a number that was taken is used, and none is used twice.
func nextNumber(tx *sql.Tx, signer policies.KeyID) (n int64, err error) {
	err = tx.QueryRow(`INSERT INTO numbers (signer, next) VALUES ($1, 2) ON CONFLICT (signer) DO UPDATE SET next = next + 1 RETURNING next - 1`,
		signer.String()).Scan(&n)
	return n, err
}

func (st *store) queue(tx *sql.Tx, s policies.Statement, raw []byte, restriction bool, attachments []wire.Attachment) error {
	_, err := tx.Exec(`INSERT INTO outbox (id, record, kind, restriction, raw, state, made) VALUES ($1, $2, $3, $4, $5, 'queued', $6)`,
		s.ID.String(), s.Record.String(), string(s.Kind), restriction, st.shut(raw, "outbox", s.ID.String()), int64(s.At))
	for _, a := range attachments {
		if err != nil {
			break
		}
		if err = checkFixed(s, a.Name, a.Body); err == nil {
			_, err = tx.Exec(`INSERT INTO attachments (statement, name, body) VALUES ($1, $2, $3)`, s.ID.String(), a.Name, st.shut(a.Body, "attachments", s.ID.String(), a.Name))
		}
	}
	return err
}

// pending are the statements that may yet take effect, or already have at the
// server without having come back by the feed: in the order they were made.
func (o *Outbox) pending() (out []policies.Statement, err error) {
	var raws []string
	err = each(o.d.store.db, func(r *sql.Rows) error {
		var id, raw string
		err := r.Scan(&id, opens(o.d.store, &raw, "outbox", &id))
		raws = append(raws, raw)
		return err
	}, `SELECT id, raw FROM outbox WHERE state <> 'refused' ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	still := make(map[string]policies.Statement, len(raws))
	for _, raw := range raws {
		s, ok := o.known[raw]
		if !ok {
			if s, err = trusted(raw, o.d); err != nil {
				return nil, fmt.Errorf("outbox: %w", err)
			}
		}
		still[raw] = s
		out = append(out, s)
	}
	o.known = still
	return out, nil
}

// Waiting lists what has not reached the server, oldest first.
func (o *Outbox) Waiting() ([]Outcome, error) {
	return o.listed(`state = 'queued' AND id NOT IN (SELECT id FROM deferred)`)
}

// Attention lists what the server refused, oldest first, with what to do.
func (o *Outbox) Attention() ([]Outcome, error) { return o.listed(`state = 'refused'`) }

// Dismiss takes a refused statement off the list, once a person has dealt with it,
// and with a clip its sealed film and what was said about its recording. A clip whose recording was removed stays: what
// lies here is then all that there is of it. Errors: an [*Error] with [CodeUnknown]
// or wire.CodeNotPossible.
func (o *Outbox) Dismiss(id policies.StatementID) error {
	defer o.d.clean()
	return o.d.store.write(func(tx *sql.Tx) error {
		var only int
		err := tx.QueryRow(`SELECT COUNT(*) FROM sources WHERE clip = $1 AND fate IN ($2, $3)`,
			id.String(), string(policies.SourceRemoved), sourceRemoving).Scan(&only)
		if err != nil {
			return err
		}
		if only > 0 {
			return problem(wire.CodeNotPossible, "Keep this device; ask your head of service what shall become of the film.",
				"The recording of clip %s was removed, and the service has not taken the film: the only copy is here.", id.Short())
		}
		done, err := tx.Exec(`DELETE FROM outbox WHERE id = $1 AND state = 'refused'`, id.String())
		if err != nil {
			return err
		}
		if n, _ := done.RowsAffected(); n == 0 {
			return problem(CodeUnknown, "List what needs attention.", "Nothing refused has the number %s.", id.Short())
		}
		about, err := refusedAbout(tx, o.d, policies.ClipID(id))
		if err != nil {
			return err
		}
		for _, x := range about {
			if _, err := tx.Exec(`DELETE FROM outbox WHERE id = $1`, x); err != nil {
				return err
			}
		}
		for _, q := range []string{
			`DELETE FROM attachments WHERE statement = $1`,
			`DELETE FROM uploads WHERE clip = $1`,
			`DELETE FROM sources WHERE clip = $1`,
		} {
			if _, err := tx.Exec(q, id.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o *Outbox) listed(where string) (out []Outcome, err error) {
	err = each(o.d.store.db, func(r *sql.Rows) error {
		var x Outcome
		var id, record, rules string
		var made int64
		if err := r.Scan(&id, &record, &x.Kind, &made, &x.Code, &x.Message, &x.Next, &x.Retry, &rules); err != nil {
			return err
		}
		x.Made, x.Rules = policies.Micros(made).Time(), strings.Fields(rules)
		err := errors.Join(x.ID.UnmarshalText([]byte(id)), x.Record.UnmarshalText([]byte(record)))
		out = append(out, x)
		return err
	}, `SELECT id, record, kind, made, code, message, next, retry, rules FROM outbox WHERE `+where+` ORDER BY seq`)
	return out, err
}

func (o *Outbox) waiting() (n int, err error) {
	err = o.d.store.db.QueryRow(`SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND id NOT IN (SELECT id FROM deferred)`).Scan(&n)
	return n, err
}

// fixed names an attachment by its digest, for a body.
func fixed(as ...wire.Attachment) []policies.Attachment {
	out := make([]policies.Attachment, len(as))
	for i, a := range as {
		out[i] = policies.Attachment{Name: a.Name, SHA256: policies.DigestOf(a.Body), Bytes: int64(len(a.Body))}
	}
	return out
}
