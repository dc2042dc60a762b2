package certificate

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// ErrUnproven wraps what a certificate fails by.
var ErrUnproven = errors.New("the certificate does not hold")

// Verified is what the file alone proves.
type Verified struct {
	Organisation policies.OrgID       `json:"organisation"` // compare it with the one that you know
	Certificate  policies.StatementID `json:"certificate"`
	Clip         policies.ClipID      `json:"clip"`
	Accepted     string               `json:"accepted"` // by the log
	Index        int64                `json:"index"`
	Log          string               `json:"log"`
	LogSize      int64                `json:"log_size"`
	Ends         Ends                 `json:"ends"`

	// What devices said is theirs to say: their words are enclosed, and proved only against
	// the service's record.
	Received    int `json:"received"`
	Outstanding int `json:"outstanding"`
}

// Verify checks the file by itself: the root's key is the organisation's, the root certified
// the server, the server signed the certificate, the certificate stands in the log that the
// server's log key signed, and what is there to be read is what was signed. Errors wrap
// [ErrUnproven] and name the step.
func (f File) Verify() (v Verified, err error) {
	root, servers, err := f.chain()
	if err != nil {
		return v, unproven("the organisation's keys", err)
	}
	s, err := statement.Verify([]byte(f.Statement), func(kid policies.KeyID) (policies.PublicKey, bool) {
		if c := servers[kid]; c != nil {
			return c.Key, true
		}
		return policies.PublicKey{}, false
	})
	if err != nil {
		return v, unproven("the server's signature", err)
	}
	body, ok := s.Body.(*policies.ClipDispose)
	if !ok {
		return v, unproven("the certificate", fmt.Errorf("it is a %s", s.Kind))
	}
	if s.ID != f.Certificate || policies.FamilyID(s.Record) != f.Family || !same(*body, f.Body) {
		return v, unproven("what is there to be read", errors.New("it is not what was signed"))
	}
	at, size, origin, err := f.logged(s.ID, root, servers)
	if err != nil {
		return v, unproven("the access log", err)
	}
	if f.Accepted != Stamp(at) || f.Ends != NewEnds(*body, f.Devices) {
		return v, unproven("its dates", errors.New("they do not follow from what was signed"))
	}
	if err := f.receipts(); err != nil {
		return v, unproven("what devices said", err)
	}
	return Verified{root, s.ID, body.Clip, f.Accepted, f.Proof.Index, origin, size, f.Ends, len(f.Devices.Received), len(f.Devices.Outstanding)}, nil
}

func unproven(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnproven, what, err)
}

func same(a, b policies.ClipDispose) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// chain is the organisation that the root's key makes, and the servers that it certified.
func (f File) chain() (org policies.OrgID, servers map[policies.KeyID]*policies.ServerCertify, err error) {
	if len(f.Chain) < 2 {
		return org, nil, errors.New("the root's or the server's are missing")
	}
	first, err := statement.Verify([]byte(f.Chain[0]), nil)
	if err != nil {
		return org, nil, err
	}
	b, ok := first.Body.(*policies.OrgRoot)
	if !ok {
		return org, nil, fmt.Errorf("it begins with a %s", first.Kind)
	}
	o, err := policies.NewOrg(first)
	if err != nil {
		return org, nil, err
	}
	if o.ID != f.Organisation {
		return org, nil, errors.New("the root's key is another organisation's")
	}
	rootKID := policies.KeyID(first.ID)
	servers = map[policies.KeyID]*policies.ServerCertify{}
	for _, raw := range f.Chain[1:] {
		s, err := statement.Verify([]byte(raw), func(kid policies.KeyID) (policies.PublicKey, bool) { return b.Key, kid == rootKID })
		if err != nil {
			return org, nil, err
		}
		c, ok := s.Body.(*policies.ServerCertify)
		if !ok || s.Record != policies.RecordID(o.ID) {
			return org, nil, fmt.Errorf("a %s of %s is no server's certificate here", s.Kind, s.Record)
		}
		servers[policies.KeyID(s.ID)] = c
	}
	return o.ID, servers, nil
}

// logged proves that the log holds the certificate, and says since when.
func (f File) logged(id policies.StatementID, org policies.OrgID, servers map[policies.KeyID]*policies.ServerCertify) (at policies.Micros, size int64, origin string, err error) {
	origin, _, _ = strings.Cut(f.Proof.Checkpoint, "\n")
	if name := "attune/" + org.String(); origin != name && !strings.HasPrefix(origin, name+"/") {
		return 0, 0, "", errors.New("it is another organisation's")
	}
	var c accesslog.Checkpoint
	err = errors.New("no key signed it")
	for _, s := range servers {
		v, bad := accesslog.NewVerifier(origin, ed25519.PublicKey(s.LogKey[:]))
		if bad != nil {
			return 0, 0, "", bad
		}
		if c, err = accesslog.OpenCheckpoint(f.Proof.Checkpoint, v); err == nil {
			break
		}
	}
	if err != nil {
		return 0, 0, "", err
	}
	path := make([]accesslog.Hash, len(f.Proof.Path))
	for i, d := range f.Proof.Path {
		path[i] = accesslog.Hash(d)
	}
	if err := accesslog.VerifyInclusion(path, c.Size, c.Root, f.Proof.Index, []byte(f.Proof.Leaf)); err != nil {
		return 0, 0, "", err
	}
	e, err := accesslog.Decode([]byte(f.Proof.Leaf))
	if err != nil {
		return 0, 0, "", err
	}
	if e.Accepted == nil || policies.StatementID(e.Accepted.Statement) != id || e.Index != f.Proof.Index {
		return 0, 0, "", errors.New("the row is of something else")
	}
	return policies.Micros(e.At), c.Size, origin, nil
}

// receipts checks what can be checked of devices' words: that each is the device's own, by
// its name, and about this clip.
func (f File) receipts() error {
	seen := map[policies.DeviceID]bool{}
	for _, r := range f.Devices.Received {
		if seen[r.Device] {
			return fmt.Errorf("device %s is listed twice", r.Device.Short())
		}
		seen[r.Device] = true
		if r.Statement == "" {
			continue
		}
		u, err := statement.Parse([]byte(r.Statement))
		if err != nil {
			return err
		}
		b, ok := u.Believed().Body.(*policies.DevicePurged)
		if !ok || policies.KeyID(r.Device) != u.Signer || !b.Clip.IsZero() && b.Clip != f.Body.Clip {
			return fmt.Errorf("what device %s said is not about this clip", r.Device.Short())
		}
	}
	for _, d := range f.Devices.Outstanding {
		if seen[d] {
			return fmt.Errorf("device %s is listed twice", d.Short())
		}
		seen[d] = true
	}
	return nil
}
