package attune

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Locked is a device whose person has gone for a cup of tea. It sends the film that the
// service has accepted, and can do nothing else: of keys it has the device's own signing
// key alone, by which the service knows who asks; what it reads and sends is sealed. What
// was said, who is in a family and what was agreed lie on the disk under a key that it
// does not have, so that it sends and fetches none of it.
//
// Who takes a locked device that is switched on can so upload this person's film, and read
// nothing. What was queued and not sent waits for the person, sealed like the rest; but a
// "stop" goes: it was taken out before the device was locked, and names nobody.
type Locked struct {
	d     *desk
	stops []string // not handed in yet
}

// LockedKey is what a locked device has of keys. Marshal it only into the memory of the
// process that takes over.
type LockedKey struct {
	Device policies.DeviceID `json:"device"`
	Seed   policies.Digest   `json:"seed"` // Ed25519

	// Stops are the restrictions that were queued when the device was locked, signed:
	// handed in without a token, and settled when it is unlocked.
	Stops []string `json:"stops"`
}

// maxStops bounds the bytes of Stops, so that another process can be handed them through
// a pipe that nobody reads yet.
const maxStops = 6 << 10

// LockedKey is what [OpenLocked] needs of this device's keys.
func (c *Client) LockedKey() (LockedKey, error) {
	this := c.desk.keys.this()
	k := LockedKey{Device: this.id, Seed: policies.Digest(this.key.Seed())}
	batch, err := (&courier{d: c.desk}).batch(true)
	bytes := 0
	for _, q := range batch {
		if bytes += len(q.sealed.Statement); bytes > maxStops {
			break
		}
		if len(q.sealed.Attachments) == 0 { // those are taken only from who signs in
			k.Stops = append(k.Stops, q.sealed.Statement)
		}
	}
	return k, err
}

// Lock closes the device and goes on with it locked. Nothing of the client may be used
// any more, and nothing of it may be running: end [Client.Follow] first.
//
// What can be overwritten of the keys is. A Go program cannot promise that of every copy
// that was ever made in its memory; one that must hands [Client.LockedKey] to a process
// that never had the others, as attune sync --watch does, which calls [OpenLocked].
func (c *Client) Lock() (*Locked, error) {
	cfg := c.desk.cfg
	cfg.Server = c.Server()
	key, err := c.LockedKey()
	if err = errors.Join(err, c.Close()); err != nil {
		return nil, err
	}
	c.desk.forget()
	return OpenLocked(c.desk.dir, key, cfg)
}

// forget overwrites the keys, and lets go of what was read with them.
func (d *desk) forget() {
	if own := d.keys.own.Load(); own != nil {
		clear(own.person)
	}
	d.keys.lose()
	d.opened.forget()
	clear(d.keys.this().key)
	d.store.box = seal.NewBox(policies.Digest{})
	d.mirror.forget()
	d.outbox.forget()
}

func (m *Mirror) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.org, m.families = nil, map[policies.FamilyID]*policies.Family{}
}

func (o *Outbox) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known = nil
}

// OpenLocked opens a home that [Join] made without its person's keys. Errors: an [*Error]
// with [CodeHome] or [CodeInUse].
func OpenLocked(dir string, key LockedKey, cfg Config) (*Locked, error) {
	var me profile
	if err := readJSON(dir, deviceFile, &me); errors.Is(err, os.ErrNotExist) {
		return nil, problem(CodeHome, "Join first, with the invitation of your service.", "%s is not the folder of a joined device.", dir)
	} else if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if cfg.Server != "" {
		me.Server = cfg.Server
	}
	base, err := baseURL(me.Server)
	if err != nil {
		return nil, err
	}
	db, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	d := &desk{dir: dir, cfg: cfg, me: me, store: &store{db: db, kept: reserveIn(dir)}, woken: make(chan struct{}, 1)}
	d.mirror = &Mirror{d: d} // empty: what it would hold cannot be read
	signing := signingKey(key.Seed)
	d.remote = &remote{base: base, client: cfg.HTTP, now: cfg.Now, after: cfg.After}
	d.remote.sign = func(issued, expires time.Time) (string, error) {
		return statement.SignToken(statement.Token{Device: key.Device, Audience: me.Org, Origin: base, Issued: issued, Expires: expires}, signing)
	}
	return &Locked{d, key.Stops}, nil
}

// Sync hands in what stops something, and sends the film that may go, whatever became of
// the stops: what cannot be handed in today must not keep film from its service for days.
// The rest waits for [Locked.Unlock].
func (l *Locked) Sync(ctx context.Context) (r Report, err error) {
	stopped := l.handIn(ctx)
	if ctx.Err() != nil {
		return r, stopped
	}
	err = (&Uploader{l.d}).run(ctx, &r)
	return r, cmp.Or(stopped, err)
}

// handIn hands in the stops in turn, and begins with the one that failed the next time.
func (l *Locked) handIn(ctx context.Context) error {
	for len(l.stops) > 0 {
		in := wire.PushRequest{Statements: []wire.Sealed{{Statement: l.stops[0], Attachments: []wire.Attachment{}}}}
		_, err := (&courier{d: l.d}).restricted(ctx, in)
		if err != nil && (ctx.Err() != nil || !refusedForGood(err)) {
			return err
		}
		l.stops = l.stops[1:] // the answer is looked at once it can be proved, after Unlock
	}
	return nil
}

// refusedForGood: another try would be answered alike.
func refusedForGood(err error) bool {
	code := CodeOf(err)
	return code == wire.CodeBadRequest || code == wire.CodeDenied || code == wire.CodeNotFound
}

// Queue is [Uploader.Queue].
func (l *Locked) Queue() ([]QueuedUpload, error) { return (&Uploader{l.d}).Queue() }

// Follow is [Client.Follow] for what a locked device does.
func (l *Locked) Follow(ctx context.Context, how Follow) error {
	f := follower{
		Follow: how, round: l.Sync, after: l.d.cfg.After, woken: l.d.woken,
		listen: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, // it could not read what is new
		heard:  func() int64 { return l.d.remote.heard.Load() },
		over:   func(Report) error { return nil },
	}
	return f.run(ctx)
}

// Unlock closes the locked device and opens it with everything. With a wrong passphrase,
// an [*Error] with [CodePassphrase], it stays locked and goes on.
func (l *Locked) Unlock(passphrase []byte) (*Client, error) {
	s, err := unlockSecrets(l.d.dir, passphrase)
	s.forget()
	if err != nil {
		return nil, err
	}
	if err := l.Close(); err != nil {
		return nil, err
	}
	return Open(l.d.dir, passphrase, l.d.cfg)
}

// Close ends the use of the home.
func (l *Locked) Close() error {
	l.d.remote.client.CloseIdleConnections()
	return l.d.store.db.Close()
}
