package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Clips is the door to payloads.
type Clips struct{ d *door }

// viewingFor is how long a viewing stays open without being asked for again: an
// afternoon with the family, not a second login.
const viewingFor = 4 * policies.Hour

// Viewing is a door to one clip's payload for one person on one device. Its ranges
// may be read at once: nothing of it changes after it was opened.
type Viewing struct {
	d     *door
	who   policies.Caller
	token ViewingID
	row   rows.Viewing
	clip  rows.Clip
}

// ID names the viewing; only whom it was given to knows it.
func (v *Viewing) ID() ViewingID { return v.token }

// Bytes is the length of the payload.
func (v *Viewing) Bytes() int64 { return v.clip.Bytes }

// Open rules on one viewing of a clip and returns the door to its bytes.
//
// The event is durable before Open returns, so a viewing that cannot be recorded
// cannot happen. An unknown, disposed or invisible clip returns ErrNotFound: from
// outside, the three must look the same. A viewer whose consent has ended gets a
// *DeniedError. A copy needs a reason, one line of at most 500
// bytes, which the log keeps as deletable detail.
//
// Source: RULES.md, the rules on clip.watch and clip.copy.
func (c *Clips) Open(ctx context.Context, who policies.Caller, r ViewRequest) (*Viewing, error) {
	if r.Copy && r.Reason == "" || !oneLine(r.Reason) {
		return nil, ErrReason
	}
	v := &Viewing{d: c.d, who: who, token: newToken()}
	var denied error
	err := c.d.rows.Write(ctx, func(tx *rows.Tx) error {
		now := c.d.now()
		v.row = rows.Viewing{
			ID: policies.DigestOf(v.token[:]), Clip: r.Clip, Staff: who.Staff, Device: who.Device,
			Purpose: r.Purpose, Copy: r.Copy, Expires: now + viewingFor,
		}
		var err error
		if v.clip, _, err = tx.Clip(r.Clip); err != nil {
			return err
		}
		ruling, refused, err := v.rule(tx, now)
		if err != nil {
			return err
		}
		denied = refused
		ev := v.event(ruling, now)
		ev.Range = "start"
		if r.Reason != "" {
			ev.Detail = r.Reason + "\n" + ev.Detail
		}
		if _, err := c.d.logAccess(tx, who, ev); err != nil || denied != nil {
			return err
		}
		return tx.PutViewing(v.row)
	})
	return v, errors.Join(err, denied)
}

// maxReason is a sentence or two, in bytes.
const maxReason = 500

// oneLine keeps a reason from passing for more than one line of the log's detail:
// the last line is the address, which the caller does not choose.
func oneLine(reason string) bool {
	return len(reason) <= maxReason && !strings.ContainsFunc(reason, unicode.IsControl)
}

// Viewing finds an open viewing again, for the person and the device that it was
// opened for.
func (c *Clips) Viewing(ctx context.Context, who policies.Caller, id ViewingID) (*Viewing, error) {
	v := &Viewing{d: c.d, who: who, token: id}
	err := c.d.rows.Read(ctx, func(view *rows.View) error {
		var ok bool
		var err error
		if v.row, ok, err = view.Viewing(policies.DigestOf(id[:])); err != nil {
			return err
		}
		if !ok || v.row.Staff != who.Staff || v.row.Device != who.Device || v.row.Expires <= c.d.now() {
			return ErrNotFound
		}
		v.clip, _, err = view.Clip(v.row.Clip)
		return err
	})
	return v, err
}

// ReadRange opens length bytes of the payload from offset, at most to its end.
// Each call, and on its way each eighth of the clip, reads the device's, the
// person's and the family's state again; a newly entered eighth is an event,
// durable before its first byte. Once access has ended the reader gives the
// refusal instead of the rest. It holds ctx, and must be closed.
func (v *Viewing) ReadRange(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || length <= 0 || offset >= v.clip.Bytes {
		return nil, ErrRange
	}
	length = min(length, v.clip.Bytes-offset)
	if err := v.enter(ctx, eighths(offset, 1, v.clip.Bytes)); err != nil {
		return nil, err
	}
	body, err := v.d.cfg.Objects.ReadRange(ctx, payloadKey(v.row.Clip), offset, length)
	if err != nil {
		return nil, fmt.Errorf("read clip %s: %w", v.row.Clip, err)
	}
	return gate(body, offset, v.clip.Bytes, func(eighth int64) error { return v.enter(ctx, eighth) }), nil
}

// enter rules again. Where nothing new is entered and the rules still allow it, it
// writes nothing.
func (v *Viewing) enter(ctx context.Context, entered int64) error {
	var ruling policies.Ruling
	var fresh int64
	err := v.d.rows.Read(ctx, func(view *rows.View) error {
		row, ok, err := view.Viewing(v.row.ID)
		if err != nil {
			return err
		}
		if !ok {
			return ErrNotFound
		}
		fresh = entered &^ row.Eighths
		ruling, _, err = v.rule(view, v.d.now())
		return err
	})
	if err != nil || ruling.Allowed && fresh == 0 {
		return err
	}
	var denied error
	err = v.d.rows.Write(ctx, func(tx *rows.Tx) error {
		row, ok, err := tx.Viewing(v.row.ID)
		if err != nil {
			return err
		}
		if !ok {
			return ErrNotFound
		}
		now := v.d.now()
		if ruling, denied, err = v.rule(tx, now); err != nil {
			return err
		}
		fresh = entered &^ row.Eighths
		if denied == nil && fresh == 0 {
			return nil // another range of this viewing entered it in the meantime
		}
		ev := v.event(ruling, now)
		ev.Range = ranges(fresh)
		if _, err := v.d.logAccess(tx, v.who, ev); err != nil || denied != nil {
			return err
		}
		return tx.EnterEighths(row.ID, row.Eighths|entered)
	})
	return errors.Join(err, denied)
}

// stateReader is what both kinds of transaction read.
type stateReader interface {
	orgReader
	Family(policies.FamilyID) (*policies.Family, error)
}

// rule asks whether this viewing is allowed now, and gives the refusal if not. An
// unknown clip is asked about too, so that the denial has a rule and the log an
// event.
func (v *Viewing) rule(from stateReader, now policies.Micros) (ruling policies.Ruling, refused, err error) {
	o, err := v.d.org.read(from)
	if err != nil {
		return ruling, nil, err
	}
	found := !v.clip.Family.IsZero()
	var f *policies.Family
	if found {
		if f, err = from.Family(v.clip.Family); err != nil {
			return ruling, nil, err
		}
	}
	act := policies.ActWatch
	if v.row.Copy {
		act = policies.ActCopy
	}
	ruling = v.d.cfg.Bundle.Decide(policies.Request{
		Caller: v.who, Action: act, Clip: v.row.Clip, Purpose: v.row.Purpose, Now: now,
	}, o, f)
	if !found {
		return ruling, ErrNotFound, nil
	}
	return ruling, hidden(ruling, o, f, v.who), nil
}

func (v *Viewing) event(r policies.Ruling, now policies.Micros) rows.Event {
	about := rows.Named{}
	if !v.clip.Family.IsZero() {
		about = family(v.clip.Family)
	}
	return v.d.access(v.who, r, now, about, clip(v.row.Clip))
}

// payloadKey is the object of a clip's payload.
func payloadKey(id policies.ClipID) objects.Key { return objects.Key("clips/" + id.String()) }
