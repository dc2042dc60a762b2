package attune

import (
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// What the service cannot judge yet, because what it rests on has not arrived there, waits
// at the service and not here: nothing holds up what is said after it. What becomes of it
// comes by the feed.

// askAgain is how long after the last answer a waiting statement is pushed again. It is
// harmless to ask, and a service that was restored has forgotten what waited.
const askAgain = 24 * time.Hour

// Deferred lists what the service has and cannot judge before something else arrives,
// oldest first.
func (o *Outbox) Deferred() ([]Outcome, error) {
	return o.listed(`state = 'queued' AND id IN (SELECT id FROM deferred)`)
}

// outcome takes what became of a statement of this person that had waited. One that was
// accepted is believed when its receipt is, or its place in the record: it goes back to the
// queue, and pushing it again brings the receipt. A refusal is the server's word here as in
// the answer to a push; nothing is deleted for it.
func (p *pageFold) outcome(item wire.Item) error {
	said := item.Outcome
	if said == nil || said.Status != wire.Accepted && said.Status != wire.Refused {
		return untrusted("The feed does not say what became of statement "+item.ID.Short()+".", nil)
	}
	out := Outcome{ID: item.ID, Rules: said.Rules}
	var record string
	var made int64
	err := p.tx.QueryRow(`SELECT record, kind, made FROM outbox WHERE id = $1 AND state = 'queued' AND id IN (SELECT id FROM deferred)`,
		item.ID.String()).Scan(&record, &out.Kind, &made)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // another device's of this person, or it has come in its record
	} else if err == nil {
		_, err = p.tx.Exec(`DELETE FROM deferred WHERE id = $1`, item.ID.String())
	}
	if err != nil {
		return err
	}
	if said.Status == wire.Accepted {
		p.accepted = true
		return nil
	}
	out.Made = policies.Micros(made).Time()
	out.explain(said.Code, said.Message, said.Retry)
	p.refused = append(p.refused, out)
	return errors.Join(out.Record.UnmarshalText([]byte(record)), refuse(p.tx, out))
}

// explain puts a refusal into words.
func (out *Outcome) explain(code wire.Code, message string, retry wire.Retry) {
	e := wire.EntryOf(code)
	if out.Code, out.Message, out.Next, out.Retry = code, message, e.Next, retry; message == "" {
		out.Message = e.Message
	}
	out.Message, out.Next = advised(out.Code, out.Rules, out.Message, out.Next)
}

// refuse puts a statement under "needs attention", and has the service told at the next push
// that it may forget its answer.
func refuse(tx *sql.Tx, out Outcome) error {
	_, err := tx.Exec(`UPDATE outbox SET state = 'refused', code = $2, message = $3, next = $4, retry = $5, rules = $6 WHERE id = $1`,
		out.ID.String(), string(out.Code), out.Message, out.Next, string(out.Retry), strings.Join(out.Rules, " "))
	if err == nil {
		_, err = tx.Exec(`INSERT INTO acknowledged (id) VALUES ($1) ON CONFLICT DO NOTHING`, out.ID.String())
	}
	return err
}

// acknowledged are refusals that the service may forget, as many as one push may name.
func acknowledged(q querier) (ids []policies.StatementID, err error) {
	err = each(q, func(r *sql.Rows) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		id, err := policies.ParseID[policies.Statement](text)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM acknowledged LIMIT $1`, wire.MaxPushStatements)
	return ids, err
}
