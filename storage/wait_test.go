package storage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// outcomes is what a person's own feed has told since a cursor.
func outcomes(t *testing.T, w *storagetest.World, c policies.Caller, cursor *string) map[policies.StatementID]error {
	t.Helper()
	out := map[policies.StatementID]error{}
	for {
		p, err := w.Records.Pull(context.Background(), c, *cursor, 0, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Items {
			if i.Kind == storage.ItemOutcome {
				if _, ok := out[i.ID]; ok {
					t.Errorf("the outcome of %s comes twice", i.ID.Short())
				}
				out[i.ID] = i.Err
			}
		}
		*cursor = p.Cursor
		if !p.More {
			return out
		}
	}
}

func waits(t *testing.T, what string, r storage.Result) {
	t.Helper()
	if !r.Deferred || r.Err != nil || r.Receipt != nil {
		t.Errorf("%s: %+v, want it to wait", what, r)
	}
}

// TestWaits: what arrives before what it rests on is judged when that is there, in the
// same transaction and as deep as it goes, and holds up nothing meanwhile.
func TestWaits(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	cursor, other := "", ""
	outcomes(t, w, w.Sam.Caller(), &cursor)
	outcomes(t, w, w.Ana.Caller(), &other)

	session, id := w.Ana.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2})
	clip, clipID := f.SayClip(w.Sam, policies.SessionID(id))
	note, noteID := w.Sam.Say(f.Record, "clip.annotate", &policies.ClipAnnotate{Clip: policies.ClipID(clipID), Source: policies.SourceKept})
	waits(t, "a clip of a session that has not come", w.Push(w.Sam.Caller(), clip)[0])
	waits(t, "the same again", w.Push(w.Sam.Caller(), clip)[0])
	waits(t, "and what is said about the clip", w.Push(w.Sam.Caller(), note)[0])
	w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 3})
	if got := outcomes(t, w, w.Sam.Caller(), &cursor); len(got) != 0 {
		t.Errorf("outcomes while it waits: %v", got)
	}

	w.MustAccept(w.Ana.Caller(), session)
	got := outcomes(t, w, w.Sam.Caller(), &cursor)
	for name, id := range map[string]policies.StatementID{"clip": clipID, "note": noteID} {
		if err, ok := got[id]; !ok || err != nil {
			t.Errorf("outcome of the %s: %v, %v", name, err, ok)
		}
	}
	if got := outcomes(t, w, w.Ana.Caller(), &other); len(got) != 0 {
		t.Errorf("another person is told of them: %v", got)
	}
	for _, s := range []storage.Sealed{clip, note} {
		if r := w.Push(w.Sam.Caller(), s)[0]; !r.Duplicate || r.Receipt == nil {
			t.Errorf("pushed once more: %+v, want a duplicate", r)
		}
	}
	if r := w.Push(w.Sam.Caller(), clip)[0]; len(r.Receipt.Leaf) == 0 {
		t.Error("no receipt")
	}
}

// TestWaitsForWhatItsAuthorKnew: a statement waits for each of its deps, unless that was
// refused, and a restriction waits for none.
func TestWaitsForWhatItsAuthorKnew(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	note := func(n int) *policies.SessionLog { return &policies.SessionLog{On: "2026-11-23", Number: n} }
	first, one := w.Ana.Say(f.Record, "session.log", note(1))
	second, two := w.Ana.Say(f.Record, "session.log", note(2))
	s, id := w.Sam.Say(f.Record, "session.log", note(3), one, two)
	stop, _ := w.Sam.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone}, two)
	waits(t, "deps that have not come", w.Push(w.Sam.Caller(), s)[0])
	w.MustAccept(w.Sam.Caller(), stop)
	w.MustAccept(w.Ana.Caller(), first)
	waits(t, "one of two came", w.Push(w.Sam.Caller(), s)[0])
	cursor := ""
	w.MustAccept(w.Ana.Caller(), second)
	if err, ok := outcomes(t, w, w.Sam.Caller(), &cursor)[id]; !ok || err != nil {
		t.Errorf("when both have come: %v, %v", err, ok)
	}

	void, third := w.Sam.Say(f.Record, "approval.grant", &policies.ApprovalGrant{Request: f.Approval})
	if r := w.Push(w.Sam.Caller(), void)[0]; !errors.Is(r.Err, policies.ErrSigner) {
		t.Fatal(r.Err)
	}
	s, _ = w.Sam.Say(f.Record, "session.log", note(4), third)
	w.MustAccept(w.Sam.Caller(), s)
}

// TestRestsOnRefused: what rests on something that was refused does not wait for it, and
// what had waited for it is refused with it.
func TestRestsOnRefused(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	cursor := ""
	bad, badID := w.Ana.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2})
	clip, id := f.SayClip(w.Sam, policies.SessionID(badID))
	waits(t, "before", w.Push(w.Sam.Caller(), clip)[0])
	w.Head.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: w.Ana.Staff})
	if r := w.Push(w.Ana.Caller(), bad)[0]; r.Err == nil {
		t.Fatal("who left the team logged a session")
	}
	if err := outcomes(t, w, w.Sam.Caller(), &cursor)[id]; !errors.Is(err, storage.ErrRestsOnRefused) {
		t.Errorf("what had waited: %v", err)
	}
	clip, _ = f.SayClip(w.Sam, policies.SessionID(badID))
	if r := w.Push(w.Sam.Caller(), clip)[0]; !errors.Is(r.Err, storage.ErrRestsOnRefused) {
		t.Errorf("what comes after it: %+v", r)
	}
}

// TestWaitsForItsFamily: after a restore a colleague's statements can come before the
// family itself does. To who never knew the family it looks the same whether there is one.
func TestWaitsForItsFamily(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	stranger := w.Join("Jo Field", policies.Practitioner)
	seen := policies.Seen{Head: policies.DigestOf([]byte("a head that somebody saw"))}
	body := &policies.SessionLog{On: "2026-11-23", Number: 1}
	for name, record := range map[string]policies.RecordID{"invisible": f.Record, "unknown": policies.RecordID(policies.DigestOf([]byte("no such family")))} {
		waits(t, name, w.Push(stranger.Caller(), stranger.SaySeen(record, seen, "session.log", body))[0])
	}

	opening, id := w.Sam.SayOpen("NF-3000")
	record := policies.RecordID(id)
	log := w.Ana.SaySeen(record, seen, "session.log", body)
	stop := w.Ana.SaySeen(record, seen, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{{7}}, Channel: policies.ByPhone})
	waits(t, "a session of a family that is not back", w.Push(w.Ana.Caller(), log)[0])
	waits(t, "a withdrawal there", w.Push(w.Ana.Caller(), stop)[0])
	w.MustAccept(w.Sam.Caller(), opening)
	if r := w.Push(w.Ana.Caller(), stop)[0]; !r.Duplicate {
		t.Errorf("the withdrawal when the family is back: %+v", r)
	}
	waits(t, "a session by who is not on the team yet", w.Push(w.Ana.Caller(), log)[0])
	w.Sam.Does(record, "team.add", &policies.TeamAdd{Staff: w.Ana.Staff})
	if r := w.Push(w.Ana.Caller(), log)[0]; !r.Duplicate {
		t.Errorf("the session when its author is on the team: %+v", r)
	}
}

// TestLapses: nothing waits for ever, and its author is told.
func TestLapses(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	clip, id := f.SayClip(w.Sam, policies.SessionID{9})
	note, noteID := w.Sam.Say(f.Record, "clip.annotate", &policies.ClipAnnotate{Clip: policies.ClipID(id), Source: policies.SourceKept})
	waits(t, "clip", w.Push(w.Sam.Caller(), clip)[0])
	waits(t, "note", w.Push(w.Sam.Caller(), note)[0])
	cursor := ""
	for _, days := range []int{29, 2} {
		w.Clock.Forward(time.Duration(days) * 24 * time.Hour)
		if _, err := w.Records.SweepWaiting(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := outcomes(t, w, w.Sam.Caller(), &cursor)
		if days == 29 && len(got) > 0 {
			t.Errorf("after 29 days: %v", got)
		}
		if days == 2 && (!errors.Is(got[id], storage.ErrLapsed) || got[noteID] == nil) {
			t.Errorf("after 31 days: %v", got)
		}
	}
	if r := w.Push(w.Sam.Caller(), clip)[0]; !errors.Is(r.Err, storage.ErrLapsed) {
		t.Errorf("pushed again: %+v", r)
	}
	if n, err := w.Records.SweepWaiting(context.Background()); n != 0 || err != nil {
		t.Errorf("swept %d more, %v", n, err)
	}
}

// TestWaitingIsBounded: of one device no more than its share waits.
func TestWaitingIsBounded(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	var kept, over int
	for range 6 {
		var batch []storage.Sealed
		for range 100 {
			s, _ := w.Sam.Say(f.Record, "clip.annotate", &policies.ClipAnnotate{Clip: policies.ClipID{8}, Source: policies.SourceKept})
			batch = append(batch, s)
		}
		for _, r := range w.Push(w.Sam.Caller(), batch...) {
			switch {
			case r.Deferred:
				kept++
			case errors.Is(r.Err, policies.ErrMissing):
				over++
			default:
				t.Fatalf("%+v", r)
			}
		}
	}
	if kept != 500 || over != 100 {
		t.Errorf("%d wait, %d are refused; want 500 and 100", kept, over)
	}
	w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 3})
}

// TestAnswerIsKept: a refusal is given again as it was, without being judged or logged,
// until its author's device has it.
func TestAnswerIsKept(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	s, id := w.Ana.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2})
	left := w.Head.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: w.Ana.Staff})
	first := w.Push(w.Ana.Caller(), s)[0]
	var denied *storage.DeniedError
	if !errors.As(first.Err, &denied) {
		t.Fatalf("first answer: %v", first.Err)
	}
	rules := denied.Ruling.Rules
	back, _ := w.Sam.Say(f.Record, "team.add", &policies.TeamAdd{Staff: w.Ana.Staff}, left)
	w.MustAccept(w.Sam.Caller(), back)
	push := func(known ...policies.StatementID) (storage.Result, int64) {
		r, p, err := w.Records.Push(context.Background(), w.Ana.Caller(), storage.Push{Statements: []storage.Sealed{s}, Known: known})
		if err != nil {
			t.Fatal(err)
		}
		return r[0], p.Size
	}
	again, size := push()
	if !errors.As(again.Err, &denied) || !slices.Equal(denied.Ruling.Rules, rules) {
		t.Errorf("again: %v, want the same rules %v", again.Err, rules)
	}
	if _, _, err := w.Records.Push(context.Background(), w.Sam.Caller(), storage.Push{Known: []policies.StatementID{id}}); err != nil {
		t.Fatal(err)
	}
	if again, later := push(); !errors.As(again.Err, &denied) || later != size {
		t.Errorf("after a colleague said that they know: %v, %d rows for %d", again.Err, later, size)
	}
	if anew, _ := push(id); anew.Err != nil {
		t.Errorf("after its author said so: %v", anew.Err)
	}
}

// TestYearAhead: a clock that is far ahead would win over every correction for a year. A
// withdrawal is taken all the same.
func TestYearAhead(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(365 * 24 * time.Hour)
	s, _ := w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2})
	stop, _ := w.Sam.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	w.Clock.Forward(-365 * 24 * time.Hour)
	if r := w.Push(w.Sam.Caller(), s)[0]; !errors.Is(r.Err, storage.ErrClock) {
		t.Errorf("a year ahead: %v", r.Err)
	}
	w.MustAccept(w.Sam.Caller(), stop)
	w.Clock.Forward(20 * time.Hour)
	s, _ = w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2})
	w.Clock.Forward(-20 * time.Hour)
	w.MustAccept(w.Sam.Caller(), s)
}

// TestRestrictionsAlways: what stops something is taken at any number and from a device
// that was revoked, whatever else of it waits; and one that itself had to wait counts
// when its family is back, although its device was revoked meanwhile.
func TestRestrictionsAlways(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	opening, id := w.Ana.SayOpen("NF-3000")
	record := policies.RecordID(id)
	seen := policies.Seen{Head: policies.DigestOf([]byte("a head that somebody saw"))}
	log := w.Sam.SaySeen(record, seen, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 1})
	early := w.Sam.SaySeen(record, seen, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{{7}}, Channel: policies.ByPhone})
	waits(t, "a session", w.Push(w.Sam.Caller(), log)[0])
	waits(t, "a withdrawal in a family that is not back", w.Push(w.Sam.Caller(), early)[0])

	stop := func() storage.Sealed {
		for range 5 { // lost
			w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 1})
		}
		s, _ := w.Sam.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
		return s
	}
	w.MustAccept(w.Sam.Caller(), stop())
	w.Head.Does(policies.RecordID(w.Org), "device.revoke", &policies.DeviceRevoke{Device: w.Sam.Device})
	w.MustAccept(policies.Caller{Request: "no token"}, stop())

	w.MustAccept(w.Ana.Caller(), opening)
	if r := w.Push(policies.Caller{}, early)[0]; !r.Duplicate {
		t.Errorf("the withdrawal when the family is back: %+v", r)
	}
	w.Ana.Does(record, "team.add", &policies.TeamAdd{Staff: w.Sam.Staff})
	if r := w.Push(w.Sam.Caller(), log)[0]; !errors.Is(r.Err, policies.ErrSigner) {
		t.Errorf("the session of a device that was revoked while it waited: %+v", r)
	}
}
