package attune

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// patchBytes is what one PATCH sends: the server holds so much in memory for an
// upload, and a broken connection costs no more than this.
const patchBytes = 8 << 20

// States of a row of uploads.
const (
	uploadWaiting = "waiting"
	uploadStored  = "stored"
	uploadStopped = "stopped"
)

// Uploader sends sealed payloads by tus 1.0. It holds no key: it could run while
// the device is locked.
type Uploader struct{ d *desk }

type upload struct {
	clip  policies.ClipID
	bytes int64
	url   string
	state string
	why   string
	shown int64 // bytes that the progress bar counts as done
}

func uploadOf(q querier, clip policies.ClipID) (u upload, ok bool, err error) {
	u.clip = clip
	err = q.QueryRow(`SELECT bytes, url, state, why FROM uploads WHERE clip = $1`, clip.String()).Scan(&u.bytes, &u.url, &u.state, &u.why)
	if errors.Is(err, sql.ErrNoRows) {
		return u, false, nil
	}
	return u, err == nil, err
}

// run sends every payload whose clip.add the server has accepted. One that the
// server refuses does not hold up the others: for good, and it is stopped with the
// reason; by a rule or for who asks, and it is tried again at the next sync. A lost
// connection ends the run.
func (u *Uploader) run(ctx context.Context, r *Report) error {
	return u.sending(ctx, r, func(policies.ClipID) bool { return true })
}

func (u *Uploader) sending(ctx context.Context, r *Report, only func(policies.ClipID) bool) error {
	due, err := u.due()
	if err != nil || len(due) == 0 {
		return err
	}
	net, err := u.network()
	if err != nil {
		return err
	}
	for _, up := range due {
		if !only(up.clip) {
			continue
		}
		if u.waits(up.clip) {
			r.waits = append(r.waits, up.clip)
			continue
		}
		if waits, why, err := u.held(up, net); err != nil {
			return err
		} else if waits != "" {
			r.Held = append(r.Held, HeldUpload{Clip: up.clip, Why: why})
			continue
		}
		err := u.one(ctx, up)
		var e *Error
		switch {
		case err == nil:
			r.Uploaded = append(r.Uploaded, up.clip)
		case errors.As(err, &e) && (final(e.Code) || e.Code == wire.CodeDenied || e.Code == wire.CodeNotFound):
			state := uploadWaiting
			if final(e.Code) {
				state = uploadStopped
			}
			if err := u.hold(up.clip, state, e.Error()); err != nil {
				return err
			}
			r.Stopped = append(r.Stopped, StoppedUpload{up.clip, e.Code, e.Message, e.Next, e.Rules})
		default:
			return err
		}
	}
	return nil
}

// final refusals will not change by trying the same bytes again.
func final(c wire.Code) bool {
	switch c {
	case wire.CodeMismatch, wire.CodeNotSealed, wire.CodeTooLarge, wire.CodeBadRequest, CodeSealed:
		return true
	}
	return false
}

// hold notes why a payload is not on its way; where the server has it stays.
func (u *Uploader) hold(clip policies.ClipID, state, why string) error {
	return u.d.store.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE uploads SET state = $2, why = $3 WHERE clip = $1`, clip.String(), state, why)
		return err
	})
}

// HeldUpload is film that did not go to the service when it was last tried.
type HeldUpload struct {
	Clip    policies.ClipID `json:"clip"`
	Why     string          `json:"why"`     // a sentence, and what to do
	Stopped bool            `json:"stopped"` // until Retry; else each sync tries again
}

// Held lists what did not go to the service, and why.
func (u *Uploader) Held() (out []HeldUpload, err error) {
	err = each(u.d.store.db, func(r *sql.Rows) error {
		var h HeldUpload
		var clip string
		if err := r.Scan(&clip, &h.Why, &h.Stopped); err != nil {
			return err
		}
		err := h.Clip.UnmarshalText([]byte(clip))
		out = append(out, h)
		return err
	}, `SELECT clip, why, state = 'stopped' FROM uploads WHERE why <> '' AND state <> 'stored' ORDER BY clip`)
	return out, err
}

// Retry lets a stopped upload be tried again at the next sync, from the beginning.
// An [*Error] with [CodeUnknown] when none of this clip is stopped.
func (u *Uploader) Retry(clip policies.ClipID) error {
	return u.d.store.write(func(tx *sql.Tx) error {
		done, err := tx.Exec(`UPDATE uploads SET url = '', state = 'waiting', why = '' WHERE clip = $1 AND state = 'stopped'`, clip.String())
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, problem(CodeUnknown, "See attune status for what is stopped; the rest is sent by attune sync.", "No upload of clip %s is stopped.", clip.Short()))
		}
		return nil
	})
}

// due are the payloads not yet stored whose statement is accepted: it is in the
// mirror, or it was accepted a moment ago.
func (u *Uploader) due() (out []upload, err error) {
	err = each(u.d.store.db, func(r *sql.Rows) error {
		var up upload
		var clip string
		if err := r.Scan(&clip, &up.bytes, &up.url); err != nil {
			return err
		}
		err := up.clip.UnmarshalText([]byte(clip))
		out = append(out, up)
		return err
	}, `SELECT clip, bytes, url FROM uploads u WHERE state = 'waiting' AND `+clipTaken)
	return out, err
}

func (u *Uploader) set(clip policies.ClipID, url, state, why string) error {
	return u.d.store.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE uploads SET url = $2, state = $3, why = $4 WHERE clip = $1`, clip.String(), url, state, why)
		return err
	})
}

// one sends one payload from where the server has it. An upload that ended at
// the server begins again, once: what the server lost, or received otherwise than
// it was sealed, it takes again.
func (u *Uploader) one(ctx context.Context, up upload) error {
	file, err := os.Open(u.d.payload(up.clip))
	if err != nil {
		return problem(CodeSealed, "Add the film again from the original, if it is still there.", "The sealed copy of clip %s is not on this device.", up.clip.Short()).because(err)
	}
	defer file.Close()
	p := u.d.cfg.progress("Uploading " + up.clip.Short())
	defer p.Done()
	p.Total(up.bytes)
	at := u.try(up.clip)
	defer func() { at.over(up.shown) }()
	for again := true; ; again = false {
		err := u.from(ctx, &up, file, p, at)
		switch code := CodeOf(err); {
		case err == nil || code == wire.CodeStored:
			return u.set(up.clip, "", uploadStored, "")
		case again && (code == wire.CodeUploadGone || code == wire.CodeOffset || code == wire.CodeMismatch || (code == wire.CodeNotFound && up.url != "")):
			if code != wire.CodeOffset {
				up.url = ""
			}
		default:
			return err
		}
	}
}

func (u *Uploader) from(ctx context.Context, up *upload, file io.ReaderAt, p Progress, at *attempt) error {
	if err := u.locate(ctx, up); err != nil {
		return err
	}
	offset, err := u.offset(ctx, up.url)
	if err != nil {
		return err
	}
	p.Add(offset - up.shown) // what a resume finds there counts as done
	for up.shown = offset; err == nil && up.shown < up.bytes; {
		at.at(up.shown)
		up.shown, err = u.patch(ctx, up, file, up.shown, p)
	}
	return err
}

// locate finds the open upload of a clip at the server, or creates one. The
// address is kept: it is what a resume needs.
func (u *Uploader) locate(ctx context.Context, up *upload) error {
	if up.url != "" {
		return nil
	}
	var st wire.UploadStatus
	err := u.d.remote.call(ctx, http.MethodGet, "/v1/clips/"+up.clip.String()+"/upload", nil, &st)
	switch {
	case err == nil && st.Stored:
		return &Error{Code: wire.CodeStored}
	case err == nil && st.Upload != "":
		up.url = st.Upload
	case err == nil || CodeOf(err) == wire.CodeNotFound || CodeOf(err) == wire.CodeUploadGone:
		if up.url, err = u.create(ctx, up); err != nil {
			return err
		}
	default:
		return err
	}
	return u.set(up.clip, up.url, uploadWaiting, "")
}

func (u *Uploader) create(ctx context.Context, up *upload) (string, error) {
	reply, err := u.d.remote.send(ctx, http.MethodPost, "/v1/uploads", http.Header{
		"Tus-Resumable":   {wire.TusVersion},
		"Upload-Length":   {strconv.FormatInt(up.bytes, 10)},
		"Upload-Metadata": {"clip " + base64.StdEncoding.EncodeToString([]byte(up.clip.String()))},
	}, nil)
	if err != nil {
		return "", err
	}
	reply.Body.Close()
	return uploadPath(reply.Header.Get("Location"))
}

// uploadPath takes the path of a Location and nothing else of it: a bearer token
// must not follow an address to another host.
func uploadPath(location string) (string, error) {
	l, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(l.Path, "/v1/uploads/") {
		return "", untrusted("The server gave no address for the upload.", err)
	}
	return l.EscapedPath(), nil
}

// offset asks how many bytes are durable at the server.
func (u *Uploader) offset(ctx context.Context, path string) (int64, error) {
	reply, err := u.d.remote.send(ctx, http.MethodHead, path, http.Header{"Tus-Resumable": {wire.TusVersion}}, nil)
	if err != nil {
		return 0, err
	}
	reply.Body.Close()
	return offsetOf(reply)
}

func offsetOf(reply *http.Response) (int64, error) {
	n, err := strconv.ParseInt(reply.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || n < 0 {
		return 0, untrusted("The server does not say how far the upload is.", err)
	}
	return n, nil
}

// patch sends the next piece and returns what is durable then. A piece is held in
// memory so that the token's one retry can send it again.
func (u *Uploader) patch(ctx context.Context, up *upload, file io.ReaderAt, offset int64, p Progress) (int64, error) {
	piece := make([]byte, min(patchBytes, up.bytes-offset))
	if n, err := file.ReadAt(piece, offset); n < len(piece) {
		return offset, problem(CodeSealed, "Add the film again from the original, if it is still there.", "The sealed copy of clip %s is cut short.", up.clip.Short()).because(err)
	}
	reply, err := u.d.remote.send(ctx, http.MethodPatch, up.url, http.Header{
		"Tus-Resumable": {wire.TusVersion},
		"Upload-Offset": {strconv.FormatInt(offset, 10)},
		"Content-Type":  {"application/offset+octet-stream"},
	}, piece)
	if err != nil {
		return offset, err
	}
	reply.Body.Close()
	next, err := offsetOf(reply)
	if err == nil && (next <= offset || next > offset+int64(len(piece))) {
		return offset, untrusted(fmt.Sprintf("The server says that the upload is at %d after %d were sent.", next, offset+int64(len(piece))), nil)
	}
	p.Add(next - offset)
	return next, err
}
