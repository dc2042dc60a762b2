package attune

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
)

// Locked is a device whose person has gone for a cup of tea. It sends the film that the
// service has accepted, and can do nothing else: of keys it has the device's own signing
// key alone, by which the service knows who asks; what it reads and sends is sealed. What
// was said, who is in a family and what was agreed lie on the disk under a key that it
// does not have, so that it sends and fetches none of it.
//
// Who takes a locked device that is switched on can so upload this person's film, and read
// nothing. What was queued and not sent, a "stop" among it, waits for the person: it lies
// sealed like the rest, so that a device should sync before it is locked.
type Locked struct {
	d   *desk
	key LockedKey
}

// LockedKey is what a locked device has of keys. Marshal it only into the memory of the
// process that takes over.
type LockedKey struct {
	Device policies.DeviceID `json:"device"`
	Seed   policies.Digest   `json:"seed"` // Ed25519
}

// LockedKey is what [OpenLocked] needs of this device's keys.
func (c *Client) LockedKey() LockedKey {
	this := c.desk.keys.this()
	return LockedKey{this.id, policies.Digest(this.key.Seed())}
}

// Lock closes the device and goes on with it locked. Nothing of the client may be used
// any more, and nothing of it may be running: end [Client.Follow] first.
//
// What can be overwritten of the keys is. A Go program cannot promise that of every copy
// that was ever made in its memory; one that must hands [Client.LockedKey] to a process
// that never had the others, as attune sync --watch does, which calls [OpenLocked].
func (c *Client) Lock() (*Locked, error) {
	key, cfg := c.LockedKey(), c.desk.cfg
	cfg.Server = c.Server()
	if err := c.Close(); err != nil {
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
	return &Locked{d, key}, nil
}

// Sync sends the film that may go. The rest waits for [Locked.Unlock].
func (l *Locked) Sync(ctx context.Context) (r Report, err error) {
	err = (&Uploader{l.d}).run(ctx, &r)
	return r, err
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
