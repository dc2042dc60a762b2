package pages

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// texts flattens a tree of words: path, such as "live.messages.ended.text", to text.
func texts(prefix string, tree map[string]any, into map[string]string) map[string]string {
	for k, v := range tree {
		switch v := v.(type) {
		case string:
			into[prefix+"."+k] = v
		case map[string]any:
			texts(prefix+"."+k, v, into)
		}
	}
	return into
}

func textsOf(c catalogue) map[string]string {
	return texts("live", c.Live, texts("fixed", c.Fixed, map[string]string{}))
}

// TestReadingAge holds each catalogue to what its readers can read: the usual words
// at about nine years of age, which is US school grade 4 to 5, the easy ones at
// seven to eight, grade 3, with one thing said in each sentence.
//
// The grade is Flesch and Kincaid's, over all sentences of the catalogue together:
// 0.39 words per sentence + 11.8 syllables per word - 15.59. Labels and codes of a
// word or three are no sentences and count for nothing.
func TestReadingAge(t *testing.T) {
	p := newPages(t, built())
	for name, limit := range map[string]struct {
		grade, each float64
		words       int
	}{
		"en":      {5, 9, 15},
		"en.easy": {3, 7, 10},
	} {
		t.Run(name, func(t *testing.T) {
			c, ok := p.words[name]
			if !ok {
				t.Fatal("no such catalogue")
			}
			var all reading
			for path, text := range textsOf(c) {
				var r reading
				for _, s := range sentences(text) {
					n := r.add(s)
					if n > limit.words {
						t.Errorf("%s has a sentence of %d words, at most %d: %s", path, n, limit.words, s)
					}
				}
				all.words, all.sentences, all.syllables = all.words+r.words, all.sentences+r.sentences, all.syllables+r.syllables
				if r.words >= 12 && r.grade() > limit.each {
					t.Errorf("%s is at grade %.1f, at most %.0f: %s", path, r.grade(), limit.each, text)
				}
			}
			t.Logf("%s: grade %.2f over %d sentences, %.1f words each, %.2f syllables a word", name, all.grade(), all.sentences,
				float64(all.words)/float64(all.sentences), float64(all.syllables)/float64(all.words))
			if all.grade() > limit.grade {
				t.Errorf("grade %.2f, at most %.0f", all.grade(), limit.grade)
			}
		})
	}
}

// The measure itself, against texts whose syllables were counted by hand.
func TestReadingMeasure(t *testing.T) {
	for word, want := range map[string]int{
		"film": 1, "people": 2, "message": 2, "practitioner": 4, "opened": 2, "locked": 1, "time": 1, "service": 2,
		"agreement": 3, "PIN": 1, "we’ve": 1, "delete": 2, "supervisor": 4, "missing": 2, "little": 2,
	} {
		if got := syllables(word); got != want {
			t.Errorf("%s has %d syllables, want %d", word, got, want)
		}
	}
	var hard reading
	hard.add("Notwithstanding any applicable statutory obligations the organisation may communicate information")
	if hard.grade() < 15 {
		t.Errorf("a sentence of a lawyer is at grade %.1f", hard.grade())
	}
}

type reading struct{ words, sentences, syllables int }

// add counts a sentence and returns its words.
func (r *reading) add(sentence string) int {
	list := strings.FieldsFunc(sentence, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '’' && c != '\'' })
	r.sentences++
	r.words += len(list)
	for _, w := range list {
		r.syllables += syllables(w)
	}
	return len(list)
}

func (r reading) grade() float64 {
	if r.sentences == 0 || r.words == 0 {
		return 0
	}
	return 0.39*float64(r.words)/float64(r.sentences) + 11.8*float64(r.syllables)/float64(r.words) - 15.59
}

// sentences cuts a text; what has no full stop, question mark or dots at its end is
// a label, and counts as a sentence from four words on.
func sentences(text string) []string {
	text = regexp.MustCompile(`\{\w+\}`).ReplaceAllString(text, "ten") // a number, a day, a name
	var out []string
	for _, s := range regexp.MustCompile(`[^.?!…]+[.?!…]*`).FindAllString(text, -1) {
		s = strings.TrimSpace(s)
		if strings.ContainsAny(s, ".?!…") || len(strings.Fields(s)) >= 4 {
			out = append(out, s)
		}
	}
	return out
}

// syllables counts groups of vowels, less the silent ends of English.
func syllables(word string) int {
	w := strings.ToLower(strings.NewReplacer("’", "", "'", "").Replace(word))
	n := len(regexp.MustCompile(`[aeiouy]+`).FindAllString(w, -1))
	switch {
	case strings.HasSuffix(w, "le") && len(w) > 2 && !strings.ContainsRune("aeiouy", rune(w[len(w)-3])):
	case regexp.MustCompile(`[^td]ed$`).MatchString(w), strings.HasSuffix(w, "e"), regexp.MustCompile(`[^aeiouy]es$`).MatchString(w) && !regexp.MustCompile(`(s|z|ch|sh|x|g|c)es$`).MatchString(w):
		n--
	}
	return max(n, 1)
}

// TestCatalogueKeys: the catalogues have the same keys, the page and its script use
// every one of them, and use no other.
func TestCatalogueKeys(t *testing.T) {
	p := newPages(t, built())
	usual, easy := textsOf(p.words["en"]), textsOf(p.words["en.easy"])
	for _, path := range slices.Sorted(maps.Keys(usual)) {
		if easy[path] == "" {
			t.Errorf("words/en.easy.json lacks %s", path)
		}
		if got, want := places(easy[path]), places(usual[path]); got != want {
			t.Errorf("%s has the places %s in easy words, want %s", path, got, want)
		}
	}
	for path := range easy {
		if usual[path] == "" {
			t.Errorf("words/en.json lacks %s", path)
		}
	}
	html := read(t, "carer.html")
	var script strings.Builder
	sources, err := filepath.Glob("../../client-sdk/web/src/*.ts")
	if err != nil || len(sources) == 0 {
		t.Fatalf("sources: %v", err)
	}
	for _, name := range sources {
		script.WriteString(read(t, name))
	}
	for path := range usual {
		if fixed, ok := strings.CutPrefix(path, "fixed."); ok {
			if !regexp.MustCompile(`\.W\.` + regexp.QuoteMeta(fixed) + `\b`).MatchString(html) {
				t.Errorf("nothing shows %s", path)
			}
			continue
		}
		parts := strings.Split(path, ".")
		key := parts[len(parts)-1]
		switch {
		case strings.HasPrefix(path, "live.roles."): // TestEveryPurposeHasWords
		case strings.HasPrefix(path, "live.messages."):
			if !regexp.MustCompile(`"` + parts[2] + `"`).MatchString(script.String()) {
				t.Errorf("nothing says %s", path)
			}
		case !regexp.MustCompile(`(?:words\(\)|\bw)\.` + key + `\b`).MatchString(script.String()):
			t.Errorf("nothing says %s", path)
		}
	}
	// What is switched is what was shown.
	for _, m := range regexp.MustCompile(`data-w(?:-label)?="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if usual["fixed."+m[1]] == "" {
			t.Errorf("the page switches %s, which is no text", m[1])
		}
		if !strings.Contains(html, "{{.W."+m[1]+"}}") && !strings.Contains(html, "{{$.W."+m[1]+"}}") {
			t.Errorf("the page switches %s, and does not show it", m[1])
		}
	}
}

// TestFixedWordsSwitch: every text of the page that is shown while the script runs
// carries the name by which it is switched.
func TestFixedWordsSwitch(t *testing.T) {
	html := read(t, "carer.html")
	html = regexp.MustCompile(`(?s)<noscript>.*?</noscript>|<head>.*?</head>`).ReplaceAllString(html, "")
	for _, m := range regexp.MustCompile(`<(\w+)([^>]*)>\{\{\$?\.W\.([\w.]+)\}\}`).FindAllStringSubmatch(html, -1) {
		if !strings.Contains(m[2], fmt.Sprintf("data-w=%q", m[3])) {
			t.Errorf("<%s> shows %s and is not switched", m[1], m[3])
		}
	}
	for _, m := range regexp.MustCompile(`(.)\{\{\$?\.W\.([\w.]+)\}\}`).FindAllStringSubmatch(html, -1) {
		if m[1] != ">" && m[1] != `"` {
			t.Errorf("%s stands beside other text: give it an element of its own", m[2])
		}
	}
}

// places are the {names} in a text, in order of the alphabet.
func places(text string) string {
	list := regexp.MustCompile(`\{\w+\}`).FindAllString(text, -1)
	slices.Sort(list)
	return strings.Join(list, " ")
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
