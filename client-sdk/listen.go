package attune

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
)

const (
	noticePath = "/v1/sync/notice"
	// streamSilence is more than two of the comments that the server sends each 25 s: a
	// stream without them is held back on its way.
	streamSilence = time.Minute
)

// listener waits for the server to say that there is something new for this person; it
// never says what. It asks for a stream of events first. Where something on the way holds
// streams back it asks again and again, each time for as long as the server waits; and of
// a server that gives no notice it asks for the feed itself, each minute, and after an
// hour whether it does now.
type listener struct {
	remote *remote
	after  func(time.Duration) <-chan time.Time
	cursor func() (string, error)

	way   noticeWay
	polls int // since notices were last asked for
}

type noticeWay int

const (
	byStream noticeWay = iota
	byAsking
	byPolling
)

// wait returns nil when there may be something new.
func (l *listener) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		cursor, err := l.cursor()
		if err != nil {
			return err
		}
		news, err := l.once(ctx, cursor)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case unsupported(err):
			l.way = byPolling
			continue
		case err != nil:
			if !Offline(err) && l.way != byPolling {
				l.way++ // of a server that is there, and does not give it this way
			}
			return nil // the feed says better than a notice what is the matter //nolint:nilerr
		case news:
			return nil
		}
		// A stream or a wait that ended without news is begun again; one that ends at once
		// each time must not make a storm of it.
		select {
		case <-l.after(time.Second):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (l *listener) once(ctx context.Context, cursor string) (news bool, err error) {
	query := url.Values{"cursor": {cursor}}
	switch l.way {
	case byStream:
		return l.stream(ctx, query)
	case byAsking:
		query.Set("wait", "25")
		var n wire.Notice
		err := l.remote.call(ctx, http.MethodGet, noticePath+"?"+query.Encode(), nil, &n)
		return n.Head > 0, err
	}
	if l.polls++; l.polls > int(time.Hour/pollEvery) {
		l.polls, l.way = 0, byStream
		return false, nil
	}
	select {
	case <-l.after(pollEvery):
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// unsupported: an older server, or one that has it switched off.
func unsupported(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == wire.CodeNotFound || e.Code == wire.CodeBadRequest)
}

// stream reads events until there is one. A comment says that the stream is alive.
func (l *listener) stream(ctx context.Context, query url.Values) (news bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reply, err := l.remote.send(ctx, http.MethodGet, noticePath+"?"+query.Encode(), http.Header{"Accept": {"text/event-stream"}}, nil)
	if err != nil {
		return false, err
	}
	defer reply.Body.Close()
	if kind, _, _ := mime.ParseMediaType(reply.Header.Get("Content-Type")); kind != "text/event-stream" {
		l.way = byAsking
		return false, nil
	}
	something := errors.New("there is something new")
	lines, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- notices(reply.Body, func() {
			select {
			case lines <- struct{}{}:
			default: // one has not been looked at yet, and says the same
			}
		}, func(int64) error { return something })
	}()
	for {
		select {
		case err := <-ended:
			return errors.Is(err, something), nil // one that was cut says nothing
		case <-lines:
		case <-l.after(streamSilence):
			l.way = byAsking
			cancel()
			<-ended
			return false, nil
		}
	}
}
