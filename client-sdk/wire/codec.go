package wire

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads one JSON value of at most limit bytes from r into v. Unknown,
// duplicate and wrongly cased members are refused, and so is anything after the
// value: two parsers that disagree about a message are a way in.
func Decode(r io.Reader, limit int64, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if int64(len(b)) > limit {
		return NewError(CodeTooLarge, fmt.Errorf("message over %d bytes", limit))
	}
	if err := json.Unmarshal(b, v, json.RejectUnknownMembers(true)); err != nil {
		return NewError(CodeBadRequest, err)
	}
	return nil
}

// DecodePacked is Decode of a body in an encoding. The limit holds for what travels and for
// what comes out of it.
func DecodePacked(e Encoding, r io.Reader, limit int64, v any) error {
	if e == Plain {
		return Decode(r, limit, v)
	}
	body, err := Unpack(e, io.LimitReader(r, limit+1))
	if err != nil {
		return err
	}
	defer body.Close()
	return Decode(body, limit, v)
}

// Encode is the JSON of v, one line, members in the order of the struct.
func Encode(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.EscapeForHTML(false))
	if err != nil {
		return nil, errors.Join(errors.New("encode message"), err)
	}
	return b, nil
}
