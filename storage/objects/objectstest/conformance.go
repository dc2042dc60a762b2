// Package objectstest holds every object store to the promises of
// [objects.Store], and lets callers see what happens when one fails.
//
// [Conformance] is run by each backend's own test. [Faulty] wraps a store for
// the tests of its callers.
package objectstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/attune-vf/attune/storage/objects"
)

// Conformance runs the suite. Each call of open returns an empty store, or one
// whose other contents do not matter: keys are random.
func Conformance(t *testing.T, open func(t *testing.T) objects.Store) {
	for name, test := range map[string]func(*suite){
		"RoundTrip":                      (*suite).roundTrip,
		"ManyPartsAtOnce":                (*suite).manyPartsAtOnce,
		"PartAgain":                      (*suite).partAgain,
		"ShortPartGrows":                 (*suite).shortPartGrows,
		"InvisibleUntilComplete":         (*suite).invisibleUntilComplete,
		"CompleteTwice":                  (*suite).completeTwice,
		"CompleteSameBytesAgain":         (*suite).completeSameBytesAgain,
		"CompleteOtherBytes":             (*suite).completeOtherBytes,
		"CompleteOtherPartsAfterwards":   (*suite).completeOtherPartsAfterwards,
		"CompleteWrongParts":             (*suite).completeWrongParts,
		"WriteAfterComplete":             (*suite).writeAfterComplete,
		"UnknownUpload":                  (*suite).unknownUpload,
		"UploadOfAnotherKey":             (*suite).uploadOfAnotherKey,
		"Abort":                          (*suite).abort,
		"AbortAfterComplete":             (*suite).abortAfterComplete,
		"Ranges":                         (*suite).ranges,
		"DeleteTakesObjectAndUploads":    (*suite).deleteTakesAll,
		"DeleteSparesTwins":              (*suite).deleteSparesTwins,
		"DeletedKeyCanBeUsedAgain":       (*suite).deletedKeyAgain,
		"NotAKey":                        (*suite).notAKey,
		"CancelledBeforehand":            (*suite).cancelled,
		"TwoUploadsOfOneKeyAtOnce":       (*suite).twoUploadsAtOnce,
		"CompletingManyTimesAtOnce":      (*suite).completingAtOnce,
		"PartsOutsideTheGridAreRefused":  (*suite).offGrid,
		"ReadPartOfWhatWasNotWritten":    (*suite).readPartUnwritten,
		"LateReaderOfDeletedObjectFails": (*suite).readDeleted,
	} {
		t.Run(name, func(t *testing.T) { test(&suite{t, open(t), t.Context()}) })
	}
}

type suite struct {
	*testing.T
	store objects.Store
	ctx   context.Context
}

func (s *suite) key() objects.Key {
	s.Helper()
	key, err := objects.NewKey("clips/" + base64.RawURLEncoding.EncodeToString(random(16)))
	s.ok(err)
	return key
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) fails(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("error = %v, want %v", err, want)
	}
}

func (s *suite) begin(key objects.Key) objects.Ref {
	s.Helper()
	ref, err := s.store.Begin(s.ctx, key)
	s.ok(err)
	return ref
}

// cut divides data at part borders.
func (s *suite) cut(data []byte) (chunks [][]byte) {
	size := int(s.store.PartBytes())
	for len(data) > size {
		chunks, data = append(chunks, data[:size]), data[size:]
	}
	return append(chunks, data)
}

func (s *suite) write(key objects.Key, ref objects.Ref, number int, p []byte) objects.Part {
	s.Helper()
	offset := int64(number) * s.store.PartBytes()
	etag, err := s.store.WritePart(s.ctx, key, ref, offset, p)
	s.ok(err)
	return objects.Part{Offset: offset, Bytes: int64(len(p)), ETag: etag}
}

func (s *suite) upload(key objects.Key, data []byte) (objects.Ref, []objects.Part) {
	s.Helper()
	ref := s.begin(key)
	var parts []objects.Part
	for i, chunk := range s.cut(data) {
		parts = append(parts, s.write(key, ref, i, chunk))
	}
	return ref, parts
}

func (s *suite) complete(key objects.Key, ref objects.Ref, parts []objects.Part) error {
	size := int64(0)
	for _, p := range parts {
		size += p.Bytes
	}
	return s.store.Complete(s.ctx, key, ref, parts, size)
}

func (s *suite) put(key objects.Key, data []byte) {
	s.Helper()
	ref, parts := s.upload(key, data)
	s.ok(s.complete(key, ref, parts))
}

// holds checks size and bytes of a complete object.
func (s *suite) holds(key objects.Key, want []byte) {
	s.Helper()
	info, err := s.store.Stat(s.ctx, key)
	s.ok(err)
	if info.Bytes != int64(len(want)) {
		s.Fatalf("object has %d bytes, want %d", info.Bytes, len(want))
	}
	if got := s.read(key, 0, int64(len(want))); !bytes.Equal(got, want) {
		s.Fatal("object differs from what was written")
	}
}

func (s *suite) read(key objects.Key, offset, length int64) []byte {
	s.Helper()
	r, err := s.store.ReadRange(s.ctx, key, offset, length)
	s.ok(err)
	got, err := io.ReadAll(r)
	s.ok(errors.Join(err, r.Close()))
	return got
}

func (s *suite) absent(key objects.Key) {
	s.Helper()
	_, err := s.store.Stat(s.ctx, key)
	s.fails(err, objects.ErrNotFound)
	_, err = s.store.ReadRange(s.ctx, key, 0, 1)
	s.fails(err, objects.ErrNotFound)
}

// atOnce runs n calls together and returns their errors.
func atOnce(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	return errs
}
