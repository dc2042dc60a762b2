package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/storage/rows"
)

// figures holds the pack that was read last, by its digest: a pack is some hundred
// values of YAML, and every PIN that is tried asks for two of them.
type figures struct {
	// mu guards the fields below.
	mu   sync.Mutex
	of   policies.Digest
	pack policies.Pack
}

// Figures are those that the service adopted and works by.
func (s *Store) Figures(ctx context.Context) (p policies.Pack, err error) {
	o, err := s.Records.Org(ctx)
	if err != nil {
		return p, err
	}
	err = s.d.rows.Read(ctx, func(v *rows.View) error {
		p, err = s.d.figures(v, o)
		return err
	})
	return p, err
}

type attachmentReader interface {
	Attachments(policies.StatementID) ([]rows.Attachment, error)
}

// figures are those of the pack that was adopted last, as the organisation's state of
// this transaction has it, read from the adoption's own attachment. While the
// organisation is being founded nothing is adopted, and the zero pack sets no bound.
//
// ErrNoFigures when the file is not there, is another, or cannot be read: whoever
// asked does nothing then. Figures that this program ships never stand in.
func (d *door) figures(from attachmentReader, o *policies.Org) (policies.Pack, error) {
	if o.Policy.Adopted.IsZero() {
		return policies.Pack{}, nil
	}
	d.pack.mu.Lock()
	defer d.pack.mu.Unlock()
	if d.pack.of == o.Policy.SHA256 {
		return d.pack.pack, nil
	}
	p, err := packOf(from, o.Policy.Adopted, o.Policy.SHA256)
	if err != nil {
		return p, err
	}
	p.Before = map[policies.Digest]policies.Pack{}
	for _, a := range o.Adoptions {
		if a.SHA256 == o.Policy.SHA256 {
			continue
		}
		old, err := packOf(from, a.ID, a.SHA256)
		switch {
		case err == nil:
			p.Before[a.SHA256] = old
		case !errors.Is(err, ErrNoFigures): // without them what they bind has no date, and stays
			return policies.Pack{}, err
		}
	}
	d.pack.of, d.pack.pack = o.Policy.SHA256, p
	return p, nil
}

// packOf is the pack that one adoption brought along; ErrNoFigures where it is not there, or
// cannot be read by this version.
func packOf(from attachmentReader, adoption policies.StatementID, sum policies.Digest) (p policies.Pack, err error) {
	there, err := from.Attachments(adoption)
	if err != nil {
		return p, err
	}
	for _, a := range there {
		if a.Name != policies.PackFile || policies.DigestOf(a.Body) != sum {
			continue
		}
		if p, err = packs.Parse(a.Body); err != nil {
			return p, fmt.Errorf("%w: %w", ErrNoFigures, err)
		}
		return p, nil
	}
	return p, ErrNoFigures
}

// adoptable refuses rules other than those that this server runs, for it would not
// start again, and nobody could then adopt what it has; and a file that is no pack, or
// has a figure outside its bounds. Came is what travels beside the adoption, and was
// held against its digest.
func (j *judge) adoptable(b *policies.PolicyAdopt, came []Attachment) error {
	if b.Bundle != j.d.cfg.Bundle.SHA256() {
		return fmt.Errorf("%w: this server does not have these rules; upgrade it first", policies.ErrNotPossible)
	}
	for _, a := range came {
		if a.Name != policies.PackFile {
			continue
		}
		p, err := packs.Parse(a.Body)
		if err == nil && p.Name != b.Pack {
			err = fmt.Errorf("the file is of the pack %q, and the adoption says %q", p.Name, b.Pack)
		}
		if err != nil {
			return fmt.Errorf("%w: the figures cannot be adopted: %w", policies.ErrNotPossible, err)
		}
	}
	return nil
}
