package objects

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// Complete implements [Store]. In order, with what a crash leaves:
//
//  1. look for the object       an upload, unchanged; or the object, then only 4
//  2. upload the short part     an upload; Complete again repeats the step
//  3. complete, unless the      an object, and short parts that nobody sees
//     name is taken
//  4. remove the short parts    done
//
// A repeated step 3 is answered with success by one server, with NoSuchUpload
// by another and with a failed precondition by a third: whatever the error, the
// object there is compared with the parts.
func (s *S3) Complete(ctx context.Context, key Key, ref Ref, parts []Part, size int64) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("complete object: %w", err)
	}
	if err := CheckParts(parts, size, PartBytes); err != nil {
		return fmt.Errorf("complete object %s: %w", key, err)
	}
	l := s.lock(key)
	l.Lock()
	defer l.Unlock()
	if err := s.complete(ctx, key, ref, parts, size); err != nil {
		return fmt.Errorf("complete object %s: %w", key, err)
	}
	return nil
}

func (s *S3) complete(ctx context.Context, key Key, ref Ref, parts []Part, size int64) error {
	err := s.sameObject(ctx, key, parts, size)
	if errors.Is(err, ErrNotFound) {
		err = s.completeUpload(ctx, key, ref, parts)
		if err != nil {
			err = s.afterFailure(ctx, key, parts, size, err)
		}
	}
	if err != nil {
		return err
	}
	// The upload too: its bytes may have come in through another one.
	return s.abort(ctx, key, ref)
}

// sameObject compares the object with the parts by its ETag, which S3 defines as
// the MD5 of the parts' MD5s. That is against accidents; what the bytes must be,
// the caller has hashed.
func (s *S3) sameObject(ctx context.Context, key Key, parts []Part, size int64) error {
	info, err := s.stat(ctx, key)
	if err != nil {
		return err
	}
	if info.Size != size || info.ETag != objectETag(parts) {
		return ErrExists
	}
	return nil
}

func objectETag(parts []Part) string {
	h := md5.New()
	for _, p := range parts {
		sum, _ := splitETag(p.ETag)
		h.Write(sum)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts))
}

func (s *S3) completeUpload(ctx context.Context, key Key, ref Ref, parts []Part) error {
	token, id, err := splitRef(key, ref)
	if err != nil {
		return err
	}
	if err := s.uploadExists(ctx, key, id); err != nil {
		return err
	}
	list := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		sum, crc := splitETag(p.ETag)
		if sum == nil {
			return fmt.Errorf("%w: part at %d has an ETag that is none of ours", ErrParts, p.Offset)
		}
		list[i] = minio.CompletePart{PartNumber: partNumber(p.Offset), ETag: hex.EncodeToString(sum), ChecksumCRC32C: crc}
	}
	if last := parts[len(parts)-1]; last.Bytes < PartBytes {
		if err := s.uploadShort(ctx, key, token, id, last); err != nil {
			return err
		}
	}
	var opts minio.PutObjectOptions
	opts.SetMatchETagExcept("*") // another process may have been first
	_, err = s.core.CompleteMultipartUpload(ctx, s.clips, fileName(key), id, list, opts)
	return translate(err)
}

// uploadShort makes a real part of the short one, whose bytes come through here
// so that they are held against their checksum once more.
func (s *S3) uploadShort(ctx context.Context, key Key, token, id string, last Part) error {
	p := make([]byte, last.Bytes)
	err := s.fill(ctx, shortName(key, token, last.Offset, last.ETag), p)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrRange) {
		return fmt.Errorf("%w: no part of %d bytes at %d with this ETag", ErrParts, last.Bytes, last.Offset)
	}
	if err != nil {
		return err
	}
	if _, crc := splitETag(last.ETag); crc != crcOf(p) {
		return fmt.Errorf("%w: the part at %d differs from its checksum", ErrParts, last.Offset)
	}
	_, err = s.upload(ctx, key, id, last.Offset, p)
	return err
}

// afterFailure lets a Complete pass that had its effect before, in a lost answer
// or in another process.
func (s *S3) afterFailure(ctx context.Context, key Key, parts []Part, size int64, failure error) error {
	err := s.sameObject(ctx, key, parts, size)
	if errors.Is(err, ErrNotFound) {
		return failure
	}
	if err == nil || errors.Is(err, ErrExists) {
		return err
	}
	return errors.Join(failure, err)
}
