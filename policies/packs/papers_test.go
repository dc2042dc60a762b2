package packs_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

var update = flag.Bool("update", false, "write the papers anew")

func shipped(t *testing.T, name string) policies.Pack {
	t.Helper()
	p, _, err := packs.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// paper is a paper of a pack.
func paper(t *testing.T, pack, name string) string {
	t.Helper()
	text, err := packs.Paper(shipped(t, pack), name)
	if err != nil {
		t.Fatalf("%s of %s: %v", name, pack, err)
	}
	return string(text)
}

func everyPaper(t *testing.T, look func(t *testing.T, pack, name, text string)) {
	t.Helper()
	for _, pack := range packs.Names() {
		for _, name := range packs.Papers() {
			t.Run(pack+"/"+name, func(t *testing.T) { look(t, pack, name, paper(t, pack, name)) })
		}
	}
}

// TestPapersAreWrittenOut: what lies in the folders is what comes out, and no blank
// is left. Write them with: go test ./policies/packs -update
func TestPapersAreWrittenOut(t *testing.T) {
	everyPaper(t, func(t *testing.T, pack, name, text string) {
		if strings.Contains(text, "{{") || strings.Contains(text, "}}") {
			t.Error("a blank is left")
		}
		path := pack + "/" + name + ".md"
		if *update {
			if err := os.MkdirAll(pack, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		lies, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(lies) != text {
			t.Errorf("%s is not what the pack says; run: go test ./policies/packs -update", path)
		}
	})
}

// TestNoFigureIsWrittenOut: a number with a unit of time would stay when the
// service adopts another figure.
func TestNoFigureIsWrittenOut(t *testing.T) {
	number := `(?i)\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|ninety|a couple of|a few)[ -](working |calendar )?(second|minute|hour|day|night|week|month|year)s?\b|\bfortnight|\bhalf a year`
	for _, name := range packs.Papers() {
		text, err := os.ReadFile("papers/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(number).FindAllString(string(text), -1); found != nil {
			t.Errorf("%s writes out %q", name, found)
		}
	}
	for _, pack := range packs.Names() {
		p, _, err := packs.Load(pack)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Scheme { // the form's words in the pack, too
			if found := regexp.MustCompile(number).FindAllString(s.Asks+" "+s.Easy, -1); found != nil {
				t.Errorf("%s, %s writes out %q", pack, s.Purpose, found)
			}
		}
	}
}

// TestEveryFigureIsPrinted: the service policy shows every figure with its source
// and the sentence that it must be confirmed.
func TestEveryFigureIsPrinted(t *testing.T) {
	for _, pack := range packs.Names() {
		p, _, err := packs.Load(pack)
		if err != nil {
			t.Fatal(err)
		}
		text := paper(t, pack, "service-policy")
		for _, l := range p.Limits() {
			name := strings.ReplaceAll(l.Name[strings.LastIndexByte(l.Name, '.')+1:], "_", " ")
			row := fmt.Sprintf("| %s | %s | %s. %s |", name, l, strings.TrimRight(l.Figure.Source, ". "), packs.Confirm)
			if !strings.Contains(text, row) {
				t.Errorf("%s: no line %q", pack, row)
			}
		}
		covers := map[string]string{
			policies.ByFamily: "It covers a family,", policies.ByPractitioner: "It covers a practitioner in a programme,",
			policies.ByEither: "It covers a family, or a practitioner in a programme,",
		}[p.ApprovalScope.Value]
		if covers == "" || !strings.Contains(text, covers) || !strings.Contains(text, strings.TrimRight(p.ApprovalScope.Source, ". ")+". "+packs.Confirm) {
			t.Errorf("%s: what an approval covers, %q, or its source is not printed", pack, covers)
		}
		for _, c := range p.Retention {
			for _, k := range c.Keep {
				if !strings.Contains(text, k.String()) || !strings.Contains(text, strings.TrimRight(k.Source, ". ")+". "+packs.Confirm) {
					t.Errorf("%s, %s: %q or its source is not printed", pack, c.Class, k)
				}
			}
		}
	}
}

// TestPapersKeepWhatTheyMust is the checklist of the sources. A phrase stands for
// the point; who changes the words changes the phrase, and looks at the source.
func TestPapersKeepWhatTheyMust(t *testing.T) {
	for _, c := range []struct {
		source, point, paper string
		phrases              []string
	}{
		{"NICE NG26 (a)", "the head of service gives permission", "service-policy", []string{"The head of service gives permission to film"}},
		{"NICE NG26 (a)", "and whoever gave it takes it back", "service-policy", []string{"Permission that is taken back stops filming", "is not shown until filming is permitted anew"}},
		{"DESIGN §1", "nobody decides on their own", "service-policy", []string{"Nobody approves their own request", "A deputy is named with dates, and decides for no family that they work with"}},
		{"NICE NG26 (a)", "a policy on video exists", "service-policy", []string{"# Service policy on video", "Adopted on:"}},
		{"NICE NG26 (b)", "who might view", Form, []string{"## Who can watch"}},
		{"NICE NG26 (b)", "in which circumstances", Form, []string{"## When we might share without asking", "in danger", "a court"}},
		{"NICE NG26 (b)", "in writing, for themselves and for the child", Form, []string{"You decide for yourself", "for your child", "Signature"}},
		{"NICE NG26 (b)", "in writing, as policy", "service-policy", []string{"agrees in writing, for themselves and for their child, before filming"}},
		{"NICE NG26 (c)", "staff who book know why", "booking-script", []string{"## What is it for?", "## Who sees it?", "## Can I say no?", "## Where is it kept?", "## When is it deleted?"}},
		{"NICE NG26 (c)", "the policy asks it of them", "service-policy", []string{"Staff who book appointments know the booking script"}},
		{"NICE NG26 (d)", "equipment and footage, by the law of today", "storage", []string{"camera, memory card", "UK GDPR", "Data Protection Act 2018"}},
		{"NICE NG26 (e)", "a protocol that carers can trust", "storage", []string{"better than usual", "## Who has a key", "## When film goes"}},
		{"AVIGuk code", "supervision, intervision and training asked apart", Form, []string{"one supervisor", "We ask you again, on another form"}},

		{"users.md", "who is asked", Form, []string{"Who will be in the film"}},
		{"users.md", "why they may decide", Form, []string{"why they may decide"}},
		{"users.md", "the child in their own way", Form, []string{"How your child was asked, in their own way"}},
		{"users.md", "each its own yes or no, none ticked", Form, []string{"Put a cross in one box on every line. Nothing is crossed for you.", "| ☐ | ☐ |"}},
		{"users.md", "no changes nothing", Form, []string{"If you say no, you get the same help"}},
		{"users.md", "what is filmed and what is not", Form, []string{"## What we film", "We do not film other people"}},
		{"users.md", "stopped on request", Form, []string{"Say stop at any time and we stop"}},
		{"users.md", "where kept", Form, []string{"## How we keep it"}},
		{"users.md", "when deleted", Form, []string{"## When we delete it"}},
		{"users.md", "a copy, not ownership", Form, []string{"You can have a copy. The service looks after the film"}},
		{"users.md", "two keepers together, and that you see it", Form, []string{"Two people we trust can open it together", "We tell you that it was opened, unless"}},
		{"users.md", "how it was understood", Form, []string{"language, interpreter, easy words"}},
		{"users.md", "copy given", Form, []string{"I got a copy of this form"}},
		{"users.md", "as easy to withdraw as to give", Form, []string{"tell your worker or anyone here, ring, write, or press"}},
		{"DESIGN §5", "stop a part, by either who signed", Form, []string{"one thing and keep the rest", "either of them can stop it"}},
		{"Caldicott 8", "told before signing, and what changes", Form, []string{"reads out who could watch. If that changes, we tell you"}},
		{"ICO, children", "asked themselves from an age on", "service-policy", []string{"the team looks at whether they decide"}},
		{"AVIGuk code", "a form of its own ends nothing", "service-policy", []string{"leaves the other answers as they are"}},
		{"users.md", "complaint and ICO", Form, []string{"we write that we have your complaint", "Information Commissioner's Office"}},
		{"users.md", "a screen can be filmed", Form, []string{"We cannot stop someone filming a screen"}},
		{"users.md", "still happy today", Form, []string{"are you still happy to be filmed today?"}},

		{"UK GDPR Art 13", "controller and data protection officer", "privacy-notice", []string{"Name of the service and its address", "Data protection officer"}},
		{"UK GDPR Art 13", "purpose and basis", "privacy-notice", []string{"## Why we may", "UK GDPR Article 6(1)"}},
		{"UK GDPR Art 13", "who receives it", "privacy-notice", []string{"## Who can watch", "## Who else may see it"}},
		{"UK GDPR Art 13", "how long", "privacy-notice", []string{"## How long we keep it"}},
		{"UK GDPR Art 13", "rights, and the ICO", "privacy-notice", []string{"Ask for a copy", "correct or to delete", "do not agree", "ico.org.uk"}},
		{"AVIGuk, users.md", "a named supervisor, until a date, no copies", "supervision-agreement", []string{"registered with:", "It ends access after", "Makes no copy"}},
		{"GMC 22 to 27", "separate, the final film first, no recall", "separate-form", []string{"we showed it to you first", "cannot be called back"}},
		{"DUAA 2025", "a complaint is acknowledged by then, and answered", "privacy-notice", []string{"we write that we have it, and we answer as soon as we can"}},
		{"Caldicott 8", "watched against a no, said where a family looks", Form, []string{"even after you said stop", "must both ask for it", "set one parent's no aside"}},
		{"Caldicott 8", "watched against a no, said where a family looks", "privacy-notice", []string{"break the glass", "must both ask for it"}},
		{"DESIGN §4", "cover and recovery", "storage", []string{"This is cover.", "The other of the two confirms", "## When the glass is broken"}},
		{"DESIGN §5", "what the program does not hold", "service-policy", []string{"Attune does not count how many", "It takes families' keys off a device that stayed away"}},
		{"DESIGN §5", "what lets film go", "service-policy", []string{"Attune destroys film only on a person's word"}},
		{"DESIGN §5", "nothing goes by a date alone, said to families", Form, []string{"Nothing is deleted by a date alone"}},
		{"DESIGN §5", "nothing goes by a date alone, said to families", "privacy-notice", []string{"Nothing is deleted by a date alone"}},
		{"DESIGN §5", "nothing goes by a date alone, said to families", "booking-script", []string{"Film goes only once one of us has looked at it"}},
		{"DESIGN §5", "nothing goes by a date alone, said to families", "consent-form-easy", []string{"Film goes only once one of us has looked at it"}},
		{"DESIGN §5", "what lets film go", "storage", []string{"Attune destroys film only on a person's word"}},
		{"UK GDPR Art 5(1)(e)", "a hold is looked at again", "storage", []string{"Attune reminds of it"}},
	} {
		for _, pack := range packs.Names() {
			text := paper(t, pack, c.paper)
			for _, phrase := range c.phrases {
				if !strings.Contains(text, phrase) {
					t.Errorf("%s, %s: %s does not say %q (%s)", pack, c.source, c.paper, phrase, c.point)
				}
			}
		}
	}
	easy := []string{"You can say no", "say stop at any time", "who can say yes for each one, and why", "how we asked your child", "no box has a cross yet", "| ☐ | ☐ |",
		"who can see it", "where we keep it", "when we delete it", "you can have a copy", "two people we trust can open it", "i have a copy of this form", "ico", "films a screen", "ask us to stop"}
	for _, pack := range packs.Names() {
		text := strings.ToLower(paper(t, pack, "consent-form-easy"))
		for _, phrase := range easy {
			if !strings.Contains(text, strings.ToLower(phrase)) {
				t.Errorf("%s: the easy-read form does not say %q", pack, phrase)
			}
		}
	}
}

const Form = packs.Form

// TestPapersPromiseNothingFalse: wording that users.md calls false, what no paper
// may promise, and words of the program that nobody shall see.
func TestPapersPromiseNothingFalse(t *testing.T) {
	never := []string{"every access", "all access", "every backup is", "shredded", "view-only", "view only", "cannot be downloaded", "can not be downloaded",
		"belongs to you", "belong to you", "your property", "you own", "completely secure", "100%", "guarantee", "impossible", "unhackable", "never be seen",
		"☑", "☒", "[x]", "digest", "ciphertext", "sha-256", "cedar", "key generation", " lease", "statement"}
	everyPaper(t, func(t *testing.T, _, _, text string) {
		for _, n := range never {
			if strings.Contains(strings.ToLower(text), n) {
				t.Errorf("it says %q", n)
			}
		}
	})
}

// TestFormAsksWhatThePackAsks: every purpose of the pack is asked once, on the form
// that the pack names, and nothing else is.
func TestFormAsksWhatThePackAsks(t *testing.T) {
	for _, pack := range packs.Names() {
		p, _, err := packs.Load(pack)
		if err != nil {
			t.Fatal(err)
		}
		main, easy, other := paper(t, pack, Form), paper(t, pack, "consent-form-easy"), paper(t, pack, "separate-form")
		count := 0
		for _, s := range p.Scheme {
			on := map[bool]string{false: main, true: other}[s.Separate]
			if strings.Count(on, "| "+s.Asks) != 1 || !strings.Contains(easy, s.Easy) {
				t.Errorf("%s: %s is not asked", pack, s.Purpose)
			}
			if s.Separate && strings.Contains(main, "| "+s.Asks) {
				t.Errorf("%s: %s has a box on the main form", pack, s.Purpose)
			}
			if !s.Separate {
				count++
			}
		}
		if got := strings.Count(main, "| ☐ | ☐ |"); got != count {
			t.Errorf("%s: the form has %d lines of boxes, want %d", pack, got, count)
		}
	}
}

// TestFormsSayWhatTheScheduleSays: the sentences about deleting are written by hand
// around a figure, so the pack must count from what they say.
func TestFormsSayWhatTheScheduleSays(t *testing.T) {
	for _, pack := range packs.Names() {
		p, _, err := packs.Load(pack)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := p.Class(policies.RawFilm)
		clips, _ := p.Class(policies.WorkingClips)
		// "The long film goes … after we choose the clips and write our notes."
		if raw.Keep[0].After != policies.OnClipsChosen || raw.Keep[1].After != policies.OnSummaryFiled || raw.Keep[0].Value != raw.Keep[1].Value || !raw.SummaryGate {
			t.Errorf("%s: the long film does not go when the forms say", pack)
		}
		// "The short clips go … after our work with you ends."
		if clips.Keep[0].After != policies.OnInvolvementEnded || len(clips.Keep[0].When) > 0 {
			t.Errorf("%s: the short clips do not go when the forms say", pack)
		}
		form, easy := paper(t, pack, Form), paper(t, pack, "consent-form-easy")
		// "If a court is looking at your case, we keep the film until the court has ended."
		court := len(clips.Keep) > 1 && clips.Keep[1].After == policies.OnProceedingsEnded && clips.Keep[1].Value == clips.Keep[0].Value
		for _, says := range []bool{strings.Contains(form, "until the court has ended"), strings.Contains(easy, "we wait until it ends")} {
			if says != court {
				t.Errorf("%s: a form speaks of a court: %v, the schedule: %v", pack, says, court)
			}
		}
		// "… we delete the film, unless the law makes us keep it." And nothing else may stand in the way.
		always := raw.Withdrawal == policies.FateDestroy && clips.Withdrawal == policies.FateDestroy
		for _, says := range []bool{strings.Contains(form, "we delete the film, unless the law makes us keep it"), strings.Contains(easy, "We delete it in")} {
			if says != always {
				t.Errorf("%s: a form promises to delete on a withdrawal: %v, the schedule: %v", pack, says, always)
			}
		}
		// "A clip in the record is kept as long as the record."
		record, _ := p.Class(policies.RecordClips)
		if keeps := record.Withdrawal == policies.FateRestrict; keeps != strings.Contains(form, "kept as long as the record") {
			t.Errorf("%s: a form and the schedule differ about clips on the record", pack)
		}
	}
}

// TestFormText: consent.sign names the words that the program prints.
func TestFormText(t *testing.T) {
	seen := map[policies.Digest]bool{}
	for _, pack := range packs.Names() {
		text, digest, err := packs.FormText(shipped(t, pack))
		if err != nil {
			t.Fatal(err)
		}
		lies, err := os.ReadFile(pack + "/" + Form + ".md")
		if err != nil {
			t.Fatal(err)
		}
		if digest != policies.DigestOf(lies) || !slices.Equal(text, lies) {
			t.Errorf("%s: the digest is not that of the printed form", pack)
		}
		if strings.Contains(string(text), "\r") || seen[digest] {
			t.Errorf("%s: another line end, or the form of another pack", pack)
		}
		seen[digest] = true
	}
}

func TestUnknownPaper(t *testing.T) {
	for _, name := range []string{"", "nothing", "../council.yaml", "papers/consent-form"} {
		if _, err := packs.Paper(shipped(t, "council"), name); err == nil {
			t.Errorf("Paper(%q) succeeded", name)
		}
	}
}

// TestPapersOfAnOwnPack: a service that changed a figure hands out the changed one,
// with the paragraphs of the pack that it copied.
func TestPapersOfAnOwnPack(t *testing.T) {
	for _, name := range packs.Names() {
		text, err := packs.Text(name)
		if err != nil {
			t.Fatal(err)
		}
		from := shipped(t, name)
		own := strings.Replace(string(text), fmt.Sprintf("link_days:\n  value: %d\n", from.LinkDays.Value), "link_days:\n  value: 3\n", 1)
		p, err := packs.Parse([]byte(own))
		if err != nil || p.LinkDays.Value != 3 {
			t.Fatalf("%s: %d days, %v", name, p.LinkDays.Value, err)
		}
		for _, paper := range packs.Papers() {
			if _, err := packs.Paper(p, paper); err != nil {
				t.Errorf("%s, %s: %v", name, paper, err)
			}
		}
		form, digest, err := packs.FormText(p)
		if err != nil {
			t.Fatal(err)
		}
		_, before, err := packs.FormText(from)
		if err != nil || digest == before || !strings.Contains(string(form), "3 days") {
			t.Errorf("%s: the form is that of the pack it was copied from: %v", name, err)
		}
	}
}
