package attune

import (
	"database/sql"
	"errors"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

// Policies is what the service works by: the rules and figures that its head of
// service adopted. What the rules say is in policies/authz; the figures came with what
// was signed.
type Policies struct{ d *desk }

// Adopted is what the service's record says was adopted last, as this device knows
// it from its last sync.
func (p *Policies) Adopted() (policies.Policy, error) {
	org, err := p.d.mirror.verifiedOrg()
	if err != nil {
		return policies.Policy{}, err
	}
	return org.Policy, nil
}

// Figures are those that the service adopted, and the file that was signed, byte for
// byte. Errors: an [*Error] with [CodeUnknown] when they are not here, or cannot be
// read by this version.
func (p *Policies) Figures() (pack policies.Pack, file []byte, err error) {
	org, err := p.d.mirror.verifiedOrg()
	if err != nil {
		return pack, nil, err
	}
	if file, err = p.d.packFile(org); err != nil {
		return pack, nil, err
	}
	pack, err = p.d.figures()
	return pack, file, err
}

// Course is what the record of a family knows of its own course, in the time zone
// of this device, for [policies.Pack.Forecast].
func (p *Policies) Course(family policies.FamilyID) (policies.Course, error) {
	f, err := p.d.mirror.provisional(family)
	if err != nil {
		return policies.Course{}, err
	}
	now := p.d.now()
	return policies.CourseOf(f, policies.At(now), now.Location()), nil
}

// Adopt has the head of service sign that the service works by the figures of this
// file, and by the rules with this digest, from now on. The statement is queued like
// any other, with the file. A server that runs these rules takes it at the next sync;
// for other rules a change goes by [Policies.File] and the operator's hands.
//
// Errors: an [*Error] with [CodeInput] for a file that is no pack, with
// wire.CodeNotPossible when it is in force already, or when the author is no head of
// service.
func (p *Policies) Adopt(file []byte, bundle policies.Digest) (policies.StatementID, error) {
	body, err := adoption(file, bundle)
	if err != nil {
		return policies.StatementID{}, err
	}
	org, err := p.d.mirror.provisionalOrg()
	if err != nil {
		return policies.StatementID{}, err
	}
	if a := org.Policy; a.SHA256 == body.SHA256 && a.Bundle == bundle {
		return policies.StatementID{}, problem(wire.CodeNotPossible, "There is nothing to do.", "These rules and figures are adopted already, or wait here to be sent.")
	}
	s, err := p.d.outbox.file(draft{policies.RecordID(org.ID), "policy.adopt", body, []wire.Attachment{{Name: policies.PackFile, Body: file}}})
	return s.ID, err
}

// adoption is the body for a pack's file, which must be one.
func adoption(file []byte, bundle policies.Digest) (policies.PolicyAdopt, error) {
	pack, err := packs.Parse(file)
	if err != nil {
		return policies.PolicyAdopt{}, problem(CodeInput, "Put the line right, and try again.", "This is no pack that can be adopted: %v.", err)
	}
	return policies.NewPolicyAdopt(pack.Name, file, bundle), nil
}

// File is what an operator hands to "attuned adopt" while the server is stopped: a
// [wire.PushRequest] with the adoption, and before it everything else that this
// device has queued, since the server takes a device's numbers without gaps. What
// travels so is signed and sealed as on the wire, and stays queued here: the next
// sync learns that the server has it.
//
// Errors: an [*Error] with [CodeUnknown] when no such statement waits here, or with
// [CodeInput] when too much is queued before it.
func (p *Policies) File(adoption policies.StatementID) ([]byte, error) {
	var until int64
	err := p.d.store.db.QueryRow(`SELECT seq FROM outbox WHERE id = $1 AND kind = 'policy.adopt' AND state <> 'accepted'`, adoption.String()).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem(CodeUnknown, "Adopt first.", "No adoption waits on this device.")
	} else if err != nil {
		return nil, err
	}
	var list []queued
	err = each(p.d.store.db, func(r *sql.Rows) error {
		var q queued
		var id string
		if err := r.Scan(&id, opens(p.d.store, &q.sealed.Statement, "outbox", &id)); err != nil {
			return err
		}
		list = append(list, q)
		return list[len(list)-1].id.UnmarshalText([]byte(id))
	}, `SELECT id, raw FROM outbox WHERE seq <= $1 AND (state = 'queued' OR id = $2) ORDER BY seq`, until, adoption.String())
	if err != nil {
		return nil, err
	}
	in := wire.PushRequest{}
	for _, q := range list {
		if err := (&courier{d: p.d}).attach(&q); err != nil {
			return nil, err
		}
		in.Statements = append(in.Statements, q.sealed)
	}
	body, err := wire.Encode(in)
	if err != nil {
		return nil, err
	}
	if len(in.Statements) > wire.MaxPushStatements || len(body) > wire.MaxPushBytes {
		return nil, problem(CodeInput, "Sync first, with the server as it is; then write the file again.", "Too much waits on this device for one file.")
	}
	return body, nil
}

// Waiting is the adoption that was signed here and that the server has not taken;
// false when none is.
func (p *Policies) Waiting() (id policies.StatementID, ok bool, err error) {
	var text string
	err = p.d.store.db.QueryRow(`SELECT id FROM outbox WHERE kind = 'policy.adopt' AND state <> 'accepted' ORDER BY seq DESC LIMIT 1`).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return id, false, nil
	}
	if err != nil {
		return id, false, err
	}
	return id, true, id.UnmarshalText([]byte(text))
}

// Signed is what an adoption of this device says.
func (p *Policies) Signed(id policies.StatementID) (policies.PolicyAdopt, error) {
	s, err := p.d.shelf.statement(id)
	if err != nil {
		return policies.PolicyAdopt{}, err
	}
	b, ok := s.Body.(*policies.PolicyAdopt)
	if !ok {
		return policies.PolicyAdopt{}, problem(CodeUnknown, "Adopt first.", "Statement %s is no adoption.", id.Short())
	}
	return *b, nil
}
