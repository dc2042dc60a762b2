package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
)

type sweepCmd struct {
	Data   string        `required:"" placeholder:"DIR" help:"The server's folder."`
	DryRun bool          `help:"Say what would go, what would not, and why; change nothing."`
	AsOf   string        `placeholder:"DAY" help:"With --dry-run: as it will stand on this day, if nothing is said until then."`
	Once   bool          `help:"Do it once, and end."`
	Every  time.Duration `default:"1h" help:"How often."`
	objectsFlags
}

// Help is what --help shows below the flags.
func (sweepCmd) Help() string {
	return `Example: attuned sweep --data /srv/attune --dry-run
         attuned sweep --data /srv/attune --objects-key-file /etc/attune/sweeper.key

Destroys film whose end has come, on the word of a person, after its days of grace: ends its uploads, deletes every
version, looks that nothing is left, deletes its keys, and certifies it. It runs beside the server, on its database and
with a key of its own on the S3 server, which can delete and cannot read. It may be stopped at any time and goes on where
it was. Where payloads lie in the folder itself attuned serve sweeps too.

It does nothing when the clock looks wrong, or when far more than usual would go, and says who lets it go on.

Exit status: 0 done, 1 it refused, or could not finish with some film, 3 a prerequisite is missing.`
}

type closableDisposer interface {
	objects.Disposer
	io.Closer
}

// disposer opens the folder's payloads for a sweeper.
func (o objectsFlags) disposer(ctx context.Context, f folder) (closableDisposer, error) {
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
	return s, err
}

// Run sweeps until it has done so once or ctx ends.
func (c *sweepCmd) Run(ctx context.Context, p *printer) (err error) {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	if c.Every <= 0 {
		return problem("usage", "Give it as 1h or 30m.", "--every is how often.").status(exitUsage)
	}
	asOf, err := c.asOf(f)
	if err != nil {
		return err
	}
	d, err := c.disposer(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	store, err := openBeside(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if c.DryRun {
		return dryRun(ctx, store.Store.Sweeper(storage.SweepConfig{Objects: d}), asOf, p)
	}
	return repeat(ctx, c.Once, c.Every, func() error { return sweepOnce(ctx, store.Store, d, p) }, p)
}

func (c *sweepCmd) asOf(f folder) (policies.Micros, error) {
	if c.AsOf == "" {
		now, err := f.now()
		return policies.At(now), err
	}
	day, err := time.ParseInLocation(time.DateOnly, c.AsOf, time.Local)
	if err != nil || !c.DryRun {
		return 0, problem("usage", "Give it as 2027-01-31, with --dry-run.", "--as-of %q says no day to look at.", c.AsOf).status(exitUsage)
	}
	return policies.At(day.Add(12 * time.Hour)), nil
}

func dryRun(ctx context.Context, w *storage.Sweeper, asOf policies.Micros, p *printer) error {
	list, err := w.DryRun(ctx, asOf)
	if err != nil {
		return err
	}
	would := 0
	for _, d := range list {
		if goes(d) {
			would++
		}
		if !p.json {
			fmt.Fprintln(p.out, dueLine(d))
		}
	}
	if list == nil {
		list = []storage.DueClip{}
	}
	return p.print(map[string]any{"as_of": asOf.Time().UTC().Format(time.RFC3339), "clips": list}, "%d would go or are going, %d would not. Nothing was changed.", would, len(list)-would)
}

// goes reports whether a run does something about a clip.
func goes(d storage.DueClip) bool {
	switch d.State {
	case policies.FateReady, policies.FateGo, policies.FateGrace, policies.FateDestroying:
		return true
	}
	return false
}

// doing is what a run does about a clip in a state, or why it does not.
var doing = map[policies.FateState]string{
	policies.FateReady:      "is hidden, and destroyed after its days of grace",
	policies.FateGrace:      "is hidden, and its days of grace run",
	policies.FateGo:         "is destroyed",
	policies.FateDestroying: "is being destroyed",
	policies.FateHeld:       "stays: it is held",
	policies.FateLook:       "stays: a person looks at it first",
	policies.FateDue:        "stays: nobody has authorised it",
}

func dueLine(d storage.DueClip) string {
	what := doing[d.State]
	if what == "" {
		what = "stays: " + string(d.State)
	}
	line := fmt.Sprintf("%s  clip %s, %s, %s", d.Reference, d.Clip.Short(), strings.ReplaceAll(string(d.Class), "_", " "), what)
	if d.State == policies.FateGrace && d.Date != 0 {
		line += " until " + d.Date.Time().Local().Format("2006-01-02 15:04")
	}
	for _, r := range d.Reasons {
		line += fmt.Sprintf("\n    %s  (%s)", r.Text, r.Rule)
	}
	return line
}

func sweepOnce(ctx context.Context, s *storage.Store, d objects.Disposer, p *printer) error {
	if n, err := s.Expire(ctx); err != nil {
		return err
	} else if n > 0 {
		p.note("%d ended by their dates", n)
	}
	show := newPace(p, "objects deleted and looked for again")
	got, err := s.Sweeper(storage.SweepConfig{Objects: &counted{Disposer: d, at: show.at}}).Run(ctx)
	if errors.Is(err, storage.ErrRecovering) {
		return problem("recovering", "An information governance officer ends that, on their device.", "The service is being put back from a backup, and nothing is destroyed meanwhile.")
	}
	if err != nil {
		return err
	}
	if err := reportSweep(p, got); err != nil {
		return err
	}
	if got.Refused != nil {
		return refusedSweep(*got.Refused)
	}
	if n := len(got.Failed); n > 0 {
		return problem("sweep", "They are tried again at the next run. Nothing of them is certified before nothing is left.", "The sweep could not finish with %d clips.", n)
	}
	return nil
}

// sweepReport is what a run did, as --json prints it.
type sweepReport struct {
	Marked    []policies.ClipID   `json:"marked"`
	Spared    []policies.ClipID   `json:"spared"`
	Ordered   []policies.ClipID   `json:"ordered"`
	Destroyed []policies.ClipID   `json:"destroyed"`
	Verified  []policies.ClipID   `json:"verified"`
	Returned  []policies.ClipID   `json:"returned"`
	Ended     []policies.FamilyID `json:"ended"` // whole records
	Failed    map[string]string   `json:"failed"`
	Refused   *sweepStopped       `json:"refused,omitzero"`
}

// sweepStopped is what an information governance officer can let go on.
type sweepStopped struct {
	What policies.SweepRefusal `json:"what"`
	Of   policies.Digest       `json:"of"`
}

func reportSweep(p *printer, s storage.Sweep) error {
	failed := map[string]string{}
	for _, f := range s.Failed {
		failed[f.Clip.String()] = f.Err.Error()
		if !p.json {
			fmt.Fprintf(p.out, "clip %s: %v\n", f.Clip.Short(), f.Err)
		}
	}
	if !p.json && len(s.Returned) > 0 {
		fmt.Fprintf(p.out, "%d were found again after they had been destroyed, and deleted again. See whether a bucket or a folder was put back from a copy.\n", len(s.Returned))
	}
	report := sweepReport{some(s.Marked), some(s.Spared), some(s.Ordered), some(s.Destroyed), some(s.Verified), some(s.Returned), append([]policies.FamilyID{}, s.Ended...), failed, nil}
	if s.Refused != nil {
		report.Refused = &sweepStopped{s.Refused.What, s.Refused.Of}
	}
	if !p.json && len(s.Ended) > 0 {
		fmt.Fprintf(p.out, "%d whole records were destroyed; digests are left of them.\n", len(s.Ended))
	}
	return p.print(report,
		"Swept: %d hidden, %d shown again, %d destroyed and certified, %d looked for again and not found, %d not finished.",
		len(s.Marked), len(s.Spared), len(s.Destroyed), len(s.Verified), len(s.Failed))
}

// some is never null in JSON.
func some(ids []policies.ClipID) []policies.ClipID { return append([]policies.ClipID{}, ids...) }

func refusedSweep(r storage.SweepRefused) error {
	switch r.What {
	case policies.RefusedClock:
		return problem("sweep_clock", "Set the clock right. If it is right: an information governance officer lets the sweep go on with: attune retention allow clock "+r.Of.String(),
			"%s Nothing was destroyed.", r.Why)
	default:
		return problem("sweep_volume", "See what it is with --dry-run, and whether the retention schedule or a date is wrong. If it is right: an information governance officer lets just this list go with: attune retention allow volume "+r.Of.String(),
			"%s Nothing was marked.", r.Why)
	}
}

// counted tells how far a sweep is by what it asks of the store.
type counted struct {
	objects.Disposer
	done int
	at   func(int)
}

// Remains is asked once a clip is gone.
func (c *counted) Remains(ctx context.Context, key objects.Key) (objects.Remains, error) {
	r, err := c.Disposer.Remains(ctx, key)
	if err == nil {
		c.done++
		c.at(c.done)
	}
	return r, err
}

// disposing sweeps inside the server, where payloads lie in its own folder, until stop is
// called. A process of its own would have no key there that the server has not: whoever can
// write in the folder can do everything in it. On an S3 server the keys are what keeps a
// fault of the server from destroying film, and the server has none that deletes.
func disposing(ctx context.Context, s *storage.Store, d objects.Disposer, every time.Duration, log *slog.Logger) (stop func()) {
	refused := policies.Digest{} // what was refused is said once, and not every hour
	return background(ctx, every, func(ctx context.Context) {
		got, err := s.Sweeper(storage.SweepConfig{Objects: d}).Run(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, storage.ErrRecovering):
		case err != nil:
			log.Error("sweep of film", "error", err)
		case got.Refused != nil:
			if got.Refused.Of != refused {
				log.Error("sweep of film", "refused", refusedSweep(*got.Refused))
			}
			refused = got.Refused.Of
		case len(got.Marked)+len(got.Spared)+len(got.Destroyed)+len(got.Returned)+len(got.Failed)+len(got.Ended) > 0:
			log.Info("swept film", "hidden", len(got.Marked), "shown_again", len(got.Spared), "destroyed", len(got.Destroyed), "returned", len(got.Returned), "failed", len(got.Failed), "records_ended", len(got.Ended))
		}
		for _, f := range got.Failed {
			log.Error("sweep of film", "clip", f.Clip, "error", f.Err)
		}
	})
}
