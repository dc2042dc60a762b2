package objectstest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/attune-vf/attune/storage/objects"
)

func (s *suite) roundTrip() {
	part := int(s.store.PartBytes())
	for _, size := range []int{1, 100_000, part, part + 1} {
		key, data := s.key(), random(size)
		s.put(key, data)
		s.holds(key, data)
	}
}

func (s *suite) manyPartsAtOnce() {
	key, data := s.key(), random(2*int(s.store.PartBytes())+5)
	ref, chunks := s.begin(key), s.cut(data)
	parts := make([]objects.Part, len(chunks))
	s.ok(errors.Join(atOnce(len(chunks), func(i int) error {
		i = len(chunks) - 1 - i // the last part may well arrive first
		offset := int64(i) * s.store.PartBytes()
		etag, err := s.store.WritePart(s.ctx, key, ref, offset, chunks[i])
		parts[i] = objects.Part{Offset: offset, Bytes: int64(len(chunks[i])), ETag: etag}
		return err
	})...))
	s.ok(s.complete(key, ref, parts))
	s.holds(key, data)
}

func (s *suite) partAgain() {
	key, data := s.key(), random(int(s.store.PartBytes())+9)
	ref, parts := s.upload(key, data)
	for i, chunk := range s.cut(data) {
		parts[i] = s.write(key, ref, i, chunk)
	}
	s.ok(s.complete(key, ref, parts))
	s.holds(key, data)
}

func (s *suite) shortPartGrows() {
	key, data := s.key(), random(300_000)
	ref := s.begin(key)
	s.write(key, ref, 0, data[:1])
	s.write(key, ref, 0, data[:200_000])
	kept := make([]byte, 200_000)
	s.ok(s.store.ReadPart(s.ctx, key, ref, 0, kept))
	if !bytes.Equal(kept, data[:200_000]) {
		s.Fatal("short part differs from what was written")
	}
	last := s.write(key, ref, 0, append(kept, data[200_000:]...))
	s.ok(s.complete(key, ref, []objects.Part{last}))
	s.holds(key, data)
}

func (s *suite) invisibleUntilComplete() {
	key := s.key()
	s.absent(key)
	ref, parts := s.upload(key, random(1000))
	s.absent(key)
	s.ok(s.complete(key, ref, parts))
	_, err := s.store.Stat(s.ctx, key)
	s.ok(err)
}

func (s *suite) completeTwice() {
	key, data := s.key(), random(1000)
	ref, parts := s.upload(key, data)
	for range 3 {
		s.ok(s.complete(key, ref, parts))
	}
	s.holds(key, data)
}

func (s *suite) completeSameBytesAgain() {
	key, data := s.key(), random(1000)
	s.put(key, data)
	s.put(key, data)
	s.holds(key, data)
}

func (s *suite) completeOtherBytes() {
	key, data := s.key(), random(1000)
	s.put(key, data)
	for _, size := range []int{1000, 999} {
		ref, parts := s.upload(key, random(size))
		s.fails(s.complete(key, ref, parts), objects.ErrExists)
		s.ok(s.store.Abort(s.ctx, key, ref))
	}
	s.holds(key, data)
}

func (s *suite) completeOtherPartsAfterwards() {
	key, data := s.key(), random(1000)
	ref, parts := s.upload(key, data)
	s.ok(s.complete(key, ref, parts))
	for _, other := range []objects.Part{
		{Bytes: 999, ETag: parts[0].ETag},
		{Bytes: 1000, ETag: "00000000000000000000000000000000"},
	} {
		s.fails(s.complete(key, ref, []objects.Part{other}), objects.ErrExists)
	}
	s.holds(key, data)
}

func (s *suite) completeWrongParts() {
	key, data := s.key(), random(int(s.store.PartBytes())+7)
	ref, parts := s.upload(key, data)
	size := int64(len(data))
	wrong := slices.Clone(parts)
	wrong[1].ETag = parts[0].ETag
	for _, c := range []struct {
		name  string
		parts []objects.Part
		size  int64
	}{
		{"none", nil, 0},
		{"first missing", parts[1:], size - s.store.PartBytes()},
		{"last missing", parts[:1], size},
		{"size too small", parts, size - 1},
		{"descending", []objects.Part{parts[1], parts[0]}, size},
		{"twice", []objects.Part{parts[0], parts[0], parts[1]}, size},
		{"other ETag", wrong, size},
	} {
		if err := s.store.Complete(s.ctx, key, ref, c.parts, c.size); !errors.Is(err, objects.ErrParts) {
			s.Errorf("%s: error = %v, want %v", c.name, err, objects.ErrParts)
		}
		s.absent(key)
	}
	s.ok(s.complete(key, ref, parts))
	s.holds(key, data)
}

func (s *suite) writeAfterComplete() {
	key, data := s.key(), random(1000)
	ref, parts := s.upload(key, data)
	s.ok(s.complete(key, ref, parts))
	_, err := s.store.WritePart(s.ctx, key, ref, 0, random(1000))
	s.fails(err, objects.ErrNoUpload)
	s.holds(key, data)
}

func (s *suite) unknownUpload() {
	key := s.key()
	gone := s.begin(key)
	s.ok(s.store.Abort(s.ctx, key, gone))
	for _, ref := range []objects.Ref{gone, "", "../../etc/passwd", "%00"} {
		_, err := s.store.WritePart(s.ctx, key, ref, 0, []byte("x"))
		s.fails(err, objects.ErrNoUpload)
		s.fails(s.store.ReadPart(s.ctx, key, ref, 0, make([]byte, 1)), objects.ErrNoUpload)
		s.fails(s.complete(key, ref, []objects.Part{{Bytes: 1, ETag: "x"}}), objects.ErrNoUpload)
		s.ok(s.store.Abort(s.ctx, key, ref))
	}
}

func (s *suite) uploadOfAnotherKey() {
	key, other := s.key(), s.key()
	ref, parts := s.upload(key, random(10))
	_, err := s.store.WritePart(s.ctx, other, ref, 0, []byte("x"))
	s.fails(err, objects.ErrNoUpload)
	s.fails(s.complete(other, ref, parts), objects.ErrNoUpload)
	s.ok(s.store.Abort(s.ctx, other, ref))
	s.ok(s.complete(key, ref, parts))
}

func (s *suite) abort() {
	key, data := s.key(), random(10)
	lost, parts := s.upload(key, random(20))
	kept, keptParts := s.upload(key, data)
	for range 2 {
		s.ok(s.store.Abort(s.ctx, key, lost))
	}
	s.fails(s.complete(key, lost, parts), objects.ErrNoUpload)
	s.ok(s.complete(key, kept, keptParts))
	s.holds(key, data)
}

func (s *suite) abortAfterComplete() {
	key, data := s.key(), random(10)
	ref, parts := s.upload(key, data)
	s.ok(s.complete(key, ref, parts))
	s.ok(s.store.Abort(s.ctx, key, ref))
	s.holds(key, data)
}

func (s *suite) ranges() {
	key, data := s.key(), random(int(s.store.PartBytes())+100)
	size := int64(len(data))
	s.put(key, data)
	border := s.store.PartBytes()
	for _, r := range [][2]int64{{0, 1}, {size - 1, 1}, {border - 10, 20}, {5, size - 5}} {
		if got := s.read(key, r[0], r[1]); !bytes.Equal(got, data[r[0]:r[0]+r[1]]) {
			s.Errorf("range %v differs", r)
		}
	}
	for _, r := range [][2]int64{{-1, 1}, {0, 0}, {0, -1}, {size, 1}, {0, size + 1}, {1, math.MaxInt64}, {math.MaxInt64, 1}} {
		_, err := s.store.ReadRange(s.ctx, key, r[0], r[1])
		s.fails(err, objects.ErrRange)
	}
}

func (s *suite) deleteTakesAll() {
	key := s.key()
	s.put(key, random(10))
	ref, parts := s.upload(key, random(10))
	lost := s.begin(key)
	for range 2 {
		s.ok(s.store.Delete(s.ctx, key))
		s.absent(key)
	}
	s.fails(s.complete(key, ref, parts), objects.ErrNoUpload)
	_, err := s.store.WritePart(s.ctx, key, lost, 0, []byte("x"))
	s.fails(err, objects.ErrNoUpload)
}

// deleteSparesTwins: to a listing by prefix, these keys are one another.
func (s *suite) deleteSparesTwins() {
	key := s.key()
	data := random(10)
	twins := []objects.Key{key + "A", key + "/A", key + "-", key[:len(key)-1]}
	refs, parts := map[objects.Key]objects.Ref{}, map[objects.Key][]objects.Part{}
	for _, twin := range twins {
		s.put(twin, data)
		refs[twin], parts[twin] = s.upload(twin, data)
	}
	s.put(key, random(10))
	s.ok(s.store.Delete(s.ctx, key))
	s.absent(key)
	for _, twin := range twins {
		s.holds(twin, data)
		s.ok(s.complete(twin, refs[twin], parts[twin]))
	}
}

func (s *suite) deletedKeyAgain() {
	key, data := s.key(), random(10)
	s.put(key, random(20))
	s.ok(s.store.Delete(s.ctx, key))
	s.put(key, data)
	s.holds(key, data)
}

func (s *suite) notAKey() {
	for _, key := range []objects.Key{"", "/", "a/", "/a", "a//b", "..", "a/../b", "a.b", "a\x00", "a b", "é", "a,b", "a\\b"} {
		_, err := s.store.Begin(s.ctx, key)
		s.fails(err, objects.ErrKey)
		_, err = s.store.WritePart(s.ctx, key, "x", 0, []byte("x"))
		s.fails(err, objects.ErrKey)
		s.fails(s.store.ReadPart(s.ctx, key, "x", 0, make([]byte, 1)), objects.ErrKey)
		s.fails(s.store.Complete(s.ctx, key, "x", nil, 0), objects.ErrKey)
		s.fails(s.store.Abort(s.ctx, key, "x"), objects.ErrKey)
		_, err = s.store.Stat(s.ctx, key)
		s.fails(err, objects.ErrKey)
		_, err = s.store.ReadRange(s.ctx, key, 0, 1)
		s.fails(err, objects.ErrKey)
		s.fails(s.store.Delete(s.ctx, key), objects.ErrKey)
	}
}

func (s *suite) cancelled() {
	key, data := s.key(), random(10)
	s.put(key, data)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := s.store.Begin(ctx, key)
	s.fails(err, context.Canceled)
	s.fails(s.store.Delete(ctx, key), context.Canceled)
	_, err = s.store.ReadRange(ctx, key, 0, 1)
	s.fails(err, context.Canceled)
	s.holds(key, data)
}

// twoUploadsAtOnce: one of two different contents wins, whole.
func (s *suite) twoUploadsAtOnce() {
	key := s.key()
	data := [][]byte{random(50_000), random(50_000)}
	var refs [2]objects.Ref
	var parts [2][]objects.Part
	for i := range data {
		refs[i], parts[i] = s.upload(key, data[i])
	}
	errs := atOnce(2, func(i int) error { return s.complete(key, refs[i], parts[i]) })
	winner := slices.Index(errs, nil)
	if winner < 0 {
		s.Fatalf("neither upload completed: %v", errs)
	}
	s.fails(errs[1-winner], objects.ErrExists)
	s.holds(key, data[winner])
}

func (s *suite) completingAtOnce() {
	key, data := s.key(), random(50_000)
	ref, parts := s.upload(key, data)
	s.ok(errors.Join(atOnce(8, func(int) error { return s.complete(key, ref, parts) })...))
	s.holds(key, data)
}

func (s *suite) offGrid() {
	key := s.key()
	ref, size := s.begin(key), s.store.PartBytes()
	for _, c := range []struct {
		offset int64
		bytes  int64
	}{{1, 1}, {-size, 1}, {0, 0}, {0, size + 1}, {size - 1, 1}} {
		_, err := s.store.WritePart(s.ctx, key, ref, c.offset, make([]byte, c.bytes))
		s.fails(err, objects.ErrParts)
	}
}

func (s *suite) readPartUnwritten() {
	key := s.key()
	ref := s.begin(key)
	s.write(key, ref, 0, random(10))
	s.fails(s.store.ReadPart(s.ctx, key, ref, 0, make([]byte, 11)), objects.ErrParts)
	s.fails(s.store.ReadPart(s.ctx, key, ref, s.store.PartBytes(), make([]byte, 1)), objects.ErrParts)
}

func (s *suite) readDeleted() {
	key := s.key()
	s.put(key, random(10))
	s.ok(s.store.Delete(s.ctx, key))
	s.absent(key)
}
