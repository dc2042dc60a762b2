package attune

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// A device that was copied, or restored from a backup, gives out numbers that were given
// out before. The server takes the first statement with a number and refuses the other,
// and neither copy can know which of them is to be believed.
//
// The one that is refused goes on as another device: it makes itself a key, has its person's
// key certify it as the one that goes on with the work of the old, and has numbers of its
// own from then on. What is queued stays as it was signed, with its time, its place and its
// identity: sessions name it, film is stored under it, and a link's page is sealed to it.
// The new device brings it, and because the person's key has said so the server holds it to
// no numbers. Whoever has a copy of the device's key alone cannot do this, and everybody
// reads in the organisation's record that there was a copy.

// copied reports whether what the server refused shows that this device is one of two: a
// number that is used, or one that it misses although nothing before it is left here.
func (c *courier) copied(err error) bool {
	return !c.wentOn && (CodeOf(err) == wire.CodeReused || CodeOf(err) == wire.CodeGap && c.first)
}

// settingWentOn is µs of this device's clock when it last went on as another although
// nothing but the service's word showed that it was one of two.
const settingWentOn = "went_on"

// onTheWord is how often a device goes on as another on the service's word alone. What the
// other copy said shows the truth of it, unless all of it was refused, or is of a record that
// this person does not receive: there it cannot. A service that says so each day would have
// a person use up the devices that they may have, and every registrar look for a thief.
const onTheWord = 60 * 24 * time.Hour

// believed reports whether this device goes on as another: the record shows that there are
// two, or the service was not believed on its word for a long time.
func (d *desk) believed() (bool, error) {
	shown, err := d.twice()
	if err != nil || shown {
		return shown, err
	}
	text, err := setting(d.store.db, settingWentOn)
	if err != nil {
		return false, err
	}
	last, _ := strconv.ParseInt(text, 10, 64) // never
	if now := d.now(); text != "" && now.Sub(time.UnixMicro(last)).Abs() < onTheWord {
		return false, nil
	}
	return true, d.store.write(func(tx *sql.Tx) error {
		return set(tx, settingWentOn, strconv.FormatInt(d.now().UnixMicro(), 10))
	})
}

// twice reports whether the mirror has something under this device's key that this device
// did not say: by a number that something else has which is queued here, or one that was
// not given out here yet.
func (d *desk) twice() (bool, error) {
	me := policies.KeyID(d.keys.this().id)
	var next int64
	err := d.store.db.QueryRow(`SELECT next FROM numbers WHERE signer = $1`, me.String()).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		next, err = 1, nil
	}
	if err != nil {
		return false, err
	}
	queued, err := d.outbox.pending()
	if err != nil {
		return false, err
	}
	said := map[int64]policies.StatementID{}
	for _, s := range queued {
		if s.Signer == me {
			said[s.N] = s.ID
		}
	}
	shown := false
	err = each(d.store.db, func(r *sql.Rows) error {
		var id, raw string
		if err := r.Scan(&id, opens(d.store, &raw, "statements", &id)); err != nil || shown {
			return err
		}
		s, err := statement.Parse([]byte(raw))
		if err != nil || s.Signer != me {
			return nil //nolint:nilerr // it was verified when it came, by a program that could read it
		}
		here, ok := said[s.N]
		shown = s.N >= next || ok && here != s.ID
		return nil
	}, `SELECT id, raw FROM statements WHERE raw <> ''`)
	return shown, err
}

// goOn has this device go on as another one. The new key lies in device.sealed before the
// server is asked: a lost answer, or a crash, loses nothing. Why is the refusal that shows
// that it must, and what it returns where that is not believed.
func (d *desk) goOn(ctx context.Context, why error) error {
	if _, err := d.keys.held(); err != nil {
		return err
	}
	if err := (&feed{d}).pull(ctx, &Report{}); err != nil {
		return err
	}
	was := d.keys.this()
	mine := d.mirror.Org().Devices[was.id]
	if mine == nil {
		return problem(CodeUnknown, "Sync, and try again.", "This device is not in the record.")
	}
	seeds, err := d.seeds()
	if err != nil {
		return err
	}
	if n := len(seeds); n == 0 || d.deviceWith(seeds[n-1]) == was.id {
		if ok, err := d.believed(); err != nil || !ok {
			return errors.Join(err, why)
		}
		var seed policies.Digest
		rand.Read(seed[:])
		seeds = append(seeds, seed)
		if err := d.keepSeeds(seeds); err != nil {
			return err
		}
	}
	seed := seeds[len(seeds)-1]
	if d.deviceWith(seed).IsZero() {
		body := policies.DeviceCertify{Staff: d.me.Staff, Key: publicKey(signingKey(seed)), Until: mine.Until, Continues: was.id}
		if _, err := (ownKey{d: d}).state(ctx, "device.certify", body); err != nil {
			return err
		}
	}
	id := d.deviceWith(seed)
	if id.IsZero() {
		return untrusted("The service said that it took this device's new key, and its record does not have it.", nil)
	}
	d.keys.device.Store(&deviceKey{id, signingKey(seed)})
	d.remote.forget()
	return nil
}

// deviceWith is the device of this person that has the key of a seed in the verified
// record; zero when there is none.
func (d *desk) deviceWith(seed policies.Digest) policies.DeviceID {
	return deviceWith(d.mirror.Org(), d.me.Staff, seed)
}

func deviceWith(o *policies.Org, who policies.StaffID, seed policies.Digest) policies.DeviceID {
	key := publicKey(signingKey(seed))
	for id, v := range o.Devices {
		if v.Key == key && v.Staff == who {
			return id
		}
	}
	return policies.DeviceID{}
}

// seeds are the keys that this device made itself, the newest last: a copy can be copied
// again. They lie under the store key, so that nobody has to be asked for a passphrase
// in the middle of a sync.
func (d *desk) seeds() ([]policies.Digest, error) { return seedsIn(d.dir, d.store) }

func seedsIn(dir string, s *store) (seeds []policies.Digest, err error) {
	sealed, err := os.ReadFile(filepath.Join(dir, ownFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	plain, err := s.box.Open(in("files", ownFile), sealed)
	if err != nil {
		return nil, damagedKeys(err)
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &seeds); err != nil {
		return nil, damagedKeys(err)
	}
	return seeds, nil
}

func (d *desk) keepSeeds(seeds []policies.Digest) error {
	plain, err := json.Marshal(seeds)
	if err != nil {
		return fmt.Errorf("encode keys: %w", err)
	}
	defer clear(plain)
	return writeFile(d.dir, ownFile, d.store.box.Seal(in("files", ownFile), plain))
}

// lastOwn is the newest key that a home made itself and that the verified record has; nil
// for none. device.json goes on naming the device that joined: by that name other things
// of the home are found.
func lastOwn(dir string, me profile, st *store) (*deviceKey, error) {
	seeds, err := seedsIn(dir, st)
	if err != nil || len(seeds) == 0 {
		return nil, err
	}
	org, err := orgIn(st, me.Org)
	if err != nil || org == nil {
		return nil, err
	}
	for _, seed := range slices.Backward(seeds) {
		if id := deviceWith(org, me.Staff, seed); !id.IsZero() {
			return &deviceKey{id, signingKey(seed)}, nil
		}
	}
	return nil, nil
}
