package wire_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestEncodePage: a page has one spelling, however fast it is written.
func TestEncodePage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	digest := func() (d policies.Digest) {
		if r.IntN(4) > 0 { // a zero one is spelt differently
			for i := range d {
				d[i] = byte(r.Uint32())
			}
		}
		return d
	}
	bytesOf := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	strange := []string{"", "a.b-_c", `"\` + "\n\x00<&>\u2028é"}
	const long = "a text of twenty-two b." // in each place of it, each byte that is spelt otherwise
	for at := range long {
		for _, c := range []string{`"`, `\`, "\x00", "\x1f", "\x7f", "é", "~", " ", "!", "#", "[", "]"} {
			strange = append(strange, long[:at]+c+long[at+1:])
		}
	}
	for range 2000 {
		p := wire.PullReply{Cursor: strange[r.IntN(len(strange))], More: r.IntN(2) == 0, Proven: wire.Proven{Checkpoint: "note\n"}}
		for range r.IntN(5) {
			i := wire.Item{
				Kind: wire.ItemKind(strange[r.IntN(len(strange))]), ID: policies.StatementID(digest()), Statement: strange[r.IntN(len(strange))],
				Place: wire.Place{
					Record: policies.RecordID(digest()), Position: r.Int64N(1 << 40), Class: policies.Class(r.IntN(3)),
					Head: digest(), OrgHead: digest(), At: policies.Micros(r.Int64N(1 << 50)), Index: r.Int64N(1 << 40),
				},
			}
			for range r.IntN(3) {
				i.Attachments = append(i.Attachments, wire.Attachment{Name: strange[r.IntN(len(strange))], Body: bytesOf(r.IntN(40))})
			}
			if r.IntN(4) == 0 {
				i.Outcome = &wire.Outcome{Status: wire.Refused, Message: `\"`, Rules: []string{"VIEW-1"}}
			}
			p.Items = append(p.Items, i)
		}
		want, err := wire.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.EncodePage(p)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("page = %s, %v; want %s", got, err, want)
		}
		got, err = wire.AppendPageOf(nil, p, 0, func(yield func(wire.Item, []byte) bool) {
			for _, i := range p.Items {
				text := []byte(i.Statement)
				if i.Statement = "not this"; !yield(i, text) {
					return
				}
			}
		})
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("page of items = %s, %v; want %s", got, err, want)
		}
	}
}
