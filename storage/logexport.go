package storage

import (
	"context"
	"fmt"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// exportRows is how many rows of an export are read, and held, at once. Between
// two reads nothing of the database is held: a slow reader stops nobody.
const exportRows = 500

// LogExport is an export of events that was allowed and logged, and is yet to be
// read. Proven is the checkpoint that it stands on: it holds the export's own event.
type LogExport struct {
	Proven Proven
	Part   bool // some events only, each with a proof that it stands in Proven's tree

	l *Log
	f rows.LogFilter
}

// Export rules on taking events away. The event, with the filter, is durable
// before Export returns, and so before the first byte. Since is the size of the
// checkpoint that the caller holds, as for [Log.Prove]; From and Limit of the query
// do not count. Errors are those of [Log.Search].
func (l *Log) Export(ctx context.Context, c policies.Caller, q LogQuery, since int64) (*LogExport, error) {
	q.From, q.Limit = 0, exportRows
	about, err := l.enter(ctx, c, policies.ActExportLog, q)
	if err != nil {
		return nil, err
	}
	e := &LogExport{l: l, f: filter(q, about), Part: q.describe() != ""}
	if e.Proven, err = l.Prove(ctx, since); err != nil {
		return nil, err
	}
	e.f.Size = e.Proven.Size
	return e, nil
}

// Rows gives the events in order, up to the checkpoint, some at a time. Of a whole log the
// rows that were pruned come first, as hashes without leaves.
func (e *LogExport) Rows(ctx context.Context, emit func([]LogRow) error) error {
	var prove *accesslog.Prover
	for f := e.f; f.From >= 0; {
		var page []LogRow
		err := e.l.d.rows.Read(ctx, func(v *rows.View) (err error) {
			if e.Part && prove == nil {
				edge, err := accesslog.Load(v.Tiles(), f.Size)
				if err != nil {
					return err
				}
				prove = accesslog.NewProver(edge)
			}
			page, f.From, err = e.page(v, prove, f)
			return err
		})
		if err != nil {
			return fmt.Errorf("export log: %w", err)
		}
		if len(page) == 0 {
			continue
		}
		if err := emit(page); err != nil {
			return err
		}
	}
	return nil
}

func (e *LogExport) page(v *rows.View, prove *accesslog.Prover, f rows.LogFilter) ([]LogRow, int64, error) {
	if !e.Part {
		if page, next, err := pruned(v, f.From, f.Limit); err != nil || len(page) > 0 {
			return page, next, err
		}
	}
	found, next, err := v.SearchLog(f)
	if err != nil {
		return nil, -1, err
	}
	page, err := e.l.name(v, found)
	if err != nil {
		return nil, -1, err
	}
	for i := range page {
		page[i].Salt = found[i].Salt
		if !e.Part {
			continue
		}
		if page[i].Proof, err = prove.ProveInclusion(v.Tiles(), page[i].Index); err != nil {
			return nil, -1, err
		}
	}
	return page, next, nil
}
