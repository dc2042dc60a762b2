package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
)

// Begin implements [Store]. A reference is a token of ours, which names the
// short parts, and the server's name of the upload. An upload whose answer is
// lost, also within the client's own retries, goes with Delete.
func (s *S3) Begin(ctx context.Context, key Key) (Ref, error) {
	if err := ready(ctx, key); err != nil {
		return "", fmt.Errorf("begin upload: %w", err)
	}
	id, err := s.core.NewMultipartUpload(ctx, s.clips, fileName(key), minio.PutObjectOptions{
		// Announced here, or servers refuse checksums at Complete.
		UserMetadata: map[string]string{"X-Amz-Checksum-Algorithm": "CRC32C"},
	})
	if err != nil {
		return "", fmt.Errorf("begin upload of %s: %w", key, err)
	}
	return newRef() + "." + Ref(id), nil
}

// splitRef refuses what Begin cannot have made: the token becomes part of an
// object's name.
func splitRef(key Key, ref Ref) (token, id string, err error) {
	token, id, ok := strings.Cut(string(ref), ".")
	if _, bad := stagingName(key, Ref(token)); bad != nil || !ok || id == "" {
		return "", "", ErrNoUpload
	}
	return token, id, nil
}

// WritePart implements [Store]. A full part is a part of the upload. A shorter
// one is an object of its own under a name that holds its MD5, so that a
// replacement never touches the one before; then what it replaces is removed,
// which loses nothing, because the longer part begins with it.
//
// The ETag is "<hex MD5>.<base64 CRC-32C>", the first as the server says it.
func (s *S3) WritePart(ctx context.Context, key Key, ref Ref, offset int64, p []byte) (string, error) {
	if err := ready(ctx, key); err != nil {
		return "", fmt.Errorf("write part: %w", err)
	}
	if offset < 0 || offset%PartBytes != 0 || len(p) == 0 || len(p) > PartBytes {
		return "", fmt.Errorf("write part of %s: %w: %d bytes at %d", key, ErrParts, len(p), offset)
	}
	l := s.lock(key)
	l.RLock()
	defer l.RUnlock()
	write := s.writeShort
	if len(p) == PartBytes {
		write = s.writeFull
	}
	etag, err := write(ctx, key, ref, offset, p)
	if err != nil {
		return "", fmt.Errorf("write part of %s at %d: %w", key, offset, err)
	}
	return etag, nil
}

// writeFull leaves a short part at the same offset where it is, until Complete or
// Abort: a caller that dies before it has noted the full one comes back for it.
func (s *S3) writeFull(ctx context.Context, key Key, ref Ref, offset int64, p []byte) (string, error) {
	_, id, err := splitRef(key, ref)
	if err != nil {
		return "", err
	}
	return s.upload(ctx, key, id, offset, p)
}

// upload makes p a part of the upload.
func (s *S3) upload(ctx context.Context, key Key, id string, offset int64, p []byte) (string, error) {
	crc := crcOf(p)
	part, err := s.core.PutObjectPart(ctx, s.clips, fileName(key), id, partNumber(offset), bytes.NewReader(p), int64(len(p)),
		minio.PutObjectPartOptions{
			DisableContentSha256: true,
			// A header and not a trailer: versitygw 1.8 refuses trailers as BadDigest.
			CustomHeader: http.Header{"X-Amz-Checksum-Crc32c": {crc}, "X-Amz-Sdk-Checksum-Algorithm": {"CRC32C"}},
		})
	if err != nil {
		return "", s.whyNot(ctx, key, id, translate(err))
	}
	return part.ETag + "." + crc, nil
}

// whyNot finds out why a part was not taken. A server that refuses one before it has read it
// all may end the connection, and its answer is lost on the way: then whoever sends would try
// an upload for ever that is gone.
func (s *S3) whyNot(ctx context.Context, key Key, id string, err error) error {
	if _, broken := errors.AsType[net.Error](err); !broken {
		return err
	}
	if gone := s.uploadExists(ctx, key, id); errors.Is(gone, ErrNoUpload) {
		return gone
	}
	return err
}

func (s *S3) writeShort(ctx context.Context, key Key, ref Ref, offset int64, p []byte) (string, error) {
	// The upload is asked for, because nothing else connects a short part with it.
	token, id, err := splitRef(key, ref)
	if err != nil {
		return "", err
	}
	if err := s.uploadExists(ctx, key, id); err != nil {
		return "", err
	}
	sum := md5.Sum(p)
	etag := hex.EncodeToString(sum[:]) + "." + crcOf(p)
	before := shortPrefix(key, token, offset)
	name := shortName(key, token, offset, etag)
	_, err = s.core.PutObject(ctx, s.staging, name, bytes.NewReader(p), int64(len(p)),
		base64.StdEncoding.EncodeToString(sum[:]), "", minio.PutObjectOptions{DisableContentSha256: true})
	if err != nil {
		return "", translate(err)
	}
	return etag, s.removeShort(ctx, before, name)
}

// ReadPart implements [Store]. Any short part that is long enough will do: all
// that lie at one offset begin alike, see WritePart.
func (s *S3) ReadPart(ctx context.Context, key Key, ref Ref, offset int64, p []byte) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("read part: %w", err)
	}
	if offset < 0 || offset%PartBytes != 0 || len(p) == 0 || len(p) >= PartBytes {
		return fmt.Errorf("read part of %s: %w: %d bytes at %d", key, ErrParts, len(p), offset)
	}
	l := s.lock(key)
	l.RLock()
	defer l.RUnlock()
	if err := s.readPart(ctx, key, ref, offset, p); err != nil {
		return fmt.Errorf("read part of %s at %d: %w", key, offset, err)
	}
	return nil
}

func (s *S3) readPart(ctx context.Context, key Key, ref Ref, offset int64, p []byte) error {
	token, id, err := splitRef(key, ref)
	if err != nil {
		return err
	}
	// Short parts of a completed upload may be left over: they are nobody's.
	if err := s.uploadExists(ctx, key, id); err != nil {
		return err
	}
	for object, err := range s.short(ctx, shortPrefix(key, token, offset)) {
		if err != nil {
			return err
		}
		if object.Size >= int64(len(p)) {
			return s.fill(ctx, object.Key, p)
		}
	}
	return fmt.Errorf("%w: shorter than %d bytes", ErrParts, len(p))
}

// fill reads the first bytes of a short part.
func (s *S3) fill(ctx context.Context, name string, p []byte) error {
	r, err := s.readRange(ctx, s.staging, name, 0, int64(len(p)))
	if err != nil {
		return err
	}
	_, err = io.ReadFull(r, p)
	return errors.Join(err, r.Close())
}

// uploadExists returns ErrNoUpload when the server does not know the upload.
func (s *S3) uploadExists(ctx context.Context, key Key, id string) error {
	_, err := s.core.ListObjectParts(ctx, s.clips, fileName(key), id, 0, 1)
	return translate(err)
}

func partNumber(offset int64) int { return int(offset/PartBytes) + 1 }

// shortPrefix begins the names of exactly one offset of one upload: no key, token
// or number holds a dot.
func shortPrefix(key Key, token string, offset int64) string {
	return fmt.Sprintf("%s.%s.%d.", fileName(key), token, partNumber(offset))
}

// shortName is at most 254 bytes, which a file system can hold.
func shortName(key Key, token string, offset int64, etag string) string {
	sum, _ := splitETag(etag)
	return shortPrefix(key, token, offset) + base64.RawURLEncoding.EncodeToString(sum)
}

// splitETag takes a part's ETag apart; the MD5 is nil when WritePart cannot have
// made it.
func splitETag(etag string) (sum []byte, crc string) {
	first, crc, _ := strings.Cut(etag, ".")
	sum, err := hex.DecodeString(first)
	if err != nil || len(sum) != md5.Size || len(crc) != 8 {
		return nil, ""
	}
	return sum, crc
}

func crcOf(p []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, checksum(p)))
}
