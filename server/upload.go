package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// Headers of tus 1.0 (https://tus.io/protocols/resumable-upload).
const (
	tusResumable   = "Tus-Resumable"
	tusVersionName = "Tus-Version"
	tusExtension   = "Tus-Extension"
	tusMaxSize     = "Tus-Max-Size"
	uploadOffset   = "Upload-Offset"
	uploadLength   = "Upload-Length"
	uploadExpires  = "Upload-Expires"
	uploadMetadata = "Upload-Metadata"
	offsetStream   = "application/offset+octet-stream"
	methodOverride = "X-HTTP-Method-Override"
	uploadsPath    = "/v1/uploads"
)

var (
	errTusVersion = errors.New("tus version")
	errNotOffset  = errors.New("content type of an upload's body")
)

// overrideMethod reads the method that a proxy would not let through. It holds
// for uploads only, where tus asks for it, and only for what tus needs: nothing
// else may be reached by a POST that a filter has judged as a POST.
func overrideMethod(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		wanted := r.Header.Get(methodOverride)
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, uploadsPath+"/") &&
			slices.Contains([]string{http.MethodPatch, http.MethodHead}, wanted) {
			r.Method = wanted
		}
		return next(c)
	}
}

// tusVersion refuses other versions of the protocol and marks each reply. An
// OPTIONS request asks for the version and so need not name it.
func tusVersion(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(tusResumable, wire.TusVersion)
		got := c.Request().Header.Get(tusResumable)
		if c.Request().Method != http.MethodOptions && got != wire.TusVersion {
			h.Set(tusVersionName, wire.TusVersion)
			return &protocolError{status: http.StatusPreconditionFailed, code: wire.CodeBadRequest, cause: fmt.Errorf("%w %.20q", errTusVersion, got)}
		}
		return next(c)
	}
}

// tusOptions handles OPTIONS /v1/uploads: what this server can do.
func (s *Server) tusOptions(c echo.Context) error {
	h := c.Response().Header()
	h.Set(tusVersionName, wire.TusVersion)
	h.Set(tusExtension, "creation")
	h.Set(tusMaxSize, strconv.FormatInt(policies.MaxPayloadBytes, 10))
	return c.NoContent(http.StatusNoContent)
}

// createUpload handles POST /v1/uploads. Upload-Metadata names the clip, whose
// statement was accepted before.
func (s *Server) createUpload(c echo.Context) error {
	h := c.Request().Header
	length, ok := decimal(h.Get(uploadLength))
	switch {
	case !ok || length == 0: // no sealed payload is empty, and none has an unknown length
		return wire.NewError(wire.CodeBadRequest, fmt.Errorf("upload length %.20q", h.Get(uploadLength)))
	case length > policies.MaxPayloadBytes:
		return wire.NewError(wire.CodeTooLarge, fmt.Errorf("upload of %d bytes", length))
	}
	clip, err := clipOf(h.Values(uploadMetadata))
	if err != nil {
		return wire.NewError(wire.CodeBadRequest, err)
	}
	u, err := s.store.Uploads.Create(c.Request().Context(), caller(c), clip, length)
	if err != nil {
		return err
	}
	describe(c, u)
	c.Response().Header().Set("Location", uploadPath(u))
	return c.NoContent(http.StatusCreated)
}

// uploadStatus handles HEAD /v1/uploads/{upload}: where to go on.
func (s *Server) uploadStatus(c echo.Context) error {
	upload, err := digest(c, "upload")
	if err != nil {
		return err
	}
	u, err := s.store.Uploads.Status(c.Request().Context(), caller(c), upload)
	if err != nil {
		return err
	}
	describe(c, u)
	c.Response().Header().Set(uploadLength, strconv.FormatInt(u.Length, 10))
	return c.NoContent(http.StatusOK)
}

// appendUpload handles PATCH /v1/uploads/{upload}. The body goes to storage as
// it comes; 204 means that every byte before Upload-Offset is durable.
func (s *Server) appendUpload(c echo.Context) error {
	upload, err := digest(c, "upload")
	if err != nil {
		return err
	}
	h := c.Request().Header
	if got := h.Get("Content-Type"); got != offsetStream {
		return &protocolError{status: http.StatusUnsupportedMediaType, code: wire.CodeBadRequest, cause: fmt.Errorf("%w: %.60q", errNotOffset, got)}
	}
	offset, ok := decimal(h.Get(uploadOffset))
	if !ok {
		return wire.NewError(wire.CodeBadRequest, fmt.Errorf("upload offset %.20q", h.Get(uploadOffset)))
	}
	durable, err := s.store.Uploads.Append(c.Request().Context(), caller(c), upload, offset, c.Request().Body)
	if err != nil {
		return err
	}
	c.Response().Header().Set(uploadOffset, strconv.FormatInt(durable, 10))
	return c.NoContent(http.StatusNoContent)
}

// uploadOfClip handles GET /v1/clips/{clip}/upload: for a device that lost the
// address of its upload.
func (s *Server) uploadOfClip(c echo.Context) error {
	clip, err := id[policies.Clip](c, "clip")
	if err != nil {
		return err
	}
	u, err := s.store.Uploads.ForClip(c.Request().Context(), caller(c), clip)
	if err != nil {
		return err
	}
	out := wire.UploadStatus{Stored: u.Stored}
	if !u.Stored {
		out.Upload = uploadPath(u)
	}
	return reply(c, http.StatusOK, out)
}

// describe says where an upload stands and how long it may stay so.
func describe(c echo.Context, u storage.Upload) {
	h := c.Response().Header()
	h.Set(uploadOffset, strconv.FormatInt(u.Offset, 10))
	if !u.Stored {
		h.Set(uploadExpires, u.Expires.Time().Format(http.TimeFormat))
	}
}

func uploadPath(u storage.Upload) string { return uploadsPath + "/" + u.ID.String() }

// clipOf finds the clip in Upload-Metadata, pairs of key and base64 with commas
// between. Other keys are let be: stock clients send a file name, which is
// neither kept nor logged.
func clipOf(headers []string) (policies.ClipID, error) {
	var found []string
	for pair := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key == "clip" {
			found = append(found, value)
		}
	}
	if len(found) != 1 {
		return policies.ClipID{}, fmt.Errorf("upload metadata names %d clips", len(found))
	}
	text, err := base64.StdEncoding.Strict().DecodeString(found[0])
	if err != nil {
		return policies.ClipID{}, fmt.Errorf("upload metadata: %w", err)
	}
	clip, err := policies.ParseID[policies.Clip](string(text))
	if err == nil && clip.IsZero() {
		err = errors.New("upload metadata: clip is empty")
	}
	return clip, err
}
