package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"iter"
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
		size += ItemBytes(len(i.Statement))
		for _, a := range i.Attachments {
			size += AttachmentBytes(len(a.Body))
		}
	}
	items := p.Items
	p.Items = nil
	return appendPage(b, p, size, func(yield func(Item, string) bool) {
		for _, i := range items {
			if !yield(i, i.Statement) {
				return
			}
		}
	})
}

// AppendPageOf is [AppendPage] of a page whose items have their statements beside them, as
// the bytes that they are kept in: what p.Items and Item.Statement say is not looked at. All
// of it will take about size bytes; see [ItemBytes].
func AppendPageOf(b []byte, p PullReply, size int, items iter.Seq2[Item, []byte]) ([]byte, error) {
	p.Items = nil
	return appendPage(b, p, size, items)
}

// ItemBytes is about what an item takes in a page beside its attachments, and
// AttachmentBytes what each of those takes; rather more than less.
func ItemBytes(statement int) int  { return 512 + statement }
func AttachmentBytes(body int) int { return 128 + base64.StdEncoding.EncodedLen(body) }

func appendPage[Text string | []byte](b []byte, p PullReply, size int, items iter.Seq2[Item, Text]) ([]byte, error) {
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
	first := true
	for item, text := range items {
		if !first {
			b = append(b, ',')
		}
		if b, err = appendItem(b, item, text); err != nil {
			return nil, err
		}
		first = false
	}
	return append(b, rest...), nil
}

func appendItem[Text string | []byte](b []byte, i Item, text Text) (_ []byte, err error) {
	b = append(b, `{"kind":`...)
	if b, err = jsontext.AppendQuote(b, string(i.Kind)); err != nil {
		return nil, err
	}
	b = appendPlace(append(b, `,"place":`...), i.Place)
	b = appendName(append(b, `,"id":`...), i.ID)
	b = append(b, `,"statement":`...)
	if plain(text) {
		b = append(append(append(b, '"'), text...), '"')
	} else if b, err = jsontext.AppendQuote(b, text); err != nil {
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

// plain reports whether nothing of a text is spelt otherwise in JSON, as of every statement,
// which is a compact JWS. It looks at eight bytes at once; a byte is out of the ordinary
// below 0x20, above 0x7f, or as a quotation mark or a backslash.
func plain[Text string | []byte](s Text) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(s) >= 8; s = s[8:] {
		x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		quote, backslash := x^'"'*ones, x^'\\'*ones
		if (x|(x-0x20*ones)|(quote-ones)&^quote|(backslash-ones)&^backslash)&tops != 0 {
			return false
		}
	}
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7f || c == '"' || c == '\\' {
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
