package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// EncodePage is [Encode] of a page of the feed, byte for byte, in a third of the time: a
// first sync is thousands of items, and almost all of it is base64 that needs no looking at.
func EncodePage(p PullReply) ([]byte, error) { return AppendPage(nil, p) }

// AppendPage is [EncodePage] into a buffer that may be used again.
func AppendPage(b []byte, p PullReply) ([]byte, error) {
	size := 0
	for _, i := range p.Items {
		size += 512 + len(i.Statement)
		for _, a := range i.Attachments {
			size += 128 + base64.StdEncoding.EncodedLen(len(a.Body))
		}
	}
	items := p.Items
	p.Items = nil
	rest, err := Encode(p)
	if err != nil {
		return nil, err
	}
	const begin = `{"items":[`
	rest, ok := bytes.CutPrefix(rest, []byte(begin))
	if !ok {
		return nil, errors.New("encode message: a page does not begin with its items")
	}
	b = append(slices.Grow(b, len(begin)+size+len(rest)), begin...)
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendItem(b, item); err != nil {
			return nil, err
		}
	}
	return append(b, rest...), nil
}

func appendItem(b []byte, i Item) (_ []byte, err error) {
	b = append(b, `{"kind":`...)
	if b, err = jsontext.AppendQuote(b, string(i.Kind)); err != nil {
		return nil, err
	}
	b = appendPlace(append(b, `,"place":`...), i.Place)
	b = appendName(append(b, `,"id":`...), i.ID)
	b = append(b, `,"statement":`...)
	if compact(i.Statement) {
		b = append(append(append(b, '"'), i.Statement...), '"')
	} else if b, err = jsontext.AppendQuote(b, i.Statement); err != nil {
		return nil, err
	}
	b = append(b, `,"attachments":[`...)
	for n, a := range i.Attachments {
		if n > 0 {
			b = append(b, ',')
		}
		if b, err = jsontext.AppendQuote(append(b, `{"name":`...), a.Name); err != nil {
			return nil, err
		}
		b = base64.StdEncoding.AppendEncode(append(b, `,"body":"`...), a.Body)
		b = append(b, `"}`...)
	}
	b = append(b, ']')
	if i.Outcome != nil {
		outcome, err := Encode(i.Outcome)
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"outcome":`...), outcome...)
	}
	return append(b, '}'), nil
}

// compact reports whether a text looks like a compact JWS, as every statement does: nothing
// in it is spelt otherwise in JSON.
func compact(s string) bool {
	for _, c := range []byte(s) {
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

func appendPlace(b []byte, p Place) []byte {
	b = appendName(append(b, `{"record":`...), p.Record)
	b = strconv.AppendInt(append(b, `,"position":`...), p.Position, 10)
	b = strconv.AppendInt(append(b, `,"class":`...), int64(p.Class), 10)
	b = appendName(append(b, `,"head":`...), p.Head)
	b = appendName(append(b, `,"org_head":`...), p.OrgHead)
	b = strconv.AppendInt(append(b, `,"at":`...), int64(p.At), 10)
	b = strconv.AppendInt(append(b, `,"index":`...), p.Index, 10)
	return append(b, '}')
}

// appendName writes an identifier or a digest: base64url, or nothing for zero.
func appendName[Name ~[32]byte](b []byte, n Name) []byte {
	b = append(b, '"')
	if n != (Name{}) {
		b = base64.RawURLEncoding.AppendEncode(b, n[:])
	}
	return append(b, '"')
}
