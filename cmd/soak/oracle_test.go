package soak

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// mostRounds bounds how often everybody syncs until nothing moves any more.
const mostRounds = 10

// heal makes everything well: late requests arrive, clocks are right, everybody is in
// reach and syncs until there is nothing more to tell. The clock stands meanwhile, so
// that nothing ends between a sync and the comparison.
func (w *world) heal() {
	w.calm = true
	for len(w.late) > 0 {
		w.deliver(len(w.late) - 1)
	}
	for _, d := range w.devices {
		d.offline, d.skew = false, 0
	}
	w.everybody()
	w.everybody() // what somebody said in the first round ends something for who came before them
	w.outdated()
	for _, d := range w.devices {
		d.older = false
	}
	w.settle()
	if w.past.restores > 0 {
		w.recover()
		w.settle()
	}
	w.calm = false
	for _, d := range w.devices { // the service has a new version, and some have not
		d.older = w.chance(tooOld)
	}
}

// tooOld is how many devices of a hundred have a program that the service answers no more.
const tooOld = 15

// outdated: whoever's program is too old has stopped what they wanted stopped, and has
// forgotten what they may see no longer.
func (w *world) outdated() {
	all, err := w.service.accepted("")
	w.ok(err)
	c := all.crowd(w.service.org.String(), w.now().UnixMicro())
	for _, d := range w.devices {
		if !d.older {
			continue
		}
		w.count.outdated++
		for _, family := range w.families {
			s := all.seats(family.id.String(), c, w.now().UnixMicro())(d.person.staff.String())
			if _, has := d.client.Mirror.Family(family.id); has && (d.gone(c) || !s.receives) {
				w.wrong("%s, whose program is too old, keeps family %s, which %s may see no longer", d.name, family.reference, d.person.name)
			}
		}
		waiting, err := d.client.Outbox.Waiting()
		w.ok(err)
		opens := map[string]bool{}
		for _, o := range waiting {
			if o.Kind == policies.KindFamilyOpen {
				opens[o.ID.String()] = true
			}
		}
		for _, o := range waiting {
			if row, _ := policies.RowOf(o.Kind); row.Restriction && o.Kind != "device.purged" && !opens[o.Record.String()] { // a receipt may be of this very sync
				w.wrong("%s, whose program is too old, could not say %s", d.name, o.Kind)
			}
		}
	}
}

// settle has everybody sync until there is nothing more to tell.
func (w *world) settle() {
	for round := range mostRounds {
		if !w.everybody() && round >= 2 {
			return
		}
	}
	w.wrong("after %d rounds there is still something to sync", mostRounds)
}

// everybody syncs, and reports whether anything moved.
func (w *world) everybody() (moved bool) {
	ctx := context.Background()
	for _, d := range w.devices {
		r, err := d.client.Sync(ctx)
		d.named()
		for _, o := range r.Accepted {
			w.acked[o.ID] = d.name
		}
		w.count.accepted += len(r.Accepted)
		w.count.refused += len(r.Refused)
		w.count.uploaded += len(r.Uploaded)
		d.heard(r)
		w.judge(d, err)
		if err != nil && !d.revoked && !d.older {
			w.wrong("%s cannot sync although all is well: %v", d.name, err)
		}
		moved = moved || len(r.Accepted)+len(r.Refused)+len(r.Uploaded)+r.Pulled+len(r.Dropped)+r.Keys+r.Given+len(r.Turned)+r.Relocked+r.Returned > 0
		w.remember(d)
	}
	return moved
}

// remember keeps what somebody has said: it must be accepted, or still be on their
// device.
func (w *world) remember(d *device) {
	for _, list := range []func() ([]attune.Outcome, error){d.client.Outbox.Waiting, d.client.Outbox.Deferred, d.client.Outbox.Attention} {
		said, err := list()
		w.ok(err)
		for _, o := range said {
			if row, _ := policies.RowOf(o.Kind); !row.Restriction && w.made[o.ID] == nil {
				d.spoke = true
			}
			w.made[o.ID] = d
		}
	}
}

// compare holds everything against the list of accepted statements.
func (w *world) compare() {
	all, err := w.service.accepted("")
	w.ok(err)
	w.once(all)
	c := all.crowd(w.service.org.String(), w.now().UnixMicro())
	for _, d := range w.devices {
		w.mirror(d, all, c)
		if list, err := d.client.Evidence(); err != nil || len(list) > 0 {
			w.wrong("%s holds evidence against an honest server: %v %v", d.name, list, err)
		}
	}
	w.said(all)
	w.stopped(all)
	w.returned(all, c)
	w.films(all)
	w.twins()
}

// once: what was acknowledged is there, each in one place, and each number of a device
// was used for one thing.
func (w *world) once(all facts) {
	index, next, numbers := map[string]bool{}, map[string]int64{}, map[string][]fact{}
	goneOn := map[string]int{} // how many go on as another device with the work of one
	for _, f := range all {
		if f.body.Continues != "" {
			goneOn[f.body.Continues]++
		}
		if index[f.id] {
			w.wrong("statement %s was accepted twice", f.id)
		}
		index[f.id] = true
		if next[f.record]++; f.position != next[f.record] {
			w.wrong("record %s has position %d where %d should be", f.record, f.position, next[f.record])
		}
		if row, ok := policies.RowOf(policies.Kind(f.kind)); ok && !row.Restriction {
			key := fmt.Sprint(f.signer, " ", f.n)
			// A copy that goes on brings what it had numbered: one more for each that did.
			if was := numbers[key]; len(was) > goneOn[f.signer] && !w.twice(f, was) {
				w.wrong("number %s was used by %s and %s", key, was[0].id, f.id)
			}
			numbers[key] = append(numbers[key], f)
		}
	}
	for id, by := range w.acked {
		if _, forgotten := w.past.lost[id.String()]; !index[id.String()] && !forgotten {
			w.wrong("statement %s of %s was acknowledged, and is gone", id.Short(), by)
		}
	}
}

// said: what people did is accepted, or still with them.
func (w *world) said(all facts) {
	index := map[string]bool{}
	for _, f := range all {
		index[f.id] = true
	}
	kept := map[*device]map[policies.StatementID]bool{}
	for id, d := range w.made {
		if _, forgotten := w.past.lost[id.String()]; index[id.String()] || forgotten {
			continue // of what was forgotten, see returned
		}
		if kept[d] == nil {
			kept[d] = map[policies.StatementID]bool{}
			for _, list := range []func() ([]attune.Outcome, error){d.client.Outbox.Waiting, d.client.Outbox.Deferred, d.client.Outbox.Attention} {
				said, err := list()
				w.ok(err)
				for _, o := range said {
					kept[d][o.ID] = true
				}
			}
		}
		if !kept[d][id] {
			w.wrong("statement %s that %s made is neither accepted nor kept", id.Short(), d.name)
		}
	}
	for _, d := range w.devices {
		waiting, err := d.client.Outbox.Waiting()
		w.ok(err)
		if len(waiting) > 0 && !d.revoked {
			w.wrong("%s still has %d to send: %s", d.name, len(waiting), waiting[0].Kind)
		}
	}
}

// mirror: a device has what its person may see, all of it and nothing else.
func (w *world) mirror(d *device, all facts, c crowd) {
	now := policies.At(w.now())
	who := d.person.staff.String()
	over := c.gone[d.id.String()] || c.gone[who]
	last := map[string]fact{}
	for _, f := range all {
		last[f.record] = f
	}
	org := w.service.org.String()
	if o := d.client.Mirror.Org(); !over && o.Head.String() != last[org].head {
		w.wrong("%s has the organisation as of %d, not %d", d.name, o.Count, last[org].position)
	}
	for _, family := range w.families {
		end, known := last[family.id.String()]
		s := all.seats(family.id.String(), c, w.now().UnixMicro())(who)
		s.receives = s.receives && known && !over
		f, has := d.client.Mirror.Family(family.id)
		switch {
		case has && !s.receives:
			w.wrong("%s keeps family %s, which %s may see no longer", d.name, family.reference, d.person.name)
			continue
		case !has && s.receives:
			w.wrong("%s lacks family %s", d.name, family.reference)
			continue
		case !has:
			continue
		case f.Head.String() != end.head || f.Count != end.position:
			w.wrong("%s has family %s as of %d, not %d", d.name, family.reference, f.Count, end.position)
		}
		w.content(d, family, f, all, s)
		for p := range all.stopped(family.id.String()) {
			id, err := policies.ParseID[policies.Person](p)
			w.ok(err)
			if f.ConsentFor(id, policies.FilmAndUse, now) {
				w.wrong("on %s the consent of %s in family %s is back although it was withdrawn", d.name, id.Short(), family.reference)
			}
		}
	}
}

// content: sessions are read by the team and by nobody else.
func (w *world) content(d *device, family *family, f *policies.Family, all facts, s seat) {
	for _, x := range all {
		if x.record != family.id.String() || x.kind != "session.log" {
			continue
		}
		id, err := policies.ParseID[policies.Session](x.id)
		w.ok(err)
		switch session := f.Sessions[id]; {
		case session == nil:
			w.wrong("%s lacks session %s of family %s", d.name, id.Short(), family.reference)
		case s.team != (session.Number > 0):
			w.wrong("%s: on the team of %s %v, reads session %s %v", d.name, family.reference, s.team, id.Short(), session.Number > 0)
		}
	}
}

// films: what the service signed for as stored is there, and as long as it should be.
func (w *world) films(all facts) {
	for _, f := range all {
		if f.kind != "clip.stored" {
			continue
		}
		found := false
		err := filepath.WalkDir(filepath.Join(w.service.dir, "objects"), func(path string, e os.DirEntry, err error) error {
			found = found || strings.Contains(path, f.body.Clip)
			return err
		})
		if err != nil || !found {
			w.wrong("the film of clip %s was stored, and is gone: %v", f.body.Clip, err)
		}
	}
}

// disks closes every device and looks through each of its files: nothing may be there
// of a family that its person may see no longer.
func (w *world) disks() {
	all, err := w.service.accepted("")
	w.ok(err)
	c := all.crowd(w.service.org.String(), w.now().UnixMicro())
	for _, d := range w.devices {
		mine := map[string]bool{}
		for _, list := range []func() ([]attune.Outcome, error){d.client.Outbox.Waiting, d.client.Outbox.Deferred, d.client.Outbox.Attention} {
			said, err := list()
			w.ok(err)
			for _, o := range said {
				mine[o.ID.String()], mine[o.Record.String()] = true, true // and so the family's number
			}
		}
		for _, f := range all {
			if f.kind == "clip.add" && f.signer == d.id.String() {
				mine[f.record] = true // its film may still be to be sent from here, and says where to
			}
		}
		w.ok(d.client.Close())
		d.client = nil
		forbidden := map[string]string{}
		for _, family := range w.families {
			s := all.seats(family.id.String(), c, w.now().UnixMicro())(d.person.staff.String())
			over := c.gone[d.id.String()] || c.gone[d.person.staff.String()]
			for _, f := range all {
				if f.record != family.id.String() || mine[f.id] {
					continue
				}
				if f.kind == "clip.add" && c.of[f.signer] == d.person.staff.String() {
					continue // its film may still be to be sent from here
				}
				if over || !s.receives || !f.control && !s.team {
					forbidden[f.raw[len(f.raw)-needle:]] = f.kind + " of " + family.reference
				}
				if over || !s.receives {
					forbidden[f.id[:needle]] = "number of the " + f.kind + " of " + family.reference
				}
			}
		}
		w.scan(d, forbidden)
		if !c.gone[d.id.String()] && !c.gone[d.person.staff.String()] {
			w.rows(d, all, c)
		}
	}
}

// rows: of each record that a device has, it keeps every place.
func (w *world) rows(d *device, all facts, c crowd) {
	db, err := read(filepath.Join(d.home(), "store.db"))
	w.ok(err)
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), `SELECT id FROM statements`)
	w.ok(err)
	defer rows.Close()
	has := map[string]bool{}
	for rows.Next() {
		var id string
		w.ok(rows.Scan(&id))
		has[id] = true
	}
	w.ok(rows.Err())
	receives := map[string]bool{w.service.org.String(): true}
	for _, family := range w.families {
		receives[family.id.String()] = all.seats(family.id.String(), c, w.now().UnixMicro())(d.person.staff.String()).receives
	}
	for _, f := range all {
		if has[f.id] != receives[f.record] {
			w.wrong("%s keeps %s %d of record %s: %v, want %v", d.name, f.kind, f.position, f.record[:8], has[f.id], receives[f.record])
			return
		}
	}
}

// needle is how much of a signature, in base64, stands for a statement.
const needle = 40

// scan looks for needles in every file of a device's folder.
func (w *world) scan(d *device, forbidden map[string]string) {
	if len(forbidden) == 0 {
		return
	}
	found := map[string]bool{}
	starts := map[string]bool{} // the first bytes of each: most places fit none
	for n := range forbidden {
		starts[n[:4]] = true
	}
	err := filepath.WalkDir(d.home(), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "reserve" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(b)
		for i := 0; i+needle <= len(text); i++ {
			if starts[text[i:i+4]] {
				if what := forbidden[text[i:i+needle]]; what != "" {
					found[what+" in "+e.Name()] = true
					if os.Getenv("EXHIBIT") != "" {
						w.t.Logf("%s page %d at %d: %q", e.Name(), i/4096, i%4096, text[max(0, i-120):min(len(text), i+120)])
					}
				}
			}
		}
		return nil
	})
	w.ok(err)
	list := []string{}
	for what := range found {
		list = append(list, what)
	}
	slices.Sort(list)
	for _, what := range list {
		w.wrong("on the disk of %s is still the %s", d.name, what)
	}
}
