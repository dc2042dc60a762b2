package storage_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestVisibility plays random services of several families, people who join teams and
// viewer lists and leave them, and months that pass, and then has everyone pull: from
// nothing, and from where they last stopped. Who receives which record by the tables
// must be who may by the rules, asked of every person and every record; and what the
// tables let through, the rules must not have to hold back, except where a date has
// passed, which no statement says. SEED replays one service.
func TestVisibility(t *testing.T) {
	if s := os.Getenv("SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		visible(t, seed)
		return
	}
	rounds, _ := strconv.Atoi(cmp.Or(os.Getenv("ROUNDS"), "20"))
	pulls := 0
	for i := range max(2, rounds/4) {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("Service%d", i), func(t *testing.T) {
			t.Logf("SEED=%d", seed)
			pulls += visible(t, seed)
		})
	}
	t.Logf("proof: tables and rules agree on %d pulls by random people of random services", pulls)
}

type crowd struct {
	*storagetest.World
	*testing.T
	rnd      *rand.Rand
	people   []*storagetest.Person
	families []*storagetest.Family
	cursor   map[*storagetest.Person]string
	holds    map[*storagetest.Person]map[policies.RecordID]bool // the mirror of each device
	db       *sql.DB                                            // to read what was accepted and logged past every rule
	pulls    int
}

func visible(t *testing.T, seed uint64) int {
	w := storagetest.New(t, storagetest.Adopted(t))
	c := &crowd{World: w, T: t, rnd: rand.New(rand.NewPCG(seed, 0)), cursor: map[*storagetest.Person]string{}, holds: map[*storagetest.Person]map[policies.RecordID]bool{}}
	var err error
	if c.db, err = sql.Open("sqlite", "file:"+w.Config.Database+"?mode=ro"); err != nil {
		t.Fatal(err)
	}
	defer c.db.Close()
	c.people = []*storagetest.Person{w.Head, w.Sam, w.Ana, w.Officer, w.Visitor}
	for _, p := range c.people {
		c.holds[p] = map[policies.RecordID]bool{}
	}
	c.families = []*storagetest.Family{w.Open("EH-1"), w.Open("EH-2")}
	for range 24 {
		c.step()
		w.Clock.Forward(time.Duration(1+c.rnd.IntN(100)) * time.Hour / 2)
		if c.rnd.IntN(3) == 0 {
			c.pull(c.people[c.rnd.IntN(len(c.people))])
		}
	}
	for _, p := range c.people {
		c.cursor[p], c.holds[p] = "", map[policies.RecordID]bool{}
		c.pull(p)
	}
	if n := c.Records.Withheld(); n > 0 {
		c.Errorf("rules held back %d records that the tables let through", n)
	}
	return c.pulls
}

// step is one thing that somebody does; many are refused, and that is fine.
func (c *crowd) step() {
	f := c.families[c.rnd.IntN(len(c.families))]
	by, whom := c.people[c.rnd.IntN(len(c.people))], c.people[c.rnd.IntN(len(c.people))]
	org, fam := c.state(f)
	say := func(record policies.RecordID, kind policies.Kind, body policies.Body) {
		s, _ := by.Say(record, kind, body, fam.RestrictionsFor(body)...)
		c.Push(by.Caller(), s)
	}
	switch c.rnd.IntN(11) {
	case 0:
		c.families = append(c.families, c.Open(fmt.Sprint("EH-", len(c.families)+1)))
	case 1:
		role := []policies.Role{policies.Practitioner, policies.Supervisor}[c.rnd.IntN(2)]
		p := c.Join(fmt.Sprint("Joiner ", len(c.people)), role)
		c.people, c.holds[p] = append(c.people, p), map[policies.RecordID]bool{}
	case 2:
		say(f.Record, "team.add", &policies.TeamAdd{Staff: whom.Staff})
	case 3:
		say(f.Record, "team.remove", &policies.TeamRemove{Staff: whom.Staff})
	case 4, 5:
		if by = c.Sam; !fam.OnTeam(by.Staff) {
			return
		}
		until := c.Clock.Micros() + policies.Micros(1+c.rnd.IntN(20))*24*policies.Hour
		f.Sign([]policies.NamedViewer{{Staff: whom.Staff, Purpose: policies.Supervision, Until: until}}, policies.FilmAndUse, policies.Supervision)
		say(f.Record, "viewer.add", &policies.ViewerAdd{Staff: whom.Staff, Purpose: policies.Supervision, Until: until})
	case 6:
		for _, l := range fam.Listings() {
			by = c.Head
			say(f.Record, "countersign", &policies.Countersign{Of: l.ID})
		}
	case 7:
		say(f.Record, "viewer.remove", &policies.ViewerRemove{Staff: whom.Staff})
	case 8:
		if whom != c.Head && whom != c.Sam && whom != c.Ana && c.rnd.IntN(3) == 0 {
			say(policies.RecordID(org.ID), "staff.revoke", &policies.StaffRevoke{Staff: whom.Staff})
		}
	case 9:
		by = c.Head
		now := c.Clock.Micros()
		say(policies.RecordID(org.ID), "deputy.appoint", &policies.DeputyAppoint{Staff: whom.Staff, From: now + policies.Micros(c.rnd.IntN(3))*24*policies.Hour, Until: now + 3*24*policies.Hour + policies.Micros(1+c.rnd.IntN(10))*24*policies.Hour, Reason: policies.DeputyReasons()[0]})
	case 10:
		by = c.Head
		say(policies.RecordID(org.ID), "deputy.end", &policies.DeputyEnd{Staff: whom.Staff})
	}
}

// state is the test's own fold of the organisation and a family, from what the log
// accepted.
func (c *crowd) state(f *storagetest.Family) (*policies.Org, *policies.Family) {
	c.Helper()
	o, all := c.fold()
	return o, all[f.ID]
}

func (c *crowd) fold() (o *policies.Org, all map[policies.FamilyID]*policies.Family) {
	c.Helper()
	all = map[policies.FamilyID]*policies.Family{}
	for _, a := range c.accepted() {
		s, err := statement.Verify(a.raw, func(kid policies.KeyID) (policies.PublicKey, bool) {
			if o == nil {
				return policies.PublicKey{}, false
			}
			return o.Key(kid)
		})
		if err != nil {
			c.Fatal(err)
		}
		switch {
		case s.Kind == policies.KindRoot:
			o, err = policies.NewOrg(s)
		case s.Kind == policies.KindFamilyOpen:
			var f *policies.Family
			f, _, err = policies.NewFamily(o, s, a.at)
			all[policies.FamilyID(s.ID)] = f
		case s.Record == policies.RecordID(o.ID):
			_, err = o.Apply(s, a.at)
		default:
			_, err = all[policies.FamilyID(s.Record)].Apply(o, s, a.at)
		}
		if err != nil {
			c.Fatal(err)
		}
	}
	return o, all
}

// pull follows the feed to its end, as a device does, and compares what it then holds
// with what the rules let this person have.
func (c *crowd) pull(p *storagetest.Person) {
	c.Helper()
	c.pulls++
	before := c.size()
	holds := c.holds[p]
	same, err := c.Records.Unchanged(c.Context(), p.Caller(), c.cursor[p])
	if err != nil {
		c.Fatal(err)
	}
	for pages, more := 0, true; more; pages++ {
		page, err := c.Records.Pull(c.Context(), p.Caller(), c.cursor[p], 0, 1+c.rnd.IntN(40))
		if err != nil {
			c.Fatal(err)
		}
		if same && len(page.Items) > 0 {
			c.Errorf("%s is told that nothing is new, and %d items are", p.Name, len(page.Items))
		}
		for _, item := range page.Items {
			switch item.Kind {
			case storage.ItemDropScope:
				delete(holds, item.Place.Record)
			case storage.ItemStatement:
				holds[item.Place.Record] = true
			}
		}
		c.cursor[p], more = page.Cursor, page.More
	}
	c.withheld(before)
	o, all := c.fold()
	now, bundle := c.Clock.Micros(), c.Config.Bundle
	if same, err = c.Records.Unchanged(c.Context(), p.Caller(), c.cursor[p]); err != nil {
		c.Fatal(err)
	}
	if want := o.Devices[p.Device].Active(now) && o.Staff[p.Staff].Active(now); same != want {
		c.Errorf("%s (%s) has all there is; told that nothing is new: %v, want %v", p.Name, p.Role, same, want)
	}
	ask := func(f *policies.Family) bool {
		return bundle.Decide(policies.Request{Caller: p.Caller(), Action: policies.ActPull, Now: now}, o, f).Allowed
	}
	if got, want := holds[policies.RecordID(o.ID)], ask(nil); want && !got {
		c.Errorf("%s (%s) may have the organisation's record and does not", p.Name, p.Role)
	}
	for id, f := range all {
		// Whoever was revoked is told so, and forgets by that.
		if got, want := holds[policies.RecordID(id)], ask(f); want != got && (want || o.Staff[p.Staff].Active(now)) {
			c.Errorf("%s (%s) holds %s: %v, by the rules %v", p.Name, p.Role, f.Reference, got, want)
		}
	}
}

type acceptedThen struct {
	raw []byte
	at  policies.Micros
}

// accepted is every statement there is, in the order of the log.
func (c *crowd) accepted() (out []acceptedThen) {
	c.Helper()
	rows, err := c.db.QueryContext(c.Context(), `SELECT raw, accepted_at FROM statements ORDER BY log_index`)
	if err != nil {
		c.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a acceptedThen
		if err := rows.Scan(&a.raw, &a.at); err != nil {
			c.Fatal(err)
		}
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		c.Fatal(err)
	}
	return out
}

func (c *crowd) size() int64 {
	c.Helper()
	p, err := c.World.Log.Prove(c.Context(), 0)
	if err != nil {
		c.Fatal(err)
	}
	return p.Size
}

// withheld counts the records that a rule held back though the tables let them
// through, since an event.
func (c *crowd) withheld(since int64) (n int) {
	c.Helper()
	err := c.db.QueryRowContext(c.Context(), `SELECT count(*) FROM events WHERE n >= $1 AND action = 'record.pull' AND outcome = 'denied'`, since).Scan(&n)
	if err != nil {
		c.Fatal(err)
	}
	return n
}
