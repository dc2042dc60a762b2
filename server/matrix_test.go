package server_test

import (
	"cmp"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// The authorisation matrix: everyone × everything that can be asked × the states of a
// family, over HTTP. What a cell must be is not written here. It follows from the
// rules, asked of a fold of the test's own, and from the order in which a server
// must look: who is it, may they know of it, is it possible, is it allowed. So a
// rule that the server forgets to ask, asks of other facts, or answers with another
// code, fails in its cells; and what nobody granted is denied.

// states are what may have become of the family before it is asked about.
var states = []struct {
	name  string
	come  func(m *matrix)
	later time.Duration
}{
	{name: "Open"},
	{name: notArrived},
	{name: "Withdrawn", come: func(m *matrix) {
		m.svc.Ana.Does(m.family.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{m.family.Child}, Channel: policies.ByPhone})
	}},
	{name: "Objected", come: func(m *matrix) {
		dad := m.svc.Sam.Does(m.family.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.NoLink})
		m.svc.Sam.Does(m.family.Record, "consent.object", &policies.ConsentObject{People: []policies.PersonID{m.family.Child}, By: policies.PersonID(dad), Channel: policies.Writing})
	}},
	{name: "FilmingRevoked", come: func(m *matrix) {
		m.svc.Head.Does(m.family.Record, "approval.revoke", &policies.ApprovalRevoke{Request: m.family.Approval, Reason: policies.Safeguarding})
	}},
	{name: "ViewerRemoved", come: func(m *matrix) {
		m.svc.Sam.Does(m.family.Record, "viewer.remove", &policies.ViewerRemove{Staff: m.svc.Visitor.Staff})
	}},
	{name: "GlassBroken", come: func(m *matrix) {
		m.svc.Sam.Does(m.family.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{m.family.Child}, Channel: policies.ByPhone})
		m.svc.Head.Does(m.family.Record, "breakglass.open", m.glass(), storage.Attachment{Name: "reason", Body: []byte(glassReason)})
	}},
	{name: "LinkRevoked", come: func(m *matrix) {
		m.svc.Sam.Does(m.family.Record, "link.revoke", &policies.LinkRevoke{Link: m.link.ID})
	}},
	{name: "FortnightLater", later: 15 * 24 * time.Hour},
	{name: "ConsentOver", later: 200 * 24 * time.Hour},
	{name: "CertificatesOver", later: 400 * 24 * time.Hour},
}

// notArrived is the state of a clip whose film is still to come.
const notArrived = "FilmNotArrived"

// matrix is a world with somebody in every position, and a fold of it beside the
// server's.
type matrix struct {
	*filmed
	link   storagetest.Link
	held   policies.StatementID // a hold on everything, by the IG officer
	frozen policies.StatementID // one on everything of the service
	asked  policies.StatementID // a request of the carer's, which is open
	bundle *authz.Bundle
	pack   policies.Pack
	cells  int
	came   map[policies.Kind][]string // what became of each kind
	db     *sql.DB                    // the service's, to read its log past every rule

	org *policies.Org
	fam *policies.Family
}

func newMatrix(t *testing.T, state string, came map[policies.Kind][]string) *matrix {
	t.Helper()
	w := newWorld(t)
	// Before the family, so that its members are on it from the start.
	for name, role := range map[string]policies.Role{
		"removed": policies.Practitioner, "lost": policies.Practitioner, "left": policies.Practitioner,
		"deputy": policies.Practitioner, "sue": policies.Supervisor, "spare": policies.Practitioner, "op": policies.Operator,
	} {
		w.staff[name] = w.svc.Join("Somebody "+name, role)
	}
	unconfirmed := w.svc.Invite("Una Marsh", policies.Practitioner)
	w.svc.MustAccept(policies.Caller{}, unconfirmed.Joining()...)
	w.staff["unconfirmed"] = unconfirmed
	f := newFilmed(w)
	m := &matrix{filmed: f, came: came, bundle: rules(t).Bundle, pack: w.svc.Figures()}
	var err error
	m.db, err = sql.Open("sqlite", "file:"+w.svc.Config.Database+"?mode=ro")
	w.must(err)
	t.Cleanup(func() { m.db.Close() })
	f.svc.Officer.Hear(w.staff["spare"])
	for _, name := range []string{"removed", "lost", "left"} {
		f.svc.Sam.Does(f.family.Record, "team.add", &policies.TeamAdd{Staff: w.staff[name].Staff})
	}
	f.svc.Sam.Does(f.family.Record, "team.remove", &policies.TeamRemove{Staff: w.staff["removed"].Staff})
	f.revoke("lost")
	f.svc.Head.Does(policies.RecordID(f.svc.Org), "staff.revoke", &policies.StaffRevoke{Staff: w.staff["left"].Staff})
	if state != notArrived {
		f.store()
		m.link = f.family.Share(f.clip, 20)
	}
	m.frozen = f.svc.Officer.Does(policies.RecordID(f.svc.Org), "service.hold", &policies.ServiceHoldPlace{Kind: policies.HoldKinds()[0]})
	m.held = f.svc.Officer.Does(f.family.Record, "hold.place", &policies.HoldPlace{Kind: policies.HoldKinds()[0]})
	m.asked = f.svc.Officer.Does(f.family.Record, "request.open", &policies.RequestOpen{
		Kind: policies.RequestKinds()[0], People: []policies.PersonID{f.family.Carer}, ReceivedOn: f.svc.Clock.Now().Format("2006-01-02"),
	})
	now := f.svc.Clock.Micros()
	f.svc.Head.Does(policies.RecordID(f.svc.Org), "deputy.appoint", &policies.DeputyAppoint{
		Staff: w.staff["deputy"].Staff, From: now, Until: now + 5*24*policies.Hour, Reason: policies.DeputyReasons()[0],
	})
	f.keys["stranger"] = device{policies.DeviceID{1}, newKey()}
	return m
}

// never is the kinds that rest on more than a family can have here; they have tests of
// their own.
var never = map[policies.Kind]bool{
	"key.turn": true, "key.wrap": true, // of keys that a device wraps to real recipients: client-sdk
	"retention.plan": true, "retention.approve": true, // of a change of figures: storage
	"service.recovered": true, // of a service that was put back: storage
	"device.purged":     true, // of an order to destroy a clip that awaited a decision: client-sdk
}

// people are the columns. lost has a revoked device, left was revoked, removed is off
// the team; sue is a supervisor whom nobody named.
var people = []string{"", "stranger", "unconfirmed", "outsider", "sam", "ana", "removed", "lost", "left", "vera", "sue", "deputy", "head", "ig", "op"}

func TestMatrix(t *testing.T) {
	cells, came := 0, map[policies.Kind][]string{}
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			m := newMatrix(t, s.name, came)
			if s.come != nil {
				s.come(m)
			}
			m.fold()
			m.svc.Clock.Forward(s.later)
			for _, who := range people {
				m.accesses(who)
			}
			m.carers()
			m.statements()
			cells += m.cells
		})
	}
	for _, row := range policies.Kinds() {
		if !slices.Contains(came[row.Kind], accesslog.Done) && slices.Contains(row.Signers, policies.SignDevice) && !never[row.Kind] {
			t.Errorf("%s is accepted in no cell: the matrix says nothing of it", row.Kind)
		}
	}
	t.Logf("proof: authorisation over HTTP: %d cells, each with its status, code, rules and event", cells)
}

// fold is the test's own fold, of what sam receives, in the order of the log: each
// statement was judged under the organisation of its time.
func (m *matrix) fold() {
	m.Helper()
	var items []storage.Item
	cursor := ""
	for more := true; more; {
		page, err := m.svc.Records.Pull(m.Context(), m.svc.Sam.Caller(), cursor, 0, 500)
		m.must(err)
		items = append(items, page.Items...)
		cursor, more = page.Cursor, page.More
	}
	slices.SortFunc(items, func(a, b storage.Item) int { return cmp.Compare(a.Place.Index, b.Place.Index) })
	for _, item := range items {
		if item.Kind == storage.ItemStatement {
			m.take(item)
		}
	}
}

func (m *matrix) take(item storage.Item) {
	m.Helper()
	s, err := statement.Verify(item.Statement, func(kid policies.KeyID) (policies.PublicKey, bool) {
		if m.org == nil {
			return policies.PublicKey{}, false
		}
		return m.org.Key(kid)
	})
	m.must(err)
	switch {
	case s.Kind == policies.KindRoot:
		m.org, err = policies.NewOrg(s)
	case s.Kind == policies.KindFamilyOpen:
		m.fam, _, err = policies.NewFamily(m.org, s, item.Place.At)
	case s.Record == m.family.Record:
		_, err = m.fam.Apply(m.org, s, item.Place.At)
	default:
		_, err = m.org.Apply(s, item.Place.At)
	}
	m.must(err)
	if head := m.fam; head != nil && item.Place.Record == m.family.Record && head.Head != item.Place.Head {
		m.Fatalf("%s: the test folds to another head than the server", s.Kind)
	}
}

// asks is one access: what it is to the rules, and what it is on the wire.
type asks struct {
	policies.Request
	method, path string
	in           any
	headers      []string
	fine         int  // status when it is allowed
	whole        bool // about the service, and not about a family that may be unknown to the caller
}

func (m *matrix) accesses(who string) {
	m.Helper()
	clip := "/v1/clips/" + m.clip.ID.String()
	list := []asks{
		{Request: policies.Request{Action: policies.ActSearchLog}, method: http.MethodGet, path: "/v1/log/events?limit=1", fine: http.StatusOK, whole: true},
		{Request: policies.Request{Action: policies.ActExportLog}, method: http.MethodGet, path: "/v1/log/export", fine: http.StatusOK, whole: true},
		{Request: policies.Request{Action: policies.ActVerifyLog}, method: http.MethodGet, path: "/v1/log/leaves", fine: http.StatusOK, whole: true},
	}
	for _, p := range policies.Purposes() {
		list = append(list,
			asks{Request: policies.Request{Action: policies.ActWatch, Clip: m.clip.ID, Purpose: p}, method: http.MethodPost, path: clip + "/viewings",
				in: wire.ViewRequest{Purpose: p}, fine: http.StatusCreated},
			asks{Request: policies.Request{Action: policies.ActCopy, Clip: m.clip.ID, Purpose: p}, method: http.MethodPost, path: clip + "/viewings",
				in: wire.ViewRequest{Purpose: p, Copy: true, Reason: "agreed"}, fine: http.StatusCreated})
	}
	if m.link.ID.IsZero() {
		list = append(list, asks{Request: policies.Request{Action: policies.ActUpload, Clip: m.clip.ID}, method: http.MethodPost, path: "/v1/uploads",
			headers: tus("Upload-Length", strconv.Itoa(len(m.payload())), "Upload-Metadata", metadata(m.clip.ID)), fine: http.StatusCreated})
	} else {
		list = append(list, asks{Request: policies.Request{Action: policies.ActShowLink, Link: m.link.ID}, method: http.MethodGet, path: "/v1/links/" + m.link.ID.String(), fine: http.StatusOK})
	}
	for _, a := range list {
		m.access(who, a)
	}
	m.pull(who)
}

// access asks, and compares status, code, rules and event with the rules' answer.
func (m *matrix) access(who string, a asks) {
	m.Helper()
	m.cells++
	before := m.events()
	got := m.call(who, a.method, a.path, a.in, a.headers...)
	name := fmt.Sprintf("%s %s by %q", a.Action, a.Purpose, who)
	p, known := m.staff[who]
	if !known {
		if got.status != http.StatusUnauthorized || got.code() != wire.CodeUnauthorised || m.events() != before {
			m.Errorf("%s: %d %s, want 401 and no event", name, got.status, got.code())
		}
		return
	}
	a.Caller, a.Now = p.Caller(), m.svc.Clock.Micros()
	f := m.fam
	if a.whole {
		f = nil
	}
	ruling := m.bundle.Decide(a.Request, m.org, f)
	status, code, outcome := a.fine, wire.Code(""), "allowed"
	if !ruling.Allowed {
		status, code, outcome = http.StatusForbidden, wire.CodeDenied, "denied"
		if !a.whole && (slices.Equal(ruling.Rules, []string{policies.DefaultDeny}) || !m.mayKnow(p, policies.Kind(a.Action))) {
			status, code = http.StatusNotFound, wire.CodeNotFound
		}
	}
	if got.status != status || got.code() != code {
		m.Errorf("%s: %d %s, want %d %s by %v", name, got.status, got.code(), status, code, ruling.Rules)
	}
	if code == wire.CodeDenied && !slices.Equal(got.rules(), ruling.Rules) {
		m.Errorf("%s: rules %v, want %v", name, got.rules(), ruling.Rules)
	}
	m.event(name, before, a.Action, outcome, ruling.Rules)
}

func (m *matrix) mayKnow(p *storagetest.Person, kind policies.Kind) bool {
	return policies.MayKnow(m.org, m.fam, policies.Author{Signer: policies.SignDevice, Staff: p.Staff, Device: p.Device}, kind)
}

// event looks for the event of a cell among those since it was asked: what came of
// it, by which rules. It reads the database: when every certificate is over, nobody
// may read the log.
func (m *matrix) event(name string, from int64, act policies.Action, outcome string, rules []string) {
	m.Helper()
	var seen []string
	for _, e := range m.eventsSince(from) {
		if e.Action == string(act) && e.Outcome == outcome && slices.Equal(e.Rules, rules) {
			return
		}
		seen = append(seen, fmt.Sprint(e.Action, " ", e.Outcome, " ", e.Rules))
	}
	m.Errorf("%s: no event %s %v, but %q", name, outcome, rules, seen)
}

func (m *matrix) eventsSince(from int64) (out []accesslog.Event) {
	m.Helper()
	rows, err := m.db.QueryContext(m.Context(), `SELECT leaf FROM events WHERE n >= $1 ORDER BY n`, from)
	m.must(err)
	defer rows.Close()
	for rows.Next() {
		var leaf []byte
		m.must(rows.Scan(&leaf))
		e, err := accesslog.Decode(leaf)
		m.must(err)
		out = append(out, e)
	}
	m.must(rows.Err())
	return out
}

// pull holds what the tables let through against what the rules allow: the records
// that somebody receives are those that a rule lets them have, found by asking it of
// each, and no table lets through what no rule does.
func (m *matrix) pull(who string) {
	m.Helper()
	m.cells++
	before := m.events()
	got := m.call(who, http.MethodGet, "/v1/sync/pull", nil)
	p, known := m.staff[who]
	if !known {
		got.want(m.world, http.StatusUnauthorized, wire.CodeUnauthorised)
		return
	}
	var page wire.PullReply
	got.want(m.world, http.StatusOK, "")
	got.decode(m.world, &page)
	given := map[policies.RecordID]bool{}
	var let []string
	for _, item := range page.Items {
		given[item.Place.Record] = given[item.Place.Record] || item.Kind == wire.ItemStatement
	}
	for record, f := range map[policies.RecordID]*policies.Family{policies.RecordID(m.org.ID): nil, m.family.Record: m.fam} {
		ruling := m.bundle.Decide(policies.Request{Caller: p.Caller(), Action: policies.ActPull, Now: m.svc.Clock.Micros()}, m.org, f)
		if f == nil && m.ended(p) { // what ended their device, and the way to it: else it would never forget
			ruling = policies.Ruling{Allowed: true, Rules: []string{policies.DropRule}}
		}
		if given[record] != ruling.Allowed {
			m.Errorf("%q receives record %s: %v, by rule %v %v", who, record.Short(), given[record], ruling.Allowed, ruling.Rules)
		}
		if !ruling.Allowed {
			continue
		}
		let = append(let, ruling.Rules...)
		forms := m.bundle.Decide(policies.Request{Caller: p.Caller(), Action: policies.ActReadForm, Now: m.svc.Clock.Micros()}, m.org, f)
		if f != nil && forms.Allowed {
			let = append(let, forms.Rules...)
		}
		if got := m.gotForms(page, record); f != nil && got != forms.Allowed {
			m.Errorf("%q receives the signed forms of %s: %v, by rule %v %v", who, record.Short(), got, forms.Allowed, forms.Rules)
		}
	}
	if len(let) > 0 {
		slices.Sort(let)
		m.event(fmt.Sprintf("pull by %q", who), before, policies.ActPull, "allowed", slices.Compact(let))
	}
}

// ended: the person or their device was revoked.
func (m *matrix) ended(p *storagetest.Person) bool {
	return !m.org.Staff[p.Staff].Revoked.IsZero() || !m.org.Devices[p.Device].Revoked.IsZero()
}

// gotForms reports whether a page brought a signed form of a record.
func (m *matrix) gotForms(page wire.PullReply, record policies.RecordID) bool {
	return slices.ContainsFunc(page.Items, func(i wire.Item) bool {
		return i.Place.Record == record && slices.ContainsFunc(i.Attachments, func(a wire.Attachment) bool { return a.Name == "form" })
	})
}

// carers are somebody with the link, without its PIN, and without anything.
func (m *matrix) carers() {
	m.Helper()
	if m.link.ID.IsZero() {
		return
	}
	carer := policies.Caller{Link: m.link.ID}
	ruling := m.bundle.Decide(policies.Request{Caller: carer, Action: policies.ActOpenLink, Link: m.link.ID, Clip: m.clip.ID, Purpose: policies.FilmAndUse, Now: m.svc.Clock.Micros()}, m.org, m.fam)
	ended, unopened := http.StatusNotFound, http.StatusForbidden
	for _, c := range []struct {
		name      string
		auth, pin policies.Digest
		status    int // when the link may be opened
		closed    int // when it may not
	}{
		{"without the secret", policies.Digest{1}, m.link.Keyed(m.link.PIN), ended, ended},
		{"with a wrong PIN", m.link.Auth(), m.link.Keyed("000000"), unopened, ended},
		{"with the link and its PIN", m.link.Auth(), m.link.Keyed(m.link.PIN), http.StatusOK, ended},
	} {
		m.cells++
		before := m.events()
		want := c.closed
		if ruling.Allowed {
			want = c.status
		}
		got := m.open(m.link.Token.String(), c.auth, c.pin)
		if got.status != want {
			m.Errorf("a carer %s: %d %s, want %d by %v", c.name, got.status, got.code(), want, ruling.Rules)
		}
		if got.status == http.StatusOK {
			m.event("carer "+c.name, before, policies.ActOpenLink, "allowed", ruling.Rules)
		}
	}
}

// statements has everybody state every kind there is: first what gives something,
// then what stops something, so that the one is not asked in the ruins of the other.
func (m *matrix) statements() {
	m.Helper()
	rows := policies.Kinds()
	slices.SortStableFunc(rows, func(a, b policies.Row) int { return btoi(a.Restriction) - btoi(b.Restriction) })
	for _, row := range rows {
		if row.Kind == policies.KindRoot {
			continue // no device can sign one: it carries the key that signs it
		}
		for _, who := range people {
			if p, ok := m.staff[who]; ok {
				m.states(who, p, row)
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// states has one person state one kind, and compares what the server answers and logs
// with what the fold and the rules say. What was accepted is folded here too, and the
// head of the record must be the server's.
func (m *matrix) states(who string, p *storagetest.Person, row policies.Row) {
	m.Helper()
	m.cells++
	name := fmt.Sprintf("%s by %q", row.Kind, who)
	body := m.body(row)
	record := m.family.Record
	switch {
	case row.Kind == policies.KindFamilyOpen:
		record = policies.RecordID{}
	case row.Family == nil:
		record = policies.RecordID(m.svc.Org)
	}
	attached := m.attach(body)
	sealed, _ := p.Say(record, row.Kind, body, m.fam.RestrictionsFor(body)...)
	sealed.Attachments = attached
	said, err := statement.Verify(sealed.Statement, m.org.Key)
	m.must(err)
	before := m.events()
	want := m.judged(p, said)
	m.came[row.Kind] = append(m.came[row.Kind], want.outcome)
	got := m.pushes(who, sealed).Results[0]
	if got.Status != want.status || got.Code != want.code || want.code == wire.CodeDenied && !slices.Equal(got.Rules, want.rules) {
		m.Errorf("%s: %s %q %v, want %s %q %v (%v)", name, got.Status, got.Code, got.Rules, want.status, want.code, want.rules, want.why)
	}
	m.event(name, before, policies.Action(row.Kind), want.outcome, want.rules)
	if got.Status != wire.Accepted || want.status != wire.Accepted {
		return
	}
	head := m.org.Head
	if want.org != nil {
		m.org, head = want.org, want.org.Head
	} else if record == m.family.Record {
		m.fam, head = want.fam, want.fam.Head
	} else {
		return // another family
	}
	if got.Receipt.Place.Head != head {
		m.Errorf("%s: the receipt names another head than the fold's", name)
	}
}

// judged is what must become of a statement.
type judged struct {
	status  wire.Status
	code    wire.Code
	rules   []string
	outcome string
	why     error

	org *policies.Org
	fam *policies.Family
}

func (m *matrix) judged(p *storagetest.Person, s policies.Statement) judged {
	now := m.svc.Clock.Micros()
	var v judged
	switch {
	case s.Kind == policies.KindFamilyOpen:
		v.fam, _, v.why = policies.NewFamily(m.org, s, now)
	case s.Record == policies.RecordID(m.svc.Org):
		v.org = m.org.Clone()
		_, v.why = v.org.Apply(s, now)
	case !m.mayKnow(p, s.Kind):
		v.why = storage.ErrNotFound
	default:
		v.fam = m.fam.Clone()
		_, v.why = v.fam.Apply(m.org, s, now)
	}
	if v.why == nil {
		v.why = m.pack.Within(s.Body, now)
	}
	if m.waits(v.why) {
		v.status, v.outcome = wire.Deferred, accesslog.Deferred
		return v
	}
	if v.why != nil {
		v.status, v.outcome = wire.Refused, accesslog.Refused
		v.code = map[error]wire.Code{
			policies.ErrSigner: wire.CodeSigner, policies.ErrMissing: wire.CodeMissing,
			policies.ErrNotPossible: wire.CodeNotPossible, storage.ErrNotFound: wire.CodeNotFound,
		}[sentinel(v.why)]
		return v
	}
	f := m.fam
	if s.Kind == policies.KindFamilyOpen {
		f = v.fam
	}
	ruling := m.bundle.Decide(policies.Request{Caller: p.Caller(), Action: policies.Action(s.Kind), Statement: &s, Now: now}, m.org, f)
	v.rules, v.status, v.outcome = ruling.Rules, wire.Accepted, accesslog.Done
	if !ruling.Allowed {
		v.status, v.code, v.outcome = wire.Refused, wire.CodeDenied, accesslog.Denied
	}
	return v
}

// waits reports whether a statement waits for what it misses: for something that never
// arrived, not for something else about what did.
func (m *matrix) waits(why error) bool {
	var missing *policies.MissingError
	if !errors.As(why, &missing) {
		return false
	}
	var n int
	m.must(m.db.QueryRow(`SELECT COUNT(*) FROM statements WHERE id = $1`, missing.ID.String()).Scan(&n))
	return n == 0
}

func sentinel(err error) error {
	for _, is := range []error{policies.ErrSigner, policies.ErrMissing, policies.ErrNotPossible, storage.ErrNotFound} {
		if errors.Is(err, is) {
			return is
		}
	}
	return err
}

// body is something of each kind that somebody could say of this family. A kind that
// is not here says what its vector says, about things that this family has not.
func (m *matrix) body(row policies.Row) policies.Body {
	now := m.svc.Clock.Micros()
	day := policies.Micros(24) * policies.Hour
	switch row.Kind {
	case "family.open":
		return &policies.FamilyOpen{Reference: "EH-9", Programme: policies.VIG, Recipient: m.family.Identity.Recipient().String()}
	case "person.add":
		return &policies.PersonAdd{Role: policies.Visitor, Basis: policies.Own, Contact: policies.NoLink}
	case "team.add":
		return &policies.TeamAdd{Staff: m.staff["spare"].Staff}
	case "team.remove":
		return &policies.TeamRemove{Staff: m.staff["spare"].Staff}
	case "cover.authorise":
		return &policies.CoverAuthorise{Staff: m.staff["spare"].Staff, Until: now + 14*day}
	case "recovery.use":
		return &policies.RecoveryUse{Ground: policies.RecoverCover, Pair: policies.PairAB, For: m.staff["spare"].Staff}
	case "recovery.confirm":
		for _, r := range m.fam.Recovered() {
			return &policies.RecoveryConfirm{Use: r.ID}
		}
	case "recovery.restore":
		for _, r := range m.fam.Recovered() {
			return &policies.RecoveryRestore{Use: r.ID, Key: policies.KeyName(m.fam.Recipient), To: policies.Digest{1}}
		}
	case "approval.request":
		return &policies.ApprovalRequest{Programme: policies.VIG, From: now, Until: now + 30*day}
	case "approval.grant":
		return &policies.ApprovalGrant{Request: m.family.Approval}
	case "approval.decline", "approval.revoke":
		b := policies.ApprovalDecline{Request: m.family.Approval, Reason: policies.NotNow}
		if row.Kind == "approval.revoke" {
			r := policies.ApprovalRevoke(b)
			return &r
		}
		return &b
	case "consent.withdraw":
		return &policies.ConsentWithdraw{People: []policies.PersonID{m.family.Carer}, Channel: policies.ByPhone}
	case "viewer.add":
		return &policies.ViewerAdd{Staff: m.svc.Visitor.Staff, Purpose: policies.Supervision, Until: now + 7*day}
	case "viewer.remove":
		return &policies.ViewerRemove{Staff: m.svc.Visitor.Staff}
	case "countersign":
		for id := range m.fam.Viewers {
			return &policies.Countersign{Of: id}
		}
	case "session.log":
		return &policies.SessionLog{On: m.svc.Clock.Now().Format("2006-01-02"), Number: 2, StillHappy: true}
	case "clip.add":
		_, b, _ := m.family.Film(100, true)
		b.Fixed = nil
		return b
	case "clip.annotate":
		return &policies.ClipAnnotate{Clip: m.clip.ID, Source: policies.SourceKept}
	case "link.create":
		_, b := m.family.NewLink(m.clip, 5)
		return b
	case "link.pin":
		return &policies.LinkPIN{Link: m.aLink(), PIN: policies.Digest{1}}
	case "link.revoke":
		return &policies.LinkRevoke{Link: m.aLink()}
	case "staff.invite":
		return &policies.StaffInvite{Role: policies.Practitioner, Key: publicKey(), Expires: now + day}
	case "staff.confirm":
		return &policies.StaffConfirm{Staff: m.staff["unconfirmed"].Staff, Certificate: m.org.Staff[m.staff["unconfirmed"].Staff].Certified}
	case "staff.revoke":
		return &policies.StaffRevoke{Staff: m.staff["spare"].Staff}
	case "device.revoke":
		return &policies.DeviceRevoke{Device: m.staff["spare"].Device}
	case "staff.train":
		return &policies.StaffTrain{Staff: m.staff["spare"].Staff, Programme: policies.VIG, Level: policies.Accredited, Until: now + 90*day}
	case "equipment.add":
		return &policies.EquipmentAdd{Kind: policies.Camera, Holder: m.staff["spare"].Staff}
	case "equipment.retire":
		for id := range m.org.Equipment {
			return &policies.EquipmentRetire{Equipment: id, How: policies.LostForGood}
		}
	case "breakglass.open":
		return m.glass()
	case "breakglass.close":
		return &policies.BreakglassClose{Glass: policies.GlassID{1}}
	case "deputy.appoint":
		return &policies.DeputyAppoint{Staff: m.staff["spare"].Staff, From: now, Until: now + 5*day, Reason: policies.DeputyReasons()[0]}
	case "deputy.end":
		return &policies.DeputyEnd{Staff: m.staff["spare"].Staff}
	case "staff.renew":
		return &policies.StaffRenew{Staff: m.staff["sue"].Staff, Until: now + 364*day}
	case "staff.reinvite":
		return &policies.StaffReinvite{Staff: m.staff["sue"].Staff, Key: publicKey(), Expires: now + day}
	case "person.change":
		return &policies.PersonChange{Person: m.family.Carer, Basis: policies.Own, Contact: policies.LinkSafe}
	case "consent.sign":
		return m.form(now, 30*day)
	case "consent.object":
		return &policies.ConsentObject{People: []policies.PersonID{m.family.Child}, By: m.family.Carer, Channel: policies.Writing}
	case "decision.make":
		return &policies.DecisionMake{Of: m.stopped(), Outcome: policies.StaysShut, Ground: policies.BestInterests}
	case "disposal.approve":
		return &policies.DisposalApprove{Clips: []policies.ClipID{m.clip.ID}, Class: policies.RawFilm, Outcome: policies.KeepOn, Again: m.svc.Clock.Now().AddDate(0, 0, 30).Format("2006-01-02")}
	case "disposal.authorise":
		return &policies.DisposalAuthorise{Of: m.stopped(), Identity: policies.Identities()[0]}
	case "hold.release":
		return &policies.HoldRelease{Hold: m.held}
	case "disposal.standing":
		return &policies.DisposalStanding{Class: policies.RawFilm, Pack: m.org.Policy.SHA256}
	case "service.release":
		return &policies.ServiceRelease{Hold: m.frozen}
	case "request.close":
		return &policies.RequestClose{Request: m.asked, Outcome: policies.RequestOutcomes()[0]}
	case "request.clock":
		return &policies.RequestClock{Request: m.asked, Step: policies.ExtendComplex, On: m.svc.Clock.Now().Format("2006-01-02")}
	case "policy.adopt":
		b := policies.NewPolicyAdopt(m.org.Policy.Pack, m.svc.Rules.Pack, m.org.Policy.Bundle)
		return &b
	}
	return vectorOf(m.T, row.Kind)
}

// glassReason is what attach makes of a reason.
const glassReason = "sealed reason"

// glass opens the clip for ana.
func (m *matrix) glass() *policies.BreakglassOpen {
	return &policies.BreakglassOpen{
		Clips: []policies.ClipID{m.clip.ID}, For: m.svc.Ana.Staff, Category: policies.GlassSafeguarding, Until: m.svc.Clock.Micros() + 2*policies.Hour,
		Fixed: []policies.Attachment{{Name: "reason", SHA256: policies.DigestOf([]byte(glassReason)), Bytes: int64(len(glassReason))}},
	}
}

// form is a new form of the carer's, for a while.
func (m *matrix) form(now, life policies.Micros) *policies.ConsentSign {
	return &policies.ConsentSign{
		People:   []policies.Covered{{Person: m.family.Carer, By: m.family.Carer, Basis: policies.Own}},
		Purposes: []policies.PurposeAnswer{{Purpose: policies.FilmAndUse, Yes: true}},
		From:     now, Until: now + life, SignedOn: m.svc.Clock.Now().Format("2006-01-02"),
		Medium: policies.OnPaper, Understood: []policies.Aid{policies.NoneNeeded}, FormText: policies.DigestOf([]byte("the words")),
		Fixed: []policies.Attachment{{Name: "form"}, {Name: "shown"}},
	}
}

// stopped is what somebody said in the family that somebody else must decide about;
// nothing there is, where nobody has.
func (m *matrix) stopped() policies.StatementID {
	for id := range m.fam.Objections {
		return id
	}
	for id := range m.fam.Withdrawn {
		return id
	}
	return policies.StatementID{1}
}

// aLink is the family's, or none that there is.
func (m *matrix) aLink() policies.LinkID {
	if m.link.ID.IsZero() {
		return policies.LinkID{1}
	}
	return m.link.ID
}

func publicKey() policies.PublicKey {
	return policies.PublicKey(newKey().Public().(ed25519.PublicKey))
}

// attach makes the attachments that a body fixes, and has it name them.
func (m *matrix) attach(body policies.Body) (out []storage.Attachment) {
	if _, adopts := body.(*policies.PolicyAdopt); adopts {
		return []storage.Attachment{{Name: policies.PackFile, Body: m.svc.Rules.Pack}}
	}
	list, ok := body.(policies.Attached)
	if !ok {
		return nil
	}
	for i, a := range list.Attachments() {
		bytes := []byte("sealed " + a.Name)
		list.Attachments()[i] = policies.Attachment{Name: a.Name, SHA256: policies.DigestOf(bytes), Bytes: int64(len(bytes))}
		out = append(out, storage.Attachment{Name: a.Name, Body: bytes})
	}
	return out
}

// vectorOf is what the published vector of a kind says.
func vectorOf(t *testing.T, kind policies.Kind) policies.Body {
	t.Helper()
	text, err := os.ReadFile("../client-sdk/vectors/statement.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Kind policies.Kind      `json:"kind"`
		Key  policies.PublicKey `json:"key"`
		Raw  string             `json:"raw"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		if v.Kind != kind {
			continue
		}
		s, err := statement.Verify([]byte(v.Raw), func(policies.KeyID) (policies.PublicKey, bool) { return v.Key, true })
		if err != nil {
			t.Fatal(err)
		}
		return s.Body
	}
	t.Fatalf("%s has no vector, and no body here", kind)
	return nil
}
