package attune_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// locked is a family with a team of three and a clip from before anybody left.
type locked struct {
	*service
	family
	sam, bea, cy *attune.Client
	clip         policies.ClipID
}

func newLocked(t *testing.T) *locked {
	t.Helper()
	l := &locked{service: newService(t)}
	l.sam, l.bea, l.cy = l.hire(policies.Practitioner, "Sam Reed"), l.hire(policies.Practitioner, "Bea Hall"), l.hire(policies.Practitioner, "Cy Moss")
	l.sync(l.sam)
	l.family = l.service.family(l.sam)
	must(t, l.sam.Families.AddTeam(l.id, l.bea.Keys.Staff()))
	must(t, l.sam.Families.AddTeam(l.id, l.cy.Keys.Staff()))
	l.clip = l.film(l.sam, "Tea time")
	for _, c := range []*attune.Client{l.sam, l.bea, l.cy} {
		l.sync(c)
	}
	return l
}

// film adds another clip on somebody's device.
func (l *locked) film(c *attune.Client, title string) policies.ClipID {
	l.t.Helper()
	f := l.family
	f.practitioner = c
	return f.add(l.t, film(l.t, "visit.mp4"), title).Clip
}

// opens expects a device to open every clip, and what else is sealed to the family.
func (l *locked) opens(c *attune.Client, clips ...policies.ClipID) {
	l.t.Helper()
	for _, id := range clips {
		p, err := c.Clips.Open(context.Background(), id, policies.FilmAndUse)
		if err != nil {
			l.t.Errorf("%s cannot watch clip %s: %v", filepath.Base(c.Home()), id.Short(), err)
			continue
		}
		if len(all(l.t, p)) == 0 {
			l.t.Error("an empty film")
		}
	}
	v, err := c.Families.Show(l.id)
	must(l.t, err)
	if v.People[0].Label != "Mum "+marker {
		l.t.Errorf("%s reads the label %q", filepath.Base(c.Home()), v.People[0].Label)
	}
	if note, err := c.Sessions.Note(l.id, l.session); err != nil || !strings.Contains(note, marker) {
		l.t.Errorf("%s reads the note %q, %v", filepath.Base(c.Home()), note, err)
	}
}

func (l *locked) leaves(who *attune.Client) {
	l.t.Helper()
	l.sync(l.head)
	must(l.t, l.head.Families.RemoveTeam(l.id, who.Keys.Staff()))
	l.sync(l.head)
}

// leaked are all headers of a clip in the server's database.
func (l *locked) leaked(clip policies.ClipID) (headers [][]byte) {
	l.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(l.dir, "attune.db"))
	must(l.t, err)
	defer db.Close()
	rows, err := db.Query(`SELECT body FROM attachments WHERE name LIKE 'header/%' AND statement = $1`, clip.String())
	must(l.t, err)
	defer rows.Close()
	for rows.Next() {
		var h []byte
		must(l.t, rows.Scan(&h))
		headers = append(headers, h)
	}
	must(l.t, rows.Err())
	return headers
}

// stolen reports whether keys open a clip by a copy of the server's database.
func (l *locked) stolen(keys []seal.Identity, clip policies.ClipID) bool {
	l.t.Helper()
	headers := l.leaked(clip)
	if len(headers) == 0 {
		l.t.Fatal("no header in the database: the test looks in the wrong place")
	}
	for _, h := range headers {
		if _, err := seal.OpenHeader(h, keys...); err == nil {
			return true
		}
	}
	return false
}

// TestLocksChange: Bea leaves. The next device of the team to sync changes the locks,
// nothing is lost to those who stay, and what is filmed from then on is closed to Bea,
// even with every key she had and a copy of the server's database.
//
// Source: DESIGN §4, family key.
func TestLocksChange(t *testing.T) {
	t.Parallel()
	l := newLocked(t)
	kept := attune.Stolen(l.bea, l.id)
	if !l.stolen(kept, l.clip) {
		t.Fatal("Bea's keys open nothing: the test proves nothing")
	}
	l.leaves(l.bea)
	if r := l.sync(l.sam); len(r.Turned) != 1 || r.Turned[0].Reference != "NF-1042" || len(r.Turned[0].Because) != 1 || r.Turned[0].Because[0] != l.bea.Keys.Staff() {
		t.Fatalf("turned %+v, want the family because of Bea", r.Turned)
	}
	if r := l.sync(l.cy); len(r.Turned) != 0 || r.Relocked != 0 {
		t.Errorf("the second device turned %+v and wrote %d keys", r.Turned, r.Relocked)
	}
	later := l.film(l.cy, "After she left")
	l.sync(l.cy)
	l.sync(l.sam)
	l.opens(l.sam, l.clip, later)
	l.opens(l.cy, l.clip, later)
	if l.stolen(kept, later) {
		t.Error("who left opens what was filmed since")
	}
	if r, err := l.bea.Sync(context.Background()); err != nil || len(r.Dropped) != 1 {
		t.Errorf("Bea's device dropped %v, %v", r.Dropped, err)
	}

	// Dan joins later and has all of it, also what was sealed before.
	dan := l.hire(policies.Practitioner, "Dan West")
	l.sync(l.cy)
	must(t, l.cy.Families.AddTeam(l.id, dan.Keys.Staff()))
	l.sync(l.cy)
	l.sync(dan)
	l.opens(dan, l.clip, later)

	// Cy's certificate is revoked: the same, because of another kind of leaving.
	kept = attune.Stolen(l.cy, l.id)
	must(t, l.head.Staff.Revoke(l.cy.Keys.Staff()))
	l.sync(l.head)
	if r := l.sync(dan); len(r.Turned) != 1 {
		t.Fatalf("turned %+v after a revocation", r.Turned)
	}
	l.sync(l.sam)
	third := l.film(l.sam, "Only Sam and Dan")
	l.sync(l.sam)
	l.sync(dan)
	l.opens(dan, l.clip, later, third)
	if l.stolen(kept, third) {
		t.Error("whose certificate was revoked opens what was filmed since")
	}
}

// TestLocksChangeTwice: two devices change the locks without knowing of each other, and
// film meanwhile. They agree, and nothing is lost, also not to who joins afterwards.
func TestLocksChangeTwice(t *testing.T) {
	t.Parallel()
	l := newLocked(t)
	l.leaves(l.bea)
	// Each hears of the removal and loses the connection. Both go on filming.
	var clips []policies.ClipID
	for _, c := range []*attune.Client{l.sam, l.cy} {
		l.hearsOnly(c)
		clips = append(clips, l.film(c, "Meanwhile"))
		if f, _ := c.Families.Locks(); len(f) != 1 || f[0].Changed.IsZero() {
			t.Errorf("without a connection the locks stand at %+v", f)
		}
	}
	l.down.Store(false)
	for range 3 {
		l.sync(l.sam)
		l.sync(l.cy)
	}
	clips = append(clips, l.clip)
	l.opens(l.sam, clips...)
	l.opens(l.cy, clips...)
	one, _ := l.sam.Mirror.Family(l.id)
	other, _ := l.cy.Mirror.Family(l.id)
	if one.Recipient != other.Recipient || len(one.Turns) != 2 {
		t.Fatalf("%d turns, and in force %.20s and %.20s", len(one.Turns), one.Recipient, other.Recipient)
	}
	dan := l.hire(policies.Practitioner, "Dan West")
	l.sync(l.cy)
	must(t, l.cy.Families.AddTeam(l.id, dan.Keys.Staff()))
	l.sync(l.cy)
	l.sync(dan)
	l.opens(dan, clips...)
}

// hearsOnly has a device hear of what is new, and lose the connection then.
func (l *locked) hearsOnly(c *attune.Client) {
	l.t.Helper()
	f := func(r *http.Request, body []byte) []byte {
		if r.URL.Path == "/v1/sync/pull" { // with the proof of what it brings
			l.down.Store(true)
		}
		return body
	}
	l.spoil.Store(&f)
	_, _ = c.Sync(context.Background())
	l.spoil.Store(nil)
	if !l.down.Load() {
		l.t.Fatal("nothing was fetched")
	}
	if c != l.cy {
		l.down.Store(false)
	}
	if f, _ := c.Mirror.Family(l.id); f.OnTeam(l.bea.Keys.Staff()) {
		l.t.Fatal("the device has not heard of the removal")
	}
}

// TestLocksStale: Cy films without having heard that Bea left. The film is taken; what
// would open it for Bea is handed to nobody; Cy's device writes another key, and then
// everybody of the team opens it.
func TestLocksStale(t *testing.T) {
	t.Parallel()
	l := newLocked(t)
	kept := attune.Stolen(l.bea, l.id)
	l.leaves(l.bea)
	l.sync(l.sam)
	stale := l.film(l.cy, "Not having heard")
	l.lose("/v1/sync/pull") // sent, and then the connection ends
	_, _ = l.cy.Sync(context.Background())
	l.spoil.Store(nil)
	l.sync(l.sam)
	if _, err := l.sam.Clips.Open(context.Background(), stale, policies.FilmAndUse); attune.CodeOf(err) != attune.CodeNoKey {
		t.Errorf("before the author's device wrote another key: %v, want no_key", err)
	}
	if v, err := l.sam.Families.Show(l.id); err != nil || !strings.Contains(strings.Join(v.Warnings, " "), "wait") {
		t.Errorf("nobody is told that a recording waits: %q, %v", v.Warnings, err)
	}
	if r := l.sync(l.cy); r.Relocked != 1 || len(r.Turned) != 0 {
		t.Errorf("the author's device wrote %d keys and turned %+v", r.Relocked, r.Turned)
	}
	if r := l.sync(l.sam); r.Relocked != 0 {
		t.Errorf("a colleague's device wrote %d keys again", r.Relocked)
	}
	if l.stolen(kept, stale) {
		t.Error("with a copy of the database who left opens it still")
	}
	l.opens(l.sam, l.clip, stale)
	l.opens(l.cy, l.clip, stale)
}

// TestHostileLocks: what a server could do to a key that was turned. Each lie is told
// apart, and none has a device seal anything to a stranger.
func TestHostileLocks(t *testing.T) {
	t.Parallel()
	envelope := func(l *locked, p *wire.PullReply, change func(a []wire.Attachment, i int) []wire.Attachment) {
		for n := range p.Items {
			if kindOf(l.t, p.Items[n]) != "key.turn" {
				continue
			}
			for i, a := range p.Items[n].Attachments {
				if a.Name == "key/"+l.cy.Keys.Staff().String() {
					p.Items[n].Attachments = change(slices.Clone(p.Items[n].Attachments), i)
					return
				}
			}
		}
		l.t.Error("no envelope on the page")
	}
	for _, c := range []struct {
		name string
		lie  func(l *locked, p *wire.PullReply)
		sync wire.Code // of the device's sync; "" when the page stands
		key  wire.Code // of what it then can do with the family's new film
	}{
		{"AnotherKeyInTheStatement", func(l *locked, p *wire.PullReply) {
			for n := range p.Items {
				if kindOf(l.t, p.Items[n]) == "key.turn" {
					parts := strings.Split(p.Items[n].Statement, ".")
					text, err := b64(parts[1])
					must(l.t, err)
					f, _ := l.sam.Mirror.Family(l.id)
					own, _, err := attune.NewCustodian()
					must(l.t, err)
					id, err := seal.ParseIdentity(own)
					must(l.t, err)
					parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), f.Recipient, id.Recipient().String(), 1)))
					p.Items[n].Statement = strings.Join(parts, ".")
				}
			}
		}, attune.CodeForged, ""},
		{"EnvelopeHeldBack", func(l *locked, p *wire.PullReply) {
			envelope(l, p, func(a []wire.Attachment, i int) []wire.Attachment { return slices.Delete(a, i, i+1) })
		}, "", attune.CodeWithheld},
		{"EnvelopeWithTheReplacedKey", func(l *locked, p *wire.PullReply) {
			envelope(l, p, func(a []wire.Attachment, i int) []wire.Attachment {
				a[i].Body = l.wrapped(attune.Stolen(l.bea, l.id)[0].String())
				return a
			})
		}, "", attune.CodeWithheld},
		{"EnvelopeWithAStrangersKey", func(l *locked, p *wire.PullReply) {
			envelope(l, p, func(a []wire.Attachment, i int) []wire.Attachment {
				own, _, err := attune.NewCustodian()
				must(l.t, err)
				a[i].Body = l.wrapped(own)
				return a
			})
		}, "", attune.CodeFamilyKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLocked(t)
			stolen := attune.Stolen(l.bea, l.id)
			l.leaves(l.bea)
			l.sync(l.sam)
			l.pulled(func(p *wire.PullReply) { c.lie(l, p) })
			if c.sync != "" {
				refuses(t, l.cy, c.sync)
				l.agrees(l.cy)
				l.opens(l.cy, l.clip)
				return
			}
			_, err := l.cy.Sync(context.Background())
			must(t, err)
			l.spoil.Store(nil)
			if got := attune.CodeOf(attune.Lacking(l.cy, l.id)); got != c.key {
				t.Errorf("the key: %q, want %q", got, c.key)
			}
			v, err := l.cy.Families.Show(l.id)
			must(t, err)
			if len(v.Warnings) == 0 {
				t.Error("nobody is told")
			}
			id := l.film(l.cy, "Filmed all the same")
			l.sync(l.cy)
			l.sync(l.sam)
			l.opens(l.sam, id)
			if l.stolen(stolen, id) {
				t.Error("sealed to the replaced key")
			}
		})
	}
}

// wrapped is a text sealed to Cy, as anybody can who has Cy's public key.
func (l *locked) wrapped(text string) []byte {
	l.t.Helper()
	to, err := seal.ParseRecipient(l.cy.Keys.Recipient())
	must(l.t, err)
	sealed, err := seal.Seal([]byte(text+"\n"), to)
	must(l.t, err)
	return sealed
}
