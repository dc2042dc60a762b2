package attune

import (
	"context"
	"database/sql"
	"maps"
	"net/http"
	"slices"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// scribe writes, for each viewer of a family whose key this device has, a key to
// each clip that they may watch: any device of the team does it at its next sync,
// since a clip's author may be on leave.
//
// What a server could gain by lying here is a key for a stranger. So only the
// verified fold decides: who is a viewer, what they may watch, and to which
// recipient a key goes. A reply of the server says no more than that it was kept.
type scribe struct{ d *desk }

// viewerKey is a clip and a viewer without a key to it.
type viewerKey struct {
	clip   policies.ClipID
	viewer policies.StaffID // zero for the team
	name   string           // of the attachment
}

// write writes what is missing and the server takes. What it refuses stays missing,
// and is shown as waiting; it is tried again at the next sync.
func (s *scribe) write(ctx context.Context, r *Report) error {
	org := s.d.mirror.Org()
	if org == nil {
		return nil
	}
	s.d.mirror.mu.Lock()
	families := slices.SortedFunc(maps.Keys(s.d.mirror.families), compareIDs)
	s.d.mirror.mu.Unlock()
	for _, id := range families {
		if stopped, err := s.d.stoppedAt(policies.RecordID(id)); err != nil || stopped {
			if err != nil {
				return err
			}
			continue // somebody may be a viewer no longer, in a way that this program cannot read
		}
		f, ok := s.d.mirror.Family(id)
		if !ok || !f.TeamAt(s.d.me.Staff, policies.At(s.d.now())) {
			continue
		}
		if err := s.forFamily(ctx, org, f, r); err != nil {
			return err
		}
		if err := s.forTeam(ctx, f, r); err != nil {
			return err
		}
	}
	return nil
}

// forFamily sends the keys of one viewer after the other, so that a clip stands once
// in a push, and a viewer whom the server refuses holds up nobody else.
func (s *scribe) forFamily(ctx context.Context, org *policies.Org, f *policies.Family, r *Report) error {
	missing, err := s.wanted(org, f)
	if err != nil || len(missing) == 0 {
		return err
	}
	keys, err := s.d.keys.family(f.ID)
	if err != nil {
		return nil // the list of families tells it; somebody else of the team has the key
	}
	of := map[policies.StaffID][]viewerKey{}
	for _, k := range missing {
		of[k.viewer] = append(of[k.viewer], k)
	}
	for _, who := range slices.SortedFunc(maps.Keys(of), compareIDs) {
		to, err := s.d.recipientOf(org, who)
		if err != nil {
			continue // certified with what is no key: they go on waiting, and nobody else does
		}
		for all := range slices.Chunk(of[who], maxKeysAtOnce) {
			if err := s.send(ctx, f, keys, to, all, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanted is what is missing, without what a statement that is queued here ends: a
// removal that the server has not taken yet can stop a key, though nothing that is
// queued can ask for one.
func (s *scribe) wanted(org *policies.Org, f *policies.Family) ([]viewerKey, error) {
	missing, err := s.d.missingKeys(org, f)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	here, err := s.d.mirror.provisional(f.ID)
	if err != nil {
		return nil, err
	}
	now := policies.At(s.d.now())
	return slices.DeleteFunc(missing, func(k viewerKey) bool { return !here.Admits(org, k.viewer, k.clip, now) }), nil
}

// maxKeysAtOnce keeps a push of statements and keys, about 6 kB a clip, well below
// what one may hold.
const maxKeysAtOnce = wire.MaxPushStatements / 2

// send writes keys to one recipient and pushes each with the clip.add that it
// belongs to, which the server has: it answers as to a duplicate, or refuses.
func (s *scribe) send(ctx context.Context, f *policies.Family, keys ring, to seal.Recipient, all []viewerKey, r *Report) error {
	before, err := recall(s.d.store.db)
	if err != nil {
		return err
	}
	ask := wire.PushRequest{Checkpoint: before.Size}
	var sent []viewerKey
	for _, k := range all {
		fileKey, err := s.d.shelf.fileKey(f, k.clip, keys)
		if err != nil {
			continue // whoever opens the clip here is told why
		}
		header, err := seal.NewHeader(fileKey, to)
		if err != nil {
			return err
		}
		raw, err := s.d.shelf.raw(policies.StatementID(k.clip))
		if err != nil {
			return err
		}
		ask.Statements = append(ask.Statements, wire.Sealed{Statement: raw, Attachments: []wire.Attachment{{Name: k.name, Body: header}}})
		sent = append(sent, k)
	}
	if len(sent) == 0 {
		return nil
	}
	var reply wire.PushReply
	if err := s.d.remote.call(ctx, http.MethodPost, "/v1/sync/push", ask, &reply); err != nil {
		return err
	}
	if len(reply.Results) != len(sent) {
		return misplaced(len(reply.Results), len(sent))
	}
	w := witness{s.d}
	after, err := w.prove(s.d.mirror.Org(), before, reply.Proven)
	if err != nil {
		return err
	}
	return s.d.store.write(func(tx *sql.Tx) error {
		for i, k := range sent {
			if err := s.kept(tx, k, reply.Results[i], ask.Statements[i].Attachments[0], after, r); err != nil {
				return err
			}
		}
		return w.remember(tx, after)
	})
}

// kept remembers a key that the server has taken.
func (s *scribe) kept(tx *sql.Tx, k viewerKey, res wire.Result, header wire.Attachment, after mark, r *Report) error {
	id := policies.StatementID(k.clip)
	if res.ID != id {
		return lied(CodeOtherAnswer, ofReceipt("", res), nil, "The server answered about statement %s, and %s was sent.", res.ID.Short(), id.Short())
	}
	if res.Status != wire.Accepted && res.Status != wire.Duplicate {
		return nil // by a rule, or for want of room: the pair goes on waiting
	}
	if err := checkReceipt(id, res.Receipt, after.Checkpoint); err != nil {
		return lied(CodeReceipt, ofReceipt("", res).with("", after.note, nil), err, "The receipt for a viewer's key proves nothing.")
	}
	n, err := s.d.store.keepLoose(tx, id, header)
	if k.viewer.IsZero() {
		r.Relocked += n
	} else {
		r.Keys += n
	}
	return err
}

// forTeam writes, for the family's key in force, the keys of clips that came with one
// that had been replaced by then, or that another has outgrown. Their author's device
// has them; and whoever else can open them does it too.
func (s *scribe) forTeam(ctx context.Context, f *policies.Family, r *Report) error {
	missing, err := s.d.outgrown(f)
	if err != nil || len(missing) == 0 {
		return err
	}
	keys, err := s.d.keys.family(f.ID)
	if err != nil {
		return nil // as above
	}
	to, err := seal.ParseRecipient(f.Recipient)
	if err != nil {
		return err
	}
	for all := range slices.Chunk(missing, maxKeysAtOnce) {
		if err := s.send(ctx, f, keys, to, all, r); err != nil {
			return err
		}
	}
	return nil
}

// outgrown are the clips of which the team has no header that will do for whoever joins
// it later.
func (d *desk) outgrown(f *policies.Family) (missing []viewerKey, err error) {
	if len(f.Turns) == 0 {
		return nil, nil
	}
	there, err := d.shelf.headers(f.ID)
	if err != nil {
		return nil, err
	}
	for _, clip := range slices.SortedFunc(maps.Keys(f.Clips), compareIDs) {
		if !slices.ContainsFunc(f.Recipients(), func(r string) bool {
			return there[clip.String()+" "+policies.HeaderFor(r)] && f.HeaderStands(clip, r)
		}) {
			missing = append(missing, viewerKey{clip: clip, name: policies.HeaderFor(f.Recipient)})
		}
	}
	return missing, nil
}

// missingKeys are the pairs of clip and viewer for which this device knows no key.
func (d *desk) missingKeys(org *policies.Org, f *policies.Family) (missing []viewerKey, err error) {
	there, err := d.shelf.headers(f.ID)
	if err != nil {
		return nil, err
	}
	now := policies.At(d.now())
	for _, who := range viewersOf(f) {
		p := org.Staff[who]
		if !p.Active(now) || !p.HasPowers() || f.OnTeam(who) {
			continue
		}
		name := policies.HeaderFor(p.Recipient)
		for _, clip := range slices.SortedFunc(maps.Keys(f.Clips), compareIDs) {
			if f.Admits(org, who, clip, now) && !there[clip.String()+" "+name] {
				missing = append(missing, viewerKey{clip, who, name})
			}
		}
	}
	return missing, nil
}

// viewersOf is everybody with an entry on the viewer list, each once.
func viewersOf(f *policies.Family) []policies.StaffID {
	seen := map[policies.StaffID]bool{}
	for _, l := range f.Viewers {
		seen[l.Staff] = true
	}
	return slices.SortedFunc(maps.Keys(seen), compareIDs)
}

// headers are the clips' keys that this device knows of a family, as "clip name".
func (sh *shelf) headers(id policies.FamilyID) (map[string]bool, error) {
	there := map[string]bool{}
	err := each(sh.d.store.db, func(r *sql.Rows) error {
		var clip, name string
		err := r.Scan(&clip, &name)
		there[clip+" "+name] = true
		return err
	}, `SELECT a.statement, a.name FROM statements s JOIN attachments a ON a.statement = s.id
			WHERE s.record = $1 AND a.name BETWEEN 'header/' AND 'header0'
		UNION SELECT a.statement, a.name FROM outbox o JOIN attachments a ON a.statement = o.id
			WHERE o.record = $1 AND a.name BETWEEN 'header/' AND 'header0'`, id.String())
	return there, err
}
