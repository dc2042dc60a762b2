package storage

import (
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// access is the event of an access, allowed or denied.
func (d *door) access(c policies.Caller, r policies.Ruling, now policies.Micros, family, object rows.Named) rows.Event {
	outcome := accesslog.Denied
	if r.Allowed {
		outcome = accesslog.Allowed
	}
	return rows.Event{
		At: int64(now), Action: string(r.Action), Outcome: outcome, Subject: caller(c), Family: family, Object: object,
		Rules: r.Rules, Bundle: bundle(r), Request: c.Request, Detail: c.Address,
	}
}

// event is what became of a statement.
func (j *judge) event(s policies.Statement, next folded, outcome string, ruling policies.Ruling) rows.Event {
	return rows.Event{
		At: int64(j.now), Action: string(s.Kind), Outcome: outcome,
		Subject: named(next.author), Family: j.familyNamed(next.record),
		Object: stated(s.ID),
		Rules:  ruling.Rules, Bundle: bundle(ruling), Request: j.c.Request, Detail: j.c.Address,
	}
}

func (j *judge) familyNamed(id policies.RecordID) rows.Named {
	if id.IsZero() || id == policies.RecordID(j.org.ID) {
		return rows.Named{}
	}
	return family(policies.FamilyID(id))
}

// named is who signed, as the log names them.
func named(a policies.Author) rows.Named {
	if !a.Staff.IsZero() {
		return rows.Named{Kind: rows.NamedStaff, ID: a.Staff.String()}
	}
	if a.Signer != "" {
		return rows.Named{Kind: rows.NamedKey, ID: string(a.Signer)}
	}
	return rows.Named{}
}

// caller is who asked, as the log names them.
func caller(c policies.Caller) rows.Named {
	switch {
	case !c.Staff.IsZero():
		return rows.Named{Kind: rows.NamedStaff, ID: c.Staff.String()}
	case !c.Link.IsZero():
		return rows.Named{Kind: rows.NamedCarer, ID: c.Link.String()}
	case c.Server:
		return rows.Named{Kind: rows.NamedKey, ID: string(policies.SignServer)}
	}
	return rows.Named{}
}

func family(id policies.FamilyID) rows.Named {
	return rows.Named{Kind: rows.NamedFamily, ID: id.String()}
}

func clip(id policies.ClipID) rows.Named { return rows.Named{Kind: rows.NamedClip, ID: id.String()} }

func stated(id policies.StatementID) rows.Named {
	return rows.Named{Kind: rows.NamedStatement, ID: id.String()}
}

func bundle(r policies.Ruling) string { return r.Bundle.String() }

// refusal is the error of a ruling, nil when it allows.
func refusal(r policies.Ruling) error {
	if r.Allowed {
		return nil
	}
	return &DeniedError{Ruling: r}
}

// hidden is the error of a ruling about a thing that may not even be known to
// exist. To a caller who may not know the family, or where nobody granted
// anything, it looks like something that is not there: which rule stood in the
// way would tell that the clip exists, and that its consent has ended.
func hidden(r policies.Ruling, o *policies.Org, f *policies.Family, c policies.Caller) error {
	if r.Allowed {
		return nil
	}
	by := policies.Author{Signer: policies.SignDevice, Staff: c.Staff, Device: c.Device}
	if f == nil || !policies.MayKnow(o, f, by, policies.Kind(r.Action)) || slices.Equal(r.Rules, []string{policies.DefaultDeny}) {
		return ErrNotFound
	}
	return refusal(r)
}
