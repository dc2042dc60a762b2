package accesslog

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof is wrapped when a proof does not prove what was claimed.
var ErrProof = errors.New("proof fails")

// ProveInclusion returns the audit path of leaf index in the tree of the first
// size leaves (RFC 6962 section 2.1.1), at most log2 size hashes, leaf's sibling
// first.
func ProveInclusion(t Tiles, size, index int64) ([]Hash, error) {
	return proveInclusion(&reader{tiles: t, size: size}, index)
}

// ProveInclusion is the function of that name for the frontier's own tree, with
// the edge taken from memory: a handful of tiles read instead of hundreds.
func (f Frontier) ProveInclusion(t Tiles, index int64) ([]Hash, error) {
	return proveInclusion(&reader{tiles: t, size: f.size, edge: &f}, index)
}

// Prover makes the proofs of many leaves of one tree, in order. Neighbours share
// most of their paths: it remembers the nodes and tiles that it met last, at most a
// few hundred kilobytes of them.
type Prover struct {
	edge  Frontier
	kept  map[tileID][]Hash
	nodes map[int64]Hash
}

// NewProver proves leaves of the frontier's tree.
func NewProver(edge Frontier) *Prover { return &Prover{edge: edge} }

const (
	maxProverTiles = 16
	maxProverNodes = 4096
)

// ProveInclusion is [Frontier.ProveInclusion].
func (p *Prover) ProveInclusion(t Tiles, index int64) ([]Hash, error) {
	if len(p.kept) > maxProverTiles {
		p.kept = nil
	}
	if p.nodes == nil || len(p.nodes) > maxProverNodes {
		p.nodes = map[int64]Hash{}
	}
	r := &reader{tiles: t, size: p.edge.size, edge: &p.edge, kept: p.kept, nodes: p.nodes}
	path, err := proveInclusion(r, index)
	p.kept = r.kept
	return path, err
}

func proveInclusion(r *reader, index int64) ([]Hash, error) {
	if index < 0 || index >= r.size || r.size > maxInteger {
		return nil, fmt.Errorf("prove leaf %d of %d: out of range", index, r.size)
	}
	proof, err := tlog.ProveRecord(r.size, index, r)
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d of %d: %w", index, r.size, err)
	}
	return proof, nil
}

// ProveConsistency returns the proof that the tree of newSize begins with the
// tree of oldSize (RFC 6962 section 2.1.2). It is empty for equal sizes and for
// the empty tree, with which every tree begins.
func ProveConsistency(t Tiles, oldSize, newSize int64) ([]Hash, error) {
	return proveConsistency(&reader{tiles: t, size: newSize}, oldSize)
}

// ProveConsistency is the function of that name up to the frontier's own tree.
func (f Frontier) ProveConsistency(t Tiles, oldSize int64) ([]Hash, error) {
	return proveConsistency(&reader{tiles: t, size: f.size, edge: &f}, oldSize)
}

func proveConsistency(r *reader, oldSize int64) ([]Hash, error) {
	if oldSize < 0 || oldSize > r.size || r.size > maxInteger {
		return nil, fmt.Errorf("prove %d begins %d: out of range", oldSize, r.size)
	}
	if oldSize == 0 {
		return nil, nil
	}
	proof, err := tlog.ProveTree(r.size, oldSize, r)
	if err != nil {
		return nil, fmt.Errorf("prove %d begins %d: %w", oldSize, r.size, err)
	}
	return proof, nil
}

// VerifyInclusion checks that leaf stands at index in the tree of that size and
// root. Every failure wraps [ErrProof].
func VerifyInclusion(proof []Hash, size int64, root Hash, index int64, leaf []byte) error {
	if size > maxInteger {
		return fmt.Errorf("%w: size %d out of range", ErrProof, size)
	}
	if err := tlog.CheckRecord(proof, size, root, index, LeafHash(leaf)); err != nil {
		return fmt.Errorf("%w: leaf %d of %d: %w", ErrProof, index, size, err)
	}
	return nil
}

// VerifyConsistency checks that the tree of newSize and newRoot begins with the
// tree of oldSize and oldRoot. Every failure wraps [ErrProof]; between two
// signed checkpoints of one origin, a failure is evidence of a fork.
func VerifyConsistency(proof []Hash, newSize int64, newRoot Hash, oldSize int64, oldRoot Hash) error {
	if newSize < oldSize || oldSize < 0 || newSize > maxInteger {
		return fmt.Errorf("%w: %d cannot begin %d", ErrProof, oldSize, newSize)
	}
	if oldSize == 0 {
		if len(proof) != 0 || oldRoot != (Frontier{}).Root() || newSize == 0 && newRoot != oldRoot {
			return fmt.Errorf("%w: the empty tree has one root and needs no proof", ErrProof)
		}
		return nil
	}
	if err := tlog.CheckTree(proof, newSize, newRoot, oldSize, oldRoot); err != nil {
		return fmt.Errorf("%w: %d does not begin %d: %w", ErrProof, oldSize, newSize, err)
	}
	return nil
}
