package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

// adoptedPack stands, where a pack is named, for the one that the service adopted.
const adoptedPack = "adopted"

// chosen is a pack that a person named, with its file as it would be signed.
type chosen struct {
	policies.Pack
	file    []byte
	sum     policies.Digest
	adopted bool
}

// pack finds a pack by its name in this program, by a file, or as the adopted one.
func (g *global) pack(name string) (p chosen, err error) {
	switch {
	case name == adoptedPack:
		err := g.device(func(d *attune.Client) (err error) {
			p.Pack, p.file, err = d.Policies.Figures()
			return err
		})
		p.sum, p.adopted = policies.DigestOf(p.file), true
		return p, err
	case !slices.Contains(packs.Names(), name) && strings.ContainsAny(name, "./\\"):
		return packIn(name)
	}
	if p.file, err = packs.Text(name); err == nil {
		p.Pack, p.sum, err = packs.Load(name)
	}
	if err != nil {
		return p, usage("Packs: "+strings.Join(packs.Names(), ", ")+"; "+adoptedPack+"; or the file of one.", "There is no pack %q.", name)
	}
	return p, nil
}

// packIn reads a pack from a file, which may be anything, and looks whether every
// paper can be written with it.
func packIn(path string) (p chosen, err error) {
	if p.file, err = readBounded(path, policies.MaxPackBytes); err != nil {
		return p, err
	}
	name := filepath.Base(path)
	if p.Pack, err = packs.Parse(p.file); err != nil {
		return p, problem("pack", "Put the line right, and try again.", "%s: %v.", name, err)
	}
	for _, paper := range packs.Papers() {
		if _, err := packs.Paper(p.Pack, paper); err != nil {
			return p, problem("pack", "Put back what the paper needs.", "%s: the paper %s cannot be written with it: %v.", name, paper, err)
		}
	}
	p.sum = policies.DigestOf(p.file)
	return p, nil
}

// readBounded reads a file that is at most most bytes long, and one more.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, problem("input", "Check how it is written; packs of this program: "+strings.Join(packs.Names(), ", ")+".", "%s cannot be read: %s.", filepath.Base(path), because(err))
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return b, nil
}

// shipped reports whether this program carries the same file.
func (p chosen) shipped() bool {
	_, sum, err := packs.Load(p.Name)
	return err == nil && sum == p.sum
}

// called is what a person calls the pack.
func (p chosen) called() string {
	if p.shipped() {
		return p.Name
	}
	return "the service's own, begun from " + p.Name
}

func (p chosen) state() string {
	switch {
	case p.adopted && p.shipped():
		return "adopted, and the same as in this program"
	case p.adopted:
		return "adopted; the service's own figures, begun from " + p.Name
	case p.shipped():
		return "shipped with this program"
	}
	return "a file, begun from " + p.Name
}
