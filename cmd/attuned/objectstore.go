package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/attune-vf/attune/storage/objects"
)

// objectsFlags say where payloads lie. Credentials never stand on the command
// line, which every user of the machine can read.
type objectsFlags struct {
	Objects        string `placeholder:"URL" help:"Where sealed payloads lie: s3://HOST[:PORT][/PREFIX][?region=REGION], or s3+http://… for a server on this machine. Default: where they lay before, at first the folder itself."`
	ObjectsKeyFile string `type:"existingfile" placeholder:"FILE" help:"File with the S3 access key in its first line and the secret key in its second. Default: the environment's ATTUNE_S3_ACCESS_KEY and ATTUNE_S3_SECRET_KEY."`
	ObjectsPlain   bool   `help:"Allow s3+http:// to another machine. Only on a network that nobody else can reach."`
}

type closableObjects interface {
	objects.Store
	io.Closer
}

// open opens the store of the folder's payloads. A folder has one for good: with
// another one, an upload that is being finished would seem lost, and every clip.
func (o objectsFlags) open(ctx context.Context, f folder) (closableObjects, error) {
	cfg, onS3, err := o.on(f)
	if err != nil {
		return nil, err
	}
	if !onS3 {
		return objects.OpenDir(f.objects())
	}
	s, err := objects.OpenS3(ctx, cfg)
	if errors.Is(err, objects.ErrNoBucket) {
		return nil, noBuckets(cfg, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open objects: %w", err)
	}
	return s, nil
}

// on is the S3 server that the flags or the folder name; false when neither does. It is the
// same for whoever opens the folder's payloads: a sweep of another store would find nothing
// there, and certify that.
func (o objectsFlags) on(f folder) (cfg objects.S3Config, onS3 bool, err error) {
	before, err := remembered(f)
	if err != nil {
		return cfg, false, err
	}
	if o.Objects == "" {
		if o.Objects = before; before == "" {
			return cfg, false, nil
		}
	}
	if cfg, err = o.config(); err != nil {
		return cfg, true, err
	}
	switch {
	case before != "" && before != cfg.String():
		err = problem("objects_elsewhere", "Leave --objects out, or give that address.", "The payloads of %s lie at %s.", f, before)
	case before == "" && holdsPayloads(f):
		err = problem("objects_elsewhere", "Leave --objects out; use S3 for a new folder.", "The payloads of %s lie in the folder itself.", f)
	}
	return cfg, true, err
}

// remember writes the address into the folder, once the store has been opened.
func (o objectsFlags) remember(f folder) error {
	if o.Objects == "" || isThere(f.objectsAt()) {
		return nil
	}
	cfg, err := objects.ParseS3URL(o.Objects, o.ObjectsPlain)
	if err != nil {
		return err
	}
	return writeNew(f.objectsAt(), []byte(cfg.String()+"\n"), 0o600)
}

func remembered(f folder) (string, error) {
	b, err := os.ReadFile(f.objectsAt())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// holdsPayloads reports whether the folder's own store was ever written to.
func holdsPayloads(f folder) bool {
	for _, name := range []string{"objects", "staging"} {
		entries, err := os.ReadDir(f.path("objects/" + name))
		if len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// config reads the address and the credentials.
func (o objectsFlags) config() (objects.S3Config, error) {
	cfg, err := objects.ParseS3URL(o.Objects, o.ObjectsPlain)
	if errors.Is(err, objects.ErrPlain) {
		return cfg, problem("plain_http", "Use s3:// (HTTPS). On a network that nobody else can reach: --objects-plain.", "%s.", sentence(err.Error())).status(exitUsage)
	}
	if err != nil {
		return cfg, problem("usage", "Give it as s3://HOST[:PORT].", "%s.", sentence(err.Error())).status(exitUsage)
	}
	cfg.AccessKey, cfg.SecretKey = os.Getenv("ATTUNE_S3_ACCESS_KEY"), os.Getenv("ATTUNE_S3_SECRET_KEY")
	if o.ObjectsKeyFile != "" {
		if cfg.AccessKey, cfg.SecretKey, err = readS3Key(o.ObjectsKeyFile); err != nil {
			return cfg, err
		}
	}
	if cfg.AccessKey == "" || cfg.SecretKey == "" {
		return cfg, problem("no_s3_key", "Name a file with --objects-key-file, or set ATTUNE_S3_ACCESS_KEY and ATTUNE_S3_SECRET_KEY.",
			"There are no credentials for the S3 server.").status(exitMissing)
	}
	return cfg, nil
}

// readS3Key is as strict about who can read the file as readKey.
func readS3Key(path string) (access, secret string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", "", fmt.Errorf("read S3 key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", "", problem("key_readable", "Find out who could read it; if nobody did: chmod 400 "+path, "%s can be read by others.", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", fmt.Errorf("read S3 key: %w", err)
	}
	words := strings.Fields(string(b))
	if len(words) != 2 {
		return "", "", problem("s3_key_damaged", "It holds the access key in its first line and the secret key in its second.", "%s is not an S3 key file.", path)
	}
	return words[0], words[1], nil
}
