package server

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// openViewing handles POST /v1/clips/{clip}/viewings.
func (s *Server) openViewing(c echo.Context) error {
	clip, err := id[policies.Clip](c, "clip")
	if err != nil {
		return err
	}
	var in wire.ViewRequest
	if err := decode(c, wire.MaxRequestBytes, &in); err != nil {
		return err
	}
	want := storage.ViewRequest{Clip: clip, Purpose: in.Purpose, Copy: in.Copy, Reason: in.Reason}
	v, err := s.store.Clips.Open(c.Request().Context(), caller(c), want)
	if err != nil {
		return err
	}
	return reply(c, http.StatusCreated, wire.Viewing{ID: v.ID().String(), Bytes: v.Bytes()})
}

// readViewing handles GET /v1/viewings/{viewing}/payload: the sealed bytes, all
// of them or one range.
func (s *Server) readViewing(c echo.Context) error {
	viewing, err := digest(c, "viewing")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	v, err := s.store.Clips.Viewing(ctx, caller(c), viewing)
	if err != nil {
		return err
	}
	r, err := parseRange(c.Request().Header.Values("Range"))
	if err != nil {
		beyond(c, v.Bytes())
		return err
	}
	offset, length, err := r.within(v.Bytes())
	if err != nil {
		beyond(c, v.Bytes())
		return err
	}
	body, err := v.ReadRange(ctx, offset, length)
	if err != nil {
		return err
	}
	return errors.Join(s.stream(c, body, r, offset, length, v.Bytes()), body.Close())
}
