package attune

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// feed receives records from the server.
type feed struct{ d *desk }

// pull walks the feed to its head, a page and a transaction at a time. A page
// that does not verify is refused whole: cursor and state stay as they were.
//
// The records of a window come one after the other, so a page may hold a family's
// statement that was judged under a state of the organisation which only a later
// page brings. Such a page waits for the next, and both are taken as one.
func (fd *feed) pull(ctx context.Context, r *Report) error {
	before, err := recall(fd.d.store.db)
	if err != nil {
		return err
	}
	cursor, err := setting(fd.d.store.db, settingCursor)
	if err != nil {
		return err
	}
	for waiting := []wire.Item(nil); ; {
		page, err := fd.fetch(ctx, cursor, before)
		if err != nil {
			return err
		}
		if page.Cursor == "" { // 204: nothing new, and no checkpoint to prove it by
			return fd.attest(ctx)
		}
		if page.More && page.Cursor == cursor {
			return untrusted("The feed does not move on.", nil)
		}
		cursor, page.Items = page.Cursor, append(waiting, page.Items...)
		after, err := fd.take(before, page, r)
		switch {
		case errors.Is(err, errLaterOrg) && page.More && len(page.Items) < maxWaiting:
			waiting = page.Items
			continue
		case err != nil:
			return err
		case !page.More:
			return errors.Join(fd.wholeAgain(), fd.attest(ctx))
		}
		before, waiting = after, nil
	}
}

// maxWaiting bounds what a server can have this device hold in memory.
const maxWaiting = 20 * wire.MaxPullItems

func (fd *feed) fetch(ctx context.Context, cursor string, before mark) (page wire.PullReply, err error) {
	query := url.Values{"cursor": {cursor}, "checkpoint": {strconv.FormatInt(before.Size, 10)}}
	err = fd.d.remote.call(ctx, http.MethodGet, "/v1/sync/pull?"+query.Encode(), nil, &page)
	return page, err
}

// take folds one page over copies of the state and keeps all of it or nothing.
func (fd *feed) take(before mark, page wire.PullReply, r *Report) (after mark, err error) {
	m := fd.d.mirror
	p := &pageFold{m: m, families: map[policies.FamilyID]*policies.Family{}}
	err = fd.d.store.write(func(tx *sql.Tx) error {
		p.tx, p.past = tx, past{tx: tx}
		if org := m.Org(); org != nil {
			p.org = org.Clone()
		}
		for _, item := range orgFirst(page.Items, policies.RecordID(fd.d.me.Org)) {
			if err := p.take(item); err != nil {
				return err
			}
		}
		if after, err = (witness{fd.d}).prove(p.org, before, page.Proven); err != nil {
			return err
		}
		// One after the other: on a full disk SQLite undoes all of it by itself, and the
		// cursor alone would move on, past what this device then never sees.
		if err := p.save(); err != nil {
			return err
		}
		if err := (witness{fd.d}).remember(tx, after); err != nil {
			return err
		}
		return set(tx, settingCursor, page.Cursor)
	})
	if err != nil {
		return mark{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.org = p.org
	for id, f := range p.families {
		if m.families[id] = f; f == nil {
			delete(m.families, id)
		}
	}
	r.Pulled += p.pulled
	r.Given += p.given
	r.Dropped = append(r.Dropped, p.dropped...)
	return after, nil
}

// orgFirst moves the organisation's items to the front, each part in its order.
func orgFirst(items []wire.Item, org policies.RecordID) []wire.Item {
	out := make([]wire.Item, 0, len(items))
	for _, first := range []bool{true, false} {
		for _, i := range items {
			if (i.Place.Record == org) == first {
				out = append(out, i)
			}
		}
	}
	return out
}
