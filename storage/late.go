package storage

import (
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// late holds what comes from a device that was revoked against what it shows of when it was
// said. The device's own word is that it was before; what it had seen of the log, the head of
// the record that it knew and what it names can show that it was not. Somebody who took care
// to show nothing is held to a number, and gets what they say looked at.
//
// Allowed for everything else.
func (j *judge) late(s policies.Statement) (policies.Ruling, error) {
	by, _ := j.org.Signer(s.Signer)
	ruling := policies.Ruling{Allowed: true, Action: policies.Action(s.Kind), Bundle: j.d.cfg.Bundle.SHA256()}
	if !j.org.Late(s, by, j.now) {
		return ruling, nil
	}
	denied := func(rule string) policies.Ruling {
		ruling.Allowed, ruling.Rules = false, []string{rule}
		return ruling
	}
	d := j.org.Devices[by.Device]
	revoked, ok, err := j.tx.Statement(d.Revoked)
	if err != nil || !ok {
		return denied(policies.LateRule), err
	}
	knew, err := j.knewAfter(s, revoked)
	if err != nil || knew || j.c.Device != by.Device {
		return denied(policies.LateRule), err
	}
	clips, all, err := j.tx.SaidAfter(d.Key, revoked.Index)
	if err != nil || all >= policies.MaxLate || clips >= policies.MaxLateClips && s.Kind == "clip.add" {
		return denied(policies.ManyRule), err
	}
	ruling.Rules = []string{policies.LateRule}
	return ruling, nil
}

// ownWord reports whether a statement is of the device that names it: a withdrawal that came
// with the clip, before it.
func ownWord(known rows.Statement, by policies.Statement) bool {
	s, err := statement.Parse(known.Raw)
	return err == nil && s.Signer == by.Signer
}

// knewAfter reports whether a statement shows that its author knew something that came
// after a revocation.
func (j *judge) knewAfter(s policies.Statement, revoked rows.Statement) (bool, error) {
	if s.Seen.Size > revoked.Index {
		return true, nil
	}
	if after, err := j.tx.HeadAfter(s.Record, s.Seen.Head, revoked.Index); after || err != nil {
		return after, err
	}
	names := append([]policies.StatementID{}, s.Deps...)
	if b, ok := s.Body.(*policies.ClipAdd); ok {
		names = append(names, policies.StatementID(b.Approval), policies.StatementID(b.Consent))
	}
	for _, id := range names {
		known, ok, err := j.tx.Statement(id)
		if err != nil || ok && known.Index >= revoked.Index && !ownWord(known, s) {
			return ok, err
		}
	}
	return false, nil
}
