package server

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// maxSize bounds what a device says about checkpoints it holds.
const maxSize = int64(policies.MaxInstant)

var errJoinKinds = errors.New("joining takes staff.certify and device.certify only")

// join handles POST /v1/join: a new device certifies its person and itself. It
// has no token yet; the signature of the invitation's key is what counts.
func (s *Server) join(c echo.Context) error {
	var in wire.PushRequest
	if err := decode(c, wire.MaxRequestBytes, &in); err != nil {
		return err
	}
	for _, sealed := range in.Statements {
		u, err := statement.Parse([]byte(sealed.Statement))
		if err != nil {
			return err
		}
		if !slices.Contains([]policies.Kind{"staff.certify", "device.certify"}, u.Kind) {
			return wire.NewError(wire.CodeBadRequest, errJoinKinds)
		}
	}
	return s.accept(c, in, 2)
}

// push handles POST /v1/sync/push.
func (s *Server) push(c echo.Context) error {
	var in wire.PushRequest
	if err := decodePacked(c, wire.MaxPushBytes, &in); err != nil {
		return err
	}
	if n := len(in.Statements); n > 0 && n <= wire.MaxPushStatements {
		if wait := s.statements.takeMany(caller(c).Device, n, s.cfg.Now()); wait > 0 {
			return tooMany(wait)
		}
	}
	return s.accept(c, in, wire.MaxPushStatements)
}

// accept has the batch judged and answers with a result for each statement.
func (s *Server) accept(c echo.Context, in wire.PushRequest, most int) error {
	switch {
	case len(in.Statements) > most:
		return wire.NewError(wire.CodeTooLarge, fmt.Errorf("%d statements, at most %d", len(in.Statements), most))
	case len(in.Acknowledged) > wire.MaxPushStatements:
		return wire.NewError(wire.CodeTooLarge, fmt.Errorf("%d acknowledged, at most %d", len(in.Acknowledged), wire.MaxPushStatements))
	case in.Checkpoint < 0 || in.Checkpoint > maxSize:
		return wire.NewError(wire.CodeBadRequest, fmt.Errorf("checkpoint of size %d", in.Checkpoint))
	}
	results, proven, err := s.store.Records.Push(c.Request().Context(), caller(c), storage.Push{
		Statements: sealedFromWire(in.Statements), Since: in.Checkpoint, Known: in.Acknowledged,
	})
	if err != nil {
		return err
	}
	out := wire.PushReply{Results: make([]wire.Result, len(results)), Proven: s.provenToWire(proven)}
	for i, r := range results {
		out.Results[i] = s.result(c, r)
	}
	return reply(c, http.StatusOK, out)
}

// result says what became of one statement, in the words of the error table.
func (s *Server) result(c echo.Context, r storage.Result) wire.Result {
	out := wire.Result{ID: r.ID, Status: wire.Accepted, Retry: wire.RetryNever, Receipt: receiptToWire(r.Receipt)}
	switch {
	case r.Err != nil:
		status, body := judge(r.Err)
		s.logCause(c, status, body.Code, fmt.Errorf("statement %s: %w", r.ID, r.Err))
		out.Status, out.Code, out.Message = wire.Refused, body.Code, body.Message
		out.Retry, out.Rules, out.Receipt = retry(body.Code), body.Rules, nil
	case r.Duplicate:
		out.Status = wire.Duplicate
	case r.Deferred:
		out.Status = wire.Deferred
	}
	return out
}

// pull handles GET /v1/sync/pull?cursor=&limit=&checkpoint=&proof=. When nothing is new
// the answer is 204; with proof=1 it is a page all the same, for its signed checkpoint.
func (s *Server) pull(c echo.Context) error {
	q, err := query(c, "cursor", "limit", "checkpoint", "proof")
	if err != nil {
		return err
	}
	limit, err := number(q, "limit", wire.MaxPullItems, 1, wire.MaxPullItems)
	if err != nil {
		return err
	}
	since, err := number(q, "checkpoint", 0, 0, maxSize)
	if err != nil {
		return err
	}
	proof, err := number(q, "proof", 0, 0, 1)
	if err != nil {
		return err
	}
	if proof == 0 && spoken(c) >= 1 { // version 0 knows no 204 here
		same, err := s.store.Records.Unchanged(c.Request().Context(), caller(c), q.Get("cursor"))
		if err != nil {
			return err
		}
		if same {
			return noContent(c)
		}
	}
	page, err := s.store.Records.Pull(c.Request().Context(), caller(c), q.Get("cursor"), since, int(limit))
	if err != nil {
		return err
	}
	if page.Withheld > 0 {
		s.log.Error("rules hold back what the tables let through", "request_id", requestID(c), "records", page.Withheld, "since_start", s.store.Records.Withheld())
	}
	out := wire.PullReply{Receipts: make([]wire.Receipt, len(page.Receipts)), Cursor: page.Cursor, More: page.More, Proven: s.provenToWire(page.Proven)}
	for i, r := range page.Receipts {
		out.Receipts[i] = *receiptToWire(&r)
	}
	if spoken(c) >= 1 {
		return s.replyPacked(c, http.StatusOK, feedPage{out, page.Items})
	}
	out.Items = make([]wire.Item, len(page.Items)) // what version 0 says is made of the whole
	for i, item := range page.Items {
		out.Items[i] = itemToWire(item)
	}
	return s.replyPacked(c, http.StatusOK, out)
}
