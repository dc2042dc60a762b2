package attune

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// AddClip is film to be sealed.
type AddClip struct {
	Family        policies.FamilyID
	File          string // the recording; it is only read
	Kind          policies.ClipKind
	Chosen        bool // "better than usual", or as the pack calls it
	Title         string
	Session       policies.SessionID  // the last one logged when zero
	People        []policies.PersonID // everyone in it
	CapturedFrom  time.Time           // when it was filmed; the time of adding when not given
	CapturedUntil time.Time
	Remove        bool // the practitioner wants the recording removed from the camera; see ConfirmSource
}

// Added is a clip that is sealed, synced to disk, signed and queued.
type Added struct {
	Clip         policies.ClipID `json:"clip"`
	SourceSHA256 policies.Digest `json:"source_sha256"`
	Changed      []string        `json:"changed"`  // places that were blanked before sealing
	Warnings     []string        `json:"warnings"` // plain sentences
}

// Add seals a recording and queues its clip.add.
//
// The order is what makes a crash harmless: gate, look, seal to a temporary
// file, sync, read back, then name, statement, title, header and upload in one
// transaction. Until that commits there is no clip, and the next start removes
// the pieces; the recording itself is never written to. Only [Clips.ConfirmSource]
// may remove it, later.
//
// Errors: [*GateError] with every reason; [*Error] with [CodeNotVideo].
func (c *Clips) Add(ctx context.Context, in AddClip) (Added, error) {
	gate, err := c.Gate(in.Family, in.People)
	if err != nil {
		return Added{}, err
	}
	if !gate.Open {
		return Added{}, gateError(gate)
	}
	src, err := os.Open(in.File)
	if err != nil {
		return Added{}, problem(CodeInput, "Check the name of the file.", "The recording cannot be read.").because(err)
	}
	defer src.Close()
	work, err := inspect(src)
	if err != nil {
		return Added{}, err
	}
	body, err := c.manifest(in, gate, work)
	if err != nil {
		return Added{}, err
	}
	tmp, err := os.CreateTemp(c.d.clipPath(""), "seal-*.tmp") // 0600
	if err != nil {
		return Added{}, fmt.Errorf("seal clip: %w", err)
	}
	defer os.Remove(tmp.Name()) // absent once named
	defer tmp.Close()
	sealed, err := c.seal(ctx, tmp, src, work, &body)
	if err != nil {
		return Added{}, err
	}
	return c.queue(in, body, sealed, tmp.Name(), work)
}

// Gate asks whether these people may be filmed now. The answer is the mirror's,
// so that only what the server has accepted can open it; what is queued here,
// such as a withdrawal, can shut it.
func (c *Clips) Gate(family policies.FamilyID, people []policies.PersonID) (policies.Gate, error) {
	org, err := c.d.mirror.verifiedOrg()
	if err != nil {
		return policies.Gate{}, err
	}
	pack, err := c.d.figures()
	if err != nil {
		return policies.Gate{}, err
	}
	contact, err := c.d.mirror.Contact()
	if err != nil {
		return policies.Gate{}, err
	}
	provisional, err := c.d.mirror.provisional(family)
	if err != nil {
		return policies.Gate{}, err
	}
	known, ok := c.d.mirror.Family(family)
	if !ok {
		return policies.Gate{Reasons: []policies.Reason{{Rule: "UPLOAD-APPROVAL", Text: "The service does not know this family yet. Sync, and ask for approval to film."}}}, nil
	}
	now, last := policies.At(c.d.now()), policies.Micros(0)
	if !contact.IsZero() {
		last = policies.At(contact)
	}
	gate := policies.FilmingGate(org, known, c.d.me.Staff, people, now, last, pack)
	if gate.Open {
		if here := policies.FilmingGate(org, provisional, c.d.me.Staff, people, now, last, pack); !here.Open {
			return here, nil
		}
	}
	return gate, nil
}

func gateError(g policies.Gate) error {
	e := &GateError{}
	for _, r := range g.Reasons {
		e.Reasons = append(e.Reasons, r.Text)
		e.Rules = append(e.Rules, r.Rule)
	}
	return e
}

// recording is what is known of a file before it is sealed.
type recording struct {
	info     film.Info
	size     int64
	clean    io.Reader
	changed  []string
	warnings []string
}

func inspect(src *os.File) (recording, error) {
	stat, err := src.Stat()
	if err != nil {
		return recording{}, err
	}
	w := recording{size: stat.Size(), changed: []string{}}
	if w.info, err = film.Inspect(src, w.size); err != nil {
		return w, notVideo(src.Name(), err)
	}
	clean, blanked, err := film.Clean(src, w.size)
	if err != nil {
		return w, notVideo(src.Name(), err)
	}
	w.clean = clean
	for _, b := range blanked {
		if box := short(b.Box, 64); !slices.Contains(w.changed, box) && len(w.changed) < 64 {
			w.changed = append(w.changed, box)
		}
	}
	if w.info.Fragmented && !w.info.Indexed {
		w.warnings = append(w.warnings, "This film was recorded in pieces without an index: it plays only after all of it was fetched, and cannot be wound forward. Record it with the camera app if you can.")
	}
	if ok, why := w.info.Playable(); !ok {
		w.warnings = append(w.warnings, why)
	}
	return w, nil
}

func notVideo(name string, err error) error {
	next := "Choose the film that the camera made."
	if errors.Is(err, film.ErrTruncated) {
		next = "Copy it from the camera again; if it stays so, the camera did not finish it."
	}
	return problem(CodeNotVideo, next, "%s is not film that can be added.", filepath.Base(name)).because(err)
}

func short(s string, most int) string {
	for len(s) > most {
		r := []rune(s)
		s = string(r[:len(r)-1])
	}
	return s
}

// manifest is the body of clip.add as far as it is known before sealing.
func (c *Clips) manifest(in AddClip, gate policies.Gate, w recording) (policies.ClipAdd, error) {
	f, err := c.d.mirror.provisional(in.Family)
	if err != nil {
		return policies.ClipAdd{}, err
	}
	if in.Session.IsZero() {
		if in.Session, err = c.lastSession(f); err != nil {
			return policies.ClipAdd{}, err
		}
	}
	now := c.d.now()
	if in.CapturedUntil.IsZero() {
		in.CapturedUntil = now
	}
	if in.CapturedFrom.IsZero() {
		in.CapturedFrom = in.CapturedUntil
	}
	return policies.ClipAdd{
		Kind: in.Kind, Chosen: in.Chosen, Session: in.Session, People: in.People, Controller: c.d.me.Org,
		Captured: policies.Span{From: policies.At(in.CapturedFrom), Until: policies.At(in.CapturedUntil)},
		Approval: gate.Approval, Consent: gate.Consent,
		Media:  policies.Media{Type: w.info.MediaType, Codec: w.info.Codec, DurationMS: w.info.Duration.Milliseconds()},
		Source: policies.Source{Bytes: w.size, Changed: w.changed, Remove: in.Remove},
		Fixed:  []policies.Attachment{},
	}, nil
}

func (c *Clips) lastSession(f *policies.Family) (policies.SessionID, error) {
	order, err := c.d.mirror.order(policies.RecordID(f.ID))
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
// own hash is that of the file as the camera left it: when places were blanked,
// that is not what was sealed.
func (c *Clips) seal(ctx context.Context, tmp, src *os.File, w recording, body *policies.ClipAdd) (seal.Sealed, error) {
	p := c.d.cfg.progress("Sealing")
	defer p.Done()
	p.Total(w.size)
	s, err := seal.SealPayload(ctx, tmp, counted{w.clean, p})
	if err != nil {
		return s, fmt.Errorf("seal clip: %w", err)
	}
	if s.SourceBytes != w.size {
		return s, problem(CodeSource, "Wait until the camera has finished, then add it again.", "The recording changed while it was sealed.")
	}
	if err := tmp.Sync(); err != nil {
		return s, fmt.Errorf("seal clip: %w", err)
	}
	if info, err := tmp.Stat(); err != nil || info.Size() != s.PayloadBytes {
		return s, fmt.Errorf("seal clip: the sealed file has another length than was written: %w", errors.Join(err, seal.ErrTruncated))
	}
	if _, _, err := seal.OpenPayload(s.Key, tmp, s.PayloadBytes); err != nil {
		return s, fmt.Errorf("read the sealed clip back: %w", err)
	}
	body.Source.SHA256 = policies.Digest(s.SourceSHA256)
	if len(w.changed) > 0 {
		if body.Source.SHA256, err = fileDigest(src); err != nil {
			return s, err
		}
	}
	body.Payload = policies.Payload{
		Bytes: s.PayloadBytes, SHA256: policies.Digest(s.PayloadSHA256), Nonce: s.Nonce, Commitment: policies.Digest(seal.Commitment(s.Key)),
	}
	return s, nil
}

// queue names the sealed file and queues the statement with all that belongs to
// it. The file gets its name before the commit: a name that no row knows is
// removed at the next start, a row without its file would be a lost clip.
func (c *Clips) queue(in AddClip, body policies.ClipAdd, s seal.Sealed, tmp string, w recording) (Added, error) {
	attachments, err := c.attachments(in, s)
	if err != nil {
		return Added{}, err
	}
	body.Fixed = fixed(attachments[1:]...)
	path, err := filepath.Abs(in.File)
	if err != nil {
		return Added{}, err
	}
	added := Added{SourceSHA256: body.Source.SHA256, Changed: w.changed, Warnings: w.warnings}
	_, err = c.d.outbox.fileWith(draft{policies.RecordID(in.Family), "clip.add", body, attachments}, func(tx *sql.Tx, st policies.Statement) error {
		added.Clip = policies.ClipID(st.ID)
		if err := errors.Join(os.Rename(tmp, c.d.payload(added.Clip)), syncDir(c.d.clipPath(""))); err != nil {
			return fmt.Errorf("name the sealed clip: %w", err)
		}
		_, err := tx.Exec(`INSERT INTO uploads (clip, bytes, url, state, why) VALUES ($1, $2, '', 'waiting', '')`, added.Clip.String(), s.PayloadBytes)
		if err == nil {
			_, err = tx.Exec(`INSERT INTO sources (clip, path, bytes, sha256, fate) VALUES ($1, $2, $3, $4, '')`,
				added.Clip.String(), path, w.size, body.Source.SHA256.String())
		}
		return err
	})
	if err != nil {
		return Added{}, err
	}
	return added, nil
}

// attachments are the header for the family, and the title if there is one.
func (c *Clips) attachments(in AddClip, s seal.Sealed) ([]wire.Attachment, error) {
	f, err := c.d.mirror.provisional(in.Family)
	if err != nil {
		return nil, err
	}
	to, err := seal.ParseRecipient(f.Recipient)
	if err != nil {
		return nil, err
	}
	header, err := seal.NewHeader(s.Key, to)
	if err != nil {
		return nil, err
	}
	out := []wire.Attachment{{Name: headerName(to), Body: header}}
	if title := strings.TrimSpace(in.Title); title != "" {
		sealed, err := seal.SealText(s.Key, title, titlePlace)
		if err != nil {
			return nil, problem(CodeInput, "Write it in plain letters.", "The title cannot be used.").because(err)
		}
		out = append(out, wire.Attachment{Name: "title", Body: sealed})
	}
	return out, nil
}

// fileDigest hashes a file from its start.
func fileDigest(f *os.File) (policies.Digest, error) {
	h := sha256.New()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return policies.Digest{}, err
	}
	if _, err := io.Copy(h, f); err != nil {
		return policies.Digest{}, err
	}
	return policies.Digest(h.Sum(nil)), nil
}
