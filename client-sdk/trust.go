package attune

import (
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// Settings that the mirror keeps.
const (
	settingCursor     = "cursor"
	settingWindow     = "window"     // windowOpen while the cursor stands before the end that its feed had when it began
	settingCheckpoint = "checkpoint" // the signed note seen last
	settingOrigin     = "log_origin" // pinned at the first contact
	settingOutdated   = "outdated"   // code of the last sync, while program and service do not understand each other
	settingContact    = "contact"    // µs of this device's clock, when the server last answered
	settingSigned     = "signed"     // µs of this device's clock, when it last came with a signed state of the log
	settingTold       = "told"       // µs of the service's clock, with the signed state that came last
	settingAhead      = "ahead"      // µs by which it was ahead of the server's then
)

// Values of settingWindow.
const (
	windowOpen = "open"
	windowLeft = "left" // something was forgotten since, at the word of no feed: the next begins anew
)

// mark is a checkpoint that was verified.
type mark struct {
	accesslog.Checkpoint
	note string
	told policies.Micros // the server's time with it; not remembered

	durable int64 // rows that a verified backup holds; not remembered with it
}

// witness holds the server to what it said before.
type witness struct{ d *desk }

// prove checks the signed state that came with a reply: signed by the key that
// server.certify names, of the log that this device has always talked to, and an
// extension of what it saw last. A contradiction is kept as evidence.
func (w witness) prove(o *policies.Org, before mark, p wire.Proven) (mark, error) {
	origin := before.Origin
	if origin == "" {
		origin, _, _ = strings.Cut(p.Checkpoint, "\n")
		if !strings.HasPrefix(origin, "attune/"+w.d.me.Org.String()+"/") && origin != "attune/"+w.d.me.Org.String() {
			return mark{}, lied(CodeLogUnsigned, exhibit{}.with("", p.Checkpoint, nil), nil, "The log of another service was shown.")
		}
	}
	if o == nil || o.Server.Certificate.IsZero() {
		return mark{}, lied(CodeLogUnsigned, exhibit{}.with("", p.Checkpoint, nil), nil, "The server showed no certificate by the organisation's root.")
	}
	v, err := accesslog.NewVerifier(origin, ed25519.PublicKey(o.Server.LogKey[:]))
	if err != nil {
		return mark{}, untrusted("The log's name cannot be read.", err)
	}
	c, err := accesslog.OpenCheckpoint(p.Checkpoint, v)
	if err != nil {
		return mark{}, lied(CodeLogUnsigned, exhibit{}.with("", p.Checkpoint, nil), err, "The state of the access log is not signed by this service.")
	}
	after := mark{c, p.Checkpoint, p.Time, p.Durable}
	if before.note == "" {
		return after, nil
	}
	if err := accesslog.VerifyConsistency(hashes(p.Consistency), c.Size, c.Root, before.Size, before.Root); err != nil {
		return mark{}, w.forked(before, after, p.Consistency, err)
	}
	return after, nil
}

// forked: two signed states that do not follow from each other prove to anyone that
// the service's history was changed. An older one alone proves only that it was shown.
func (w witness) forked(before, after mark, proof []policies.Digest, cause error) error {
	shows := exhibit{}.with(before.note, after.note, proof)
	if after.Size < before.Size {
		return lied(CodeLogOlder, shows, cause, "The server shows the access log as it was before: %d rows, and this device has seen %d.", after.Size, before.Size)
	}
	return lied(CodeForked, shows, cause, "The access log contradicts what this device saw before.")
}

// checkReceipt proves that the statement stands in the log: the leaf is in the
// tree that the checkpoint signs, and names this statement and this place.
func checkReceipt(id policies.StatementID, r *wire.Receipt, c accesslog.Checkpoint) error {
	if r == nil {
		return errors.New("no receipt")
	}
	if err := accesslog.VerifyInclusion(hashes(r.Proof), c.Size, c.Root, r.Place.Index, []byte(r.Leaf)); err != nil {
		return err
	}
	e, err := accesslog.Decode([]byte(r.Leaf))
	if err != nil {
		return err
	}
	if a := e.Accepted; e.Index != r.Place.Index || a == nil || !standsAt(a, id, r.Place) {
		return fmt.Errorf("leaf %d does not accept statement %s at this place", r.Place.Index, id.Short())
	}
	return nil
}

func standsAt(a *accesslog.Acceptance, id policies.StatementID, p wire.Place) bool {
	return policies.StatementID(a.Statement) == id && policies.Digest(a.Head) == p.Head &&
		policies.Digest(a.OrgHead) == p.OrgHead && a.Position == p.Position && a.Class == int(p.Class)
}

func hashes(ds []policies.Digest) []accesslog.Hash {
	out := make([]accesslog.Hash, len(ds))
	for i, d := range ds {
		out[i] = accesslog.Hash(d)
	}
	return out
}

func untrusted(message string, cause error) *Error {
	return problem(CodeUntrusted, "Nothing of it was used. Try again; if it stays, tell your administrator and your IG officer.", "%s", message).because(cause)
}

// remember writes the mark and the time of contact in the caller's transaction.
func (w witness) remember(tx *sql.Tx, m mark) error {
	now := policies.At(w.d.now())
	for name, value := range map[string]string{
		settingCheckpoint: m.note, settingOrigin: m.Origin,
		settingContact: strconv.FormatInt(int64(now), 10), settingSigned: strconv.FormatInt(int64(now), 10), settingTold: strconv.FormatInt(int64(m.told), 10),
		settingAhead: strconv.FormatInt(int64(now-m.told), 10),
	} {
		if err := set(tx, name, value); err != nil {
			return err // at the first: see store.must
		}
	}
	return keepMark(tx, m)
}

// recall reads the mark that remember wrote; it was verified then.
func recall(q querier) (mark, error) {
	note, err := setting(q, settingCheckpoint)
	if err != nil || note == "" {
		return mark{}, err
	}
	return markOf(note)
}

// markOf reads a checkpoint without verifying it.
func markOf(note string) (m mark, err error) {
	lines := strings.SplitN(note, "\n", 4)
	if len(lines) < 4 {
		return mark{}, errors.New("the checkpoint is damaged")
	}
	m.note = note
	m.Origin = lines[0]
	if m.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return mark{}, fmt.Errorf("checkpoint: %w", err)
	}
	m.Root, err = tlog.ParseHash(lines[2])
	return m, err
}
