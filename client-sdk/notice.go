package attune

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// noticeSilence is how long a server that is there says nothing: two of its beats, and
// some. A connection that is silent for longer is gone, whatever it looks like here.
const noticeSilence = (2*wire.MaxNoticeWait + 10) * time.Second

// maxNoticeLine bounds one line of the stream, in bytes. A line holds one number.
const maxNoticeLine = 4096

// Notices waits at the server, and calls fn each time there is something to sync, with
// its number. It says nothing of what: fn, or whoever it tells, syncs. A notice is the
// server's word and no more; one that never comes costs time, so who listens also syncs
// now and then without.
//
// It returns nil when the server ends the stream or the connection is gone, and the
// caller begins again after a while; ctx.Err() when ctx ends; what fn returned; or an
// [*Error], with [wire.CodeBusy] when too many listen: then ask from time to time.
func (c *Client) Notices(ctx context.Context, fn func(head int64) error) error {
	cursor, err := setting(c.desk.store.db, settingCursor)
	if err != nil {
		return err
	}
	listening, stop := context.WithCancel(ctx)
	defer stop()
	header := http.Header{"Accept": {"text/event-stream"}}
	reply, err := c.desk.remote.send(listening, http.MethodGet, "/v1/sync/notice?"+url.Values{"cursor": {cursor}}.Encode(), header, nil)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	silent := time.AfterFunc(noticeSilence, stop)
	defer silent.Stop()
	err = notices(reply.Body, func() { silent.Reset(noticeSilence) }, fn)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// notices reads a stream of server-sent events: comments, and lines of data with one
// number each.
func notices(r io.Reader, heard func(), fn func(head int64) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 256), maxNoticeLine)
	for lines.Scan() {
		heard()
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var n wire.Notice
		if err := wire.Decode(strings.NewReader(data), maxNoticeLine, &n); err != nil {
			return problem(CodeOffline, "Try again; nothing is lost.", "The server's answer was cut or could not be read.").because(err)
		}
		if err := fn(n.Head); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return problem(CodeOffline, "Try again; nothing is lost.", "The server's answer could not be read.").because(lines.Err())
	}
	return nil
}
