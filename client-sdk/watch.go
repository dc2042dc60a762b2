package attune

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Playing is an open clip: film in clear, in memory and a piece at a time, never
// in a file. Every byte was authenticated before it is given out.
type Playing struct {
	Clip      policies.ClipID
	Size      int64 // of the film, bytes
	MediaType string
	Codec     string
	Duration  time.Duration
	Title     string
	Offline   bool // played from this device's own sealed copy, without the server

	// Glass is the broken glass under which the service records this viewing; nil for a
	// viewing like any other.
	Glass *policies.Glass

	plain  io.ReaderAt
	closer io.Closer
}

// ReadAt implements io.ReaderAt on the film. It is safe for concurrent use.
func (p *Playing) ReadAt(b []byte, off int64) (int, error) { return p.plain.ReadAt(b, off) }

// Reader reads the film from its start, and seeks: what http.ServeContent wants.
func (p *Playing) Reader() *io.SectionReader { return io.NewSectionReader(p.plain, 0, p.Size) }

// Close ends what is being fetched.
func (p *Playing) Close() error { return p.closer.Close() }

// Open opens a clip to watch for a purpose. The server is asked first, and
// records the viewing before it sends a byte; what it sends must be the bytes to
// which clip.add is bound, or nothing is played. Without a connection this
// device's own sealed copy of the person's own clip can be played, within the
// service's limit for days without contact.
//
// Errors: an [*Error] with the server's code for a denial, [CodeOffline],
// [CodeNoKey], or [CodeSealed] when key or bytes are not the clip's.
func (c *Clips) Open(ctx context.Context, clip policies.ClipID, purpose policies.Purpose) (*Playing, error) {
	return (&viewing{c.d, wire.ViewRequest{Purpose: purpose}}).open(ctx, clip)
}

// viewing is one request to see a clip.
type viewing struct {
	d   *desk
	ask wire.ViewRequest
}

func (v *viewing) open(ctx context.Context, clip policies.ClipID) (*Playing, error) {
	f, err := v.d.clipFamily(clip)
	if err != nil {
		return nil, err
	}
	own, err := v.d.keys.clips(f)
	if err != nil {
		return nil, err
	}
	key, err := v.d.shelf.fileKey(f, clip, own)
	if err != nil {
		return nil, err
	}
	m := f.Clips[clip]
	src, offline, err := v.bytes(ctx, f, m)
	if err != nil {
		return nil, v.otherPurpose(f, clip, err)
	}
	p := &Playing{
		Clip: clip, MediaType: m.Media.Type, Codec: m.Media.Codec, Duration: time.Duration(m.Media.DurationMS) * time.Millisecond,
		Title: v.d.shelf.title(f, clip, own), Offline: offline, closer: src,
	}
	if g, ok := f.GlassFor(v.d.me.Staff, clip, policies.At(v.d.now())); ok && !offline && !v.ask.Copy {
		p.Glass = &g
	}
	plain, size, err := v.bind(key, f, m, src)
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	p.plain, p.Size = watched{plain, func(err error) error { return v.damaged(m, src, err) }}, size
	return p, nil
}

// otherPurpose tells a viewer who asked for the wrong purpose what the right one is:
// to the service a clip that nobody granted for a purpose is not there.
func (v *viewing) otherPurpose(f *policies.Family, clip policies.ClipID, err error) error {
	org := v.d.mirror.Org()
	if CodeOf(err) != wire.CodeNotFound || v.ask.Copy || org == nil || f.OnTeam(v.d.me.Staff) {
		return err
	}
	for _, p := range allowedFor(org, f, v.d.me.Staff, clip, policies.At(v.d.now())) {
		if p != v.ask.Purpose {
			return problem(wire.CodeNotFound, "Ask for that purpose.", "You may watch clip %s for %s, and not for %s.",
				clip.Short(), p, v.ask.Purpose).because(err)
		}
	}
	return err
}

// payloadReader is a sealed payload, here or at the server.
type payloadReader interface {
	io.ReaderAt
	io.Closer
}

// bind holds key and payload against the clip's statement before anything is
// played: the length, the nonce, and the last chunk, which proves the length.
// Commitment and nonce together fix the key of every chunk.
func (v *viewing) bind(key seal.FileKey, f *policies.Family, m *policies.Clip, src io.ReaderAt) (io.ReaderAt, int64, error) {
	var nonce policies.Bytes16
	if _, err := src.ReadAt(nonce[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if nonce != m.Payload.Nonce {
		return nil, 0, v.otherFilm(f, m, nonce)
	}
	plain, size, err := seal.OpenPayload(key, src, m.Payload.Bytes)
	return plain, size, v.damaged(m, src, err)
}

// damaged is [damaged] for bytes that the server may have sent: then it is its doing,
// whether a disk failed or somebody changed them.
func (v *viewing) damaged(m *policies.Clip, src io.ReaderAt, err error) error {
	sent, ok := src.(*ranges)
	err = damaged(m.ID, err)
	var e *Error
	if !ok || sent.here != nil || !errors.As(err, &e) || e.Code != CodeSealed {
		return err
	}
	told, _ := v.d.convict(lied(CodeFilm, exhibit{ID: m.ID.String(), Expected: "SHA-256 " + m.Payload.SHA256.String(), Got: sent.lastRead()}, e.Cause,
		"The film that the server sent for clip %s was changed or cut short.", m.ID.Short()))
	return told
}

// otherFilm: the film that was sent begins as no film of this clip's does.
func (v *viewing) otherFilm(f *policies.Family, m *policies.Clip, nonce policies.Bytes16) error {
	shows := exhibit{ID: m.ID.String(), Record: policies.RecordID(f.ID), Expected: "nonce " + m.Payload.Nonce.String(), Got: "nonce " + nonce.String()}
	whose := "another"
	for _, id := range slices.SortedFunc(maps.Keys(f.Clips), compareIDs) {
		if f.Clips[id].Payload.Nonce == nonce {
			shows.About, whose = []policies.ClipID{id}, "that of clip "+id.Short()
		}
	}
	err, _ := v.d.convict(lied(CodeClipFilm, shows, nil, "The film that was sent for clip %s is %s.", m.ID.Short(), whose))
	return err
}

// watched tells a person about film that turns out to be damaged while it is read.
type watched struct {
	film    io.ReaderAt
	damaged func(error) error
}

// ReadAt implements io.ReaderAt.
func (w watched) ReadAt(b []byte, off int64) (int, error) {
	n, err := w.film.ReadAt(b, off)
	return n, w.damaged(err)
}

// damaged tells a person about a payload that does not open; other errors stay.
func damaged(id policies.ClipID, err error) error {
	var told *Error
	if errors.As(err, &told) {
		return err
	}
	if errors.Is(err, seal.ErrDamaged) || errors.Is(err, seal.ErrTruncated) {
		return problem(CodeSealed, "Tell your administrator and your IG officer.", "The film of clip %s is damaged or cut short.", id.Short()).because(err)
	}
	return err
}

// bytes asks the server for a viewing. The sealed bytes then come from this
// device where it still has them, a part at a time with the server's leave, and else
// from the server.
func (v *viewing) bytes(ctx context.Context, f *policies.Family, m *policies.Clip) (payloadReader, bool, error) {
	var door wire.Viewing
	err := v.d.remote.call(ctx, http.MethodPost, "/v1/clips/"+m.ID.String()+"/viewings", v.ask, &door)
	local := func() (*os.File, error) {
		file, err := os.Open(v.d.payload(m.ID))
		if err != nil {
			return nil, err
		}
		if info, err := file.Stat(); err != nil || info.Size() != m.Payload.Bytes {
			return nil, errors.Join(errors.New("another length"), file.Close())
		}
		return file, nil
	}
	if err == nil {
		if door.Bytes != m.Payload.Bytes {
			err, _ := v.d.convict(lied(CodeFilmLength, exhibit{ID: m.ID.String(), Record: policies.RecordID(f.ID),
				Expected: fmt.Sprintf("%d bytes", m.Payload.Bytes), Got: fmt.Sprintf("%d bytes", door.Bytes)}, nil,
				"The server holds %d bytes of clip %s, which has %d.", door.Bytes, m.ID.Short(), m.Payload.Bytes))
			return nil, false, err
		}
		src := newRanges(v.d.remote, door.ID, door.Bytes)
		src.accuse = func(e *Error) error {
			e.shows.ID, e.shows.Record = m.ID.String(), policies.RecordID(f.ID) // a viewing's own number would make it new each time
			err, _ := v.d.convict(e)
			return err
		}
		if file, err := local(); err == nil {
			src.here = &ownCopy{file, func(err error) bool { return v.goesOn(m, err) }}
		}
		return src, false, nil
	}
	if v.ask.Copy && m.By == v.d.me.Staff && notArrived(m, err) {
		return nil, false, problem(CodeOffline, "Sync first; then it can be copied.", "Clip %s has not reached the service yet.", m.ID.Short())
	}
	if !v.mayPlayOffline(f, m, err) {
		return nil, false, err
	}
	file, localErr := local()
	if localErr != nil {
		return nil, false, err
	}
	return file, true, nil
}

// goesOn: the connection broke while a person watched their own clip.
func (v *viewing) goesOn(m *policies.Clip, err error) bool {
	f, unknown := v.d.clipFamily(m.ID)
	return unknown == nil && v.mayPlayOffline(f, m, err)
}

// mayPlayOffline: one's own clip, to watch and not to keep, while contact is
// recent, nobody in the clip has withdrawn and the head of service has not revoked the
// permission, as far as this device knows. A clip that has not yet arrived at the
// service counts as offline too.
func (v *viewing) mayPlayOffline(f *policies.Family, m *policies.Clip, err error) bool {
	if v.ask.Copy || m.By != v.d.me.Staff || !(Offline(err) || notArrived(m, err)) {
		return false
	}
	pack, packErr := v.d.figures()
	if packErr != nil {
		return false
	}
	recent, err := v.d.lease.mayOffline(pack)
	now := v.d.now()
	return err == nil && recent &&
		f.OnTeam(v.d.me.Staff) && f.FilmPermitted(v.d.mirror.Org(), m.ID, policies.At(now)) && len(f.ClipConsented(m.ID, v.ask.Purpose, policies.At(now))) == 0
}

// notArrived: the service does not know the clip yet, or has no film to show and
// no other reason to refuse.
func notArrived(m *policies.Clip, err error) bool {
	var e *Error
	if !m.Stored.IsZero() || !errors.As(err, &e) {
		return false
	}
	return e.Code == wire.CodeNotFound || (e.Code == wire.CodeDenied && len(e.Rules) == 1 && e.Rules[0] == "VIEW-STORED")
}
