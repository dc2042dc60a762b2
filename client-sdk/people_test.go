package attune_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

var later = []byte("five ducks on a lake")

// enrol gives a person a second device.
func (s *service) enrol(c *attune.Client, home string) *attune.Client {
	s.t.Helper()
	r, err := attune.NewDeviceRequest(s.home(home), later)
	must(s.t, err)
	reply, added, err := c.Devices.Add(context.Background(), r.String(), r.Words())
	must(s.t, err)
	second, j, err := attune.AcceptDevice(context.Background(), s.home(home), reply, later, s.config())
	must(s.t, err)
	s.t.Cleanup(func() { second.Close() })
	if strings.Join(j.Words, " ") != strings.Join(added.Words, " ") || j.Device != added.Device || j.Staff != c.Keys.Staff() {
		s.t.Errorf("the new device is %+v, the old one added %+v", j, added)
	}
	s.sync(second)
	return second
}

func wantCode(t *testing.T, what string, err error, code wire.Code) {
	t.Helper()
	if attune.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// filmed is a practitioner with a family and one clip at the service.
func (s *service) filmed(sam *attune.Client) (family, policies.ClipID) {
	s.t.Helper()
	f := s.family(sam)
	added := f.add(s.t, film(s.t, "visit.mp4"), "The first smile")
	s.sync(sam)
	return f, added.Clip
}

// stopped checks that a device which does not know yet that it ended states nothing any
// more, learns of it, forgets its families, and keeps what was made on it.
func (s *service) stopped(c *attune.Client) {
	s.t.Helper()
	_, err := c.Families.Open("NF-666", policies.VIG)
	must(s.t, err)
	for range 2 {
		r, err := c.Sync(context.Background())
		if len(r.Accepted) > 0 || attune.CodeOf(err) != wire.CodeUnauthorised {
			s.t.Errorf("a device that ended: %+v, %v", r, err)
		}
	}
	if list, err := c.Families.List(); err != nil || len(list) > 0 {
		s.t.Errorf("a device that ended still has %d families, %v", len(list), err)
	}
	if list, err := c.Outbox.Attention(); err != nil || len(list) != 1 {
		s.t.Errorf("of what was made there %d stay, %v", len(list), err)
	}
}

// TestSecondDevice sees the same families and opens the same film, and both work on.
func TestSecondDevice(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	_, clip := s.filmed(sam)
	phone := s.enrol(sam, "phone")
	if v, err := phone.Clips.Show(clip); err != nil || v.Title != "The first smile" || !v.Key {
		t.Errorf("the clip on the second device: %+v, %v", v, err)
	}
	watch, err := phone.Clips.Open(context.Background(), clip, policies.FilmAndUse)
	must(t, err)
	must(t, watch.Close())
	_, err = phone.Families.Open("NF-2000", policies.VIG)
	must(t, err)
	_, err = sam.Families.Open("NF-2001", policies.VIG)
	must(t, err)
	s.sync(phone)
	s.sync(sam)
	s.sync(phone)
	for name, c := range map[string]*attune.Client{"first": sam, "second": phone} {
		if list, err := c.Families.List(); err != nil || len(list) != 3 {
			t.Errorf("the %s device has %d families, %v", name, len(list), err)
		}
	}
	third := s.enrol(phone, "tablet") // certified by the second: its number follows the first's
	if list, err := third.Devices.List(policies.StaffID{}); err != nil || len(list) != 3 || !list[2].This {
		t.Errorf("devices: %+v, %v", list, err)
	}
}

// TestRequestThatWasSwapped: without the six words of this very request there is no
// reply, and a reply opens on the device that asked, and nowhere else.
func TestRequestThatWasSwapped(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	mine, err := attune.NewDeviceRequest(s.home("phone"), later)
	must(t, err)
	again, err := attune.NewDeviceRequest(s.home("phone"), later)
	must(t, err)
	if again != mine {
		t.Error("asked again, it is another request")
	}
	thief, err := attune.NewDeviceRequest(s.home("thief"), later)
	must(t, err)
	_, _, err = sam.Devices.Add(context.Background(), thief.String(), mine.Words())
	wantCode(t, "another request under the words of this one", err, attune.CodeWords)
	reply, _, err := sam.Devices.Add(context.Background(), mine.String(), mine.Words())
	must(t, err)
	_, _, err = attune.AcceptDevice(context.Background(), s.home("thief"), reply, later, s.config())
	wantCode(t, "the reply in another folder", err, attune.CodeInput)
	_, _, err = attune.AcceptDevice(context.Background(), s.home("phone"), reply, passphrase, s.config())
	wantCode(t, "another passphrase", err, attune.CodePassphrase)
	twice, added, err := sam.Devices.Add(context.Background(), mine.String(), mine.Words())
	must(t, err)
	c, j, err := attune.AcceptDevice(context.Background(), s.home("phone"), twice, later, s.config())
	must(t, err)
	defer c.Close()
	if j.Device != added.Device {
		t.Error("added twice, it is another device")
	}
}

// TestLostDevice: a person stops their lost phone, and replaces their key: what was on
// the phone is worth nothing any more, and the work goes on.
func TestLostDevice(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), context.Background()
	sam := s.hire(policies.Practitioner, "Sam Reed")
	_, clip := s.filmed(sam)
	phone := s.enrol(sam, "phone")
	wantCode(t, "this very device", sam.Devices.Revoke(sam.Keys.Device()), attune.CodeInput)
	must(t, sam.Devices.Revoke(phone.Keys.Device()))
	s.sync(sam)
	s.stopped(phone)
	r, err := attune.NewDeviceRequest(s.home("thief"), later)
	must(t, err)
	if _, _, err := phone.Devices.Add(ctx, r.String(), r.Words()); err == nil {
		t.Error("the lost phone added a device")
	}
	words, err := sam.Rekey(ctx, passphrase)
	must(t, err)
	if strings.Join(words, " ") != strings.Join(sam.Keys.Words(), " ") {
		t.Error("the new key has other words")
	}
	if r := s.sync(sam); len(r.Turned) != 1 {
		t.Errorf("turned %+v, want the family's key, which the phone had", r.Turned)
	}
	sam = s.reopen("Sam Reed", sam)
	_, err = sam.Families.Open("NF-3000", policies.VIG)
	must(t, err)
	watch, err := sam.Clips.Open(ctx, clip, policies.FilmAndUse) // by the family's key, wrapped to the old identity
	must(t, err)
	must(t, watch.Close())
	s.sync(sam)
	s.enrol(sam, "tablet")
}

// reopen closes a home and opens it again.
func (s *service) reopen(home string, c *attune.Client) *attune.Client {
	s.t.Helper()
	must(s.t, c.Close())
	again, err := attune.Open(s.home(home), passphrase, s.config())
	must(s.t, err)
	s.t.Cleanup(func() { again.Close() })
	return again
}

// TestRekeyWhoseAnswerWasLost: the server has the new key and the device does not know;
// asked again it goes on with it, and opening the home does the same.
func TestRekeyWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), context.Background()
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.filmed(sam)
	before := strings.Join(sam.Keys.Words(), " ")
	s.lose("/v1/sync/push")
	if _, err := sam.Rekey(ctx, passphrase); err == nil {
		t.Fatal("no answer, and no error")
	}
	s.spoil.Store(nil)
	words, err := sam.Rekey(ctx, passphrase)
	must(t, err)
	if strings.Join(words, " ") == before || strings.Join(words, " ") != strings.Join(sam.Keys.Words(), " ") {
		t.Error("the old key is still the one in use")
	}
	s.lose("/v1/sync/push")
	if _, err := sam.Rekey(ctx, passphrase); err == nil {
		t.Fatal("no answer, and no error")
	}
	s.spoil.Store(nil)
	sam = s.reopen("Sam Reed", sam)
	s.sync(sam)
	sam = s.reopen("Sam Reed", sam)
	if strings.Join(sam.Keys.Words(), " ") == strings.Join(words, " ") {
		t.Error("after opening, the old key is still the one in use")
	}
	s.sync(sam)
}

// TestRekeyedViewer: nobody wraps to a replaced key before its words were compared, and
// after that the viewer watches with the new one.
func TestRekeyedViewer(t *testing.T) {
	t.Parallel()
	w, ctx := newWatched(t), context.Background()
	w.list()
	watch := func() error {
		playing, err := w.mo.Clips.Open(ctx, w.clip, policies.Supervision)
		if err != nil {
			return err
		}
		return playing.Close()
	}
	w.sync(w.sam)
	w.sync(w.mo)
	must(t, watch())
	_, err := w.mo.Rekey(ctx, passphrase)
	must(t, err)
	for range 2 {
		w.sync(w.sam)
		w.sync(w.mo)
	}
	list, err := w.sam.Staff.NewKeys()
	must(t, err)
	if len(list) != 1 || list[0].ID != w.mo.Keys.Staff() {
		t.Fatalf("new keys: %+v", list)
	}
	wantCode(t, "before the words were compared", watch(), attune.CodeNoKey)
	wantCode(t, "the words of somebody else", w.sam.Staff.Trust(w.mo.Keys.Staff(), w.sam.Keys.Words()), attune.CodeWords)
	must(t, w.sam.Staff.Trust(w.mo.Keys.Staff(), w.mo.Keys.Words()))
	if r := w.sync(w.sam); r.Keys != 1 {
		t.Errorf("%d keys written, want 1", r.Keys)
	}
	w.sync(w.mo)
	must(t, watch())
}

// TestRekeyedColleague: a colleague's device takes the family's key from the old identity
// by itself, and gives it to the new one when the words were compared.
func TestRekeyedColleague(t *testing.T) {
	t.Parallel()
	w, ctx := newWatched(t), context.Background()
	w.sync(w.bea)
	_, err := w.sam.Rekey(ctx, passphrase)
	must(t, err)
	if r := w.sync(w.bea); len(r.Turned) != 1 {
		t.Errorf("turned %+v, want the family's key", r.Turned)
	}
	w.sync(w.bea)
	w.sync(w.sam)
	add := func() error {
		_, err := w.sam.Clips.Add(ctx, attune.AddClip{Family: w.id, File: film(t, "visit.mp4"), Kind: policies.Excerpt, People: []policies.PersonID{w.mum, w.child}})
		return err
	}
	before, err := w.sam.Clips.Show(w.clip)
	must(t, err)
	if !before.Key {
		t.Error("what was sealed before no longer opens")
	}
	must(t, w.bea.Staff.Trust(w.sam.Keys.Staff(), w.sam.Keys.Words()))
	w.sync(w.bea)
	w.sync(w.sam)
	must(t, add())
	w.sync(w.sam)
}

// TestLostKey: one registrar asks for a new key and one in another role confirms it;
// nobody alone, and no two in one role.
func TestLostKey(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), context.Background()
	ig, sam := s.hire(policies.IGOfficer, "Ivy Gold"), s.hire(policies.Practitioner, "Sam Reed")
	who := sam.Keys.Staff()
	invitation, err := s.head.Staff.Reinvite(who)
	must(t, err)
	s.sync(s.head)
	again, j, err := attune.Join(ctx, s.home("new laptop"), invitation, later, s.config())
	must(t, err)
	t.Cleanup(func() { again.Close() })
	if j.Staff != who {
		t.Errorf("joined as %s, want the same person", j.Staff.Short())
	}
	s.sync(s.head)
	s.sync(ig)
	err = s.head.Staff.Confirm(who, j.Words)
	if !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("confirmed by who asked: %v", err)
	}
	_, err = again.Families.Open("NF-1", policies.VIG)
	if err == nil {
		t.Error("the new key has powers before it was confirmed")
	}
	_, err = sam.Families.Open("NF-2", policies.VIG)
	must(t, err)
	s.sync(sam)
	wantCode(t, "the words of the old key", ig.Staff.Confirm(who, sam.Keys.Words()), attune.CodeWords)
	must(t, ig.Staff.Confirm(who, j.Words))
	s.sync(ig)
	s.sync(again)
	_, err = again.Families.Open("NF-3", policies.VIG)
	must(t, err)
	s.sync(again)
	s.stopped(sam)
}

// TestDeviceRenewsItself: in the last month, as long as a registrar has renewed its person.
func TestDeviceRenewsItself(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ig, sam := s.hire(policies.IGOfficer, "Ivy Gold"), s.hire(policies.Practitioner, "Sam Reed")
	s.pass(320 * 24 * time.Hour)
	if device, person := sam.Devices.Ending(); device.IsZero() || person.IsZero() {
		t.Errorf("ending: device %s, person %s", device, person)
	}
	s.sync(sam)
	if device, _ := sam.Devices.Ending(); !device.IsZero() {
		t.Errorf("after a sync the device still ends on %s", device)
	}
	for _, renew := range []struct {
		by  *attune.Client
		who policies.StaffID
	}{{s.head, sam.Keys.Staff()}, {s.head, ig.Keys.Staff()}, {ig, s.head.Keys.Staff()}} {
		s.sync(renew.by)
		_, err := renew.by.Staff.Renew(renew.who)
		must(t, err)
		s.sync(renew.by)
	}
	s.pass(40 * 24 * time.Hour) // past the first year; sam has not synced since
	s.sync(sam)
	if _, person := sam.Devices.Ending(); !person.IsZero() {
		t.Errorf("the person still ends on %s", person)
	}
	s.pass(400 * 24 * time.Hour)
	if _, err := sam.Families.Open("NF-9", policies.VIG); err == nil {
		t.Error("a year without renewal, and it still works")
	}
}

// TestLeaving lists what follows before somebody leaves.
func TestLeaving(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Okoro")
	f, _ := s.filmed(sam)
	s.sync(s.head)
	s.sync(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(s.head)
	for who, want := range map[*attune.Client]int{sam: 1, ana: 1, s.head: 0} {
		l, err := s.head.Staff.Leaving(who.Keys.Staff())
		must(t, err)
		if len(l.Team) != want || len(l.Alone) != want || len(l.Devices) != 1 {
			t.Errorf("leaving: %+v", l)
		}
	}
}

// TestSubstitutedKey: a server that puts another key in the place of a new one, leaves the
// replacement out, or makes one up is refused, and nobody's key changes on this device.
func TestSubstitutedKey(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), context.Background()
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Okoro")
	s.sync(ana)
	_, err := sam.Rekey(ctx, passphrase)
	must(t, err)
	was := ana.Mirror.Org().Staff[sam.Keys.Staff()].Certified
	_, thief, err := ed25519.GenerateKey(nil)
	must(t, err)
	forged := func(by policies.KeyID) func(p *wire.PullReply) {
		return func(p *wire.PullReply) {
			for i, item := range p.Items {
				u, err := statement.Parse([]byte(item.Statement))
				if err != nil || u.Kind != "staff.rekey" {
					continue
				}
				raw, st, err := statement.Sign(policies.Statement{
					Signer: by, Record: u.Record, Kind: u.Kind, N: u.N, Deps: []policies.StatementID{}, At: policies.At(s.now()),
					Body: &policies.StaffRekey{Staff: sam.Keys.Staff(), Device: sam.Keys.Device(), Key: public(thief), Recipient: ana.Keys.Recipient() + "q"},
				}, thief)
				must(t, err)
				p.Items[i].ID, p.Items[i].Statement = st.ID, string(raw)
			}
		}
	}
	for name, lie := range map[string]func(p *wire.PullReply){
		"AnotherKeyUnderTheOldName":  forged(was),
		"AnotherKeyByAnotherPerson":  forged(policies.KeyID(ana.Keys.Device())),
		"AnotherKeyByTheServer'sOwn": forged(policies.KeyID(ana.Mirror.Org().Server.Certificate)),
		"LeftOut": func(p *wire.PullReply) {
			p.Items = slices.DeleteFunc(p.Items, func(i wire.Item) bool {
				u, err := statement.Parse([]byte(i.Statement))
				return err == nil && u.Kind == "staff.rekey"
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := s.head.Staff.Invite(policies.Practitioner, "Somebody else")
			must(t, err)
			s.sync(s.head) // something comes after it
			s.pulled(lie)
			_, err = ana.Sync(ctx)
			s.spoil.Store(nil)
			if err == nil || attune.Offline(err) {
				t.Errorf("taken: %v", err)
			}
			if is := ana.Mirror.Org().Staff[sam.Keys.Staff()].Certified; is != was {
				t.Error("the key of a colleague was swapped")
			}
		})
	}
	s.sync(ana)
	if is := ana.Mirror.Org().Staff[sam.Keys.Staff()].Certified; is == was {
		t.Error("the truth was not taken")
	}
}
