package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

const acceptNext = "Give the file that \"attune ceremony certify\" wrote for this server's server.request."

// accept takes what the root certified: the server's keys, the first invitation,
// the adopted policy. Run again after a crash, what was taken is a duplicate.
func accept(ctx context.Context, f folder, certified []byte) error {
	if err := errors.Join(f.founded(), refuseForeign(f)); err != nil {
		return err
	}
	var in wire.PushRequest
	if err := wire.Decode(bytes.NewReader(certified), wire.MaxPushBytes, &in); err != nil {
		return problem("certified", acceptNext, "This is not what a ceremony writes.")
	}
	if err := certifiedFor(ctx, f, in); err != nil {
		return err
	}
	store, err := openFounding(ctx, f)
	if err != nil {
		return err
	}
	err = errors.Join(takeCertified(ctx, store, in), store.Close())
	if err != nil {
		return err
	}
	ready, err := openStore(ctx, f, objectsFlags{}) // with the adopted rules and figures, as serve will
	if err != nil {
		return err
	}
	return ready.Close()
}

func takeCertified(ctx context.Context, store *opened, in wire.PushRequest) error {
	results, _, err := store.Records.Accept(ctx, policies.Caller{}, sealedOf(in), 0)
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	for _, r := range results {
		if r.Err != nil {
			return problem("certified", acceptNext, "Statement %s was refused: %v.", r.ID.Short(), r.Err)
		}
	}
	return nil
}

// certifiedFor looks before anything is taken: a server.certify for other keys, or
// figures and rules that this server cannot work by, would found a service that can
// never start.
func certifiedFor(ctx context.Context, f folder, in wire.PushRequest) error {
	store, err := openFounding(ctx, f)
	if err != nil {
		return err
	}
	org := store.org
	if err := store.Close(); err != nil {
		return err
	}
	cfg, err := storeConfig(f)
	if err != nil {
		return err
	}
	ours, adopted := false, false
	for _, sealed := range in.Statements {
		s, err := statement.Verify([]byte(sealed.Statement), org.Key)
		if err != nil {
			return problem("certified", acceptNext, "This was not signed by the root of this server's organisation: %v.", err)
		}
		switch b := s.Body.(type) {
		case *policies.ServerCertify:
			ours = ours || b.Key == publicOf(cfg.Key) && b.LogKey == publicOf(cfg.LogKey)
		case *policies.PolicyAdopt:
			adopted = true
			if err := carried(b, sealed); err != nil {
				return err
			}
		}
	}
	if !ours || !adopted {
		return problem("certified", acceptNext, "This certifies another server, or none.")
	}
	return nil
}

func publicOf(k ed25519.PrivateKey) policies.PublicKey {
	return policies.PublicKey(k.Public().(ed25519.PublicKey))
}

func sealedOf(in wire.PushRequest) []storage.Sealed {
	out := make([]storage.Sealed, len(in.Statements))
	for i, s := range in.Statements {
		out[i].Statement = []byte(s.Statement)
		for _, a := range s.Attachments {
			out[i].Attachments = append(out[i].Attachments, storage.Attachment{Name: a.Name, Body: a.Body})
		}
	}
	return out
}
