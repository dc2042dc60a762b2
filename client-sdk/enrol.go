package attune

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// A second device of one person. It makes its own key and asks; a device that the
// person has already certifies it, and hands over what the person has in common on all
// of theirs. The server carries nothing of it and could read nothing of it.

// maxReply bounds what a new device reads: the secrets of a person, and a fingerprint
// for each colleague, of whom a service has hundreds.
const maxReply = 256 << 10

// deviceReply is what the first device hands to the new one, sealed to it alone.
type deviceReply struct {
	Version int                                  `json:"v"`
	Profile profile                              `json:"profile"`
	Secrets personal                             `json:"secrets"`
	Known   map[policies.StaffID]policies.Digest `json:"known"` // keys of colleagues that were compared, or met first
}

// NewDeviceRequest makes a key for a new device of somebody who has joined already, in
// dir, and returns the line to be carried to a device of theirs. Asked again it returns
// the same line. Errors: an [*Error] with [CodePassphrase] or [CodeHome].
func NewDeviceRequest(dir string, passphrase []byte) (DeviceRequest, error) {
	var none DeviceRequest
	if exists(dir, deviceFile) || exists(dir, joinFile) {
		return none, problem(CodeHome, "Use another folder for a new device.", "%s has joined already.", dir)
	}
	if err := makeHome(dir); err != nil {
		return none, err
	}
	s, err := unlockFile(dir, askFile, passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		id, err := seal.NewIdentity()
		if err != nil {
			return none, err
		}
		s = deviceSecrets{Exchange: id.String()} // it opens one reply
		rand.Read(s.Device[:])
		rand.Read(s.Store[:])
		if err := lockFile(dir, askFile, s, passphrase); err != nil {
			return none, err
		}
	} else if err != nil {
		return none, err
	}
	id, err := seal.ParseIdentity(s.Exchange)
	return DeviceRequest{Key: publicKey(signingKey(s.Device)), Recipient: id.Recipient().String()}, err
}

// AddedDevice says what a device certified, and the words that the new one must show.
type AddedDevice struct {
	Device policies.DeviceID `json:"device"`
	Words  []string          `json:"words"`
}

// Add certifies the device that made a request, and returns the reply for it: everything
// that this person's devices share, sealed to it. words are those that the new device
// shows: a request that was swapped on the way has others, and gets nothing.
//
// It needs the server; done again after a failure it goes on where it was.
func (ds *Devices) Add(ctx context.Context, request string, words []string) (reply []byte, a AddedDevice, err error) {
	r, err := ParseDeviceRequest(request)
	if err != nil {
		return nil, a, err
	}
	if !sameWords(words, r.Words()) {
		return nil, a, problem(CodeWords, "Read them on the new device once more. If they still differ, make the request anew and carry it yourself.",
			"These are not the six words of this request.")
	}
	to, err := seal.ParseRecipient(r.Recipient)
	if err != nil {
		return nil, a, problem(CodeInput, "Make the request anew.", "Nothing can be sealed to this request.").because(err)
	}
	if err := (&feed{ds.d}).pull(ctx, &Report{}); err != nil {
		return nil, a, err
	}
	if a.Device, err = ds.certified(ctx, r.Key); err != nil {
		return nil, a, err
	}
	a.Words = Words(policies.KeyID(a.Device))
	body, err := ds.reply(a.Device)
	if err != nil {
		return nil, a, err
	}
	defer clear(body)
	reply, err = seal.Seal(body, to)
	return reply, a, err
}

// certified certifies a device, unless an attempt before did.
func (ds *Devices) certified(ctx context.Context, key policies.PublicKey) (policies.DeviceID, error) {
	org, err := ds.d.mirror.verifiedOrg()
	if err != nil {
		return policies.DeviceID{}, err
	}
	for id, d := range org.Devices {
		if d.Key == key && d.Staff == ds.d.me.Staff && d.Revoked.IsZero() {
			return id, nil
		}
	}
	mine := org.Devices[ds.d.keys.Device()]
	if mine == nil {
		return policies.DeviceID{}, problem(CodeUnknown, "Sync, and try again.", "This device is not in the record.")
	}
	id, err := ownKey{d: ds.d}.state(ctx, "device.certify", policies.DeviceCertify{Staff: ds.d.me.Staff, Key: key, Until: mine.Until})
	if err != nil {
		return policies.DeviceID{}, err
	}
	if org = ds.d.mirror.Org(); org.Devices[policies.DeviceID(id)] == nil {
		return policies.DeviceID{}, untrusted("The service said that it took the new device, and its record does not have it.", nil)
	}
	return policies.DeviceID(id), nil
}

func (ds *Devices) reply(device policies.DeviceID) ([]byte, error) {
	k := ds.d.keys
	own, err := k.held()
	if err != nil {
		return nil, err
	}
	r := deviceReply{Version: 1, Profile: ds.d.me, Known: map[policies.StaffID]policies.Digest{}}
	r.Profile.Device = device
	copy(r.Secrets.Person[:], own.person.Seed())
	r.Secrets.Identity, r.Secrets.Former = own.identity.String(), []string{}
	for _, id := range own.former {
		r.Secrets.Former = append(r.Secrets.Former, id.String())
	}
	err = each(ds.d.store.db, func(rows *sql.Rows) error {
		var staff, key string
		if err := rows.Scan(&staff, &key); err != nil {
			return err
		}
		id, err := policies.ParseID[policies.Staff](staff)
		if err != nil {
			return err
		}
		sum := r.Known[id]
		err = sum.UnmarshalText([]byte(key))
		r.Known[id] = sum
		return err
	}, `SELECT staff, recipient FROM known_keys`)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// AcceptDevice finishes what [NewDeviceRequest] began in dir, with the reply of the other
// device, and receives the organisation's record, which must be the one that the reply
// names and have this device. It returns the words that the other device shows too.
//
// Errors: an [*Error] with [CodeHome], [CodeInput], [CodePassphrase], [CodeOffline] or
// [CodeUntrusted].
func AcceptDevice(ctx context.Context, dir string, reply, passphrase []byte, cfg Config) (*Client, Joined, error) {
	cfg = cfg.withDefaults()
	if exists(dir, deviceFile) {
		return nil, Joined{}, problem(CodeHome, "Use another folder for a new device.", "%s has joined already.", dir)
	}
	asked, err := unlockFile(dir, askFile, passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		err = problem(CodeHome, "Begin here: attune device request.", "No request was made in %s.", dir)
	}
	if err != nil {
		return nil, Joined{}, err
	}
	r, err := openReply(reply, asked)
	if err != nil {
		return nil, Joined{}, err
	}
	db, err := openStore(dir)
	if err != nil {
		return nil, Joined{}, err
	}
	asked.Exchange = ""
	c, j, err := accept(ctx, dir, r, secrets{asked, r.Secrets}, passphrase, cfg, db)
	if err != nil {
		cfg.HTTP.CloseIdleConnections()
		return nil, Joined{}, errors.Join(err, db.Close())
	}
	return c, j, nil
}

func openReply(sealed []byte, asked deviceSecrets) (r deviceReply, err error) {
	id, err := seal.ParseIdentity(asked.Exchange)
	if err != nil {
		return r, err
	}
	const next = "Make the reply anew on the other device, for the request of this one."
	if len(sealed) > maxReply {
		return r, problem(CodeInput, next, "This is too long for a reply.")
	}
	plain, err := seal.Open(sealed, id)
	if err != nil {
		return r, problem(CodeInput, next, "This reply does not open here.").because(err)
	}
	defer clear(plain)
	if r, err = parseDeviceReply(plain); err != nil {
		return r, problem(CodeInput, next, "This reply cannot be read.").because(err)
	}
	return r, nil
}

// parseDeviceReply reads an opened reply.
func parseDeviceReply(plain []byte) (r deviceReply, err error) {
	if err := json.Unmarshal(plain, &r, json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false)); err != nil {
		return deviceReply{}, err
	}
	p := r.Profile
	switch {
	case r.Version != 1:
		return deviceReply{}, errors.New("made by another version")
	case p.Server == "" || p.Org.IsZero() || p.Staff.IsZero() || p.Certificate.IsZero() || p.Device.IsZero():
		return deviceReply{}, errors.New("it lacks a part")
	case r.Secrets.Person.IsZero():
		return deviceReply{}, errors.New("it has not the keys that it should")
	}
	for _, text := range append([]string{r.Secrets.Identity}, r.Secrets.Former...) {
		if _, err := seal.ParseIdentity(text); err != nil {
			return deviceReply{}, err
		}
	}
	return r, nil
}

func accept(ctx context.Context, dir string, r deviceReply, s secrets, passphrase []byte, cfg Config, db *sql.DB) (*Client, Joined, error) {
	if _, err := secureURL(r.Profile.Server); cfg.Server == "" && err != nil {
		return nil, Joined{}, err
	}
	c, err := compose(dir, cfg, r.Profile, s, db)
	if err != nil {
		return nil, Joined{}, err
	}
	if err := (&feed{c.desk}).pull(ctx, &Report{}); err != nil {
		return nil, Joined{}, err
	}
	p, err := c.desk.mySelf()
	if err == nil && (p.Key != publicKey(ed25519.NewKeyFromSeed(r.Secrets.Person[:])) || p.Recipient != c.Keys.Recipient()) {
		err = untrusted("The keys in this reply are not those of the person whom the record names.", nil)
	}
	if err != nil {
		return nil, Joined{}, err
	}
	if err := c.desk.inherit(r.Known); err != nil {
		return nil, Joined{}, err
	}
	if err := lockSecrets(dir, s, passphrase); err != nil {
		return nil, Joined{}, err
	}
	r.Profile.Service = c.Mirror.Org().Service
	if err := writeJSON(dir, deviceFile, r.Profile); err != nil {
		return nil, Joined{}, err
	}
	_ = os.Remove(filepath.Join(dir, askFile)) // left over, it would do no harm: a home with device.json never reads it
	return c, Joined{p.ID, r.Profile.Device, p.Role, c.Mirror.Org().Service, Words(policies.KeyID(r.Profile.Device))}, nil
}

// inherit knows the keys that the other device knew, and no newer ones: what its user
// has not compared, nobody has.
func (d *desk) inherit(known map[policies.StaffID]policies.Digest) error {
	return d.store.write(func(tx *sql.Tx) error {
		for id, key := range known {
			_, err := tx.Exec(`INSERT INTO known_keys (staff, recipient) VALUES ($1, $2) ON CONFLICT (staff) DO UPDATE SET recipient = excluded.recipient`,
				id.String(), key.String())
			if err != nil {
				return err
			}
		}
		return nil
	})
}
