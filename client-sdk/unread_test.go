package attune_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// slip has the service accept a statement of a kind that no program of this version
// knows, as a newer server would: stated by the server's key, logged, chained.
func (s *service) slip(record policies.RecordID, kind policies.Kind, class policies.Class) {
	s.t.Helper()
	s.slipBy(s.key, record, kind, class)
}

func (s *service) slipBy(key ed25519.PrivateKey, record policies.RecordID, kind policies.Kind, class policies.Class) {
	s.t.Helper()
	ctx := context.Background()
	db, err := rows.Open(ctx, s.cfg.Database)
	must(s.t, err)
	must(s.t, db.Write(ctx, func(tx *rows.Tx) error {
		o, err := tx.Org()
		if err != nil {
			return err
		}
		payload := fmt.Sprintf(`{"v":1,"record":"%s","kind":"%s","n":%d,"deps":[],"at":%d,"seen":{"head":"","size":0,"root":""},"body":{"face":"smile"}}`,
			record, kind, 1000+o.Count, s.now().UnixMicro())
		header := fmt.Sprintf(`{"alg":"EdDSA","kid":"%s","typ":"attune+%s"}`, o.Server.Certificate, kind)
		signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		raw := []byte(signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(signed))))
		st := rows.Statement{ID: policies.StatementID(policies.DigestOf(raw)), Record: record, Class: class, Kind: kind, Raw: raw, OrgHead: o.Head, At: policies.At(s.now())}
		var f *policies.Family
		if record == policies.RecordID(o.ID) {
			o = o.Clone()
			o.Head, o.Count = policies.NextHead(o.Head, class, st.ID, o.Head), o.Count+1
			st.Head, st.Position = o.Head, o.Count
		} else {
			if f, err = tx.Family(policies.FamilyID(record)); err != nil {
				return err
			}
			f.Head, f.Count = policies.NextHead(f.Head, class, st.ID, o.Head), f.Count+1
			st.Head, st.Position = f.Head, f.Count
		}
		st.Index, _, err = tx.Log(rows.Event{At: int64(st.At), Action: string(kind), Outcome: accesslog.Done, Accepted: &accesslog.Acceptance{
			Statement: accesslog.Digest(st.ID), Class: int(class), Position: st.Position, Head: accesslog.Digest(st.Head), OrgHead: accesslog.Digest(st.OrgHead),
		}})
		if err != nil {
			return err
		}
		if f != nil {
			err = tx.PutFamily(f)
		} else {
			err = tx.PutOrg(o)
		}
		return errors.Join(err, tx.PutStatement(st))
	}))
	must(s.t, db.Close())
	// The server reads both anew, as after an update.
	org := s.head.Mirror.Org().ID
	must(s.t, s.store.Close())
	s.open(org)
}

const optional, unknown policies.Kind = "optional.session.mood", "consent.revoke"

// TestOptionalKind: what nothing rests on is kept and chained, in a family's record and
// in the organisation's, and nobody's work stands still for it.
func TestOptionalKind(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Wren")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	s.slip(policies.RecordID(f.id), optional, policies.Content)
	s.slip(policies.RecordID(s.head.Mirror.Org().ID), optional, policies.Content)
	_, _, err := s.head.Staff.Invite(policies.Practitioner, "Olu Finch")
	must(t, err)
	s.sync(s.head)
	_, err = sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	s.sync(sam)
	s.sync(ana)
	for _, c := range []*attune.Client{sam, ana} {
		held, _ := c.Mirror.Family(f.id)
		if len(held.Sessions) != 2 {
			t.Errorf("%d sessions, want both", len(held.Sessions))
		}
		if told, err := c.Outdated(); err != nil || told != nil {
			t.Errorf("told %v, %v; want nothing", told, err)
		}
	}
	added := f.add(t, film(t, "visit.mp4"), "")
	s.sync(sam)
	if added.Clip.IsZero() {
		t.Error("no clip")
	}
	// The family's past is folded again from what is kept, also after the program starts anew.
	must(t, ana.Close())
	ana, err = attune.Open(ana.Home(), passphrase, s.config())
	must(t, err)
	t.Cleanup(func() { ana.Close() })
	s.sync(ana)
}

// TestUnknownKind: what may be another way to withdraw stops its record, and no other. In
// it this device permits nothing, and stops what is to be stopped.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.sync(sam)
	f := s.family(sam)
	other, err := sam.Families.Open("NF-2000", policies.VIG)
	must(t, err)
	s.sync(sam)
	before, _ := sam.Mirror.Family(f.id)
	s.slip(policies.RecordID(f.id), unknown, policies.Control)
	_, err = sam.Sessions.Log(other, "", 0, true, "")
	must(t, err)

	r, err := sam.Sync(context.Background())
	if attune.CodeOf(err) != attune.CodeOldProgram || len(r.Accepted) != 1 {
		t.Errorf("sync: %v, accepted %v; want the program too old, and the other family's session taken", err, r.Accepted)
	}
	if attune.Lied(err) {
		t.Error("the server is said to lie")
	}
	after, held := sam.Mirror.Family(f.id)
	if !held || after.Head != before.Head {
		t.Error("the record did not stay where it was")
	}
	if got, _ := sam.Mirror.Family(other); len(got.Sessions) != 1 {
		t.Error("the other family stands still too")
	}
	if told, err := sam.Outdated(); err != nil || told == nil || told.Code != attune.CodeOldProgram {
		t.Errorf("told %v, %v", told, err)
	}
	if _, err := sam.Sessions.Log(f.id, "", 0, true, ""); attune.CodeOf(err) != attune.CodeOldProgram {
		t.Errorf("session: %v, want the program too old", err)
	}
	_, err = f.practitioner.Clips.Add(context.Background(), attune.AddClip{
		Family: f.id, File: film(t, "visit.mp4"), Kind: policies.Excerpt, People: []policies.PersonID{f.mum, f.child}})
	if attune.CodeOf(err) != attune.CodeGate {
		t.Errorf("film: %v, want the gate shut", err)
	}
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	r, _ = sam.Sync(context.Background())
	if len(r.Accepted) != 1 || r.Accepted[0].Kind != "consent.withdraw" {
		t.Errorf("accepted %v, want the withdrawal", r.Accepted)
	}
	if r, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeOldProgram || attune.Lied(err) || r.Waiting != 0 {
		t.Errorf("again: %v, %d waiting", err, r.Waiting)
	}
}

// TestUnknownKindOfTheOrganisation: everything rests on that record, so nothing is
// permitted anywhere; what this person may no longer see goes all the same.
func TestUnknownKindOfTheOrganisation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Wren")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	s.slip(policies.RecordID(s.head.Mirror.Org().ID), unknown, policies.Control)
	_, err := sam.Sessions.Log(f.id, "", 0, true, "") // before this device knows
	must(t, err)
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeOldProgram || attune.Lied(err) {
		t.Errorf("sync: %v, want the program too old", err)
	}
	if _, err := sam.Families.Open("NF-2000", policies.VIG); attune.CodeOf(err) != attune.CodeOldProgram {
		t.Errorf("open: %v, want the program too old", err)
	}
	must(t, sam.Families.RemoveTeam(f.id, ana.Keys.Staff()))
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeOldProgram || attune.Lied(err) {
		t.Errorf("sync: %v, want the program too old", err)
	}
	s.pass(time.Minute)
	if _, err := ana.Sync(context.Background()); attune.CodeOf(err) != attune.CodeOldProgram || attune.Lied(err) {
		t.Errorf("sync: %v, want the program too old", err)
	}
	if _, held := ana.Mirror.Family(f.id); held {
		t.Error("ana still holds the family")
	}
}

// TestUnknownKindOfNobody: junk under a new name is what no honest server sends.
func TestUnknownKindOfNobody(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.sync(sam)
	f := s.family(sam)
	s.sync(sam)
	_, nobodys, err := ed25519.GenerateKey(nil)
	must(t, err)
	s.slipBy(nobodys, policies.RecordID(f.id), unknown, policies.Control)
	if _, err := sam.Sync(context.Background()); !errors.Is(err, &attune.Error{Code: attune.CodeForged}) {
		t.Errorf("sync: %v, want a forged statement", err)
	}
}
