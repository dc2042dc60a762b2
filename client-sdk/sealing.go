package attune

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// sealing is one clip on its way into the queue.
type sealing struct {
	recording
	d      *desk
	in     AddClip
	gate   policies.Gate
	body   policies.ClipAdd
	sealed seal.Sealed
}

// manifest is the body of clip.add as far as it is known before sealing.
func (w *sealing) manifest() error {
	in := w.in
	if len(in.Title) > maxName {
		return tooLong("title", maxName)
	}
	f, err := w.d.mirror.provisional(in.Family)
	if err != nil {
		return err
	}
	if in.Session.IsZero() {
		if in.Session, err = w.lastSession(f); err != nil {
			return err
		}
	}
	if !f.HappyOn(in.Session) {
		return gateError(policies.Gate{Reasons: []policies.Reason{{Rule: "UPLOAD-TODAY",
			Text: "Somebody said no to being filmed at that visit. Delete the recording; if the answer was entered by mistake, log the visit again."}}})
	}
	now := w.d.now()
	if in.CapturedUntil.IsZero() {
		in.CapturedUntil = now
	}
	if in.CapturedFrom.IsZero() {
		in.CapturedFrom = in.CapturedUntil
	}
	w.body = policies.ClipAdd{
		Kind: in.Kind, Chosen: in.Chosen, Session: in.Session, People: in.People, Controller: w.d.me.Org,
		Captured: policies.Span{From: policies.At(in.CapturedFrom), Until: policies.At(in.CapturedUntil)},
		Approval: w.gate.Approval, Consent: w.gate.Consent,
		Media:  policies.Media{Type: w.info.MediaType, Codec: w.info.Codec, DurationMS: w.info.Duration.Milliseconds()},
		Source: policies.Source{Bytes: w.size, Changed: w.changed, Remove: in.Remove},
		Fixed:  []policies.Attachment{},
	}
	return nil
}

func (w *sealing) lastSession(f *policies.Family) (policies.SessionID, error) {
	order, err := w.d.shelf.order(policies.RecordID(f.ID))
	if err != nil {
		return policies.SessionID{}, err
	}
	ids := sortedBy(f.Sessions, order)
	if len(ids) == 0 {
		return policies.SessionID{}, problem(CodeInput, "Log the session first: film belongs to a visit.", "No session has been logged for this family.")
	}
	return ids[len(ids)-1], nil
}

// seal writes the payload, makes it durable and reads its end back. The source's
// own hash is that of the file as the camera left it, made as it is read: when
// places were blanked, that is not what was sealed.
func (w *sealing) seal(ctx context.Context, tmp, src *os.File) error {
	p := w.d.cfg.progress("Sealing")
	defer p.Done()
	p.Total(w.size)
	film := counted{io.NewSectionReader(src, 0, w.size), p}
	s, err := seal.SealChanged(ctx, &behind{file: tmp}, film, w.places.Apply)
	if err != nil {
		return fmt.Errorf("seal clip: %w", err)
	}
	if s.SourceBytes != w.size {
		return problem(CodeSource, "Wait until the camera has finished, then add it again.", "The recording changed while it was sealed.")
	}
	if err := tmp.Sync(); err != nil {
		return fmt.Errorf("seal clip: %w", err)
	}
	if info, err := tmp.Stat(); err != nil || info.Size() != s.PayloadBytes {
		return fmt.Errorf("seal clip: the sealed file has another length than was written: %w", errors.Join(err, seal.ErrTruncated))
	}
	if _, _, err := seal.OpenPayload(s.Key, tmp, s.PayloadBytes); err != nil {
		return fmt.Errorf("read the sealed clip back: %w", err)
	}
	w.body.Source.SHA256 = policies.Digest(s.SourceSHA256)
	w.body.Payload = policies.Payload{
		Bytes: s.PayloadBytes, SHA256: policies.Digest(s.PayloadSHA256), Nonce: s.Nonce, Commitment: policies.Digest(seal.Commitment(s.Key)),
	}
	w.sealed = s
	return nil
}

// queue names the sealed file and queues the statement with all that belongs to
// it. The file gets its name before the commit: a name that no row knows is
// removed at the next start, a row without its file would be a lost clip.
func (w *sealing) queue(tmp string) (Added, error) {
	attachments, err := w.attachments()
	if err != nil {
		return Added{}, err
	}
	w.body.Fixed = fixed(attachments[1:]...)
	twice, err := w.d.alreadyAdded(w.body.Source.SHA256)
	if err != nil {
		return Added{}, err
	}
	w.warnings = append(w.warnings, twice...)
	path, err := filepath.Abs(w.in.File)
	if err != nil {
		return Added{}, err
	}
	added := Added{SourceSHA256: w.body.Source.SHA256, Changed: w.changed, Warnings: w.warnings}
	_, err = w.d.outbox.fileWith(draft{policies.RecordID(w.in.Family), "clip.add", w.body, attachments}, func(tx *sql.Tx, st policies.Statement) error {
		added.Clip = policies.ClipID(st.ID)
		if err := errors.Join(os.Rename(tmp, w.d.payload(added.Clip)), syncDir(w.d.clipPath(""))); err != nil {
			return fmt.Errorf("name the sealed clip: %w", err)
		}
		_, err := tx.Exec(`INSERT INTO uploads (clip, bytes, url, state, why) VALUES ($1, $2, '', 'waiting', '')`, added.Clip.String(), w.body.Payload.Bytes)
		if err == nil {
			_, err = tx.Exec(`INSERT INTO sources (clip, path, bytes, sha256, fate) VALUES ($1, $2, $3, $4, '')`,
				added.Clip.String(), w.d.store.shut([]byte(path), "sources", added.Clip.String()), w.size, w.body.Source.SHA256.String())
		}
		return err
	})
	if err != nil {
		return Added{}, err
	}
	return added, nil
}

// attachments are the header for the family, and the title if there is one.
func (w *sealing) attachments() ([]wire.Attachment, error) {
	to, err := w.d.sealTo(w.in.Family)
	if err != nil {
		return nil, err
	}
	header, err := seal.NewHeader(w.sealed.Key, to)
	if err != nil {
		return nil, err
	}
	out := []wire.Attachment{{Name: headerName(to), Body: header}}
	if title := strings.TrimSpace(w.in.Title); title != "" {
		sealed, err := seal.SealText(w.sealed.Key, title, titlePlace)
		if err != nil {
			return nil, problem(CodeInput, "Write it in plain letters.", "The title cannot be used.").because(err)
		}
		out = append(out, wire.Attachment{Name: "title", Body: sealed})
	}
	return out, nil
}
