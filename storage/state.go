package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// state has the server state something in a family's record: a statement like any
// other, signed with the server's key and judged by the same rules. What it says
// is decided by say, from the family as it stands with no other statement of the
// server on its way; nil for nothing. On is who asked for it, for the log.
func (r *Records) state(ctx context.Context, on policies.Caller, id policies.FamilyID, say func(*policies.Family) (policies.Kind, policies.Body)) error {
	r.d.stating.Lock() // one number after the other
	defer r.d.stating.Unlock()
	var err error
	for range stateTries { // a sweeper beside this server signs with the same key
		if err = r.stateOnce(ctx, on, id, say); !errors.Is(err, ErrNumberUsed) {
			return err
		}
	}
	return err
}

func (r *Records) stateOnce(ctx context.Context, on policies.Caller, id policies.FamilyID, say func(*policies.Family) (policies.Kind, policies.Body)) error {
	o, err := r.Org(ctx)
	if err != nil {
		return err
	}
	var n int64
	var f *policies.Family
	err = r.d.rows.Read(ctx, func(v *rows.View) error {
		if n, err = v.LastNumber(o.Server.Key); err != nil {
			return err
		}
		f, err = v.Family(id)
		return err
	})
	if err != nil {
		return err
	}
	if f == nil {
		return ErrNotFound
	}
	kind, body := say(f)
	if body == nil {
		return nil
	}
	raw, _, err := statement.Sign(policies.Statement{
		Signer: policies.KeyID(o.Server.Certificate), Record: policies.RecordID(id), Kind: kind,
		N: n + 1, At: r.d.now(), Seen: policies.Seen{Head: f.Head}, Body: body,
	}, r.d.cfg.Key)
	if err != nil {
		return fmt.Errorf("sign %s: %w", kind, err)
	}
	results, _, err := r.Accept(ctx, policies.Caller{Server: true, Request: on.Request, Address: on.Address}, []Sealed{{Statement: raw}}, 0)
	if err != nil {
		return err
	}
	return results[0].Err
}
