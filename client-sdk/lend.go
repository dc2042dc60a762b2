package attune

import (
	"errors"
	"io/fs"

	"github.com/attune-vf/attune/policies"
)

// Lend closes the home, so that another program of the same person may open it, and
// returns how to open it again without the passphrase: the keys that keys.locked holds
// stay in this program's memory, and nowhere else. Nothing of the client may be used any
// more, and nothing of it may be running: end [Client.Follow] first.
//
// again is an [*Error] with [CodeInUse] while another program has the home: try it again
// later. What that program changed is read anew; on a device that it found revoked, the
// person's keys are gone for this one too.
func (c *Client) Lend() (again func() (*Client, error), err error) {
	d := c.desk
	kept := d.opened
	if err := c.Close(); err != nil {
		return nil, err
	}
	d.forget()
	return func() (*Client, error) {
		var me profile
		if err := readJSON(d.dir, deviceFile, &me); err != nil || !exists(d.dir, keysFile) {
			return nil, problem(CodeHome, "Join again with a new invitation, in a new folder.", "This device is not there any more.").because(err)
		}
		s := secrets{deviceSecrets: kept}
		var err error
		if s.personal, err = openPersonal(d.dir, personFile, s.Store); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		next, err := open(d.dir, me, s, d.cfg)
		if err == nil {
			kept = deviceSecrets{}
		}
		return next, err
	}, nil
}

// forget overwrites what can be overwritten.
func (s *deviceSecrets) forget() {
	s.Device, s.Store = policies.Digest{}, policies.Digest{}
}
