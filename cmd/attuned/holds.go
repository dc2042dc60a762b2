package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
)

type objectsHoldsCmd struct {
	Data    string        `required:"" placeholder:"DIR" help:"The server's folder."`
	Every   time.Duration `default:"1m" help:"How often."`
	Once    bool          `help:"Do it once, and end."`
	Compare bool          `help:"Only compare, and change nothing on the S3 server; with the holder's or the auditor's key."`
	All     bool          `help:"With --compare: look at every object, and not only at what is held or was."`
	objectsFlags
}

// Help is what --help shows below the flags.
func (objectsHoldsCmd) Help() string {
	return `Example: attuned objects holds --data /srv/attune --objects-key-file /etc/attune/holder.key

Tells the object store what is held, so that it refuses to delete that whoever asks it. A hold counts from the moment
it was placed, and a sweep goes by that at once; this is a second lock on the same door. It runs beside the server, with
a key that can place and release holds and neither reads film nor deletes it. Where payloads lie in the folder itself
attuned serve does it.

With --compare it says where the service and the object store disagree. What the service holds and the store does not is
told again at the next round. A hold of which the service knows nothing is left: somebody may have placed it by hand.

Exit status: 0 done, 1 something failed or they disagree.`
}

// holdEvery is how often the server tells its own folder what is held.
const holdEvery = time.Minute

type closableHolder interface {
	objects.Holder
	io.Closer
}

// holder opens the folder's payloads for holds, and nothing else.
func (o objectsFlags) holder(ctx context.Context, f folder) (closableHolder, error) {
	cfg, onS3, err := o.on(f)
	if err != nil {
		return nil, err
	}
	if !onS3 {
		return objects.OpenDir(f.objects())
	}
	h, err := objects.OpenS3Holds(ctx, cfg)
	if errors.Is(err, objects.ErrNoBucket) {
		return nil, noBuckets(cfg, err)
	}
	return h, err
}

func noBuckets(cfg objects.S3Config, err error) *failure {
	return problem("no_bucket", "Make them with: attuned objects setup --objects "+cfg.String(), "The S3 server lacks buckets: %v.", err).status(exitMissing)
}

// Run mirrors, or compares, until it has done it once or ctx ends.
func (c *objectsHoldsCmd) Run(ctx context.Context, p *printer) (err error) {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	if c.Every <= 0 {
		return problem("usage", "Give it as 1m or 1h.", "--every is how often.").status(exitUsage)
	}
	h, err := c.holder(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	store, err := openBeside(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if c.Compare {
		return c.compare(ctx, store.Store, h, p)
	}
	return repeat(ctx, c.Once, c.Every, func() error { return mirrorOnce(ctx, store.Store, h, p) }, p)
}

// repeat does something once, or again and again; then what failed is told and tried again.
func repeat(ctx context.Context, once bool, every time.Duration, do func() error, p *printer) error {
	if once {
		return do()
	}
	for tick := time.NewTicker(every); ; {
		if err := do(); err != nil && ctx.Err() == nil {
			report(p.err, p.json, err)
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

func mirrorOnce(ctx context.Context, s *storage.Store, h objects.Holder, p *printer) error {
	show := newPace(p, "holds told")
	got, err := s.MirrorHolds(ctx, h, show.at)
	if err != nil {
		return problem("holds", "Nothing that is held is swept meanwhile. See whether the object store answers, with this key.", "%s.", sentence(err.Error()))
	}
	if got == (storage.Mirrored{}) {
		return nil
	}
	if err := p.print(got, "Holds on the object store: %d placed, %d released, %d refused, %d without an object.", got.Placed, got.Released, got.Failed, got.Missing); err != nil {
		return err
	}
	if got.Failed > 0 {
		return problem("holds", "They are tried again. Nothing that is held is swept meanwhile.", "The object store refused %d holds.", got.Failed)
	}
	return nil
}

func (c *objectsHoldsCmd) compare(ctx context.Context, s *storage.Store, h objects.Holder, p *printer) error {
	got, err := s.CompareHolds(ctx, h, c.All)
	if err != nil {
		return problem("holds", "See whether the object store answers, with this key.", "%s.", sentence(err.Error()))
	}
	if !p.json {
		for _, d := range got.Differences {
			fmt.Fprintln(p.out, "WRONG "+d.String())
		}
	}
	if err := p.print(got, "%d versions compared, %d clips still to be told of.", got.Versions, got.Waiting); err != nil {
		return err
	}
	if n := len(got.Differences); n > 0 {
		return problem("holds", "What the service holds is told again by attuned objects holds. A hold of which it knows nothing is yours to release.",
			"The service and the object store disagree about %d versions.", n)
	}
	return nil
}

// checkHolds compares in attuned check, which has the server's key: on an S3 server that can
// see no holds.
func checkHolds(ctx context.Context, store *opened) finding {
	const what = "legal holds, with what the object store holds"
	h, ok := store.objects.(objects.Holder)
	if !ok {
		return finding{What: what, OK: true, Note: "the server's key cannot see them; with the auditor's: attuned objects holds --compare"}
	}
	got, err := store.CompareHolds(ctx, h, true)
	if err == nil && len(got.Differences) > 0 {
		err = fmt.Errorf("%d differ; the first: %s", len(got.Differences), got.Differences[0])
	}
	f := made(what, err)
	if f.OK && got.Waiting > 0 {
		f.Note = fmt.Sprintf("%d clips are still to be told of; attuned serve does it within a minute", got.Waiting)
	}
	return f
}

// holding mirrors holds inside the server, where payloads lie in its own folder, until stop is
// called.
func holding(ctx context.Context, s *storage.Store, h objects.Holder, every time.Duration, log *slog.Logger) (stop func()) {
	return background(ctx, every, func(ctx context.Context) {
		switch got, err := s.MirrorHolds(ctx, h, nil); {
		case ctx.Err() != nil:
		case err != nil:
			log.Error("tell the object store what is held", "error", err)
		case got != storage.Mirrored{}:
			log.Info("told the object store what is held", "placed", got.Placed, "released", got.Released, "refused", got.Failed, "missing", got.Missing)
		}
	})
}

// background does something again and again until stop is called, which waits for it.
func background(ctx context.Context, every time.Duration, do func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(every); ; {
			do(ctx)
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}
