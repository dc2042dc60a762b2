package attune

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Restated is a clip that was stated again.
type Restated struct {
	Clip policies.ClipID `json:"id"`
	Was  policies.ClipID `json:"was"` // as it was refused
}

// FindRefused is the statement under "needs attention" that a number, or the
// beginning of one, means.
func (o *Outbox) FindRefused(text string) (policies.StatementID, error) {
	list, err := o.Attention()
	if err != nil {
		return policies.StatementID{}, err
	}
	ids := make([]policies.StatementID, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	return pick("refused entry", text, ids)
}

// Restate states a refused clip again: the same sealed film with the same key, and
// a new clip.add that rests on the approval and the consent that cover the time of
// filming as the service knows them now. When it was filmed and what it holds stay
// as they were said. The server judges anew, and may refuse again. What was decided
// about the recording goes with the clip.
//
// The film is never in danger. It gets a second name before the commit and loses
// the first after it, and the next start removes whichever name no row knows.
//
// Errors: [*GateError] with every reason while nothing covers the time of filming;
// [*Error] with [CodeUnknown] for a clip that was not refused here, [CodeSealed]
// when the film is damaged, wire.CodeNotPossible when the family's key is another
// one since.
func (c *Clips) Restate(id policies.ClipID) (Restated, error) {
	defer c.d.clean()
	w, err := c.refused(id)
	if err != nil {
		return Restated{}, err
	}
	if err := w.rest(); err != nil {
		return Restated{}, err
	}
	return w.queue()
}

// rest finds what the clip can rest on. What the server has accepted can carry it;
// what is queued here, such as a withdrawal, can only take it away. The gate is not
// asked: nobody is filming, and a permission of today does not reach back.
func (w *restating) rest() error {
	known, ok := w.d.mirror.Family(w.family.ID)
	if !ok {
		known = w.family // which then has no approval
	}
	no, org := &GateError{}, w.d.mirror.Org()
	covers := func(id policies.ApprovalID) bool {
		_, there := known.ApprovalCovers(org, id, w.d.me.Staff, w.body.Captured)
		_, here := w.family.ApprovalCovers(org, id, w.d.me.Staff, w.body.Captured)
		return there && here
	}
	ids := known.ApprovalsFor(org, w.d.me.Staff)
	switch i := slices.IndexFunc(ids, covers); {
	case covers(w.body.Approval):
	case i >= 0:
		w.body.Approval = ids[i]
	default:
		no.Reasons = append(no.Reasons, "No approval covers the time of filming, and one that is given now does not reach back. Ask your head of service what shall become of the film; it stays here.")
		no.Rules = append(no.Rules, "UPLOAD-APPROVAL")
	}
	if len(known.CaptureConsented(w.body.People, w.body.Kind, w.body.Captured)) > 0 ||
		len(w.family.CaptureConsented(w.body.People, w.body.Kind, w.body.Captured)) > 0 {
		no.Reasons = append(no.Reasons, "Somebody in the film has no consent in force that covers the time of filming. If a form that was signed then is not entered yet, enter it and sync.")
		no.Rules = append(no.Rules, "UPLOAD-CONSENT")
	}
	if len(no.Rules) > 0 {
		return no
	}
	for _, p := range w.body.People {
		form, _ := known.CurrentConsent(p, w.body.Captured.From)
		if w.body.Consent = form.ID; !slices.ContainsFunc(w.body.People, func(p policies.PersonID) bool { return !form.Covers(p) }) {
			break
		}
	}
	return nil
}

// restating is a refused clip on its way back into the queue.
type restating struct {
	d           *desk
	was         policies.ClipID
	family      *policies.Family
	body        policies.ClipAdd
	attachments []wire.Attachment
	fate        policies.SourceFate // decided about the recording, "" when not
}

// refused reads what there is of a refused clip, and looks at its film.
func (c *Clips) refused(id policies.ClipID) (*restating, error) {
	text, raw := id.String(), ""
	err := c.d.store.db.QueryRow(`SELECT raw FROM outbox WHERE id = $1 AND kind = 'clip.add' AND state = 'refused'`, text).
		Scan(opens(c.d.store, &raw, "outbox", &text))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem(CodeUnknown, "List what needs attention: attune status.", "No clip %s was refused on this device.", id.Short())
	} else if err != nil {
		return nil, err
	}
	s, err := trusted(raw, c.d)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	w := &restating{d: c.d, was: id, body: *s.Body.(*policies.ClipAdd)}
	if w.family, err = c.d.mirror.provisional(policies.FamilyID(s.Record)); err != nil {
		return nil, err
	}
	whole := original{c.d, &policies.Clip{ID: id, Payload: w.body.Payload}}
	if err := whole.sealedWhole(); err != nil {
		return nil, err
	}
	if err := w.attached(); err != nil {
		return nil, err
	}
	err = c.d.store.db.QueryRow(`SELECT fate FROM sources WHERE clip = $1`, id.String()).Scan(&w.fate)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return w, err
}

// attached reads the title and the key's header, which must be for a key of the
// family: nobody on the team could open another one.
func (w *restating) attached() error {
	was := w.was.String()
	err := each(w.d.store.db, func(r *sql.Rows) error {
		var a wire.Attachment
		err := r.Scan(&a.Name, opens(w.d.store, &a.Body, "attachments", &was, &a.Name))
		w.attachments = append(w.attachments, a)
		return err
	}, `SELECT name, body FROM attachments WHERE statement = $1 ORDER BY name`, was)
	if err != nil {
		return err
	}
	for _, a := range w.attachments {
		if w.family.FamilyHeader(a.Name) {
			return nil // for a key that was replaced: this device writes another when it next syncs
		}
	}
	return problem(wire.CodeNotPossible, "Add the film again from the original. If that is gone, keep this device and ask your head of service.",
		"Clip %s is sealed to a key that the family no longer uses.", w.was.Short())
}

func (w *restating) queue() (out Restated, err error) {
	out.Was = w.was
	_, err = w.d.outbox.fileWith(draft{policies.RecordID(w.family.ID), "clip.add", w.body, w.attachments}, func(tx *sql.Tx, s policies.Statement) error {
		out.Clip = policies.ClipID(s.ID)

		if err := errors.Join(secondName(w.d.payload(w.was), w.d.payload(out.Clip)), syncDir(w.d.clipPath(""))); err != nil {
			return fmt.Errorf("name the sealed clip: %w", err)
		}
		return w.swap(tx, out.Clip)
	})
	if err != nil {
		return Restated{}, err
	}
	if w.fate != policies.SourceUnknown {
		_, err = w.d.outbox.file(draft{policies.RecordID(w.family.ID), "clip.annotate", policies.ClipAnnotate{Clip: out.Clip, Source: w.fate}, nil})
	}
	return out, err
}

// swap puts the new clip in the old one's place, and takes away what was refused of
// the old one: the statement itself, and what was said about its recording.
func (w *restating) swap(tx *sql.Tx, now policies.ClipID) error {
	about, err := refusedAbout(tx, w.d, w.was)
	if err != nil {
		return err
	}
	was, path := w.was.String(), ""
	err = tx.QueryRow(`SELECT path FROM sources WHERE clip = $1`, was).Scan(opens(w.d.store, &path, "sources", &was))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO uploads (clip, bytes, url, state, why) VALUES ($1, $2, '', 'waiting', '')`, []any{now.String(), w.body.Payload.Bytes}},
		{`UPDATE sources SET clip = $2, path = $3 WHERE clip = $1`, []any{was, now.String(), w.d.store.shut([]byte(path), "sources", now.String())}},
		{`DELETE FROM uploads WHERE clip = $1`, []any{w.was.String()}},
		{`DELETE FROM attachments WHERE statement = $1`, []any{w.was.String()}},
		{`DELETE FROM outbox WHERE id = $1`, []any{w.was.String()}},
	} {
		if _, err := tx.Exec(q.sql, q.args...); err != nil {
			return err
		}
	}
	for _, id := range about {
		if _, err := tx.Exec(`DELETE FROM outbox WHERE id = $1`, id); err != nil {
			return err
		}
	}
	return nil
}

// refusedAbout are the refused statements about the recording of a refused clip.
func refusedAbout(tx *sql.Tx, d *desk, clip policies.ClipID) (ids []string, err error) {
	err = each(tx, func(r *sql.Rows) error {
		var id, raw string
		if err := r.Scan(&id, opens(d.store, &raw, "outbox", &id)); err != nil {
			return err
		}
		s, err := trusted(raw, d)
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		if b, ok := s.Body.(*policies.ClipAnnotate); ok && b.Clip == clip && b.Source != policies.SourceUnknown {
			ids = append(ids, id)
		}
		return nil
	}, `SELECT id, raw FROM outbox WHERE kind = 'clip.annotate' AND state = 'refused'`)
	return ids, err
}

// secondName gives a file another name, or makes a copy, synced, where the file
// system knows no second names.
func secondName(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
