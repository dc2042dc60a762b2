package main

import (
	"context"
	"fmt"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
)

// demoPack is what a demonstration adopts.
const demoPack = "council"

// demonstration is a ceremony held by one program.
type demonstration struct {
	service, head string
	custodians    [3]string
	rootKey       string
	invitation    string
}

// make founds the folder and has its root certify it. The mark is written before
// anything that is secret, so that no crash leaves an unmarked demonstration.
func (d *demonstration) make(ctx context.Context, f folder, origin string) error {
	rootKey, orgRoot, err := attune.Found(d.service, d.custodians, time.Now())
	if err != nil {
		return err
	}
	request, err := found(ctx, f, orgRoot, origin)
	if err != nil {
		return err
	}
	mark := "This is a demonstration: all keys are in one place. Never use it for a real family.\n"
	if err := writeNew(f.demoMark(), []byte(mark), 0o444); err != nil {
		return err
	}
	bundle, err := authz.Load()
	if err != nil {
		return fmt.Errorf("load rules: %w", err)
	}
	pack, err := packs.Text(demoPack)
	if err != nil {
		return fmt.Errorf("load figures: %w", err)
	}
	certified, invitation, err := attune.Certify(attune.Certification{
		RootKey: rootKey, OrgRoot: orgRoot, Request: request, Pack: pack, Bundle: bundle.SHA256(),
		Head: d.head, Now: time.Now(),
	})
	if err != nil {
		return err
	}
	d.rootKey, d.invitation = rootKey, invitation
	return accept(ctx, f, certified)
}
