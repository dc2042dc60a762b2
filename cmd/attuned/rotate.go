package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

type rotateCmd struct {
	Data   string `required:"" placeholder:"DIR" help:"The server's folder."`
	Accept string `type:"existingfile" placeholder:"FILE" help:"Second step: take what the root certified, and remove the keys before."`
}

// Help is what --help shows below the flags.
func (rotateCmd) Help() string {
	return `Examples:

  attuned rotate --data /srv/attune                       makes new keys and rotate.request, beside a server that runs
  attuned rotate --data /srv/attune --accept certified    with the server stopped: takes what "attune ceremony rotate" wrote

For a server's two keys, when somebody may have read them, or as often as the service decides. The log keeps its name and
all its rows; its next checkpoint is signed by the new key. What the old keys signed still verifies. Every device takes
the new ones by itself, at its next sync, because the root signed them. The old keys are deleted: a disk that was copied
before may still hold them, and what they sign from then on is refused. So a backup from before cannot be put back: no device
would go on by the keys that it names. Make one at once.`
}

const rotateNext = `Give the file that "attune ceremony rotate" wrote for this server's rotate.request.`

// Run does one step of replacing the server's keys.
func (c *rotateCmd) Run(ctx context.Context, p *printer) error {
	f := folder(c.Data)
	if err := errors.Join(f.founded(), refuseForeign(f)); err != nil {
		return err
	}
	if c.Accept == "" {
		return c.request(ctx, f, p)
	}
	release, err := f.alone() // a server would go on signing by what is no longer certified
	if err != nil {
		return err
	}
	defer release()
	body, err := os.ReadFile(c.Accept)
	if err != nil {
		return fmt.Errorf("read what was certified: %w", err)
	}
	if err := rotate(ctx, f, body); err != nil {
		return err
	}
	p.note("Make a backup now: no backup from before can be put back any more.")
	return p.print(map[string]any{"rotated": true}, "The server has its new keys, and the old ones are deleted. Start it: attuned serve --data %s", f)
}

// request makes the keys once, and writes what the root is asked for anew each time.
func (c *rotateCmd) request(ctx context.Context, f folder, p *printer) error {
	store, err := openFounding(ctx, f)
	if err != nil {
		return err
	}
	certified, err := store.Records.Certified(ctx)
	org := store.org
	if err := errors.Join(err, store.Close()); err != nil {
		return err
	}
	if len(certified.Statements) == 0 {
		return problem("not_accepted", "Finish the ceremony first: attuned init --data "+string(f)+" --accept FILE", "The root has not certified this server yet.").status(exitMissing)
	}
	if err := finishRotation(f, org); err != nil {
		return err
	}
	key, err := keyAt(f.nextServerKey())
	if err != nil {
		return err
	}
	logKey, err := keyAt(f.nextLogKey())
	if err != nil {
		return err
	}
	r := attune.ServerRequest{Org: org.ID, Key: publicOf(key), LogKey: publicOf(logKey), Certified: certified.Statements, Number: certified.Next}
	body, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	if err := os.Remove(f.rotation()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := writeNew(f.rotation(), append(body, '\n'), 0o644); err != nil {
		return err
	}
	return p.print(map[string]any{"request": f.rotation(), "fingerprint": r.Fingerprint()},
		"Made new keys. Take %s to the root: attune ceremony rotate --request %s …\nThere, compare: %s", f.rotation(), filepath.Base(f.rotation()), r.Fingerprint())
}

// keyAt reads a key, or makes it.
func keyAt(path string) (ed25519.PrivateKey, error) {
	if isThere(path) {
		return readKey(path)
	}
	return makeKey(path)
}

// rotate takes the root's certificate for the keys that wait in the folder. It is one
// transaction, after which only they count; the files follow. Whatever ends between the
// two, the next start of the server finds keys that the root certified beside the old
// ones, and puts them in their place.
func rotate(ctx context.Context, f folder, certified []byte) error {
	var in wire.PushRequest
	if err := wire.Decode(bytes.NewReader(certified), wire.MaxPushBytes, &in); err != nil || len(in.Statements) != 1 {
		return problem("certified", rotateNext, "This is not what a ceremony writes.")
	}
	store, err := openFounding(ctx, f)
	if err != nil {
		return err
	}
	org := store.org
	if err := store.Close(); err != nil {
		return err
	}
	s, err := statement.Verify([]byte(in.Statements[0].Statement), org.Key)
	if err != nil {
		return problem("certified", rotateNext, "This was not signed by the root of this server's organisation: %v.", err)
	}
	b, ok := s.Body.(*policies.ServerCertify)
	if !ok {
		return problem("certified", rotateNext, "This certifies no server.")
	}
	if org.Server.Certificate != s.ID {
		if err := replaceKeys(ctx, f, b, in); err != nil {
			return err
		}
		org.Server = policies.Server{Certificate: s.ID, Key: b.Key, LogKey: b.LogKey}
	}
	if err := finishRotation(f, org); err != nil {
		return err
	}
	ready, err := openStore(ctx, f, objectsFlags{}) // as serve will
	if err != nil {
		return err
	}
	return ready.Close()
}

// replaceKeys has the record take the certificate, with a store that signs by the new
// keys from that transaction on.
func replaceKeys(ctx context.Context, f folder, b *policies.ServerCertify, in wire.PushRequest) error {
	if !isThere(f.nextServerKey()) || !isThere(f.nextLogKey()) {
		return problem("certified", "Ask for new keys first: attuned rotate --data "+string(f), "This folder has no keys that wait to be certified.").status(exitMissing)
	}
	cfg, err := storeConfig(f)
	if err != nil {
		return err
	}
	if cfg.Key, err = readKey(f.nextServerKey()); err != nil {
		return err
	}
	if cfg.LogKey, err = readKey(f.nextLogKey()); err != nil {
		return err
	}
	if b.Key != publicOf(cfg.Key) || b.LogKey != publicOf(cfg.LogKey) {
		return problem("certified", rotateNext, "This certifies other keys than those that wait in the folder.")
	}
	store, err := open(ctx, f, cfg, storage.OpenFounding)
	if err != nil {
		return err
	}
	results, _, err := store.Records.Accept(ctx, policies.Caller{}, sealedOf(in), 0)
	if err == nil && results[0].Err != nil {
		err = problem("certified", "Ask again: attuned rotate --data "+string(f)+", and take the new request to the root.", "The certificate was refused: %v.", results[0].Err)
	}
	return errors.Join(err, store.Close())
}

// finishRotation puts keys that the root certified in the place of those before, each
// in one step that also deletes the old one. Keys that are not certified stay where
// they are.
func finishRotation(f folder, org *policies.Org) error {
	for _, k := range []struct {
		next, path string
		certified  policies.PublicKey
	}{
		{f.nextLogKey(), f.logKey(), org.Server.LogKey}, {f.nextServerKey(), f.serverKey(), org.Server.Key},
	} {
		if !isThere(k.next) {
			continue
		}
		key, err := readKey(k.next)
		if err != nil {
			return err
		}
		if publicOf(key) != k.certified {
			continue
		}
		if err := os.Rename(k.next, k.path); err != nil {
			return fmt.Errorf("put the new key in its place: %w", err)
		}
	}
	if !isThere(f.nextLogKey()) && !isThere(f.nextServerKey()) {
		if err := os.Remove(f.rotation()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncFolder(f)
}

// syncFolder makes names durable.
func syncFolder(f folder) error {
	if runtime.GOOS == "windows" {
		return nil // cannot sync a folder, and needs not
	}
	d, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
