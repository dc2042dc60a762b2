package attune

import (
	"crypto/ed25519"
	"database/sql"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Stolen is what somebody has who kept a device's keys: every key of a family that it
// could open, and its person's own.
func Stolen(c *Client, id policies.FamilyID) []seal.Identity {
	keys, err := c.Keys.family(id)
	if err != nil {
		panic(err)
	}
	return append(keys, c.Keys.own.Load().identity)
}

// Lacking is why the family's key in force is not on a device; nil when it is.
func Lacking(c *Client, id policies.FamilyID) error {
	f, err := c.Mirror.provisional(id)
	if err != nil {
		return err
	}
	_, _, err = c.Keys.key(f)
	return err
}

// Usurp turns a family's key on a device to one that only its person has. With an
// envelope for everybody else of the team if junk is not nil, which holds that.
func Usurp(c *Client, id policies.FamilyID, junk []byte) seal.Identity {
	key, err := usurp(c.desk, id, junk)
	if err != nil {
		panic(err)
	}
	return key
}

func usurp(d *desk, id policies.FamilyID, junk []byte) (seal.Identity, error) {
	f, err := d.mirror.provisional(id)
	if err != nil {
		return seal.Identity{}, err
	}
	key, err := seal.NewIdentity()
	if err != nil {
		return key, err
	}
	previous, err := seal.Seal([]byte("nothing\n"), key.Recipient())
	if err != nil {
		return key, err
	}
	all := []wire.Attachment{{Name: "previous", Body: previous}}
	body := policies.KeyTurn{Recipient: key.Recipient().String(), Replaces: f.KeyStatement(), For: []policies.Wrapped{}, Fixed: fixed(all...)}
	org := d.mirror.Org()
	for who := range f.Team {
		text := junk
		if who == d.me.Staff { // she keeps it elsewhere, so that this device wraps it to nobody
			text = []byte("nothing\n")
		}
		if text == nil {
			continue
		}
		to, err := d.recipientOf(org, who)
		if err != nil {
			return key, err
		}
		envelope, err := seal.Seal(text, to)
		if err != nil {
			return key, err
		}
		body.For = append(body.For, policies.Wrapped{Staff: who, To: policies.Digest(to.Fingerprint())})
		all = append(all, wire.Attachment{Name: "key/" + who.String(), Body: envelope})
	}
	_, err = d.outbox.file(draft{policies.RecordID(id), "key.turn", body, all})
	return key, err
}

// DeviceKey is what somebody signs with who kept a device.
func DeviceKey(c *Client) ed25519.PrivateKey { return c.Keys.this().key }

// CrashBeforeClearing has a device die when it has forgotten something, and before it
// clears up after that.
func CrashBeforeClearing(c *Client) {
	c.desk.crash = func() error { return problem("crashed", "", "It crashed.") }
}

// SayKnowing queues a session of a device whose author says that they knew a statement.
func SayKnowing(c *Client, family policies.FamilyID, known policies.StatementID) error {
	o, this := c.Outbox, c.Keys.this()
	s, _, err := o.context(draft{policies.RecordID(family), "session.log", policies.SessionLog{On: "2026-11-02", Number: 6, Fixed: []policies.Attachment{}}, nil}, this)
	if err != nil {
		return err
	}
	s.Deps = append(s.Deps, known)
	return c.desk.store.write(func(tx *sql.Tx) error {
		if s.N, err = nextNumber(tx, s.Signer); err != nil {
			return err
		}
		raw, signed, err := statement.Sign(s, this.key)
		if err != nil {
			return err
		}
		return c.desk.store.queue(tx, signed, raw, false, nil)
	})
}

// Acknowledged is how many refusals a device has still to say that it knows of.
func Acknowledged(c *Client) int {
	ids, err := acknowledged(c.desk.store.db)
	if err != nil {
		panic(err)
	}
	return len(ids)
}
