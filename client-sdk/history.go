package attune

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// A service that was put back from a backup goes on under another name of its log. A
// device takes that for what it is only on proof: the service's own statement that it was
// put back, as the first row of the new log, and a log that goes on from a state which this
// device was shown before. Else it would be a way to make every device forget.

// errNewHistory: the server shows a log of another name than before.
var errNewHistory = errors.New("the service has a new history")

// Settings of histories.
const (
	settingRestored = "restored" // the service.restored that were taken for what they are, by space
	settingDurable  = "durable"  // rows of the log that a verified backup holds
)

// sameHistory holds a reply against the name of the log that this device knows. Whether
// the other one is anything is for adopt.
func (d *desk) sameHistory(before mark, p wire.Proven) error {
	origin, _, _ := strings.Cut(p.Checkpoint, "\n")
	if before.note == "" || origin == before.Origin || !strings.HasPrefix(origin, "attune/"+d.me.Org.String()+"/") {
		return nil
	}
	return errNewHistory
}

// keepReceipt keeps the proof of an acceptance.
func keepReceipt(tx *sql.Tx, name string, r *wire.Receipt, note string) error {
	if r == nil || note == "" {
		return nil
	}
	text, err := marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO receipts (name, receipt, note) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET receipt = excluded.receipt, note = excluded.note`, name, text, note)
	return err
}

// put is a service.restored that was verified.
type put struct {
	id  policies.StatementID
	log policies.LogState
}

// adopt takes over a new history, on proof. What the service forgot is kept to be brought
// again; what is here stays in use until the feed has come.
func (d *desk) adopt(ctx context.Context) error {
	before, err := recall(d.store.db)
	if err != nil {
		return err
	}
	reply, after, err := d.newHistory(ctx, 0)
	if err != nil {
		return err
	}
	known, err := setting(d.store.db, settingRestored)
	if err != nil {
		return err
	}
	all, err := d.verifyPut(reply, after, strings.Fields(known))
	if err != nil {
		return err
	}
	back, err := d.sharedWith(before, states(all), after)
	if err != nil {
		return noRestore(reply, err)
	}
	base, err := d.markBefore(back, before)
	if err != nil {
		return err
	}
	if base.Size > 0 {
		if reply, after, err = d.newHistory(ctx, base.Size); err != nil {
			return err
		}
		if err := accesslog.VerifyConsistency(hashes(reply.Proven.Consistency), after.Size, after.Root, base.Size, base.Root); err != nil {
			return (witness{d}).forked(base, after, reply.Proven.Consistency, err)
		}
	}
	slices.SortFunc(all, func(a, b put) int { return cmp.Compare(a.log.Size, b.log.Size) }) // the newest is the last
	taken := strings.Fields(known)
	for _, p := range all {
		if id := p.id.String(); !slices.Contains(taken, id) {
			taken = append(taken, id)
		}
	}
	return d.store.must(func(tx *sql.Tx) error {
		if err := d.lose(tx, back); err != nil {
			return err
		}
		if err := errors.Join(set(tx, settingRestored, strings.Join(taken, " ")), keepBegan(tx, states(all)), set(tx, settingAdopted, "yes")); err != nil {
			return err
		}
		if since, err := setting(tx, settingRecovers); err != nil || since == "" {
			if err = errors.Join(err, set(tx, settingRecovers, strconv.FormatInt(d.now().UnixMicro(), 10))); err != nil {
				return err
			}
		}
		return (witness{d}).remember(tx, after)
	})
}

// newHistory asks for the times that the service was put back, and verifies the state of
// the log with them.
func (d *desk) newHistory(ctx context.Context, size int64) (reply wire.HistoryReply, after mark, err error) {
	if err := d.remote.call(ctx, http.MethodGet, "/v1/log/history?checkpoint="+strconv.FormatInt(size, 10), nil, &reply); err != nil {
		return reply, after, err
	}
	unsigned := func(why error) error {
		return lied(CodeLogUnsigned, exhibit{}.with("", reply.Proven.Checkpoint, nil), why, "The state of the access log is not signed by this service.")
	}
	o := d.mirror.Org()
	if o == nil {
		return reply, after, unsigned(nil)
	}
	origin, _, _ := strings.Cut(reply.Proven.Checkpoint, "\n")
	v, err := accesslog.NewVerifier(origin, ed25519.PublicKey(o.Server.LogKey[:]))
	if err != nil {
		return reply, after, unsigned(err)
	}
	c, err := accesslog.OpenCheckpoint(reply.Proven.Checkpoint, v)
	if err != nil {
		return reply, after, unsigned(err)
	}
	return reply, mark{c, reply.Proven.Checkpoint, reply.Proven.Time, reply.Proven.Durable}, nil
}

// verifyPut returns the times that the service was put back, of which this device did not
// know all: signed by the server, and each the first row after the log that it names.
func (d *desk) verifyPut(reply wire.HistoryReply, after mark, known []string) (all []put, err error) {
	for _, r := range reply.Restored {
		s, err := trusted(r.Statement, d)
		if err == nil {
			err = checkReceipt(s.ID, &r.Receipt, after.Checkpoint)
		}
		b, ok := s.Body.(*policies.ServiceRestored)
		if err == nil && (!ok || b.Log.Size != r.Receipt.Place.Index) {
			err = errors.New("it is not the first row of its history")
		}
		if err != nil {
			return nil, noRestore(reply, err)
		}
		all = append(all, put{s.ID, b.Log})
	}
	if !unknown(all, known) {
		return nil, noRestore(reply, errors.New("nothing signed says that it was put back"))
	}
	return all, nil
}

// noRestore: the log has another name, and nothing proves that the service was put back.
func noRestore(reply wire.HistoryReply, why error) error {
	return lied(CodeForked, exhibit{}.with("", reply.Proven.Checkpoint, reply.Proven.Consistency), why, "The access log has another name, and the service does not prove that it was put back.")
}

// markBefore is the last state of the log that this device was shown and a backup of that
// many rows still holds; the zero mark when this device is younger than the backup.
func (d *desk) markBefore(size int64, last mark) (m mark, err error) {
	if last.Size <= size {
		return last, nil
	}
	var note string
	err = d.store.db.QueryRow(`SELECT note FROM marks WHERE size <= $1 ORDER BY size DESC LIMIT 1`, size).Scan(&note)
	if errors.Is(err, sql.ErrNoRows) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	return markOf(note)
}

// lose keeps what the service forgot, with its proofs, and begins the feed anew.
func (d *desk) lose(tx *sql.Tx, back int64) error {
	if err := d.loseProofs(tx, back); err != nil {
		return err
	}
	for _, q := range []string{
		`INSERT INTO lost (id, record, at, leaf, sealed_in, raw)
			SELECT id, record, at, leaf, 'statements', raw FROM statements WHERE leaf >= $1 AND raw <> ''
			ON CONFLICT (id) DO NOTHING`,
		`INSERT INTO lost (id, record, at, leaf, sealed_in, raw)
			SELECT id, CASE record WHEN '' THEN id ELSE record END, made, leaf, 'outbox', raw FROM outbox WHERE state = 'accepted' AND leaf >= $1
			ON CONFLICT (id) DO NOTHING`,
		`UPDATE outbox SET head = '', leaf = -1 WHERE state = 'accepted' AND leaf >= $1`,
		`DELETE FROM statements WHERE leaf >= $1`,
		`DELETE FROM marks WHERE size > $1`,
	} {
		if _, err := tx.Exec(q, back); err != nil {
			return err
		}
	}
	for _, q := range []string{
		// What the backup holds it must show again: the rows before it are the same.
		`UPDATE records SET proven = '',
			floor_position = COALESCE((SELECT MAX(s.position) FROM statements s WHERE s.record = records.record), 0),
			floor_head = COALESCE((SELECT s.head FROM statements s WHERE s.record = records.record ORDER BY s.position DESC LIMIT 1), '')`,
		`DELETE FROM floors`,
		`DELETE FROM receipts`,
		`DELETE FROM deferred`, // it waits nowhere any more, and is pushed again
		`UPDATE uploads SET state = 'waiting', url = '' WHERE state = 'stored'`, // the service is asked of each whether it has it
		`UPDATE uploads SET url = '' WHERE state = 'waiting'`,
	} {
		if _, err := tx.Exec(q); err != nil {
			return err
		}
	}
	if err := d.forgetRestorations(tx); err != nil {
		return err
	}
	return set(tx, settingWindow, "") // the cursor tells the service how far this device had come
}

// forgetRestorations brings nothing back that says of a lost history that it began, or
// that its recovery ended: a service that is put back twice says both anew.
func (d *desk) forgetRestorations(tx *sql.Tx) error {
	for _, r := range d.mirror.Org().Restorations {
		for _, id := range []policies.StatementID{r.ID, r.Recovered} {
			if _, err := tx.Exec(`DELETE FROM lost WHERE id = $1`, id.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// loseProofs makes evidence of the receipts that are here: of each record's last proved
// statement with the chain that leads to it, and of each statement of this device's.
func (d *desk) loseProofs(tx *sql.Tx, back int64) error {
	type kept struct{ name, receipt, note string }
	var all []kept
	err := each(tx, func(r *sql.Rows) error {
		var k kept
		err := r.Scan(&k.name, &k.receipt, &k.note)
		all = append(all, k)
		return err
	}, `SELECT name, receipt, note FROM receipts`)
	if err != nil {
		return err
	}
	for _, k := range all {
		var r wire.Receipt
		if err := json.Unmarshal([]byte(k.receipt), &r); err != nil {
			return fmt.Errorf("receipt of %s: %w", k.name, err)
		}
		if r.Place.Index < back {
			continue
		}
		e := wire.Evidence{Record: r.Place.Record, Checkpoint: k.note, Leaf: r.Leaf, Proof: r.Proof, Links: []wire.Link{}}
		if k.name == r.Place.Record.String() {
			if e.Links, err = links(tx, r.Place, back); err != nil {
				return err
			}
		}
		text, err := marshal(e)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO lost_proofs (name, evidence) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET evidence = excluded.evidence`, k.name, text); err != nil {
			return err
		}
	}
	return nil
}

// links are the statements of a record that the service forgot, before a place.
func links(tx *sql.Tx, to wire.Place, back int64) (out []wire.Link, err error) {
	out = []wire.Link{}
	err = each(tx, func(r *sql.Rows) error {
		var l wire.Link
		var id, orgHead string
		if err := r.Scan(&id, &l.Class, &orgHead); err != nil {
			return err
		}
		err := errors.Join(l.ID.UnmarshalText([]byte(id)), l.OrgHead.UnmarshalText([]byte(orgHead)))
		out = append(out, l)
		return err
	}, `SELECT id, class, org_head FROM statements WHERE record = $1 AND leaf >= $2 AND position < $3 ORDER BY position`,
		to.Record.String(), back, to.Position)
	return out, err
}

// rejoin certifies this device again at a service that was put back to before it joined;
// false where the service has the history that this device knows.
func (d *desk) rejoin(ctx context.Context) (bool, error) {
	before, err := recall(d.store.db)
	if err != nil || before.note == "" {
		return false, err
	}
	note, err := d.remote.text(ctx, "/v1/log/checkpoint")
	if err != nil || !errors.Is(d.sameHistory(before, wire.Proven{Checkpoint: note}), errNewHistory) {
		return false, err
	}
	in := wire.PushRequest{Statements: []wire.Sealed{}}
	for _, id := range []policies.StatementID{policies.StatementID(d.me.Certificate), policies.StatementID(d.keys.Device())} {
		raw, err := d.shelf.raw(id)
		if err != nil {
			return false, err
		}
		if _, err := statement.Parse([]byte(raw)); err != nil {
			return false, err
		}
		in.Statements = append(in.Statements, wire.Sealed{Statement: raw, Attachments: []wire.Attachment{}})
	}
	var reply wire.PushReply
	if err := d.remote.call(ctx, http.MethodPost, "/v1/join", in, &reply); err != nil {
		return false, err
	}
	for _, r := range reply.Results {
		if r.Status == wire.Refused {
			return false, problem(r.Code, "Ask your registrar to sync, then sync again.", "The service was put back to before this device joined, and does not know its invitation yet.")
		}
	}
	return len(reply.Results) == len(in.Statements), nil
}
