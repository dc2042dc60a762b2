package attune

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Config says how a device works; the zero value is right for most.
type Config struct {
	Now      func() time.Time                     // time.Now when nil
	After    func(time.Duration) <-chan time.Time // time.After when nil
	HTTP     *http.Client                         // a client of our own when nil
	Progress func(label string) Progress          // shows long work; nothing is shown when nil
	Metered  func() (metered, known bool)         // whether the network is paid for by volume; not known when nil
	Server   string                               // instead of the address in the invitation
}

// Client is one person's device. Its fields are what the person works with; it
// composes them and does nothing itself. It may be used from several goroutines,
// and only one process at a time holds a home.
type Client struct {
	Keys      *Keys
	Mirror    *Mirror
	Outbox    *Outbox
	Uploader  *Uploader
	Staff     *Staff
	Devices   *Devices
	Families  *Families
	Recovery  *Recoveries
	Approvals *Approvals
	Deputies  *Deputies
	Consents  *Consents
	Decisions *Decisions
	Holds     *Holds
	Requests  *Requests
	Retention *Retention
	Destroyed *Destroyed
	Viewers   *Viewers
	Glass     *BreakGlass
	Register  *Register
	Sessions  *Sessions
	Clips     *Clips
	Links     *Links
	Log       *Log
	Policies  *Policies
	Restored  *Restorations

	desk *desk
}

// desk is what the nouns share.
type desk struct {
	dir    string
	cfg    Config
	me     profile
	store  *store
	remote *remote
	keys   *Keys
	mirror *Mirror
	outbox *Outbox
	shelf  *shelf
	lease  *lease

	figured figured
	opened  deviceSecrets // as keys.locked has them, for [Client.Lend]
	crash   func() error  // between forgetting and clearing up; nil but in a test
	woken   chan struct{} // something was queued; holds one
	walking sync.Mutex    // held by who walks the feed
}

// Open opens a home that [Join] made. Errors: an [*Error] with [CodeHome],
// [CodePassphrase] or [CodeInUse].
func Open(dir string, passphrase []byte, cfg Config) (*Client, error) {
	var me profile
	if err := readJSON(dir, deviceFile, &me); errors.Is(err, os.ErrNotExist) {
		return nil, problem(CodeHome, "Join first, with the invitation of your service.", "%s is not the folder of a joined device.", dir)
	} else if err != nil {
		return nil, err
	}
	s, err := unlockSecrets(dir, passphrase)
	if err != nil {
		return nil, err
	}
	return open(dir, me, s, cfg)
}

// open opens a home whose secrets are unlocked.
func open(dir string, me profile, s secrets, cfg Config) (*Client, error) {
	db, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	if me, s, err = finishRekey(dir, me, s, newStore(dir, db, s.Store)); err != nil {
		db.Close()
		return nil, err
	}
	own, err := lastOwn(dir, me, newStore(dir, db, s.Store))
	if err != nil {
		db.Close()
		return nil, err
	}
	c, err := compose(dir, cfg, me, s, db)
	if err != nil {
		db.Close()
		return nil, err
	}
	if own != nil {
		c.desk.keys.device.Store(own)
	}
	if c.desk.over() != nil { // a crash kept it from being done
		err = c.desk.loseKeys()
	}
	if err = errors.Join(err, c.desk.store.scrub()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.desk.clean()
	c.desk.cleanPieces()
	c.Clips.finishRemovals()
	if err := c.desk.lease.expire(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close ends the use of the home. Work that is queued stays queued.
func (c *Client) Close() error {
	c.desk.remote.client.CloseIdleConnections()
	return c.desk.store.db.Close()
}

// Home is the folder of this device.
func (c *Client) Home() string { return c.desk.dir }

// Server is the address of the service, without a slash at the end.
func (c *Client) Server() string { return c.desk.remote.base }

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	if c.HTTP == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = 2 * time.Minute // a finish of a large upload hashes before it answers
		c.HTTP = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a bearer must not follow a redirect to another host
		}}
	}
	return c
}

func compose(dir string, cfg Config, me profile, s secrets, db *sql.DB) (*Client, error) {
	cfg = cfg.withDefaults()
	if cfg.Server != "" {
		me.Server = cfg.Server
	}
	base, err := baseURL(me.Server)
	if err != nil {
		return nil, err
	}
	keys, err := newKeys(me, s)
	if err != nil {
		return nil, err
	}
	d := &desk{dir: dir, cfg: cfg, me: me, store: newStore(dir, db, s.Store), keys: keys, opened: s.deviceSecrets, woken: make(chan struct{}, 1)}
	d.shelf, d.lease = &shelf{d}, &lease{d: d}
	d.remote = &remote{base: base, client: cfg.HTTP, now: cfg.Now, after: cfg.After, packer: wire.NewPacker()}
	d.remote.sign = func(issued, expires time.Time) (string, error) {
		this := keys.this()
		t := statement.Token{Device: this.id, Audience: me.Org, Origin: base, Issued: issued, Expires: expires}
		return statement.SignToken(t, this.key)
	}
	if d.mirror, err = openMirror(d); err != nil {
		return nil, err
	}
	d.outbox = &Outbox{d: d}
	keys.mirror, keys.shelf = d.mirror, d.shelf
	return &Client{
		Keys: keys, Mirror: d.mirror, Outbox: d.outbox, Uploader: &Uploader{d: d},
		Staff: &Staff{d: d}, Devices: &Devices{d: d}, Families: &Families{d: d}, Recovery: &Recoveries{d: d}, Approvals: &Approvals{d: d}, Deputies: &Deputies{d: d}, Consents: &Consents{d: d}, Viewers: &Viewers{d: d},
		Glass: &BreakGlass{d: d}, Register: &Register{d: d},
		Decisions: &Decisions{d: d}, Holds: &Holds{d: d}, Requests: &Requests{d: d}, Retention: &Retention{d}, Destroyed: &Destroyed{d},
		Sessions: &Sessions{d: d}, Clips: &Clips{d: d}, Links: &Links{d: d}, Log: &Log{d: d}, Policies: &Policies{d: d}, Restored: &Restorations{d},
		desk: d,
	}, nil
}

func (d *desk) now() time.Time              { return d.cfg.Now() }
func (d *desk) clipPath(name string) string { return filepath.Join(d.dir, clipsDir, name) }

// named settles what a name means: one thing, or a question back when several
// share the name. ok is false when nothing is called so.
func named[Noun any](text string, called []policies.ID[Noun]) (id policies.ID[Noun], ok bool, err error) {
	switch len(called) {
	case 0:
		return id, false, nil
	case 1:
		return called[0], true, nil
	}
	return id, true, problem(CodeAmbiguous, "Give the one that you mean by the first letters of its id.",
		"%q could be %d things: %s.", text, len(called), shorts(called))
}

// pick finds the one thing that a person means by an id or the beginning of one.
func pick[Noun any](what, text string, ids []policies.ID[Noun]) (policies.ID[Noun], error) {
	var none policies.ID[Noun]
	if text == "" {
		return none, problem(CodeInput, "Give its name, or the first letters of its id.", "No %s was named.", what)
	}
	var found []policies.ID[Noun]
	for _, id := range ids {
		switch {
		case id.String() == text:
			return id, nil
		case strings.HasPrefix(id.String(), text):
			found = append(found, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return none, problem(CodeUnknown, "Check how it is written; sync, and try again.", "There is no %s %q on this device.", what, text)
	}
	return none, problem(CodeAmbiguous, "Give more letters of it.", "%q could be %d things: %s.", text, len(found), shorts(found))
}

func shorts[Noun any](ids []policies.ID[Noun]) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.Short()
	}
	return strings.Join(out, ", ")
}

// Sync pushes what is queued (restrictions first), sends payloads whose
// statements were accepted, pulls what is new, and writes the keys that viewers of
// its families wait for. It pulls also when the service cannot take what this device
// has: a withdrawal must not wait for that.
//
// The report says what was done in spite of an error, and nothing is lost.
// [Offline] tells a missing connection apart, [Outdated] a program that the service has
// left behind: what stops something is handed in, and what this person may no longer see
// is forgotten, all the same.
//
// A service that was put back from a backup is taken for that on proof, and given back what
// it forgot and is held here.
func (c *Client) Sync(ctx context.Context) (Report, error) {
	r, err := c.sync(ctx)
	if CodeOf(err) == wire.CodeUnauthorised {
		again, bad := c.desk.rejoin(ctx)
		if bad != nil && !Offline(bad) {
			err = errors.Join(err, bad)
		}
		if again {
			r, err = c.sync(ctx)
		}
	}
	if errors.Is(err, errNewHistory) {
		if err = c.desk.adopt(ctx); err == nil {
			r, err = c.sync(ctx)
		}
		err, _ = c.desk.convict(err)
	}
	return r, err
}

func (c *Client) sync(ctx context.Context) (Report, error) {
	var r Report
	back := &returner{d: c.desk}
	err := back.run(ctx, &r)
	if err == nil {
		err = (&courier{d: c.desk}).push(ctx, &r)
	}
	if CodeOf(err) == CodeLogUnsigned {
		// The root may have certified other keys for the server since this device was
		// there. Only the record can say so; what was sent stays queued until it has.
		if err = (&feed{c.desk}).pull(ctx, &r); err == nil {
			err = (&courier{d: c.desk}).push(ctx, &r)
		}
	}
	if err == nil {
		err = c.Uploader.run(ctx, &r)
	}
	said, storedErr := c.Uploader.stored()
	err = errors.Join(err, storedErr)
	var withheld error
	if err == nil || unsettled(err) {
		bad := errors.Join(c.Devices.renew(ctx), (&feed{c.desk}).pull(ctx, &r))
		if bad == nil {
			withheld = back.withheld()
		}
		err = errors.Join(err, bad)
	}
	err = errors.Join(err, c.sayGone(ctx, &r))
	if err == nil && r.settled {
		err = (&courier{d: c.desk}).push(ctx, &r)
	}
	var unsigned error
	if err == nil { // before anything else is sent, whose signature only the next feed brings
		unsigned = c.Uploader.signedFor(said, &r)
		err = c.changeLocks(ctx, &r)
	}
	if err == nil {
		err = c.settle(ctx, &r)
	}
	if err == nil {
		err = (&scribe{c.desk}).write(ctx, &r)
	}
	err = errors.Join(err, c.desk.tooOld())
	if Outdated(err) {
		err = errors.Join(err, (&feed{c.desk}).endings(ctx, &r), c.sayGone(ctx, &r))
	}
	err = errors.Join(err, c.desk.agree(err))
	err, _ = c.desk.convict(errors.Join(err, unsigned, withheld))
	left, countErr := c.Outbox.waiting()
	r.Waiting = left
	return r, errors.Join(err, countErr)
}

// changeLocks looks after the families' keys by what has just come, and sends what it
// did at once: until then others seal to a key that somebody has who left.
func (c *Client) changeLocks(ctx context.Context, r *Report) error {
	queued, err := (&locks{c.desk}).see(r)
	if err != nil || !queued {
		return err
	}
	if err := (&courier{d: c.desk}).push(ctx, r); err != nil {
		return err
	}
	return (&feed{c.desk}).pull(ctx, r)
}

// settle acts on what has just been learned about film on this device: what was let in
// is sent, and what was ordered to be destroyed is, and the service told so.
func (c *Client) settle(ctx context.Context, r *Report) error {
	var err error
	if slices.ContainsFunc(r.waits, func(id policies.ClipID) bool { return !c.Uploader.waits(id) }) {
		waited := r.waits
		err = c.Uploader.sending(ctx, r, func(id policies.ClipID) bool { return slices.Contains(waited, id) })
		if err == nil {
			err = (&feed{c.desk}).pull(ctx, r) // the service signs for what it stored
		}
	}
	if err != nil {
		return err
	}
	if r.Purged, err = c.Uploader.obey(); err != nil {
		return err
	}
	gone, err := c.Uploader.letGo()
	r.Purged = append(r.Purged, gone...)
	if err != nil || len(r.Purged) == 0 {
		return err
	}
	return (&courier{d: c.desk}).push(ctx, r)
}

// Report is what a sync did.
type Report struct {
	Accepted []Outcome           `json:"accepted"`
	Refused  []Outcome           `json:"refused"`
	Deferred []Outcome           `json:"deferred"` // that wait at the service for something else to arrive
	Uploaded []policies.ClipID   `json:"uploaded"`
	Stopped  []StoppedUpload     `json:"stopped"`
	Held     []HeldUpload        `json:"held"`     // film that waits for another network, or for the person's word
	Purged   []policies.ClipID   `json:"purged"`   // film of which nothing is here any more, as was ordered
	Pulled   int                 `json:"pulled"`   // statements
	Dropped  []policies.FamilyID `json:"dropped"`  // families that this person may no longer see
	Keys     int                 `json:"keys"`     // clips' keys that were written for viewers
	Given    int                 `json:"given"`    // clips' keys that came for this person, as a viewer
	Turned   []TurnedKey         `json:"turned"`   // families whose key this device turned
	Relocked int                 `json:"relocked"` // clips' keys that were written for a family's new key
	Waiting  int                 `json:"waiting"`  // statements not yet at the server

	Returned   int  `json:"returned"`   // statements that the service had forgotten, and has again
	Unreturned int  `json:"unreturned"` // that it does not take yet; they are kept, and brought with each sync
	Copied     bool `json:"copied"`     // this device was one of two, and goes on as another

	receipts int               // words that were queued that something is gone from here
	settled  bool              // something that had waited at the service was accepted
	waits    []policies.ClipID // whose film was not sent, because it awaits a decision
}

// StoppedUpload is a payload that the server refuses: for good, or for as long as
// a rule stands in its way.
type StoppedUpload struct {
	Clip    policies.ClipID `json:"clip"`
	Code    wire.Code       `json:"code"`
	Message string          `json:"message"`
	Next    string          `json:"next"`
	Rules   []string        `json:"rules"` // that decided, of a denial
}
