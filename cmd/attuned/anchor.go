package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
)

type anchorCmd struct {
	Data      string        `required:"" placeholder:"DIR" help:"The server's folder."`
	To        string        `placeholder:"DIR" type:"path" help:"Folder for the signed states, on a disk that is not the server's. Default: the bucket checkpoints where film lies on S3, else anchors in the server's folder."`
	Once      bool          `help:"Do it once, and end."`
	Every     time.Duration `default:"1h" help:"How often."`
	KeepYears int           `default:"7" help:"For how long the bucket locks each state. It cannot be shortened by anybody."`
	objectsFlags
	mailFlags
}

// Help is what --help shows below the flags.
func (anchorCmd) Help() string {
	return `Example: attuned anchor --data /srv/attune --objects-key-file /etc/attune/anchor.key
         attuned anchor --data /srv/attune --to /mnt/elsewhere/anchors --mail-host smtp.example.org --mail-from attune@example.org --mail-to ig@example.org

Signs the access log as it stands, proves that it goes on from the last state that was anchored, and puts it beside
that: into a bucket where nobody can change it, with a key that the server does not have, or into a folder. It runs
beside the server. With --mail-host it is e-mailed once a day, so that somebody has it who has no access to the
service at all. Compare with: attuned log verify --anchors.

A log that does not go on from what was anchored is an alarm. The anchored state stays, the other one is kept beside
it, and both together prove that the log was rewritten.

Exit status: 0 done, 1 the log contradicts an anchor, or the e-mail failed, 3 a prerequisite is missing.`
}

type closableAnchors interface {
	objects.Anchors
	io.Closer
}

// anchors opens where signed states lie.
func (o objectsFlags) anchors(ctx context.Context, f folder, to string) (closableAnchors, error) {
	if to == "" || to == anchorsInBucket {
		cfg, onS3, err := o.on(f)
		if err != nil {
			return nil, err
		}
		if onS3 {
			return openBucket(ctx, cfg)
		}
		if to != "" {
			return nil, problem("usage", "Name their folder instead.", "%s's film lies in the folder itself, and no bucket goes with it.", f).status(exitUsage)
		}
		to = f.path("anchors")
	}
	return objects.OpenDirAnchors(to)
}

// anchorsInBucket stands for the bucket where a folder is asked for.
const anchorsInBucket = "bucket"

func openBucket(ctx context.Context, cfg objects.S3Config) (closableAnchors, error) {
	a, err := objects.OpenS3Anchors(ctx, cfg)
	if errors.Is(err, objects.ErrNoBucket) {
		return nil, noBuckets(cfg, err)
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Run anchors until it has done so once or ctx ends.
func (c *anchorCmd) Run(ctx context.Context, p *printer) (err error) {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	if c.Every <= 0 || c.KeepYears < 1 || c.KeepYears > 100 {
		return problem("usage", "Give --every as 1h or 30m, and --keep-years from 1 to 100.", "That is no time to go by.").status(exitUsage)
	}
	post, err := c.mailFlags.postman()
	if err != nil {
		return err
	}
	where, err := c.anchors(ctx, f, c.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, where.Close()) }()
	store, err := openBeside(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	keep := time.Duration(c.KeepYears) * 365 * 24 * time.Hour
	r := round{store: store.Store, where: where, keep: keep, post: post, sent: sentFile(f.path("anchor.sent"))}
	return repeat(ctx, c.Once, c.Every, func() error { return r.run(ctx, p) }, p)
}

// round is one time that the log is anchored, and told of.
type round struct {
	store *storage.Store
	where objects.Anchors
	keep  time.Duration
	post  *postman // nil: nothing is e-mailed
	sent  sentFile
}

// run anchors before anything is e-mailed: a mail server that is down loses no anchor.
func (r *round) run(ctx context.Context, p *printer) error {
	a, err := r.store.Log.Anchor(ctx, r.where, r.keep)
	if err != nil && !errors.Is(err, storage.ErrAnchor) {
		return fmt.Errorf("anchor the access log: %w", err)
	}
	wrong := contradicted(a.Faults)
	if err == nil {
		was := "it had been before"
		if a.New {
			was = "now"
		}
		err = p.print(map[string]any{"origin": a.Origin, "size": a.Size, "root": a.Root.String(), "key": a.Key, "new": a.New},
			"Anchored: %d events, root %s (%s).", a.Size, a.Root, was)
	} else {
		err = nil // told as wrong
	}
	if r.post != nil {
		err = errors.Join(err, r.mail(ctx, a, p))
	}
	if wrong != nil {
		return wrong // graver than an e-mail that failed, which is tried again
	}
	return err
}

// contradicted is the alarm of a log that anchors contradict; nil when none does.
func contradicted(faults []storage.AnchorFault) error {
	if len(faults) == 0 {
		return nil
	}
	var why []string
	for _, f := range faults {
		why = append(why, f.Why)
	}
	return problem("log_"+string(faults[len(faults)-1].Kind), "Change nothing, keep a copy of the folder and of the anchors as they are, and tell your IG officer at once.",
		"The access log contradicts what was anchored: %s.", strings.Join(why, "; "))
}
