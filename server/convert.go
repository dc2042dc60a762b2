package server

import (
	"crypto/sha256"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// What storage keeps and what travels are apart on purpose: a column that
// storage gains must not appear on the wire by itself.

func sealedFromWire(in []wire.Sealed) []storage.Sealed {
	out := make([]storage.Sealed, len(in))
	for i, s := range in {
		out[i] = storage.Sealed{Statement: []byte(s.Statement), Attachments: make([]storage.Attachment, len(s.Attachments))}
		for j, a := range s.Attachments {
			out[i].Attachments[j] = storage.Attachment(a)
		}
	}
	return out
}

func placeToWire(p storage.Place) wire.Place { return wire.Place(p) }

func receiptToWire(r *storage.Receipt) *wire.Receipt {
	if r == nil {
		return nil
	}
	return &wire.Receipt{Place: placeToWire(r.Place), Leaf: string(r.Leaf), Proof: digests(r.Proof)}
}

func itemToWire(i storage.Item) wire.Item {
	out := wire.Item{
		Kind: wire.ItemKind(i.Kind), Place: placeToWire(i.Place), ID: i.ID,
		Statement: string(i.Statement), Attachments: make([]wire.Attachment, len(i.Attachments)),
	}
	for j, a := range i.Attachments {
		out.Attachments[j] = wire.Attachment(a)
	}
	if i.Kind == storage.ItemOutcome {
		out.Outcome = outcomeToWire(i.Err)
	}
	return out
}

// outcomeToWire says what became of a statement that had waited, in the words of the
// error table.
func outcomeToWire(err error) *wire.Outcome {
	if err == nil {
		return &wire.Outcome{Status: wire.Accepted, Retry: wire.RetryNever}
	}
	_, body := judge(err)
	return &wire.Outcome{Status: wire.Refused, Code: body.Code, Message: body.Message, Retry: retry(body.Code), Rules: body.Rules}
}

func (s *Server) provenToWire(p storage.Proven) wire.Proven {
	return wire.Proven{Checkpoint: p.Checkpoint, Consistency: digests(p.Consistency), Time: policies.At(s.cfg.Now()), Durable: p.Durable, Recovering: p.Recovering}
}

func rowsToWire(in []storage.LogRow) []wire.LogRow {
	out := make([]wire.LogRow, len(in))
	for i, r := range in {
		out[i] = wire.LogRow{
			Index: r.Index, Leaf: string(r.Leaf), Hash: policies.Digest(r.Hash),
			Who: r.Who, Family: r.Family, Object: r.Object, Detail: r.Detail,
		}
		copy(out[i].Salt[:], r.Salt)
		if r.Proof != nil {
			out[i].Proof = digests(r.Proof)
		}
	}
	return out
}

// digests copies hashes of the log's own type.
func digests[Hash ~[sha256.Size]byte](in []Hash) []policies.Digest {
	out := make([]policies.Digest, len(in))
	for i, h := range in {
		out[i] = policies.Digest(h)
	}
	return out
}
