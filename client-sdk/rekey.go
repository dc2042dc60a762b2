package attune

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// Rekey replaces this person's key and age identity, after another device of theirs was
// lost. This device goes on, and every other device of theirs ends. What was wrapped to
// the old identity still opens here. Colleagues' devices wrap to the new one when their
// users have compared its six words, which Rekey returns.
//
// The new secrets lie in person.next before the server is asked, and are taken over once
// the verified record names their key: a lost answer, or a crash, loses nothing, and
// asking again asks for the same. Nothing else may use the client meanwhile. Errors: an
// [*Error] with [CodePassphrase], [CodeOffline], or the server's refusal; then the old
// key stays.
func (c *Client) Rekey(ctx context.Context, passphrase []byte) ([]string, error) {
	d := c.desk
	was, err := unlockSecrets(d.dir, passphrase)
	if err == nil {
		_, err = c.Keys.held()
	}
	if err == nil {
		err = (&feed{d}).pull(ctx, &Report{})
	}
	if err != nil {
		return nil, err
	}
	if done, err := d.takeNext(was); done || err != nil {
		return c.Keys.Words(), err // of an attempt whose answer was lost
	}
	next, id, err := d.nextSecrets(was)
	if err != nil {
		return nil, err
	}
	body := policies.StaffRekey{
		Staff: d.me.Staff, Device: d.keys.Device(), Key: publicKey(signingKey(next.Person)), Recipient: id.Recipient().String(),
	}
	if _, err = (ownKey{d: d}).state(ctx, "staff.rekey", body); err != nil {
		return nil, err
	}
	done, err := d.takeNext(was)
	if err == nil && !done {
		err = untrusted("The service said that it took the new key, and its record does not have it.", nil)
	}
	if err != nil {
		return nil, err
	}
	return c.Keys.Words(), nil
}

// nextSecrets are those of an attempt that did not come to its end, or fresh ones, kept.
func (d *desk) nextSecrets(was secrets) (next personal, id seal.Identity, err error) {
	if next, err = openPersonal(d.dir, nextFile, was.Store); err == nil {
		id, err = seal.ParseIdentity(next.Identity)
		return next, id, err
	} else if !errors.Is(err, os.ErrNotExist) {
		return next, id, err
	}
	if id, err = seal.NewIdentity(); err != nil {
		return next, id, err
	}
	next = personal{Identity: id.String(), Former: append([]string{was.Identity}, was.Former...)}
	rand.Read(next.Person[:])
	return next, id, sealPersonal(d.dir, nextFile, was.Store, next)
}

// takeNext has a device that is open go on with its new secrets, if the record has them.
func (d *desk) takeNext(was secrets) (bool, error) {
	me, s, err := finishRekey(d.dir, d.me, was, d.store)
	if err != nil || me.Certificate == d.me.Certificate {
		return false, err
	}
	keys, err := newKeys(me, s)
	if err != nil {
		return false, err
	}
	d.keys.own.Store(keys.own.Load())
	d.keys.me, d.me = me, me
	return true, nil
}

// finishRekey takes over the secrets of a replacement that the verified record has, and
// leaves everything as it was where it has not.
func finishRekey(dir string, me profile, s secrets, in *store) (profile, secrets, error) {
	next, err := openPersonal(dir, nextFile, s.Store)
	if errors.Is(err, os.ErrNotExist) {
		return me, s, nil
	} else if err != nil {
		return me, s, err
	}
	certificate, err := certificateOf(in, me, publicKey(signingKey(next.Person)))
	if err != nil || certificate.IsZero() {
		return me, s, err
	}
	// person.next goes last: until then opening does all of this again.
	if err := sealPersonal(dir, personFile, s.Store, next); err != nil {
		return me, s, err
	}
	me.Certificate = certificate
	if err := writeJSON(dir, deviceFile, me); err != nil {
		return me, s, err
	}
	s.personal = next
	return me, s, os.Remove(filepath.Join(dir, nextFile))
}

// certificateOf is this person's certificate in the record as this device verified it, if
// it is of this key; zero else.
func certificateOf(in *store, me profile, key policies.PublicKey) (none policies.KeyID, err error) {
	known, err := orgIn(in, me.Org)
	if known == nil {
		return none, err
	}
	if p := known.Staff[me.Staff]; p != nil && p.Key == key {
		return p.Certified, nil
	}
	return none, nil
}

// orgIn is the organisation as this device verified it, nil before the first contact.
func orgIn(in *store, id policies.OrgID) (*policies.Org, error) {
	record, state := id.String(), ""
	err := in.db.QueryRow(`SELECT state FROM records WHERE record = $1`, record).Scan(opens(in, &state, "records", &record))
	if errors.Is(err, sql.ErrNoRows) || err == nil && state == "" {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	org := new(policies.Org)
	if err := json.Unmarshal([]byte(state), org); err != nil {
		return nil, fmt.Errorf("read mirror: %w", err)
	}
	return org, nil
}
