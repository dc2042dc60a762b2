package server

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// again handles POST /v1/sync/again: what the service had accepted before it was put back
// from a backup.
func (s *Server) again(c echo.Context) error {
	var in wire.AgainRequest
	if err := decode(c, wire.MaxPushBytes, &in); err != nil {
		return err
	}
	links := 0
	for _, e := range in.Evidence {
		links += len(e.Links)
	}
	switch {
	case len(in.Statements) > wire.MaxAgainStatements || len(in.Evidence) > wire.MaxAgainEvidence || links > wire.MaxAgainLinks:
		return wire.NewError(wire.CodeTooLarge, fmt.Errorf("%d statements, %d pieces of evidence with %d links", len(in.Statements), len(in.Evidence), links))
	case in.Checkpoint < 0 || in.Checkpoint > maxSize:
		return wire.NewError(wire.CodeBadRequest, fmt.Errorf("checkpoint of size %d", in.Checkpoint))
	}
	batch := make([]storage.Returned, len(in.Statements))
	for i, a := range in.Statements {
		if a.At < 0 || a.At > policies.MaxInstant {
			return wire.NewError(wire.CodeBadRequest, fmt.Errorf("accepted at %d", a.At))
		}
		batch[i] = storage.Returned{Sealed: sealedFromWire([]wire.Sealed{a.Sealed})[0], At: a.At}
	}
	results, proven, err := s.store.Records.Return(c.Request().Context(), caller(c), evidenceFromWire(in.Evidence), batch, in.Checkpoint)
	if err != nil {
		return err
	}
	out := wire.PushReply{Results: make([]wire.Result, len(results)), Proven: s.provenToWire(proven)}
	for i, r := range results {
		out.Results[i] = s.result(c, r)
	}
	return reply(c, http.StatusOK, out)
}

func evidenceFromWire(in []wire.Evidence) []storage.Evidence {
	out := make([]storage.Evidence, len(in))
	for i, e := range in {
		out[i] = storage.Evidence{Record: e.Record, Checkpoint: e.Checkpoint, Leaf: []byte(e.Leaf), Proof: make([]storage.Hash, len(e.Proof)), Links: make([]storage.Link, len(e.Links))}
		for j, h := range e.Proof {
			out[i].Proof[j] = storage.Hash(h)
		}
		for j, l := range e.Links {
			out[i].Links[j] = storage.Link(l)
		}
	}
	return out
}

// history handles GET /v1/log/history?checkpoint=: what a device is shown that meets a
// log of another name.
func (s *Server) history(c echo.Context) error {
	q, err := query(c, "checkpoint")
	if err != nil {
		return err
	}
	since, err := number(q, "checkpoint", 0, 0, maxSize)
	if err != nil {
		return err
	}
	put, proven, err := s.store.Records.Restorations(c.Request().Context(), since)
	if err != nil {
		return err
	}
	out := wire.HistoryReply{Restored: make([]wire.RestoredStatement, len(put)), Proven: s.provenToWire(proven)}
	for i, r := range put {
		out.Restored[i] = wire.RestoredStatement{Statement: string(r.Statement), Receipt: *receiptToWire(&r.Receipt)}
	}
	return reply(c, http.StatusOK, out)
}
