package attune

import (
	"errors"
	"strconv"
	"time"

	"github.com/attune-vf/attune/policies"
)

// A server that isolates one device cannot make up what colleagues do: it has none of
// their keys. It can only leave it out, and a device that meets nobody else cannot tell
// that from a quiet fortnight. Its person can, by asking one of them.

// settingHeard is when a colleague last stated something that is here and that shows a
// state of the log that they saw, µs.
const settingHeard = "colleague"

// quietAfter is how long nothing of any colleague's is nothing to speak of.
const quietAfter = 14 * 24 * time.Hour

// hear notes the author of a statement of the feed: the earlier of when they say that they
// made it and when the log says that it came. The server alone can move neither.
func (p *pageFold) hear(s policies.Statement, accepted policies.Micros) {
	by, ok := p.org.Signer(s.Signer)
	if ok && by.Signer == policies.SignDevice && by.Staff != p.m.d.me.Staff && s.Seen.Size > 0 {
		p.heard = max(p.heard, min(s.At, accepted))
	}
}

func (p *pageFold) keepHeard() error {
	last, _, err := number(p.tx, settingHeard)
	if err != nil || int64(p.heard) <= last {
		return err
	}
	return set(p.tx, settingHeard, strconv.FormatInt(int64(p.heard), 10))
}

// Colleague is when a colleague last did something that has reached this device, with
// the state of the log that they saw then; zero for never. quiet: it is more than 14 days
// ago, although this device meets the service and others work there.
func (m *Mirror) Colleague() (last time.Time, quiet bool, err error) {
	n, known, err := number(m.d.store.db, settingHeard)
	a, bad := m.d.lease.look()
	if err = errors.Join(err, bad); err != nil || !known {
		return last, false, err
	}
	last = time.UnixMicro(n)
	now, org := m.d.now(), m.Org()
	if org == nil || a.away >= quietAfter || now.Sub(last) < quietAfter {
		return last, false, nil
	}
	for id, p := range org.Staff {
		if id != m.d.me.Staff && p.HasPowers() && p.Active(policies.At(now)) {
			return last, true, nil
		}
	}
	return last, false, nil
}

// KeysGone is when the keys of families left this device, because it had not met the
// service for as long as the pack says; zero while they are here. One sync brings them
// again.
func (k *Keys) KeysGone() (time.Time, error) {
	n, gone, err := number(k.shelf.d.store.db, settingGone)
	if err != nil || !gone {
		return time.Time{}, err
	}
	return time.UnixMicro(n), nil
}
