package packs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies/packs"
)

// TestTenQuestionsAreAnswered: each question has a place in the papers of every
// pack that answers it in words. Whether a reader finds it, only readers can tell.
func TestTenQuestionsAreAnswered(t *testing.T) {
	answers := []struct{ question, paper, says string }{
		{"Who may see film of my child?", packs.Form, `Your worker's small team for your family can watch, and so can you\.\n- The people you named above can watch`},
		{"For how long may a supervisor see it?", packs.Form, `A supervisor may watch for \d+ days at most`},
		{"Who decides that a family may be filmed?", "service-policy", `The head of service gives permission to film`},
		{"What happens if I say stop?", packs.Form, `(?s)We stop all watching straight away\..*makes sure that it was you who asked\.\n- (After \d+ working days we delete the film|A person looks at what the law|A clinician looks at what your health record)`},
		{"When are the long film and the clips deleted?", packs.Form, `The long film goes \d+ months? after .*\n- The short clips go \d+ months? after`},
		{"Can the head of service watch, because they are the head?", packs.Form, `The head of the service cannot watch just because they are the head`},
		{"Who can open film if all of the workers are gone?", "storage", `(?s)Two of three custodians together.*## When nobody of the team is there`},
		{"When may film be shared without asking me?", packs.Form, `(?s)If we think someone is in danger, or a court tells us to.*even after you said stop`},
		{"What must be done with a camera and its card after filming?", "storage", `remove the recording from the camera`},
		{"What does the program not do, that we must do ourselves?", "service-policy", `(?s)Attune destroys film only on a person's word.*## What Attune cannot do`},
	}
	file, err := os.ReadFile("QUESTIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		if !strings.Contains(string(file), ". "+a.question+"\n") {
			t.Errorf("QUESTIONS.md does not ask: %s", a.question)
		}
		for _, pack := range packs.Names() {
			if !regexp.MustCompile(a.says).MatchString(paper(t, pack, a.paper)) {
				t.Errorf("%s: %s does not answer: %s", pack, a.paper, a.question)
			}
		}
	}
	if n := strings.Count(string(file), "?\n"); n != len(answers) {
		t.Errorf("%d questions, %d answers", n, len(answers))
	}
}
