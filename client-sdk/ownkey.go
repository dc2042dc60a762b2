package attune

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// ownKey states what a person's own key signs: devices, and the key that replaces it.
// It is done with the server at once and never queued. Every device of the person has
// this key and none knows what the others queued, so two of them would give out the
// same number; and whoever certifies a device wants to know that it was taken.
type ownKey struct {
	d *desk

	// blind skips the fold here: after a long time away this device does not know that
	// a registrar has renewed its person, and cannot ask before it has renewed itself.
	blind bool
}

// maxNumbersTaken is how many numbers in a row may turn out to be used by another
// device, or by what was refused there, before something is wrong.
const maxNumbersTaken = 20

// state signs a statement about this person, has the server take it, and pulls, so that
// the verified record has it.
func (k ownKey) state(ctx context.Context, kind policies.Kind, body policies.Body) (policies.StatementID, error) {
	var id policies.StatementID
	n, err := k.next()
	if err != nil {
		return id, err
	}
	for last := n + maxNumbersTaken; n < last; n++ {
		raw, s, err := k.sign(n, kind, body)
		if err != nil {
			return id, err
		}
		err = k.push(ctx, raw, s)
		if CodeOf(err) == wire.CodeReused {
			continue
		}
		if err == nil {
			err = (&feed{k.d}).pull(ctx, &Report{})
		}
		return s.ID, err
	}
	return id, problem(wire.CodeReused, "Tell your administrator.", "The service has other statements under every number of your key.")
}

func (k ownKey) sign(n int64, kind policies.Kind, body policies.Body) ([]byte, policies.Statement, error) {
	mine, err := k.d.keys.held()
	if err != nil {
		return nil, policies.Statement{}, err
	}
	org, err := k.d.mirror.verifiedOrg()
	if err != nil {
		return nil, policies.Statement{}, err
	}
	seen, err := recall(k.d.store.db)
	if err != nil {
		return nil, policies.Statement{}, err
	}
	raw, s, err := statement.Sign(policies.Statement{
		Signer: k.d.me.Certificate, Record: policies.RecordID(org.ID), Kind: kind, N: n, Deps: []policies.StatementID{},
		At: policies.At(k.d.now()), Body: body,
		Seen: policies.Seen{Head: org.Head, Size: seen.Size, Root: policies.Digest(seen.Root)},
	}, mine.person)
	if err != nil {
		return nil, s, unsignable(kind, err)
	}
	if k.blind {
		return raw, s, nil
	}
	if _, err := org.Clone().Apply(s, s.At); err != nil {
		return nil, s, impossible(kind, err)
	}
	return raw, s, nil
}

// push believes no more of the answer than that it refuses: that a statement was taken
// shows in the record.
func (k ownKey) push(ctx context.Context, raw []byte, s policies.Statement) error {
	var reply wire.PushReply
	ask := wire.PushRequest{Statements: []wire.Sealed{{Statement: string(raw), Attachments: []wire.Attachment{}}}}
	if err := k.d.remote.call(ctx, http.MethodPost, "/v1/sync/push", ask, &reply); err != nil {
		return err
	}
	if len(reply.Results) != 1 || reply.Results[0].ID != s.ID {
		return untrusted("The server answered about another statement than was sent.", nil)
	}
	res := reply.Results[0]
	if res.Status != wire.Refused {
		return nil
	}
	e := wire.EntryOf(res.Code)
	message, next := advised(res.Code, res.Rules, res.Message, e.Next)
	return &Error{Code: res.Code, Message: message, Next: next, Rules: res.Rules}
}

// next is the number after the last that the record has of this key.
func (k ownKey) next() (n int64, err error) {
	err = each(k.d.store.db, func(r *sql.Rows) error {
		var id, raw string
		if err := r.Scan(&id, opens(k.d.store, &raw, "statements", &id)); err != nil {
			return err
		}
		u, err := statement.Parse([]byte(raw))
		if err == nil && u.Signer == k.d.me.Certificate {
			s, bad := trusted(raw, k.d)
			n, err = max(n, s.N), bad
		}
		return err
	}, `SELECT id, raw FROM statements WHERE record = $1 AND raw <> ''`, k.d.me.Org.String())
	return n + 1, err
}
