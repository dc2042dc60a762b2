package authz

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	cedarschema "github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
)

// schema checks rules before they are believed. It is the only place that uses
// Cedar's experimental packages, which promise no compatibility.
type schema struct {
	resolved  *resolved.Schema
	validator *validate.Validator
}

func parseSchema(text string) (*schema, error) {
	var s cedarschema.Schema
	s.SetFilename("schema.cedarschema")
	if err := s.UnmarshalCedar([]byte(text)); err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	r, err := s.Resolve()
	if err != nil {
		return nil, fmt.Errorf("resolve schema: %w", err)
	}
	return &schema{r, validate.New(r, validate.WithStrict())}, nil
}

// actions are the entities that make `action in` work.
func (s *schema) actions() map[types.EntityUID]types.Entity {
	m := make(map[types.EntityUID]types.Entity, len(s.resolved.Actions))
	for uid, a := range s.resolved.Actions {
		m[uid] = a.Entity
	}
	return m
}

// concerns reports whether a rule's first line lets it apply to a kind of principal
// and an action. Of a first line of another form than those in use it says yes.
func (s *schema) concerns(p *cedar.Policy, principal types.EntityType, action types.EntityUID) bool {
	tree := (*ast.Policy)(p.AST())
	if is, ok := tree.Principal.(ast.ScopeTypeIs); ok && is.Type != principal {
		return false
	}
	switch a := tree.Action.(type) {
	case ast.ScopeTypeEq:
		return a.Entity == action
	case ast.ScopeTypeIn:
		return s.within(action, a.Entity)
	case ast.ScopeTypeInSet:
		return slices.ContainsFunc(a.Entities, func(e types.EntityUID) bool { return s.within(action, e) })
	}
	return true
}

// within reports whether an action is another, or in that group, or in a group in it.
func (s *schema) within(action, group types.EntityUID) bool {
	if action == group {
		return true
	}
	for parent := range s.resolved.Actions[action].Entity.Parents.All() {
		if s.within(parent, group) {
			return true
		}
	}
	return false
}

// check validates one rule strictly, and then its words.
func (s *schema) check(id string, p *cedar.Policy) error {
	tree := (*ast.Policy)(p.AST())
	if err := s.validator.Policy(id, tree); err != nil {
		return err
	}
	return s.lint(tree)
}

// lint refuses a word outside its list. Cedar's validator checks types only: it
// lets `Role::"ig_oficer"` through, and a forbid with such a slip never forbids. It
// refuses `has` for the same reason: every fact is always there, so whoever asks
// whether one is has misspelt it, and the validator takes that for a plain no.
func (s *schema) lint(p *ast.Policy) (err error) {
	scope := func(uid types.EntityUID) {
		if err == nil {
			err = s.word(uid)
		}
	}
	for _, n := range []ast.IsScopeNode{p.Principal, p.Action, p.Resource} {
		entitiesIn(n, scope)
	}
	for _, c := range p.Conditions {
		ast.Inspect(ast.NewNode(c.Body), func(n ast.IsNode) bool {
			switch n := n.(type) {
			case ast.NodeValue:
				entitiesOf(n.Value, scope)
			case ast.NodeTypeHas, ast.NodeTypeHasTag:
				err = cmp.Or(err, errHas)
			}
			return true
		})
	}
	return err
}

var errHas = errors.New("a rule does not ask whether a fact is there: all of them always are")

func entitiesIn(n ast.IsScopeNode, found func(types.EntityUID)) {
	switch n := n.(type) {
	case ast.ScopeTypeEq:
		found(n.Entity)
	case ast.ScopeTypeIn:
		found(n.Entity)
	case ast.ScopeTypeIsIn:
		found(n.Entity)
	case ast.ScopeTypeInSet:
		for _, e := range n.Entities {
			found(e)
		}
	}
}

func entitiesOf(v types.Value, found func(types.EntityUID)) {
	switch v := v.(type) {
	case types.EntityUID:
		found(v)
	case types.Set:
		for e := range v.All() {
			entitiesOf(e, found)
		}
	case types.Record:
		for _, e := range v.All() {
			entitiesOf(e, found)
		}
	}
}

func (s *schema) word(uid types.EntityUID) error {
	if uid.Type == "Action" {
		if _, ok := s.resolved.Actions[uid]; !ok {
			return fmt.Errorf("there is no %s", uid)
		}
		return nil
	}
	enum, ok := s.resolved.Enums[uid.Type]
	if !ok {
		return fmt.Errorf("%s: a rule names no single person or thing", uid)
	}
	if !slices.Contains(enum.Values, uid) {
		return fmt.Errorf("%s is not one of %v", uid, enum.Values)
	}
	return nil
}
