package server

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// checkpoint handles GET /v1/log/checkpoint: the signed note, for anyone. It
// says how many events there were and nothing about them.
func (s *Server) checkpoint(c echo.Context) error {
	proven, err := s.store.Log.Prove(c.Request().Context(), 0)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(proven.Checkpoint))
}

// filters are the members by which events are searched and exported.
func filters(more ...string) []string {
	return append(more, "family", "person", "object", "action", "outcome", "rule", "since", "until", "checkpoint")
}

// searchLog handles GET /v1/log/events with the filters family, person, object,
// action, outcome, rule, since and until (µs), and from, limit and checkpoint.
func (s *Server) searchLog(c echo.Context) error {
	q, err := query(c, filters("from", "limit")...)
	if err != nil {
		return err
	}
	want, held, err := logQuery(q)
	if err != nil {
		return err
	}
	rows, next, err := s.store.Log.Search(c.Request().Context(), caller(c), want)
	if err != nil {
		return err
	}
	return s.logPage(c, rows, next, held)
}

// logLeaves handles GET /v1/log/leaves?from=&limit=&checkpoint=: leaves and
// their hashes, to verify the log without reading what it is about.
func (s *Server) logLeaves(c echo.Context) error {
	q, err := query(c, "from", "limit", "checkpoint")
	if err != nil {
		return err
	}
	want, held, err := logQuery(q)
	if err != nil {
		return err
	}
	rows, next, err := s.store.Log.Leaves(c.Request().Context(), caller(c), want.From, want.Limit)
	if err != nil {
		return err
	}
	return s.logPage(c, rows, next, held)
}

// exportLog handles GET /v1/log/export with the filters of searchLog and
// checkpoint: one JSON object a line, streamed. Storage has logged it, with its
// filter, before the first of them.
func (s *Server) exportLog(c echo.Context) error {
	q, err := query(c, filters()...)
	if err != nil {
		return err
	}
	want, held, err := logQuery(q)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	export, err := s.store.Log.Export(ctx, caller(c), want, held)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Type", "application/x-ndjson")
	c.Response().WriteHeader(http.StatusOK)
	if err := exportLine(c, wire.ExportLine{Start: &wire.ExportStart{Part: export.Part, Proven: s.provenToWire(export.Proven)}}); err != nil {
		return err
	}
	var end wire.ExportEnd
	err = export.Rows(ctx, func(page []storage.LogRow) error {
		for _, r := range rowsToWire(page) {
			if err := exportLine(c, wire.ExportLine{Row: &r}); err != nil {
				return err
			}
		}
		for _, r := range page {
			if r.Leaf != nil {
				end.Rows++
			}
		}
		return nil
	})
	if err != nil {
		return err // without an end, the reader knows that it was cut off
	}
	return exportLine(c, wire.ExportLine{End: &end})
}

func exportLine(c echo.Context, line wire.ExportLine) error {
	b, err := wire.Encode(older(spoken(c), line))
	if err != nil {
		return err
	}
	if _, err := c.Response().Write(append(b, '\n')); err != nil {
		return fmt.Errorf("send export: %w", err)
	}
	return nil
}

func (s *Server) logPage(c echo.Context, rows []storage.LogRow, next, held int64) error {
	proven, err := s.store.Log.Prove(c.Request().Context(), held)
	if err != nil {
		return err
	}
	return s.replyPacked(c, http.StatusOK, wire.LogPage{Rows: rowsToWire(rows), Next: next, Proven: s.provenToWire(proven)})
}

// logQuery reads the filters, and the size of the checkpoint that the reader holds.
func logQuery(q url.Values) (want storage.LogQuery, held int64, err error) {
	want = storage.LogQuery{Family: q.Get("family"), Action: q.Get("action"), Outcome: q.Get("outcome"), Rule: q.Get("rule")}
	var limit, since, until int64
	for _, n := range []struct {
		name                string
		into                *int64
		absent, least, most int64
	}{
		{"from", &want.From, 0, 0, maxSize},
		{"limit", &limit, wire.MaxLogRows, 1, wire.MaxLogRows},
		{"since", &since, 0, 0, maxSize},
		{"until", &until, 0, 0, maxSize},
		{"checkpoint", &held, 0, 0, maxSize},
	} {
		if *n.into, err = number(q, n.name, n.absent, n.least, n.most); err != nil {
			return want, 0, err
		}
	}
	want.Limit, want.Since, want.Until = int(limit), policies.Micros(since), policies.Micros(until)
	if want.Person, err = policies.ParseID[policies.Staff](q.Get("person")); err != nil {
		return want, 0, wire.NewError(wire.CodeBadRequest, fmt.Errorf("person: %w", err))
	}
	if want.Object, err = policies.ParseID[policies.Statement](q.Get("object")); err != nil {
		return want, 0, wire.NewError(wire.CodeBadRequest, fmt.Errorf("object: %w", err))
	}
	return want, held, nil
}
