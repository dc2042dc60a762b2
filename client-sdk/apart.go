package attune

import (
	"context"
	"errors"
	"net/http"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// unknownHere: the server does not take this device's token, whatever the reason: a
// clock that is off, an address that has changed, a device that it does not know.
func unknownHere(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == wire.CodeUnauthorised || e.Code == wire.CodeTokenTime)
}

// apart hands in restrictions one by one where no token is asked for. Whatever is
// the matter between device and server, a withdrawal does not wait for it. One that
// is refused holds up none of the others, and stays queued.
func (c *courier) apart(ctx context.Context, batch []queued, r *Report) error {
	var all error
	for i := range batch {
		err := c.send(ctx, batch[i:i+1], c.restricted, r)
		if Offline(err) || ctx.Err() != nil {
			return errors.Join(all, err)
		}
		all = errors.Join(all, err)
	}
	return all
}

func (c *courier) restricted(ctx context.Context, in wire.PushRequest) (reply wire.PushReply, err error) {
	bare := &remote{base: c.d.remote.base, client: c.d.remote.client, now: c.d.now, after: c.d.cfg.After}
	return reply, bare.call(ctx, http.MethodPost, "/v1/restrictions", in, &reply)
}
