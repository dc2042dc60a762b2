package storage

import (
	"context"
	"crypto/ed25519"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Certified is what a root needs to certify another key for this server: the
// certificates so far, as the root signed them and oldest first, and the number that
// its next statement has here.
type Certified struct {
	Statements []string
	Next       int64
}

// Certified reads the server's certificates.
func (r *Records) Certified(ctx context.Context) (c Certified, err error) {
	o, err := r.Org(ctx)
	if err != nil {
		return c, err
	}
	err = r.d.rows.Read(ctx, func(v *rows.View) error {
		last, err := v.LastNumber(o.RootKey)
		if err != nil {
			return err
		}
		c.Next = last + 1
		for _, s := range append(append([]policies.Server{}, o.Retired...), o.Server) {
			st, ok, err := v.Statement(s.Certificate)
			if err != nil {
				return err
			}
			if ok {
				c.Statements = append(c.Statements, string(st.Raw))
			}
		}
		return nil
	})
	return c, err
}

func publicKey(k ed25519.PrivateKey) policies.PublicKey {
	return policies.PublicKey(k.Public().(ed25519.PublicKey))
}
