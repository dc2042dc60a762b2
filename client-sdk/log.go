package attune

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// Log reads and verifies the access log, at an IG officer's desk.
type Log struct {
	d       *desk
	anchors fs.FS // that it is compared with as well; may be nil
}

// LogFilter narrows a search; zero fields match everything.
type LogFilter struct {
	From    int64  // index to start at
	Limit   int    // rows; 1000 when zero
	Family  string // reference, or the record's identifier
	Person  policies.StaffID
	Object  policies.StatementID // a clip, a link, a statement
	Action  string
	Outcome string
	Rule    string
	Since   time.Time
	Until   time.Time // the first instant after
}

// query is the filter as it travels.
func (f LogFilter) query() url.Values {
	q := url.Values{}
	for name, v := range map[string]string{
		"family": f.Family, "person": f.Person.String(), "object": f.Object.String(), "action": f.Action, "outcome": f.Outcome, "rule": f.Rule,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	for name, n := range map[string]int64{"since": micros(f.Since), "until": micros(f.Until)} {
		if n > 0 {
			q.Set(name, strconv.FormatInt(n, 10))
		}
	}
	return q
}

// noFamily says it when the service knows no family of that number: nothing else
// of a search can be not found.
func (f LogFilter) noFamily(err error) error {
	if f.Family == "" || CodeOf(err) != wire.CodeNotFound {
		return err
	}
	return problem(CodeUnknown, "Check how the number is written.", "No family %q is known to this service.", f.Family)
}

// LogEvent is one event of the log, with what its pseudonyms stand for as far as
// that was not deleted.
type LogEvent struct {
	Index  int64           `json:"index"`
	At     time.Time       `json:"at"`
	Who    string          `json:"who"`
	Family string          `json:"family"`
	Object string          `json:"object"`
	Detail string          `json:"detail"`
	Event  accesslog.Event `json:"event"`
	Leaf   string          `json:"leaf"`
}

// Search finds a page of events, and the index to ask from for more, -1 at the
// end; a page may be empty and not the last. An unknown family is [CodeUnknown]. Each
// row's own hash is checked; that the rows are those of the signed log is for
// [Log.Verify].
func (l *Log) Search(ctx context.Context, in LogFilter) (events []LogEvent, next int64, err error) {
	q := in.query()
	if in.Limit <= 0 || in.Limit > wire.MaxLogRows {
		in.Limit = wire.MaxLogRows
	}
	q.Set("limit", strconv.Itoa(in.Limit))
	if in.From > 0 {
		q.Set("from", strconv.FormatInt(in.From, 10))
	}
	page, _, err := l.page(ctx, "/v1/log/events", q)
	if err != nil {
		return nil, 0, in.noFamily(err)
	}
	if page.Next >= 0 && page.Next <= in.From {
		return nil, 0, untrusted("The pages of the log do not come to an end.", nil)
	}
	for _, r := range page.Rows {
		e, err := accesslog.Decode([]byte(r.Leaf))
		if err != nil || e.Index != r.Index || policies.Digest(accesslog.LeafHash([]byte(r.Leaf))) != r.Hash {
			return nil, 0, untrusted(fmt.Sprintf("Row %d of the log does not agree with its own hash.", r.Index), err)
		}
		if r.Index < in.From {
			return nil, 0, untrusted(fmt.Sprintf("Row %d of the log was sent again.", r.Index), nil)
		}
		events = append(events, LogEvent{r.Index, policies.Micros(e.At).Time(), r.Who, r.Family, r.Object, r.Detail, e, r.Leaf})
	}
	return events, page.Next, nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// page fetches a page and verifies the signed state that comes with it.
func (l *Log) page(ctx context.Context, path string, q url.Values) (page wire.LogPage, signed mark, err error) {
	before, err := recall(l.d.store.db)
	if err != nil {
		return page, signed, err
	}
	if before.Size > 0 {
		q.Set("checkpoint", strconv.FormatInt(before.Size, 10))
	}
	if err := l.d.remote.call(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &page); err != nil {
		return page, signed, err
	}
	signed, err = (witness{l.d}).prove(l.d.mirror.Org(), before, page.Proven)
	return page, signed, err
}

// VerifyReport is the outcome of verifying the whole log.
type VerifyReport struct {
	OK          bool                 `json:"ok"`
	Rows        int64                `json:"rows"`   // read and hashed
	Signed      int64                `json:"signed"` // rows that the checkpoint commits to
	Pruned      int64                `json:"pruned"` // of them, from the first on: only their hashes are kept
	Checkpoint  string               `json:"checkpoint"`
	Key         string               `json:"key"`         // that signs the log, as log.vkey of an export has it
	Certificate policies.StatementID `json:"certificate"` // server.certify, signed by the root, that names the key
	Seen        int                  `json:"seen"`        // checkpoints that this device remembers, and that the log goes on from
	Own         int                  `json:"own"`         // statements of this device's mirror found where their receipts say
	Anchors     int                  `json:"anchors"`     // of those that were given, found true
	Faults      []string             `json:"faults"`
}

// Verify downloads every leaf and recomputes the tree: each row against its
// stored hash, the whole against the signed checkpoint and against every one that
// this device remembers, and the log against this device's mirror. It names the
// row that is wrong wherever the evidence allows one to be named. A fault is a
// result, not an error; a checkpoint that contradicts the one remembered last is an
// [*Error] with [CodeForked].
func (l *Log) Verify(ctx context.Context, progress Progress) (VerifyReport, error) {
	progress = orSilent(progress)
	defer progress.Done()
	v, err := l.newVerification(ctx)
	if err != nil {
		return VerifyReport{}, err
	}
	progress.Total(v.signed.Size)
	for from := int64(0); from < v.signed.Size; {
		q := url.Values{"from": {strconv.FormatInt(from, 10)}, "limit": {strconv.Itoa(wire.MaxLogRows)}}
		page, _, err := l.page(ctx, "/v1/log/leaves", q)
		if err != nil {
			return VerifyReport{}, err
		}
		for _, r := range page.Rows {
			v.row(r)
		}
		progress.Add(int64(len(page.Rows)))
		if len(page.Rows) == 0 || page.Next <= from {
			break
		}
		from = page.Next
	}
	return v.end(), nil
}

func (l *Log) newVerification(ctx context.Context) (*verification, error) {
	marks, err := l.d.remembered()
	if err != nil {
		return nil, err
	}
	_, signed, err := l.page(ctx, "/v1/log/leaves", url.Values{"limit": {"1"}})
	if err != nil {
		return nil, err
	}
	own, err := l.d.shelf.places()
	if err != nil {
		return nil, fmt.Errorf("read mirror: %w", err)
	}
	keys, err := l.d.logKeys(signed.Origin)
	if err != nil {
		return nil, err
	}
	// page has verified the state that is signed: by the key in force, and no other.
	anchors, err := l.anchored(signed.Origin)
	if err != nil {
		return nil, err
	}
	marks = sorted(append(marks, anchors.marks...))
	return &verification{signed: signed, anchors: anchors, marks: marks, own: own, report: VerifyReport{Key: keys[0].verifier.VKey(), Certificate: keys[0].certificate}}, nil
}
