package soak

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
)

// A service that is put back from a backup is asked three things. At once: whatever was
// stopped is stopped, or waits for what it stops. Once everybody has synced: whatever any
// device still had is there again. And always: what is there is right for everybody.

// mostBackups and mostRestores bound what a run spends on them.
const (
	mostBackups  = 4
	mostRestores = 2
)

// past is what the driver knows of histories that are no more.
type past struct {
	backups  []string
	restores int
	stops    map[string]fact             // each restriction that was ever accepted
	lost     map[string]fact             // what was accepted, and was not in the backup
	holders  map[string]map[*device]bool // of those, who had it when the service was put back
}

func backUp(w *world, _ *device) error {
	if len(w.past.backups) >= mostBackups || plants[w.refuse].late && len(w.past.backups) > 0 {
		return errNothing
	}
	dir := filepath.Join(w.dir, fmt.Sprintf("backup-%d", len(w.past.backups)))
	if _, err := w.service.store.Backup(context.Background(), dir); err != nil {
		return err
	}
	if _, err := w.service.store.Count(context.Background(), dir); err != nil {
		return err
	}
	w.past.backups = append(w.past.backups, dir)
	w.tell("a backup is made")
	return nil
}

// putBack loses the database, and has the operator restore a backup: the last, or one
// before it.
func putBack(w *world, _ *device) error {
	if len(w.past.backups) == 0 || w.past.restores >= mostRestores || plants[w.refuse].late && w.step != lateAt {
		return errNothing
	}
	from := w.past.backups[len(w.past.backups)-1]
	if w.chance(25) {
		from = one(w, w.past.backups)
	}
	for _, d := range w.devices {
		d.older = false // what is too old does not learn of another history before it is updated
	}
	w.past.restores++
	w.count.restored++
	before, err := w.service.accepted("")
	w.ok(err)
	w.ok(w.service.restore(from))
	after, err := w.service.accepted("")
	w.ok(err)
	w.tell("the service is put back from %s: %d statements of %d", filepath.Base(from), len(after)-1, len(before))
	w.forgot(before, after)
	w.stopped(after)
	return nil
}

// restore puts the database back from a backup, as the operator does with the program
// stopped.
func (s *service) restore(from string) error {
	if err := s.close(); err != nil {
		return err
	}
	if spoil := plants[s.w.refuse].restore; spoil != nil {
		if err := spoil(s); err != nil {
			return err
		}
	}
	payloads, err := objects.OpenDir(filepath.Join(s.dir, "objects"))
	if err != nil {
		return err
	}
	cfg := s.config()
	cfg.Objects = payloads
	out, err := storage.Restore(context.Background(), cfg, from)
	if err = errors.Join(err, payloads.Close()); err != nil {
		return err
	}
	for _, tail := range []string{"", "-wal", "-shm"} {
		err = errors.Join(err, remove(out.Before+tail))
	}
	return errors.Join(err, s.open())
}

// forgot notes what is not there any more, and who has it.
func (w *world) forgot(before, after facts) {
	p := &w.past
	if p.stops == nil {
		p.stops, p.lost, p.holders = map[string]fact{}, map[string]fact{}, map[string]map[*device]bool{}
	}
	there := after.index()
	for _, f := range before {
		if row, _ := policies.RowOf(policies.Kind(f.kind)); row.Ledgered() {
			p.stops[f.id] = f
		}
		if !there[f.id] {
			p.lost[f.id] = f
		}
	}
	p.holders = map[string]map[*device]bool{}
	for _, d := range w.devices {
		d.dropped = nil
		for _, id := range w.holds(d) {
			if f, lost := p.lost[id]; lost && f.kind != "service.restored" && f.kind != "service.recovered" { // of that history alone
				if p.holders[id] == nil {
					p.holders[id] = map[*device]bool{}
				}
				p.holders[id][d] = true
			}
		}
	}
}

// holds is the accepted statements that a device has, read from a copy of its store.
func (w *world) holds(d *device) (ids []string) {
	at := filepath.Join(w.dir, "look.db")
	for _, tail := range []string{"", "-wal"} {
		w.ok(remove(at + tail))
		if from := filepath.Join(d.home(), "store.db"+tail); exists(from) {
			w.ok(copyFile(from, at+tail))
		}
	}
	db, err := read(at)
	w.ok(err)
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), `SELECT id FROM statements WHERE raw <> '' UNION
		SELECT id FROM outbox WHERE state = 'accepted' UNION SELECT id FROM lost WHERE code <> 'taken'`)
	w.ok(err)
	defer rows.Close()
	for rows.Next() {
		var id string
		w.ok(rows.Scan(&id))
		ids = append(ids, id)
	}
	w.ok(rows.Err())
	return ids
}

func (all facts) index() map[string]bool {
	there := map[string]bool{}
	for _, f := range all {
		there[f.id] = true
	}
	return there
}

// stopped: each restriction that was ever accepted is in force, or waits for what it is
// about, from the first moment on.
func (w *world) stopped(all facts) {
	if len(w.past.stops) == 0 {
		return
	}
	owed, err := w.service.owed()
	w.ok(err)
	for _, f := range all.missing(w.past.stops) {
		if !owed[f.id] {
			w.wrong("%s %s of record %s was accepted, and is undone by the restore", f.kind, f.id[:8], f.record[:8])
		}
	}
}

// missing are those of a list that are not there, in a fixed order.
func (all facts) missing(of map[string]fact) (out []fact) {
	there := all.index()
	for id, f := range of {
		if !there[id] {
			out = append(out, f)
		}
	}
	sortBy(out, func(f fact) string { return f.id })
	return out
}

// owed is what the server took from its ledger and could not use yet.
func (s *service) owed() (map[string]bool, error) {
	db, err := read(s.database())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), `SELECT id FROM owed`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids[id] = true
	}
	return ids, rows.Err()
}

// returned: what the service forgot is there again, unless everybody who had it may not
// have it any more, or says that the service will not take it.
func (w *world) returned(all facts, c crowd) {
	for _, f := range all.missing(w.past.lost) {
		for _, d := range w.devices {
			if !w.past.holders[f.id][d] || d.gone(c) || slices.Contains(d.dropped, f.record) || w.toldOf(d, f.id) {
				continue
			}
			if f.record != w.service.org.String() && !all.seats(f.record, c, w.now().UnixMicro())(d.person.staff.String()).receives {
				continue
			}
			w.wrong("%s had %s %s of record %s when the service was put back, and has not brought it", d.name, f.kind, f.id[:8], f.record[:8])
		}
	}
}

// toldOf: the device shows its person that the service does not take a statement.
func (w *world) toldOf(d *device, id string) bool {
	list, err := d.client.Restored.Forgotten()
	w.ok(err)
	for _, f := range list {
		if f.ID.String() == id {
			w.count.forgotten++
			return true
		}
	}
	return false
}

// endRecovery has an information governance officer say that the service is whole.
func endRecovery(_ *world, d *device) error {
	_, err := d.client.Restored.Recovered()
	return err
}

// recover ends a recovery once everybody has brought what they have.
func (w *world) recover() {
	all, err := w.service.accepted("")
	w.ok(err)
	c := all.crowd(w.service.org.String(), w.now().UnixMicro())
	for _, d := range w.devices {
		if d.person.role == policies.IGOfficer && !d.gone(c) {
			if s, err := d.client.Restored.Show(); err != nil || s.Recovering {
				w.ok(err)
				w.ok(endRecovery(w, d))
				w.tell("%s says that the service has recovered", d.name)
			}
			return
		}
	}
}

// twice: a service that was put back gives numbers out again that it had given out, and
// takes what two copies of a device had said before it knows which of them goes on. One
// statement was lost, and somebody brought it again.
func (w *world) twice(f fact, was []fact) bool {
	lost := func(f fact) bool { _, ok := w.past.lost[f.id]; return ok }
	own := f.kind == "clip.stored" || f.kind == "service.restored"
	return (lost(f) || slices.ContainsFunc(was, lost)) && (own || w.copied(f.signer))
}
