package attune

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"

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

// goOn has this device go on as another one. The new key lies in device.sealed before the
// server is asked: a lost answer, or a crash, loses nothing.
func (d *desk) goOn(ctx context.Context) error {
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
