package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/storage"
)

// notice handles GET /v1/sync/notice?cursor=&wait=. It says that there is something to
// pull, never what. With Accept: text/event-stream the answer goes on until the device's
// state ends; else it is one number, or 204 after wait seconds.
func (s *Server) notice(c echo.Context) error {
	q, err := query(c, "cursor", "wait")
	if err != nil {
		return err
	}
	wait, err := number(q, "wait", wire.MaxNoticeWait, 0, wire.MaxNoticeWait)
	if err != nil {
		return err
	}
	l, err := s.store.Records.Listen(c.Request().Context(), caller(c), q.Get("cursor"))
	if err != nil {
		return err
	}
	streamed := strings.Contains(c.Request().Header.Get("Accept"), "text/event-stream")
	if streamed && s.takeOver(c, l) {
		return nil
	}
	defer l.Close()
	if streamed {
		return s.noticeStream(c, l)
	}
	return s.noticeOnce(c, l, time.Duration(wait)*time.Second)
}

// noticeOnce answers the first change, or that there was none.
func (s *Server) noticeOnce(c echo.Context, l *storage.Listener, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), wait)
	defer cancel()
	for {
		head, ok, err := l.Next(c.Request().Context())
		if err != nil {
			return err
		}
		if ok {
			return reply(c, http.StatusOK, wire.Notice{Head: head})
		}
		select {
		case <-l.Moved():
		case <-s.stopping:
			return noContent(c)
		case <-ctx.Done():
			return noContent(c)
		}
	}
}

// noticeStream writes a line for each change, and a comment now and then: by it both
// sides find out that the other is gone. It is for connections that cannot be taken over;
// a [waiter] says the same on those that can.
func (s *Server) noticeStream(c echo.Context, l *storage.Listener) error {
	ctx, out := c.Request().Context(), c.Response()
	out.Header().Set("Content-Type", "text/event-stream")
	out.WriteHeader(http.StatusOK)
	beat := time.NewTicker(s.cfg.NoticeBeat)
	defer beat.Stop()
	conn := http.NewResponseController(out.Writer)
	for line := ": here\n\n"; ; {
		in, err := l.InForce(ctx)
		if err != nil {
			return err
		}
		head, ok, err := l.Next(ctx)
		if err != nil {
			return err
		}
		if ok {
			line += headLine(head)
		}
		if line != "" {
			if err := s.say(c, conn, line); err != nil {
				return nil // the listener went away
			}
		}
		if !in {
			return nil
		}
		select {
		case <-l.Moved():
			line = ""
		case <-beat.C:
			line = ":\n\n"
		case <-s.stopping:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// headLine says that a listener's head is there.
func headLine(head int64) string { return fmt.Sprintf("data: {\"head\":%d}\n\n", head) }

// say writes one line of a stream. Nothing else moves on its connection, so each line
// gives it the time until after the next.
func (s *Server) say(c echo.Context, conn *http.ResponseController, line string) error {
	until := time.Now().Add(s.cfg.NoticeBeat + s.cfg.BodyTime)
	for _, err := range []error{conn.SetReadDeadline(until), conn.SetWriteDeadline(until)} {
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	if _, err := c.Response().Write([]byte(line)); err != nil {
		return err
	}
	return conn.Flush()
}

// noContent is 204 with nothing that a device has no use for: it is what most requests
// get, and a phone pays for each byte.
func noContent(c echo.Context) error {
	h := c.Response().Header()
	h.Del("X-Content-Type-Options")
	h.Del("Strict-Transport-Security") // for browsers; none asks here
	return c.NoContent(http.StatusNoContent)
}
