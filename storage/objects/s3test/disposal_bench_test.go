//go:build s3

package s3test_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
	"github.com/attune-vf/attune/storage/storagetest"
)

// filmOfBench is how much film each clip is: what takes the time is not the bytes.
const filmOfBench = 100_000

// BenchmarkDisposal destroys b.N clips of film on MinIO that were marked and whose grace is
// over: ordered, uploads ended, versions deleted, looked for, certified. It says on standard
// error how far it is, once for each tenth. make bench runs it with -benchtime=1000x.
func BenchmarkDisposal(b *testing.B) {
	at := slices.IndexFunc(s3test.Servers(), func(s s3test.Server) bool { return s.Name == "minio" })
	b.StopTimer()
	w, started := world(b, s3test.Servers()[at].Start(b)), storagetest.Start
	sweep := func(d objects.Disposer) storage.Sweep {
		clock := func() storage.Clock {
			return storage.Clock{Wall: w.Clock.Now(), Running: w.Clock.Now().Sub(started), Boot: "one"}
		}
		out, err := w.Store.Sweeper(storage.SweepConfig{Objects: d, Clock: clock}).Run(b.Context())
		if err != nil || len(out.Failed) > 0 {
			b.Fatalf("sweep: %v, %+v", err, out.Failed)
		}
		return out
	}
	disposer := w.Config.Objects.(objects.Disposer)
	film := endedFilm(w, b.N)
	out := sweep(disposer)
	if out.Refused != nil { // so much at once: an IG officer allows just that list
		w.Officer.Does(policies.RecordID(w.Org), "sweep.allow", &policies.SweepAllow{What: policies.RefusedVolume, Of: out.Refused.Of})
		out = sweep(disposer)
	}
	if len(out.Marked) != film {
		b.Fatalf("%d marked, want %d", len(out.Marked), film)
	}
	w.Clock.Forward(8 * 24 * time.Hour)
	b.StartTimer()
	if out = sweep(&told{Disposer: disposer, of: film}); len(out.Destroyed) != film {
		b.Fatalf("%d destroyed, want %d", len(out.Destroyed), film)
	}
}

// endedFilm stores clips, a hundred to a family, whose time is over and which the IG officer
// lets go.
func endedFilm(w *storagetest.World, clips int) int {
	families := map[policies.RecordID][]policies.ClipID{}
	for done := 0; done < clips; {
		f := w.Open(fmt.Sprintf("NF-%d", 2041+done))
		for range min(100, clips-done) {
			families[f.Record] = append(families[f.Record], f.Store(filmOfBench, true).ID)
			done++
		}
		w.Sam.Does(f.Record, "summary.file", &policies.SummaryFile{Clips: families[f.Record], FiledOn: "2026-11-23", Where: "case_record"})
	}
	w.Clock.Forward(40 * 24 * time.Hour)
	for record, ids := range families {
		w.Officer.Does(record, "disposal.approve", &policies.DisposalApprove{
			Clips: ids, Class: policies.RawFilm, Outcome: policies.LetGo, Until: w.Clock.Now().Format(time.DateOnly),
		})
	}
	return clips
}

// told says how far a disposal is, by how many clips were looked for and not found.
type told struct {
	objects.Disposer
	of, done int
}

func (t *told) Remains(ctx context.Context, key objects.Key) (objects.Remains, error) {
	r, err := t.Disposer.Remains(ctx, key)
	if t.done++; t.of >= 10 && t.done%(t.of/10) == 0 {
		fmt.Fprintf(os.Stderr, "  %d of %d clips destroyed\n", t.done, t.of)
	}
	return r, err
}
