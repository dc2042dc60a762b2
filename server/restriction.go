package server

import (
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// restriction handles POST /v1/restrictions: one statement that stops something,
// without a token, so that a device whose clock is off or whose certificate has
// ended can still hand in a withdrawal. Its signature is what counts.
//
// Whatever else is sent is refused alike, and leaves no event: nobody learns here
// whether a key, a family or a person is known, or can fill the access log.
//
// Source: DESIGN.md §3, restrictions; RULES.md, RESTRICT-1.
func (s *Server) restriction(c echo.Context) error {
	var in wire.PushRequest
	if err := decode(c, wire.MaxRequestBytes, &in); err != nil {
		return err
	}
	org, err := s.store.Records.Org(c.Request().Context())
	if err != nil {
		return fmt.Errorf("read organisation: %w", err)
	}
	if err := restricts(org, in); err != nil {
		return wire.NewError(wire.CodeBadRequest, err)
	}
	return s.accept(c, in, 1)
}

var errNoRestriction = errors.New("not one statement that stops something, by a device or a server that was certified")

// restricts checks that a request is one restriction, signed by a device or server
// that was ever certified. Whether it may be made is for storage.
func restricts(org *policies.Org, in wire.PushRequest) error {
	if len(in.Statements) != 1 || len(in.Statements[0].Attachments) > 0 {
		return errNoRestriction
	}
	stated, err := statement.Verify([]byte(in.Statements[0].Statement), org.Key)
	if err != nil {
		return err
	}
	row, _ := policies.RowOf(stated.Kind)
	by, _ := org.Signer(stated.Signer)
	if !row.Restriction || by.Signer != policies.SignDevice && by.Signer != policies.SignServer {
		return errNoRestriction
	}
	return nil
}
