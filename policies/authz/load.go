package authz

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

//go:embed schema.cedarschema *.cedar
var files embed.FS

// Bundle is the service's rules, checked and ready to ask. It never changes and
// is safe for concurrent use.
type Bundle struct {
	rules   []Rule
	list    ordered
	index   index
	actions map[types.EntityUID]types.Entity
	sha256  policies.Digest
	known   *known
}

// Rule is one rule as its author wrote it.
type Rule struct {
	ID     string // "VIEW-CONSENT"
	Effect string // "permit" or "forbid"
	Title  string // a sentence that an IG officer can sign
	Source string // the law, guidance or service policy it comes from
	Text   string // Cedar
}

// Load reads the rules that this program was built with, and refuses any that
// could not be trusted to decide: not valid under the schema, a word outside its
// list, a missing or repeated id, title or source.
func Load() (*Bundle, error) {
	names, err := fs.Glob(files, "*.cedar")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	schema, err := files.ReadFile("schema.cedarschema")
	if err != nil {
		return nil, err
	}
	sources := []source{{"schema.cedarschema", string(schema)}, {"words", words()}}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source{name, string(text)})
	}
	return build(sources)
}

// source is one file of the bundle.
type source struct{ name, text string }

// build makes a bundle of a schema in two parts and any number of rule files.
func build(sources []source) (*Bundle, error) {
	b := &Bundle{sha256: fingerprint(sources), known: new(known)}
	schema, err := parseSchema(sources[0].text + "\n" + sources[1].text)
	if err != nil {
		return nil, err
	}
	// Without the action entities `action in Action::"watching"` never matches, and
	// every forbid on a group is silently skipped: rules would fail open.
	b.actions = schema.actions()
	for _, src := range sources[2:] {
		list, err := cedar.NewPolicyListFromBytes(src.name, []byte(src.text))
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", src.name, err)
		}
		for _, p := range list {
			if err := b.add(schema, p); err != nil {
				return nil, fmt.Errorf("%s: %w", src.name, err)
			}
		}
	}
	b.index = schema.indexed(b.list)
	return b, nil
}

func (b *Bundle) add(schema *schema, p *cedar.Policy) error {
	rule, err := ruleOf(p)
	if err != nil {
		return err
	}
	for _, r := range b.rules {
		if r.ID == rule.ID || r.Title == rule.Title {
			return fmt.Errorf("rule %s has the id or title of another", rule.ID)
		}
	}
	if err := schema.check(rule.ID, p); err != nil {
		return fmt.Errorf("rule %s: %w", rule.ID, err)
	}
	b.rules = append(b.rules, rule)
	b.list = append(b.list, named{cedar.PolicyID(rule.ID), p})
	return nil
}

func ruleOf(p *cedar.Policy) (Rule, error) {
	a := p.Annotations()
	r := Rule{
		ID: string(a["id"]), Title: string(a["title"]), Source: string(a["source"]),
		Effect: "permit", Text: strings.TrimSpace(string(p.MarshalCedar())),
	}
	if p.Effect() == cedar.Forbid {
		r.Effect = "forbid"
	}
	if r.ID == "" || r.Title == "" || r.Source == "" {
		return r, fmt.Errorf("rule %q needs an @id, a @title and a @source", r.ID)
	}
	if r.ID == policies.DefaultDeny || r.ID == policies.ErrorDeny {
		return r, errors.New("no rule may be called " + r.ID)
	}
	return r, nil
}

// SHA256 names the rules: it stands in every ruling, and the head of service
// adopts it in policy.adopt.
func (b *Bundle) SHA256() policies.Digest { return b.sha256 }

// Rules lists the rules in the order of their files.
func (b *Bundle) Rules() []Rule { return slices.Clone(b.rules) }

// fingerprint hashes name, length and text of every file, so that moving a byte
// from one file to another changes it.
func fingerprint(sources []source) policies.Digest {
	var text []byte
	for _, s := range sources {
		text = fmt.Appendf(text, "%s\n%d\n%s\n", s.name, len(s.text), s.text)
	}
	return policies.DigestOf(text)
}

// ordered is a policy iterator with an order. Cedar's own sets are maps, which
// would name the rules of one denial in another order each time.
type ordered []named

type named struct {
	id     cedar.PolicyID
	policy *cedar.Policy
}

// All implements [cedar.PolicyIterator].
func (o ordered) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, n := range o {
			if !yield(n.id, n.policy) {
				return
			}
		}
	}
}
