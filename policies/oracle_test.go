package policies_test

import (
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/policiestest"
	"pgregory.net/rapid"
)

// The rules a second time, in Go, written from RULES.md and not from the Cedar: one
// function per action, deny by default. On random worlds both must say the same.
// Whoever adds a rule adds it here too, in other words.

// asker is who asks, as the oracle sees them.
type asker struct {
	o    *policies.Org
	f    *policies.Family
	now  policies.Micros
	kind string // "staff", "carer", "server", "sweeper", "root"; "" for nobody

	id   policies.StaffID
	role policies.Role
	// A certificate in force, of person and device; six words heard.
	active, confirmed bool
	team              bool
	outside           bool
}

func (a asker) works() bool { return a.kind == "staff" && a.active && a.confirmed }
func (a asker) is(roles ...policies.Role) bool {
	return a.works() && slices.Contains(roles, a.role)
}
func (a asker) practisesHere() bool { return a.is(policies.Practitioner) && a.team }

// deputy is a deputy today; appointed is one who will be, too.
func (a asker) deputy() bool {
	return a.appointedFrom(func(d *policies.Deputy) bool { return d.From <= a.now })
}
func (a asker) appointed() bool { return a.appointedFrom(func(*policies.Deputy) bool { return true }) }

func (a asker) appointedFrom(from func(*policies.Deputy) bool) bool {
	for _, d := range a.o.Deputies {
		if a.works() && a.role != policies.Operator && d.Staff == a.id && d.Ended.IsZero() && a.now < d.Until && from(d) {
			return true
		}
	}
	return false
}

func askerOf(r policies.Request, o *policies.Org, f *policies.Family) asker {
	a := asker{o: o, f: f, now: r.Now}
	device := r.Caller.Device
	a.id = r.Caller.Staff
	invited := false
	if s := r.Statement; s != nil {
		by, ok := o.Signer(s.Signer)
		switch {
		case !ok:
			return a
		case by.Signer == policies.SignRoot:
			a.kind = "root"
			return a
		case by.Signer == policies.SignServer:
			a.kind = "server"
			return a
		}
		a.id, device = by.Staff, by.Device
		invited = by.Signer == policies.SignInvite || by.Signer == policies.SignPerson
	} else if r.Caller.Sweeper {
		a.kind = "sweeper"
		return a
	} else if r.Caller.Server {
		a.kind = "server"
		return a
	} else if !r.Caller.Link.IsZero() {
		a.kind = "carer"
		return a
	}
	p := o.Staff[a.id]
	if p == nil {
		return a
	}
	a.kind, a.role, a.outside = "staff", p.Role, p.Outside
	d := o.Devices[device]
	a.active = p.Active(r.Now) && (invited || d.Active(r.Now) && d.Staff == a.id)
	a.confirmed = p.HasPowers()
	a.team = f != nil && f.TeamAt(a.id, r.Now)
	return a
}

// oracle says whether a request is allowed.
func oracle(r policies.Request, o *policies.Org, f *policies.Family) bool {
	a := askerOf(r, o, f)
	if s := r.Statement; s != nil {
		return a.mayState(r, *s)
	}
	if a.kind == "carer" {
		return a.asCarer(r)
	}
	switch r.Action {
	case policies.ActSweep:
		return a.kind == "sweeper"
	case policies.ActPull:
		return a.mayPull()
	case policies.ActReadForm:
		return a.practisesHere() || a.is(policies.IGOfficer)
	case policies.ActSearchLog, policies.ActExportLog, policies.ActVerifyLog:
		return a.is(policies.IGOfficer)
	}
	if f == nil {
		return false
	}
	c := f.Clips[r.Clip]
	switch r.Action {
	case policies.ActUpload:
		return c != nil && a.practisesHere() && c.By == a.id && a.arrives(c) && !f.Going(c.ID)
	case policies.ActWatch:
		return c != nil && a.mayWatch(c, r.Purpose)
	case policies.ActCopy:
		// Only the team copies, and never for what needs only watching.
		seen := []policies.Purpose{policies.FilmAndUse, policies.FilmReview, policies.Supervision, policies.Peers}
		return c != nil && a.practisesHere() && !slices.Contains(seen, r.Purpose) && a.usable(c, r.Purpose)
	case policies.ActHeader:
		return c != nil && a.practisesHere() && f.Admits(o, r.Viewer, c.ID, r.Now) && !f.Going(c.ID)
	case policies.ActShowLink:
		return f.Links[r.Link] != nil && a.works() && a.team && a.role != policies.Operator
	}
	return false
}

func (a asker) mayPull() bool {
	if a.f == nil {
		return a.kind == "staff" && a.active // who works here: also before the six words
	}
	return a.practisesHere() || a.is(policies.HeadOfService, policies.IGOfficer) || a.works() && a.role != policies.Operator && a.f.Listed(a.o, a.id, a.now) || a.appointed()
}

// usable: whole, agreed to by everyone in it, and not stopped by the head of service.
func (a asker) usable(c *policies.Clip, p policies.Purpose) bool {
	return !c.Stored.IsZero() && !a.f.Going(c.ID) && len(a.f.ClipConsented(c.ID, p, a.now)) == 0 && a.f.FilmPermitted(a.o, c.ID, a.now)
}

// lawful by what the clip's author named as known: as if nothing else had happened.
func (a asker) lawful(c *policies.Clip) bool {
	return a.lawfulBy(c, c.Knew)
}

func (a asker) lawfulBy(c *policies.Clip, knew []policies.StatementID) bool {
	f, o := a.f.Clone(), a.o.Clone()
	for subject, list := range f.Restrictions {
		f.Restrictions[subject] = slices.DeleteFunc(list, func(r policies.StatementID) bool { return !slices.Contains(knew, r) })
	}
	for _, own := range o.Approvals {
		if !slices.Contains(knew, own.Revoked) {
			own.Revoked, own.RevokedAt = policies.StatementID{}, 0
		}
	}
	return lawful(o, f, c)
}

func lawful(o *policies.Org, f *policies.Family, c *policies.Clip) bool {
	_, approved := f.ApprovalCovers(o, c.Approval, c.By, c.Captured)
	said := f.Sessions[c.Session]
	return approved && !said.Refused && len(f.CaptureConsented(c.People, c.Kind, c.Captured)) == 0
}

// arrives: lawful by all that is known now, or by what its author knew and let in by a
// decision that knew of everything since. What was ordered destroyed never arrives.
func (a asker) arrives(c *policies.Clip) bool {
	d := a.f.Decisions[policies.StatementID(c.ID)]
	switch {
	case d != nil && d.Outcome == policies.Destroy:
		return false
	case lawful(a.o, a.f, c):
		return true
	case d == nil || !a.lawful(c):
		return false
	}
	all := a.f.RestrictionsFor(policies.ClipAdd{Kind: c.Kind, People: c.People, Approval: c.Approval})
	for _, own := range a.o.Approvals {
		if own.By == c.By && own.Programme == a.f.Programme && !own.Revoked.IsZero() {
			all = append(all, own.Revoked)
		}
	}
	return !slices.ContainsFunc(all, func(r policies.StatementID) bool { return !slices.Contains(d.Knew, r) })
}

func (a asker) mayWatch(c *policies.Clip, p policies.Purpose) bool {
	if a.practisesHere() && !c.Stored.IsZero() && a.glass(c) && !a.f.Going(c.ID) {
		return true
	}
	if !a.works() || a.role == policies.IGOfficer || a.role == policies.Operator || !a.usable(c, p) {
		return false
	}
	named := a.f.NamedViewer(a.id, c.ID, p, a.now)
	if a.role == policies.HeadOfService && !named {
		return false
	}
	if a.practisesHere() {
		return true
	}
	listed, signed := a.f.ListedFor(a.id, p, a.now)
	return named && listed && (signed || !a.outside)
}

// glass: broken for them, for this clip, not over and not closed.
func (a asker) glass(c *policies.Clip) bool {
	for id, g := range a.f.Glass {
		if g.For == a.id && slices.Contains(g.Clips, c.ID) && a.f.GlassState(id, a.now) == policies.GlassOpen {
			return true
		}
	}
	return false
}

// trained: nothing recorded, or in time and, for a trainee, under somebody recorded as
// a supervisor and still here then.
func (a asker) trained(in policies.Programme, when policies.Micros) bool {
	for _, t := range a.o.Staff[a.id].Training {
		if t.Programme != in {
			continue
		}
		over := a.o.Staff[t.Supervisor]
		under := over != nil && when < over.Until && over.HasPowers() && (over.Revoked.IsZero() || over.LeftAt != 0 && when < over.LeftAt) &&
			slices.ContainsFunc(over.Training, func(u policies.Training) bool {
				return u.Programme == t.Programme && u.Level == policies.Supervising && when < u.Until
			})
		return when < t.Until && (t.Level != policies.Trainee || under)
	}
	return true
}

func (a asker) asCarer(r policies.Request) bool {
	link := r.Link
	if link.IsZero() {
		link = r.Caller.Link
	}
	if a.f == nil || link != r.Caller.Link {
		return false
	}
	l := a.f.Links[link]
	if l == nil || !r.Clip.IsZero() && r.Clip != l.Clip {
		return false
	}
	switch r.Action {
	case policies.ActStop:
		return true
	case policies.ActOpenLink, policies.ActWatch:
		return a.mayLink(l, a.f.LinkState(link, a.now) == policies.LinkRevoked) && a.now < l.Expires &&
			!a.f.Clips[l.Clip].Stored.IsZero()
	}
	return false
}

// mayLink is what holds of a link when it is made and when it is opened.
func (a asker) mayLink(l *policies.Link, revoked bool) bool {
	c, p := a.f.Clips[l.Clip], a.f.People[l.Person]
	return c != nil && p != nil && !revoked && !a.f.Going(c.ID) && c.Chosen && p.Contact == policies.LinkSafe &&
		len(a.f.ClipConsented(c.ID, policies.FilmAndUse, a.now)) == 0 && a.f.FilmPermitted(a.o, c.ID, a.now) &&
		a.f.MayHaveLink(l.Person, l.Clip, a.now)
}

// mayState is who may state what: the table of kinds, and beside it what each kind
// with facts of its own needs.
func (a asker) mayState(r policies.Request, s policies.Statement) bool {
	row, ok := policies.RowOf(s.Kind)
	if !ok || policies.Action(s.Kind) != r.Action {
		return false
	}
	signs := func(list ...policies.Signer) bool {
		return slices.ContainsFunc(list, func(g policies.Signer) bool { return slices.Contains(row.Signers, g) })
	}
	switch a.kind {
	case "root":
		return signs(policies.SignRoot)
	case "server":
		return signs(policies.SignServer) && a.mayDispose(s)
	case "staff":
	default:
		return false
	}
	if s.Kind == "device.certify" || s.Kind == "staff.rekey" {
		return a.bringsOwn(r, s)
	}
	joining := signs(policies.SignInvite, policies.SignPerson)
	if row.Restriction && signs(policies.SignDevice) || joining {
		return true
	}
	deputises := row.Deputy && a.deputy()
	if !a.is(row.Roles...) && !deputises {
		return false
	}
	if deputises && a.f != nil && a.f.Team[a.id] != nil { // ever on the team: never their deputy
		return false
	}
	ofOrg := row.Org != nil && s.Record == policies.RecordID(a.o.ID)
	if row.Family != nil && !ofOrg && slices.Contains(row.Roles, policies.Practitioner) && a.role == policies.Practitioner && !a.team {
		return false
	}
	return a.mayStateThis(r, s)
}

// bringsOwn: what a person's own key signs comes from a device of theirs in force; only
// the first device of a certificate, or the same once more, comes from anywhere.
// mayDispose: a mark rests on somebody's word, and an order on a mark that still counts and
// whose grace is over.
func (a asker) mayDispose(s policies.Statement) bool {
	switch b := s.Body.(type) {
	case policies.ClipMark:
		for _, id := range b.Authority {
			known := a.f.Stops[id] != nil || a.f.Authorised[id] != nil || a.f.Appraisals[id] != nil
			for _, d := range a.f.Decisions {
				known = known || d.ID == id && d.Outcome == policies.Destroy
			}
			if !known {
				return false
			}
		}
	case policies.ClipStored:
		c := a.f.Clips[b.Clip]
		return c == nil || c.Destroying.IsZero()
	case policies.ClipDestroy:
		m := a.f.Marks[b.Mark]
		if m == nil || !m.Spared.IsZero() || a.now <= m.Until {
			return false
		}
		for _, r := range a.f.RestrictionsFor(policies.ClipMark{Clip: m.Clip}) {
			if !slices.Contains(m.Knew, r) {
				return false
			}
		}
	}
	return true
}

func (a asker) bringsOwn(r policies.Request, s policies.Statement) bool {
	under := s.Signer
	if d := a.o.Devices[policies.DeviceID(s.Signer)]; d != nil {
		under = d.Under
	}
	beside, same := 0, false
	for _, d := range a.o.Devices {
		b, ok := s.Body.(policies.DeviceCertify)
		switch {
		case d.Under != under:
		case ok && d.Key == b.Key:
			same = true
		default:
			beside++
		}
	}
	from := a.o.Devices[r.Caller.Device]
	if from != nil && from.Staff == a.id && r.Caller.Staff == a.id && from.Under == under && from.Active(r.Now) {
		return true
	}
	return s.Kind == "device.certify" && (same || beside == 0)
}

func (a asker) mayStateThis(r policies.Request, s policies.Statement) bool {
	switch b := s.Body.(type) {
	case policies.ClipAdd:
		return a.trained(a.f.Programme, b.Captured.Until) && a.lawful(&policies.Clip{By: a.id, Kind: b.Kind, People: b.People, Captured: b.Captured, Session: b.Session, Approval: b.Approval, Knew: s.Deps})
	case policies.ApprovalRequest:
		return a.trained(b.Programme, a.now)
	case policies.BreakglassOpen:
		told := false
		for _, p := range a.o.Staff {
			told = told || p.Role == policies.IGOfficer && p.Active(a.now) && p.HasPowers()
		}
		return b.For != a.id && a.f.TeamAt(b.For, a.now) && told
	case policies.ApprovalGrant:
		if s.Record == policies.RecordID(a.o.ID) {
			own := a.o.Approvals[b.Request]
			return own != nil && own.By != a.id
		}
		q := a.f.Approvals[b.Request]
		return q != nil && q.By != a.id
	case policies.ViewerAdd:
		for _, t := range a.o.Staff[b.Staff].Training {
			if b.Purpose == policies.Supervision && t.Programme == a.f.Programme && (t.Level != policies.Supervising || a.now >= t.Until) {
				return false
			}
		}
		return a.f.Named(b.Staff, b.Purpose, a.now)
	case policies.LinkCreate:
		c := a.f.Clips[b.Clip]
		knew := !slices.ContainsFunc(a.f.RestrictionsFor(b), func(id policies.StatementID) bool { return !s.Names(id) })
		return c != nil && c.Media.PlaysOnPhones() && a.mayLink(&policies.Link{Clip: b.Clip, Person: b.Person}, !knew)
	case policies.LinkPIN:
		l := a.f.Links[b.Link]
		return l != nil && a.now < l.Expires && a.mayLink(l, a.f.LinkState(b.Link, a.now) == policies.LinkRevoked)
	}
	return true
}

// TestOracle asks the Cedar and the oracle the same random questions in random
// worlds: after a family's random history, with people and devices revoked, and time
// gone by.
func TestOracle(t *testing.T) {
	bundle, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	var asked, allowed int
	rapid.Check(t, func(t *rapid.T) {
		w, _ := story(t)
		disturb(t, w)
		for range 40 {
			r := anyRequest(t, w)
			f := w.Family
			if s := r.Statement; s != nil && s.Record == policies.RecordID(w.Org.ID) || r.Action == policies.ActPull && rapid.Bool().Draw(t, "of the organisation") {
				f = nil
			}
			got, want := bundle.Decide(r, w.Org, f), oracle(r, w.Org, f)
			if got.Allowed != want {
				t.Fatalf("%s by %s for %q: the rules say %v %v, the oracle %v", r.Action, nameOf(w, r), r.Purpose, got.Allowed, got.Rules, want)
			}
			if !got.Allowed && len(got.Rules) == 0 || slices.Contains(got.Rules, policies.ErrorDeny) {
				t.Fatalf("%s: rules %v", r.Action, got.Rules)
			}
			asked++
			if want {
				allowed++
			}
		}
	})
	t.Logf("proof: rules and oracle agree on %d random questions, of which %d are allowed", asked, allowed)
	if allowed*20 < asked || allowed*20 > asked*19 {
		t.Errorf("%d of %d allowed: the worlds ask too little", allowed, asked)
	}
}

// TestNothingIsGainedByTaking: a withdrawal, removal or any other restriction, a
// revocation of staff, and time gone by, never make allowed what was denied.
func TestNothingIsGainedByTaking(t *testing.T) {
	bundle, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w, _ := story(t)
		disturb(t, w)
		var asked []policies.Request
		denied := map[int][]string{}
		for i := range 60 {
			r := anyRequest(t, w)
			asked = append(asked, r)
			if got := bundle.Decide(r, w.Org, w.Family); !got.Allowed {
				denied[i] = got.Rules
			}
		}
		took := take(t, w)
		for i, r := range asked {
			r.Now = w.Now
			if took == "time" && slices.Equal(denied[i], []string{"DISPOSE-GRACE"}) {
				continue // what nobody noticed in its days of grace goes
			}
			if got := bundle.Decide(r, w.Org, w.Family); got.Allowed && denied[i] != nil {
				t.Fatalf("%s by %s for %q was denied by %v; after %s it is allowed by %v", r.Action, nameOf(w, r), r.Purpose, denied[i], took, got.Rules)
			}
		}
	})
}

// take takes something away, and says what.
func take(t *rapid.T, w *policiestest.Filmed) string {
	switch rapid.IntRange(0, 3).Draw(t, "what is taken") {
	case 0:
		w.Now += policiestest.Day(rapid.IntRange(1, 500).Draw(t, "days"))
		return "time"
	case 1:
		w.Org.Staff[w.Staff[someone(t, w)].ID].Revoked = policies.StatementID{1}
		return "staff.revoke"
	}
	for {
		who, kind, body := rapid.SampledFrom(acts).Draw(t, "act")(t, w, 1000)
		row, _ := policies.RowOf(kind)
		if !row.Restriction {
			continue
		}
		if _, err := w.Accept(w.ByDefault(who, kind, body)); err == nil {
			return string(kind)
		}
		return "nothing"
	}
}

// disturb revokes, leaves somebody unconfirmed, and lets time pass.
func disturb(t *rapid.T, w *policiestest.Filmed) {
	for range rapid.IntRange(0, 2).Draw(t, "revocations") {
		who := w.Staff[someone(t, w)]
		if rapid.Bool().Draw(t, "device only") {
			w.Org.Devices[who.Device].Revoked = policies.StatementID{1}
		} else {
			w.Org.Staff[who.ID].Revoked = policies.StatementID{1}
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "unconfirmed") == 0 {
		w.Org.Staff[w.Staff[someone(t, w)].ID].Confirmed = policies.StatementID{}
	}
	if rapid.Bool().Draw(t, "an operator") {
		w.Org.Staff[w.Staff[someone(t, w)].ID].Role = policies.Operator
	}
	for range rapid.IntRange(0, 2).Draw(t, "trained") {
		p := w.Org.Staff[w.Staff[someone(t, w)].ID]
		p.Training = []policies.Training{{
			Programme: policies.VIG, Level: rapid.SampledFrom(policies.Levels()).Draw(t, "level"),
			Until:      w.Now + policiestest.Day(rapid.SampledFrom([]int{-1, 10, 300}).Draw(t, "days of training")),
			Supervisor: w.Staff[someone(t, w)].ID,
		}}
	}
	w.Now += policiestest.Day(rapid.SampledFrom([]int{0, 0, 0, 1, 20, 40, 200, 400}).Draw(t, "days later"))
}

func someone(t *rapid.T, w *policiestest.Filmed) string {
	return rapid.SampledFrom([]string{"head", "deputy", "ig", "ann", "bea", "outsider", "sup"}).Draw(t, "who")
}

func nameOf(w *policiestest.Filmed, r policies.Request) string {
	for name, p := range w.Staff {
		if r.Statement != nil && w.Key(name) == r.Statement.Signer || r.Statement == nil && r.Caller.Staff == p.ID {
			return name
		}
	}
	return "somebody else"
}

// anyRequest draws a question: an action or a kind, by anybody, about what the family
// has or has not.
func anyRequest(t *rapid.T, w *policiestest.Filmed) policies.Request {
	r := policies.Request{
		Now: w.Now, Purpose: rapid.SampledFrom(policies.Purposes()).Draw(t, "purpose"),
		Clip: pick(t, "clip", w.Family.Clips), Link: pick(t, "link", w.Family.Links), Viewer: w.Staff[someone(t, w)].ID,
	}
	switch rapid.IntRange(0, 9).Draw(t, "caller") {
	case 0:
		r.Caller.Link = pick(t, "caller's link", w.Family.Links)
	case 1:
		r.Caller.Server, r.Caller.Sweeper = true, rapid.Bool().Draw(t, "the sweeper")
	case 2: // a device of somebody else, or of nobody
		r.Caller = policies.Caller{Staff: w.Staff[someone(t, w)].ID, Device: w.Staff[someone(t, w)].Device}
	default:
		r.Caller = w.Staff[someone(t, w)].Caller()
	}
	if rapid.Bool().Draw(t, "an action") {
		r.Action = rapid.SampledFrom(policies.Actions()).Draw(t, "action")
		return r
	}
	row := rapid.SampledFrom(policies.Kinds()).Draw(t, "kind")
	if row.Kind == policies.KindRoot { // its author is whoever it says: there is nobody else to ask about
		row, _ = policies.RowOf("person.add")
	}
	r.Caller.Link = policies.LinkID{}
	s := w.Make(w.Key(someone(t, w)), row.Kind, policies.RecordID(w.Family.ID), bodyFor(t, w, row))
	if row.Org != nil && row.Family != nil && rapid.Bool().Draw(t, "of a practitioner") {
		s.Record = policies.RecordID(w.Org.ID)
		if row.Kind == "approval.grant" {
			s.Body = policies.ApprovalGrant{Request: pick(t, "own request", w.Org.Approvals)}
		}
	}
	switch rapid.IntRange(0, 9).Draw(t, "signer") {
	case 0:
		s.Signer = w.Server
	case 1:
		s.Signer = w.Root
	}
	if rapid.Bool().Draw(t, "knew") {
		s.Deps = w.Family.RestrictionsFor(s.Body)
	}
	if row.Kind == "device.certify" || row.Kind == "staff.rekey" {
		// By a person's own key, brought from a device of theirs, of another, or of nobody.
		if rapid.Bool().Draw(t, "own key") {
			s.Signer = w.Staff[someone(t, w)].Person
		}
		r.Action, r.Statement = policies.Action(row.Kind), &s
		return r
	}
	r.Caller = policies.Caller{} // who delivers it is another test's
	r.Action, r.Statement = policies.Action(row.Kind), &s
	return r
}

// bodyFor is a body of which the rules look at something, else an empty one.
func bodyFor(t *rapid.T, w *policiestest.Filmed, row policies.Row) policies.Body {
	switch row.Kind {
	case "clip.add":
		b := w.ClipBody()
		b.Approval = approvalOf(t, w)
		return b
	case "approval.request":
		return w.RequestBody()
	case "approval.grant":
		return policies.ApprovalGrant{Request: request(t, w)}
	case "breakglass.open":
		return w.GlassBody(someone(t, w))
	case "viewer.add":
		return w.ListingBody(someone(t, w))
	case "link.create":
		return w.LinkBody("asked")
	case "link.pin":
		return policies.LinkPIN{Link: pick(t, "link", w.Family.Links)}
	case "clip.stored":
		return policies.ClipStored{Clip: pick(t, "clip that is stored", w.Family.Clips)}
	case "clip.mark":
		return w.MarkBody(one(t, w.Family.Appraisals), policies.BySchedule)
	case "clip.destroy":
		return policies.ClipDestroy{Clip: w.Clip, Mark: one(t, w.Family.Marks)}
	case "device.certify":
		return policies.DeviceCertify{Key: policiestest.Key(rapid.SampledFrom([]string{"ann device", "head device", "none"}).Draw(t, "device"))}
	}
	return row.New()
}

// pick draws one of what the family has, or one that it has not.
func pick[Noun, V any](t *rapid.T, what string, m map[policies.ID[Noun]]V) policies.ID[Noun] {
	ids := []policies.ID[Noun]{{1}}
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b policies.ID[Noun]) int { return slices.Compare(a[:], b[:]) })
	return rapid.SampledFrom(ids).Draw(t, what)
}
