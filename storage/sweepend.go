package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// destroy deletes the bytes of what was ordered to be destroyed, and certifies it. Told with
// its crash points, since each of them is met again by the same code:
//
//  1. What the store has is listed and written down, so that the certificate names it
//     whatever is cut afterwards.
//  2. Uploads are ended, then every version is deleted, then the store is listed again. A
//     crash anywhere begins at 1 and finds less.
//  3. clip.dispose is stated: in one transaction with it the clip's keys are deleted, its
//     event is logged and its row moves on. A crash before it begins at 1 and finds nothing.
func (w *Sweeper) destroy(ctx context.Context, out *Sweep) error {
	return w.each(ctx, rows.FilmDestroying, rows.Never, func(row rows.Disposal) error {
		if err := w.destroyOne(ctx, row.Clip); err != nil {
			out.failed(row.Clip, err)
			return nil
		}
		found, uploads, keys, err := w.evidence(ctx, row)
		if err != nil {
			out.failed(row.Clip, err)
			return nil
		}
		verified := w.d.now()
		id, err := w.records.stateIf(ctx, row.Family, func(f *policies.Family, t policies.Terms) (policies.Kind, policies.Body) {
			return certificate(f, row.Clip, t, found, uploads, keys, verified)
		})
		switch {
		case err != nil:
			out.failed(row.Clip, err)
		case !id.IsZero():
			out.Destroyed = append(out.Destroyed, row.Clip)
		}
		return nil
	})
}

// destroyOne leaves nothing of a clip in the object store.
func (w *Sweeper) destroyOne(ctx context.Context, id policies.ClipID) error {
	key := payloadKey(id)
	ended, err := w.objects.AbortAll(ctx, key)
	if err != nil {
		return fmt.Errorf("end uploads of clip %s: %w", id, err)
	}
	w.d.step("after the uploads ended")
	versions, err := w.objects.Versions(ctx, key)
	if err != nil {
		return fmt.Errorf("list clip %s: %w", id, err)
	}
	if err := w.d.rows.Write(ctx, func(tx *rows.Tx) error {
		for _, v := range versions {
			if err := tx.PutFoundVersion(id, rows.FoundVersion{Version: v.ID, Bytes: v.Bytes, Marker: v.Marker}); err != nil {
				return err
			}
		}
		return tx.EndedUploads(id, ended)
	}); err != nil {
		return err
	}
	w.d.step("after the versions were noted")
	for _, v := range versions {
		if err := w.objects.DeleteVersion(ctx, key, v.ID); err != nil {
			return fmt.Errorf("delete clip %s: %w", id, err)
		}
		w.d.step("after a version was deleted")
	}
	left, err := w.objects.Remains(ctx, key)
	if err != nil {
		return fmt.Errorf("verify clip %s: %w", id, err)
	}
	if !left.Empty() {
		return fmt.Errorf("verify clip %s: %d versions and %d uploads are still there", id, left.Versions, left.Uploads)
	}
	w.d.step("after the film was verified to be gone")
	return nil
}

// evidence is what a certificate says that the object store and the tables know.
func (w *Sweeper) evidence(ctx context.Context, row rows.Disposal) (found []rows.FoundVersion, uploads, keys int, err error) {
	err = w.d.rows.Read(ctx, func(v *rows.View) error {
		if found, err = v.FoundVersions(row.Clip); err != nil {
			return err
		}
		now, _, err := v.Disposal(row.Clip)
		if err != nil {
			return err
		}
		uploads = int(now.Uploads)
		a, err := w.d.asks(v, row.Family)
		if err != nil {
			return err
		}
		list, err := w.d.filmStatements(v, a.org, a.family, row.Clip)
		for _, id := range list {
			if err != nil {
				return err
			}
			var n int
			n, err = v.FilmKeys(id)
			keys += n
		}
		return err
	})
	return found, uploads, keys, err
}

// certificate is the clip.dispose of a clip of which nothing is left.
func certificate(f *policies.Family, id policies.ClipID, t policies.Terms, found []rows.FoundVersion, uploads, keys int, verified policies.Micros) (policies.Kind, policies.Body) {
	x, ok := f.Fate(id, t)
	if !ok || x.State != policies.FateDestroying {
		return "", nil
	}
	c := f.Clips[id]
	m := f.Marks[c.Mark]
	b := &policies.ClipDispose{
		Clip: id, Order: c.Destroying, Class: x.Class, Ground: m.Ground, Authority: m.Authority, Due: m.Due, Pack: m.Pack,
		Payload: c.Payload.SHA256, Versions: []policies.Version{}, Uploads: uploads, Keys: keys, VerifiedAt: verified, KeysAt: max(verified, t.Now),
		Backup: policies.DayOf(max(verified, t.Now), t.Where).Plus(policies.Period{Days: t.Pack.Clocks.Backup.Value}).String(),
	}
	for _, v := range found[:min(len(found), policies.MaxVersions)] {
		said := policies.Version{ID: v.Version, Bytes: v.Bytes}
		if v.Bytes == c.Payload.Bytes && !c.Stored.IsZero() {
			said.SHA256 = c.Payload.SHA256
		}
		b.Versions = append(b.Versions, said)
	}
	return "clip.dispose", b
}

// verify looks once more for what was destroyed some time ago: an upload that another process
// was finishing, or a bucket that was put back from a copy, brings bytes back. They are
// deleted again, and the log says so.
func (w *Sweeper) verify(ctx context.Context, out *Sweep) error {
	now := w.d.now()
	return w.each(ctx, rows.FilmDestroyed, now, func(row rows.Disposal) error {
		left, err := w.objects.Remains(ctx, payloadKey(row.Clip))
		again := err == nil && !left.Empty()
		if again {
			err = w.destroyOne(ctx, row.Clip)
		}
		if err == nil {
			err = w.verified(ctx, row, again, now)
		}
		switch {
		case err != nil:
			out.failed(row.Clip, err)
		case again:
			out.Returned = append(out.Returned, row.Clip)
		default:
			out.Verified = append(out.Verified, row.Clip)
		}
		return nil
	})
}

// VerifyFilm is the log's action for the second look at film that was destroyed.
const VerifyFilm = "clip.verify"

func (w *Sweeper) verified(ctx context.Context, row rows.Disposal, again bool, now policies.Micros) error {
	return w.d.rows.Write(ctx, func(tx *rows.Tx) error {
		was, there, err := tx.Disposal(row.Clip)
		if err != nil || !there || was.State != rows.FilmDestroyed {
			return err
		}
		ev := rows.Event{
			At: int64(now), Action: VerifyFilm, Outcome: accesslog.Done, Subject: rows.Named{Kind: rows.NamedKey, ID: string(policies.SignServer)},
			Family: family(row.Family), Object: clip(row.Clip), Rules: []string{policies.GoneRule}, Bundle: w.d.cfg.Bundle.SHA256().String(), Range: "nothing found",
		}
		if was.State, was.Due = rows.FilmVerified, rows.Never; again {
			ev.Range = "found, and deleted again"
			was.State, was.Due = rows.FilmDestroyed, now+verifyAfter
		}
		_, _, err = tx.Log(ev)
		return errors.Join(err, tx.PutDisposal(was))
	})
}
