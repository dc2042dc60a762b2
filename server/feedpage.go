package server

import (
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/storage"
)

// feedPage is a page of the feed that is not put together before it is written: a first
// sync is thousands of statements, and each would be copied twice on its way.
type feedPage struct {
	wire.PullReply // without Items
	items          []storage.Item
}

// append writes the page in the newest version of the protocol.
func (p feedPage) append(b []byte) ([]byte, error) {
	size := 0
	for _, i := range p.items {
		size += wire.ItemBytes(len(i.Statement))
		for _, a := range i.Attachments {
			size += wire.AttachmentBytes(len(a.Body))
		}
	}
	return wire.AppendPageOf(b, p.PullReply, size, func(yield func(wire.Item, []byte) bool) {
		var beside []wire.Attachment // of one item, and then of the next
		for _, i := range p.items {
			beside = beside[:0]
			for _, a := range i.Attachments {
				beside = append(beside, wire.Attachment(a))
			}
			out := wire.Item{Kind: wire.ItemKind(i.Kind), Place: placeToWire(i.Place), ID: i.ID, Attachments: beside}
			if i.Kind == storage.ItemOutcome {
				out.Outcome = outcomeToWire(i.Err)
			}
			if !yield(out, i.Statement) {
				return
			}
		}
	})
}
