package server

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
)

const copyBytes = 128 << 10 // two sealed chunks; held for each reader

// beyond tells how long the payload is, beside a range that is not in it.
func beyond(c echo.Context, size int64) {
	c.Response().Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
}

// stream sends length bytes of body as the part of a payload that was asked
// for. Content-Length is exact: if body ends early, or access ends on the way,
// the reader can tell.
func (s *Server) stream(c echo.Context, body io.Reader, r byteRange, offset, length, size int64) error {
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	status := http.StatusOK
	if !r.whole {
		status = http.StatusPartialContent
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, size))
	}
	c.Response().WriteHeader(status)
	n, err := io.CopyBuffer(c.Response(), io.LimitReader(body, length), make([]byte, min(length, copyBytes)))
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("sent %d of %d bytes: %w", n, length, err)
	}
	return nil
}
