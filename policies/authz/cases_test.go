package authz

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	"go.yaml.in/yaml/v3"
)

// testcase is one row of policies/cases; README.md there explains the words.
type testcase struct {
	Name    string           `yaml:"name"`
	Given   []string         `yaml:"given"`
	Who     string           `yaml:"who"`
	When    policies.Action  `yaml:"when"`
	Purpose policies.Purpose `yaml:"purpose"`
	Days    float64          `yaml:"days"`
	Expect  string           `yaml:"expect"`
}

func (c testcase) allows() bool    { return strings.HasPrefix(c.Expect, "allow ") }
func (c testcase) rules() []string { return strings.Fields(c.Expect)[1:] }

func cases(t testing.TB) []testcase {
	t.Helper()
	names, err := filepath.Glob("../cases/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var all []testcase
	seen := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var list []testcase
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&list); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, c := range list {
			if seen[c.Name] {
				t.Fatalf("%s: two cases are called %q", name, c.Name)
			}
			seen[c.Name] = true
		}
		all = append(all, list...)
	}
	return all
}

// situation is a case in the making: the world, and what will be asked of it.
type situation struct {
	*policiestest.Filmed
	clip    policies.ClipAdd
	link    policies.LinkCreate
	listing policies.ViewerAdd
	glass   policies.BreakglassOpen
	dad     policies.PersonID
	device  policies.DeviceCertify
	own     policies.ApprovalID // the last that a practitioner asked for themselves
	linkID  policies.LinkID
	clipID  policies.ClipID
	offline bool
	broken  policies.GlassID
	forTeam bool
	word    policies.StatementID // by which the clip may go
	mark    policies.StatementID
	said    policies.Micros // by its author's word, where that was long ago
}

func (c testcase) situation(t testing.TB) *situation {
	t.Helper()
	w := policiestest.NewFilmed()
	s := &situation{Filmed: w, clip: w.ClipBody(), link: w.LinkBody("asked"), listing: w.ListingBody("sup"), glass: w.GlassBody("ann"), linkID: w.Link, clipID: w.Clip}
	for _, given := range c.Given {
		step, arg := given, ""
		if _, ok := steps[step]; !ok {
			i := strings.LastIndex(given, " ")
			step, arg = given[:max(i, 0)], given[i+1:]
		}
		do, ok := steps[step]
		if !ok {
			t.Fatalf("%s: nobody knows what %q means", c.Name, given)
		}
		do(s, arg)
	}
	later := policies.Micros(c.Days * float64(policiestest.Day(1)))
	s.Now += later
	s.clip.Captured.From += later
	s.clip.Captured.Until += later
	s.link.Expires += later
	s.listing.Until += later
	s.glass.Until += later
	return s
}

// steps are the sentences of `given`. Those that no statement can bring about, or that
// only a fault could, change the folded state directly.
var steps = map[string]func(s *situation, arg string){
	"put back": func(s *situation, _ string) {
		at := policies.LogState{Origin: "attune/x/1", Size: 10, Root: policiestest.Digest("root")}
		s.org("server", "service.restored", policies.ServiceRestored{Log: at, Known: at})
	},
	"recovered": func(s *situation, _ string) {
		r, _ := s.Org.Recovering()
		s.org("ig", "service.recovered", policies.ServiceRecovered{Restored: r.ID})
	},
	"removed": func(s *situation, who string) {
		s.Do("head", "team.remove", policies.TeamRemove{Staff: s.Staff[who].ID})
	},
	"added": func(s *situation, who string) { s.Do("ann", "team.add", policies.TeamAdd{Staff: s.Staff[who].ID}) },
	"covering": func(s *situation, who string) {
		s.Do("head", "cover.authorise", policies.CoverAuthorise{Staff: s.Staff[who].ID, Until: s.Now + policiestest.Day(14)})
	},
	"revoked": func(s *situation, who string) {
		s.org("deputy", "staff.revoke", policies.StaffRevoke{Staff: s.Staff[who].ID})
	},
	"device revoked": func(s *situation, who string) {
		s.org("deputy", "device.revoke", policies.DeviceRevoke{Device: s.Staff[who].Device})
	},
	"device revoked since": func(s *situation, who string) {
		s.said = s.Now
		s.Now += policiestest.Day(1)
		s.org("deputy", "device.revoke", policies.DeviceRevoke{Device: s.Staff[who].Device})
	},
	"clip came late": func(s *situation, _ string) { s.Family.Clips[s.Clip].Late = s.Staff["ann"].Device },
	"invited": func(s *situation, who string) {
		s.Join(who, policies.Practitioner)
		p := s.Org.Staff[s.Staff[who].ID]
		p.Certified, p.Until = policies.KeyID{}, 0
		delete(s.Org.Devices, s.Staff[who].Device)
	},
	"own approval asked": func(s *situation, who string) { s.ownAsked(who) },
	"own approval granted": func(s *situation, who string) {
		s.ownAsked(who)
		s.org("head", "approval.grant", policies.ApprovalGrant{Request: s.own})
	},
	"own approval revoked": func(s *situation, _ string) {
		s.org("head", "approval.revoke", policies.ApprovalRevoke{Request: s.own, Reason: policies.NotNow})
	},
	"own approval declined": func(s *situation, _ string) {
		s.org("head", "approval.decline", policies.ApprovalDecline{Request: s.own, Reason: policies.NotNow})
	},
	"clip on own approval": func(s *situation, _ string) {
		s.clip.Approval = s.own
		s.Family.Clips[s.Clip].Approval = s.own
	},
	"clip on new approval": func(s *situation, _ string) {
		s.clip.Approval = policies.ApprovalID(s.Do("bea", "approval.request", s.RequestBody()))
		s.Do("head", "approval.grant", policies.ApprovalGrant{Request: s.clip.Approval})
	},
	"clip on new approval by a deputy offline": func(s *situation, _ string) {
		s.clip.Approval = policies.ApprovalID(s.Do("bea", "approval.request", s.RequestBody()))
		grant := s.ByDefault("deputy", "approval.grant", policies.ApprovalGrant{Request: s.clip.Approval})
		grant.Deps = nil
		if _, err := s.Accept(grant); err != nil {
			panic(err)
		}
	},
	"family of another programme": func(s *situation, _ string) { s.Family.Programme = policies.VIPPSD },
	"appointed":                   func(s *situation, who string) { s.appoint(who, 0) },
	"appointed a week ahead": func(s *situation, who string) {
		s.appoint(who, policiestest.Day(7))
	},
	"deputy ended": func(s *situation, who string) {
		s.org("head", "deputy.end", policies.DeputyEnd{Staff: s.Staff[who].ID})
	},
	"joined":    func(s *situation, who string) { s.Join(who, policies.Practitioner) },
	"reinvited": func(s *situation, who string) { s.reinvite(who) },
	"confirmed by": func(s *situation, who string) {
		s.org(who, "staff.confirm", policies.StaffConfirm{Staff: s.Staff["again"].ID, Certificate: s.Staff["again"].Person})
	},
	"same device": func(s *situation, who string) { s.device.Key = policiestest.Key(who + " device") },
	"confirmed":   func(s *situation, who string) { s.Confirm(who) },
	"requested by": func(s *situation, who string) {
		s.Family.Approvals[s.Approval].By = s.Staff[who].ID
	},
	"filming revoked": func(s *situation, _ string) {
		s.Do("head", "approval.revoke", policies.ApprovalRevoke{Request: s.Approval, Reason: policies.Safeguarding})
	},
	"filming permitted anew": func(s *situation, _ string) {
		id := policies.ApprovalID(s.Do("ann", "approval.request", s.RequestBody()))
		s.Do("head", "approval.grant", policies.ApprovalGrant{Request: id})
	},
	"filming declined": func(s *situation, _ string) {
		s.Do("head", "approval.decline", policies.ApprovalDecline{Request: s.Approval, Reason: policies.NotNow})
	},
	"withdrawn": func(s *situation, who string) {
		person := map[string]policies.PersonID{"mum": s.Mum, "kid": s.Kid}[who]
		s.Do("server", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{person}, Channel: policies.Page})
	},
	"withdrawn in part": func(s *situation, purpose string) {
		s.Do("bea", "consent.withdraw", policies.ConsentWithdraw{
			People: []policies.PersonID{s.Mum}, Purposes: []policies.Purpose{policies.Purpose(purpose)}, Channel: policies.ByPhone,
		})
	},
	"signed apart for": func(s *situation, purpose string) {
		s.sign(func(f *policies.ConsentSign) {
			f.Viewers, f.Purposes = nil, []policies.PurposeAnswer{{Purpose: policies.Purpose(purpose), Yes: true}}
		})
	},
	"asked to stop": func(s *situation, _ string) {
		s.Do("server", "consent.suspend", s.Family.Suspension(s.Link, s.Now))
	},
	"signed again":   func(s *situation, _ string) { s.sign(func(*policies.ConsentSign) {}) },
	"signed with no": func(s *situation, _ string) { s.sign(func(f *policies.ConsentSign) { f.Purposes[0].Yes = false }) },
	"signed for a week": func(s *situation, _ string) {
		s.sign(func(f *policies.ConsentSign) { f.Viewers, f.Until = nil, s.Now+policiestest.Day(7) })
	},
	"signed without viewers": func(s *situation, _ string) { s.sign(func(f *policies.ConsentSign) { f.Viewers = nil }) },
	"signed for": func(s *situation, purpose string) {
		s.sign(func(f *policies.ConsentSign) {
			f.Purposes = append(f.Purposes, policies.PurposeAnswer{Purpose: policies.Purpose(purpose), Yes: true})
		})
	},
	"viewer": func(s *situation, who string) {
		s.sign(func(f *policies.ConsentSign) { f.Viewers[0].Staff = s.Staff[who].ID })
	},
	"listed":        func(s *situation, who string) { s.Do("ann", "viewer.add", s.ListingBody(who)) },
	"countersigned": func(s *situation, _ string) { s.Do("head", "countersign", policies.Countersign{Of: s.Listing}) },
	"viewer removed": func(s *situation, who string) {
		s.Do("bea", "viewer.remove", policies.ViewerRemove{Staff: s.Staff[who].ID})
	},
	"listed by a fault": func(s *situation, who string) { s.Family.Viewers[s.Listing].Staff = s.Staff[who].ID },
	// What the fold lets nobody be: the rules hold without it.
	"on the team by a fault": func(s *situation, who string) {
		id := s.Staff[who].ID
		s.Family.Team[id] = &policies.TeamMember{Staff: id, Added: s.Family.Team[s.Staff["ann"].ID].Added}
	},
	"clip is of": func(s *situation, who string) { s.Family.Clips[s.Clip].By = s.Staff[who].ID },
	"outside":    func(s *situation, who string) { s.Org.Staff[s.Staff[who].ID].Outside = true },
	"list ends in a day": func(s *situation, _ string) {
		s.Family.Viewers[s.Listing].Until = s.Now + policiestest.Day(1)
	},
	"asked for": func(s *situation, who string) { s.listing = s.ListingBody(who) },
	"father objects": func(s *situation, _ string) {
		s.Do("ann", "consent.object", policies.ConsentObject{People: []policies.PersonID{s.Kid}, By: s.father(), Channel: policies.ByPhone})
	},
	"objection decided": func(s *situation, outcome string) {
		s.Do("head", "decision.make", policies.DecisionMake{Of: s.Family.Objected()[0].ID, Outcome: policies.Outcome(outcome), Ground: policies.CourtOrder})
	},
	"clip decided": func(s *situation, outcome string) {
		s.Do("head", "decision.make", policies.DecisionMake{Of: policies.StatementID(s.Clip), Outcome: policies.Outcome(outcome), Ground: policies.CourtOrder})
	},
	"author knew": func(s *situation, _ string) {
		c := s.Family.Clips[s.Clip]
		c.Knew = s.Family.DepsFor(s.Org, policies.ClipAdd{Kind: c.Kind, People: c.People, Approval: c.Approval})
	},
	"father signs": func(s *situation, _ string) {
		s.sign(func(f *policies.ConsentSign) {
			f.People = []policies.Covered{{Person: s.Kid, By: s.father(), Basis: policies.ParentalResponsibility}}
		})
	},
	"said no today":  func(s *situation, _ string) { s.Family.Sessions[s.Session].Refused = true },
	"visitor filmed": func(s *situation, _ string) { s.clip.People = append(s.clip.People, s.visitor()) },
	"review filmed":  func(s *situation, _ string) { s.clip.Kind = policies.Review },
	"film not arrived": func(s *situation, _ string) {
		s.Family.Clips[s.Clip].Stored = policies.StatementID{}
	},
	"clip not chosen": func(s *situation, _ string) { s.Family.Clips[s.Clip].Chosen = false },
	"clip in hevc":    func(s *situation, _ string) { s.Family.Clips[s.Clip].Media.Codec = "hvc1.1.6.L93.B0, mp4a.40.2" },
	"kid alone": func(s *situation, _ string) {
		s.Family.Clips[s.Clip].People = []policies.PersonID{s.Kid}
	},
	"contact": func(s *situation, flag string) { s.Family.People[s.Mum].Contact = policies.Contact(flag) },
	"contact changed": func(s *situation, flag string) {
		s.Do("ann", "person.change", policies.PersonChange{Person: s.Mum, Contact: policies.Contact(flag)})
	},
	"link for a visitor": func(s *situation, _ string) { s.link.Person = s.visitor() },
	"let go":             func(s *situation, _ string) { s.word = s.Do("ig", "disposal.approve", s.ApproveBody()) },
	"marked": func(s *situation, _ string) {
		s.word = s.Do("ig", "disposal.approve", s.ApproveBody())
		s.mark = s.Do("server", "clip.mark", s.MarkBody(s.word, policies.BySchedule))
	},
	"spared": func(s *situation, _ string) {
		s.Do("server", "clip.spare", policies.ClipSpare{Clip: s.Clip, Mark: s.mark})
	},
	"being destroyed": func(s *situation, _ string) {
		s.Do("server", "clip.destroy", policies.ClipDestroy{Clip: s.Clip, Mark: s.mark})
	},
	"held":         func(s *situation, _ string) { s.Do("ig", "hold.place", policies.HoldPlace{Kind: "court"}) },
	"link revoked": func(s *situation, _ string) { s.Do("bea", "link.revoke", policies.LinkRevoke{Link: s.Link}) },
	"new PIN": func(s *situation, _ string) {
		s.Do("bea", "link.pin", policies.LinkPIN{Link: s.Link, PIN: policiestest.Digest("new")})
	},
	"other link": func(s *situation, _ string) {
		s.linkID = policies.LinkID(s.Do("ann", "link.create", s.LinkBody("another")))
	},
	"operator": func(s *situation, who string) {
		s.Join(who, policies.Operator)
		s.Confirm(who)
	},
	"named, listed and on the team by a fault": func(s *situation, who string) {
		s.sign(func(f *policies.ConsentSign) { f.Viewers[0].Staff = s.Staff[who].ID })
		s.Family.Viewers[s.Listing].Staff = s.Staff[who].ID
		s.Family.Team[s.Staff[who].ID] = s.Family.Team[s.Staff["ann"].ID]
	},
	"glass broken for": func(s *situation, who string) {
		s.broken = policies.GlassID(s.Do("head", "breakglass.open", s.GlassBody(who)))
	},
	"glass closed": func(s *situation, _ string) {
		s.Do("ig", "breakglass.close", policies.BreakglassClose{Glass: s.broken})
	},
	"glass by a fault":        func(s *situation, who string) { s.Family.Glass[s.broken].For = s.Staff[who].ID },
	"glass asked for":         func(s *situation, who string) { s.glass.For = s.Staff[who].ID },
	"supervisor recorded":     func(s *situation, level string) { s.train("sup", policies.Level(level), policiestest.Day(100), "") },
	"ann recorded":            func(s *situation, level string) { s.train("ann", policies.Level(level), policiestest.Day(100), "sup") },
	"accreditation over":      func(s *situation, who string) { s.train(who, policies.Accredited, -12*policies.Hour, "") },
	"accreditation just over": func(s *situation, who string) { s.train(who, policies.Accredited, -policies.Minute, "") },
	"no clip":                 func(s *situation, _ string) { s.clipID = policies.ClipID{1} },
	"offline":                 func(s *situation, _ string) { s.offline = true },
	"for the team":            func(s *situation, _ string) { s.forTeam = true },
}

func (s *situation) org(who string, kind policies.Kind, body policies.Body) {
	if _, err := s.InOrg(s.Key(who), kind, body); err != nil {
		panic(err)
	}
}

// ownAsked asks for somebody's own approval to film, for half a year.
func (s *situation) ownAsked(who string) {
	id, err := s.InOrg(s.Key(who), "approval.request", s.RequestBody())
	if err != nil {
		panic(err)
	}
	s.own = policies.ApprovalID(id)
}

// appoint makes somebody a deputy for a month.
func (s *situation) appoint(who string, ahead policies.Micros) {
	s.org("head", "deputy.appoint", policies.DeputyAppoint{
		Staff: s.Staff[who].ID, From: s.Now + ahead, Until: s.Now + ahead + policiestest.Day(30), Reason: policies.OnLeave,
	})
}

// reinvite has the IG officer invite somebody for a new key, who makes it on another
// device: that is who "again" is.
func (s *situation) reinvite(who string) {
	p := s.Staff[who]
	id, err := s.InOrg(s.Key("ig"), "staff.reinvite", policies.StaffReinvite{Staff: p.ID, Key: policiestest.Key("again once"), Expires: s.Now + policiestest.Day(7)})
	if err != nil {
		panic(err)
	}
	s.Staff["again"] = s.Certify("again", policies.KeyID(id), p.ID)
}

func (s *situation) sign(change func(*policies.ConsentSign)) {
	form := s.ConsentBody()
	change(&form)
	s.Now += 60 * 1e6 // entered a little after the last
	s.Do("ann", "consent.sign", form)
}

func (s *situation) train(who string, level policies.Level, last policies.Micros, supervisor string) {
	s.org("head", "staff.train", policies.StaffTrain{
		Staff: s.Staff[who].ID, Programme: policies.VIG, Level: level, Until: s.Now + last, Supervisor: s.Staff[supervisor].ID,
	})
}

// father is the child's other parent, who is in no clip.
func (s *situation) father() policies.PersonID {
	if s.dad.IsZero() {
		s.dad = policies.PersonID(s.Do("ann", "person.add", policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.NoLink}))
	}
	return s.dad
}

func (s *situation) visitor() policies.PersonID {
	return policies.PersonID(s.Do("ann", "person.add", policies.PersonAdd{Role: policies.Visitor, Basis: policies.Own, Contact: policies.LinkSafe}))
}

// ask puts the case's question.
func (c testcase) ask(t testing.TB, b *Bundle) policies.Ruling {
	t.Helper()
	return b.Decide(c.request(t))
}

func (c testcase) request(t testing.TB) (policies.Request, *policies.Org, *policies.Family) {
	t.Helper()
	s := c.situation(t)
	r := policies.Request{Action: c.When, Purpose: c.Purpose, Now: s.Now, Clip: s.clipID, Viewer: s.Staff["sup"].ID, ForTeam: s.forTeam}
	f := s.Family
	if c.When == "org.pull" {
		r.Action, f = policies.ActPull, nil
	}
	switch c.Who {
	case "carer":
		r.Caller.Link, r.Link = s.Link, s.linkID
	case "server":
		r.Caller.Server = true
	case "sweeper":
		r.Caller.Sweeper = true
	case "stranger", "root":
	default:
		r.Caller, r.Link = s.Staff[c.Who].Caller(), s.linkID
	}
	own := strings.HasPrefix(string(c.When), "own.") // in the organisation's record
	if own {
		r.Action, f = "approval."+c.When[len("own."):], nil
	}
	if row, ok := policies.RowOf(policies.Kind(r.Action)); ok {
		st := s.statement(c.Who, row)
		if s.said > 0 {
			st.At = s.said
		}
		if own {
			st.Record, st.Deps = policies.RecordID(s.Org.ID), nil
			switch row.Kind {
			case "approval.request":
				st.Body = s.RequestBody()
			case "approval.grant":
				st.Body = policies.ApprovalGrant{Request: s.own}
			}
		}
		r.Statement = &st
	}
	return r, s.Org, f
}

// statement makes the statement that is asked about. Of a kind that is not named here
// the rules see no fact of its body.
func (s *situation) statement(who string, row policies.Row) policies.Statement {
	body := row.New()
	switch row.Kind {
	case "clip.add":
		body = s.clip
	case "link.create":
		body = s.link
	case "viewer.add":
		body = s.listing
	case "link.pin":
		body = policies.LinkPIN{Link: s.linkID, PIN: policiestest.Digest("asked")}
	case "device.certify":
		body = s.device
	case "breakglass.open":
		body = s.glass
	case "approval.grant":
		body = policies.ApprovalGrant{Request: s.Approval}
	case "clip.stored":
		body = policies.ClipStored{Clip: s.Clip}
	case "clip.mark":
		if body = s.MarkBody(s.word, policies.BySchedule); s.word.IsZero() {
			body = s.MarkBody(policies.StatementID{1}, policies.BySchedule)
		}
	case "clip.destroy":
		body = policies.ClipDestroy{Clip: s.Clip, Mark: s.mark}
	}
	key := s.Key(who)
	if p, ok := s.Staff[who]; ok && slices.Contains(row.Signers, policies.SignInvite) {
		key = policies.KeyID(p.ID)
	} else if ok && slices.Contains(row.Signers, policies.SignPerson) {
		key = p.Person
	}
	st := s.Make(key, row.Kind, policies.RecordID(s.Family.ID), body)
	if !s.offline {
		st.Deps = s.Family.DepsFor(s.Org, body)
	}
	return st
}

func TestCases(t *testing.T) {
	b := loaded(t)
	for _, c := range cases(t) {
		t.Run(strings.ReplaceAll(c.Name, " ", "_"), func(t *testing.T) {
			got := c.ask(t, b)
			if got.Allowed != c.allows() || !slices.Equal(got.Rules, c.rules()) {
				t.Errorf("ruling = %s, want %s", verdict(got), c.Expect)
			}
			if got.Bundle != b.SHA256() {
				t.Error("the ruling does not name the rules")
			}
		})
	}
}

func verdict(r policies.Ruling) string {
	word := "deny "
	if r.Allowed {
		word = "allow "
	}
	return word + strings.Join(r.Rules, " ")
}
