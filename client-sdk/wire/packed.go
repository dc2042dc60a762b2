package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Encoding is how a body is compressed on its way, as Content-Encoding names it.
type Encoding string

// The encodings. What travels compressed holds statements and ciphertext, and no secret
// that its reader does not have: its length tells nothing that could be guessed at.
const (
	Plain Encoding = ""
	Gzip  Encoding = "gzip"
	Zstd  Encoding = "zstd"
)

const (
	// PackFrom is the size of a body, in bytes, below which compressing it saves no packet.
	PackFrom = 1400

	// maxWindow bounds what a compressed body can have its reader hold, whatever the body
	// says of itself. Source: RFC 8878 §3.1.1.1.2, what every decoder should support.
	maxWindow = 8 << 20
)

// ErrEncoding is a body in an encoding that is not known here.
var ErrEncoding = errors.New("content encoding")

// ParseEncoding reads a Content-Encoding.
func ParseEncoding(s string) (Encoding, error) {
	switch e := Encoding(strings.ToLower(strings.TrimSpace(s))); e {
	case Plain, Gzip, Zstd:
		return e, nil
	case "identity":
		return Plain, nil
	}
	return Plain, fmt.Errorf("%w %.20q", ErrEncoding, s)
}

// ParseAccepted chooses the best encoding of an Accept-Encoding.
func ParseAccepted(s string) Encoding {
	best := Plain
	for part := range strings.SplitSeq(s, ",") {
		name, weight, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), ";")
		if weight = strings.ReplaceAll(weight, " ", ""); strings.HasPrefix(weight, "q=0") && strings.Trim(weight, "q=0.") == "" {
			continue // refused
		}
		switch strings.TrimSpace(name) {
		case string(Zstd):
			return Zstd
		case string(Gzip):
			best = Gzip
		}
	}
	return best
}

// Unpack reads a body. How much comes out is for its reader to bound: a few bytes can
// stand for very many. What is wrong with the encoding is a CodeBadRequest. The caller
// closes it, which does not close r.
func Unpack(e Encoding, r io.Reader) (io.ReadCloser, error) {
	from := &source{Reader: r}
	switch e {
	case Gzip:
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, from.blame(err)
		}
		return packed{z, z, from}, nil
	case Zstd:
		z, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, from.blame(err)
		}
		return packed{z, z.IOReadCloser(), from}, nil
	}
	return io.NopCloser(r), nil
}

// source remembers what was wrong with the connection.
type source struct {
	io.Reader
	err error
}

// Read implements [io.Reader].
func (s *source) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if err != nil && err != io.EOF { //nolint:errorlint // readers compare it exactly
		s.err = err
	}
	return n, err
}

// blame tells what is wrong with the connection from what is wrong with the encoding.
func (s *source) blame(err error) error {
	if s.err != nil {
		return s.err
	}
	return NewError(CodeBadRequest, err)
}

type packed struct {
	io.Reader
	io.Closer
	from *source
}

// Read implements [io.Reader].
func (p packed) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err != nil && err != io.EOF { //nolint:errorlint // readers compare it exactly
		err = p.from.blame(err)
	}
	return n, err
}

// Packer compresses bodies. It may be used from several goroutines.
type Packer struct {
	zstd func() (*zstd.Encoder, error)
	gzip sync.Pool
}

// NewPacker makes one; it takes no memory until it is used.
func NewPacker() *Packer {
	return &Packer{
		zstd: sync.OnceValues(func() (*zstd.Encoder, error) {
			return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(2))
		}),
		gzip: sync.Pool{New: func() any {
			z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // fails only for an unknown level
			return z
		}},
	}
}

// Pack compresses a whole body.
func (p *Packer) Pack(e Encoding, body []byte) ([]byte, error) {
	switch e {
	case Zstd:
		z, err := p.zstd()
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return z.EncodeAll(body, make([]byte, 0, len(body)/4+512)), nil
	case Gzip:
		z := p.gzip.Get().(*gzip.Writer)
		defer p.gzip.Put(z)
		var out bytes.Buffer
		z.Reset(&out)
		_, err := z.Write(body)
		err = errors.Join(err, z.Close())
		return out.Bytes(), err
	}
	return body, nil
}
