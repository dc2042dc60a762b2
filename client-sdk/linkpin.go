package attune

import (
	"context"
	"crypto/sha256"
	"net/http"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// PIN gives a link a new PIN and leaves its address as it is, for a carer who
// forgot theirs or is locked out. Any device of the family's team can. It works once
// this device has synced; the PIN before it then opens nothing more, and wrong tries
// are counted from nothing.
func (l *Links) PIN(id policies.LinkID) (Shared, error) {
	f, err := l.family(id)
	if err != nil {
		return Shared{}, err
	}
	link, now := f.Links[id], policies.At(l.d.now())
	switch f.LinkState(id, now) {
	case policies.LinkRevoked:
		return Shared{}, denied("LINK-REVOKED", "Make a new link.", "Link "+id.Short()+" was ended: a new PIN would open nothing.")
	case policies.LinkExpired:
		return Shared{}, denied("LINK-EXPIRED", "Make a new link.", "Link "+id.Short()+" is past its date: a new PIN would open nothing.")
	}
	if now <= link.Issued.At { // the one before would stay in force
		return Shared{}, problem(CodeInput, "Put this device's clock right, and do it again.", "This device's clock is behind the one that gave link %s its last PIN.", id.Short())
	}
	told, secret, err := l.kept(f, link, policies.StatementID(id))
	if err != nil {
		return Shared{}, err
	}
	for before := told.PIN; told.PIN == before; { // one in a million, and then nothing would stop
		if told.PIN, err = seal.NewPIN(); err != nil {
			return Shared{}, err
		}
	}
	kept, err := l.keep(f, told)
	if err != nil {
		return Shared{}, err
	}
	verifier := secret.PIN(told.PIN)
	body := policies.LinkPIN{Link: id, PIN: sha256.Sum256(verifier[:])}
	_, err = l.d.outbox.file(draft{policies.RecordID(f.ID), "link.pin", body, []wire.Attachment{kept}})
	return l.shared(link, told), err
}

// LinkStatus is how a share link stands: openings used and agreed, paused, locked.
type LinkStatus = wire.LinkStatus

// Status asks the service how a link stands: how often it was opened, and whether
// its PIN is paused or locked. When it was opened is not told to the team. The
// asking is in the access log.
func (l *Links) Status(ctx context.Context, id policies.LinkID) (LinkStatus, error) {
	var out LinkStatus
	err := l.d.remote.call(ctx, http.MethodGet, "/v1/links/"+id.String(), nil, &out)
	return out, err
}
