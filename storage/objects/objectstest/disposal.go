package objectstest

import (
	"context"
	"errors"
	"testing"

	"github.com/attune-vf/attune/storage/objects"
)

// Roles are the ways into one store: of who takes film in, who removes it, who holds it.
// On an S3 server each has its own key.
type Roles struct {
	Store    objects.Store
	Disposer objects.Disposer
	Holder   objects.Holder
}

// Disposal holds a store to the promises of [objects.Disposer] and [objects.Holder]. Open
// is as for [Conformance].
func Disposal(t *testing.T, open func(t *testing.T) Roles) {
	for name, test := range map[string]func(*disposal){
		"VersionsOfExactlyThisKey":   (*disposal).versionsOfThisKey,
		"AbortTakesUploadsOnly":      (*disposal).abortAll,
		"DeleteVersionForGood":       (*disposal).deleteVersion,
		"DeletedVersionNamesNoOther": (*disposal).oldName,
		"HoldKeepsTheVersion":        (*disposal).holdKeeps,
		"HoldOfNothing":              (*disposal).holdOfNothing,
		"HoldKeepsFromDeleteAll":     (*disposal).holdKeepsFromDelete,
		"LateCompleteBringsNothing":  (*disposal).lateComplete,
		"AllVersionsAreListed":       (*disposal).allVersions,
		"NotAKey":                    (*disposal).notAKey,
		"CancelledBeforehand":        (*disposal).cancelled,
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			test(&disposal{suite{t, r.Store, t.Context()}, r.Disposer, r.Holder})
		})
	}
}

type disposal struct {
	suite
	disposer objects.Disposer
	holder   objects.Holder
}

// one returns the only version of a key.
func (s *disposal) one(key objects.Key) objects.Version {
	s.Helper()
	all, err := s.disposer.Versions(s.ctx, key)
	s.ok(err)
	if len(all) != 1 || all[0].ID == "" || all[0].Marker {
		s.Fatalf("versions = %+v, want one", all)
	}
	return all[0]
}

func (s *disposal) remains(key objects.Key, want objects.Remains) {
	s.Helper()
	got, err := s.disposer.Remains(s.ctx, key)
	s.ok(err)
	if got != want {
		s.Fatalf("remains = %+v, want %+v", got, want)
	}
}

// twins are one another to a listing by prefix.
func twins(key objects.Key) []objects.Key {
	return []objects.Key{key + "A", key + "/A", key + "-", key[:len(key)-1]}
}

func (s *disposal) versionsOfThisKey() {
	key := s.key()
	for _, twin := range twins(key) {
		s.put(twin, random(5))
		s.begin(twin)
	}
	s.remains(key, objects.Remains{})
	if all, err := s.disposer.Versions(s.ctx, key); err != nil || len(all) != 0 {
		s.Fatalf("versions of nothing = %+v, %v", all, err)
	}
	s.put(key, random(10))
	if v := s.one(key); v.Bytes != 10 {
		s.Errorf("bytes = %d, want 10", v.Bytes)
	}
	all, err := s.holder.Versions(s.ctx, key)
	s.ok(err)
	if len(all) != 1 || all[0] != s.one(key) {
		s.Errorf("the holder sees %+v, the sweeper %+v", all, s.one(key))
	}
	s.remains(key, objects.Remains{Versions: 1})
}

func (s *disposal) abortAll() {
	key, data := s.key(), random(20)
	s.put(key, data)
	ref, parts := s.upload(key, random(30)) // ends in a short part
	s.begin(key)                            // whose reference was lost
	for _, twin := range twins(key) {
		s.begin(twin)
	}
	n, err := s.disposer.AbortAll(s.ctx, key)
	s.ok(err)
	if n != 2 {
		s.Errorf("aborted %d uploads, want 2", n)
	}
	if n, err = s.disposer.AbortAll(s.ctx, key); n != 0 || err != nil {
		s.Errorf("again = %d, %v", n, err)
	}
	_, err = s.store.WritePart(s.ctx, key, ref, 0, random(int(s.store.PartBytes())))
	s.fails(err, objects.ErrNoUpload)
	if s.complete(key, ref, parts) == nil {
		s.Error("an aborted upload was completed")
	}
	s.holds(key, data)
	s.remains(key, objects.Remains{Versions: 1})
	for _, twin := range twins(key) {
		if got, err := s.disposer.Remains(s.ctx, twin); err != nil || got.Uploads != 1 {
			s.Errorf("%s has %+v, %v; want its upload", twin, got, err)
		}
	}
}

func (s *disposal) deleteVersion() {
	key, data := s.key(), random(10)
	for _, twin := range twins(key) {
		s.put(twin, data)
	}
	s.put(key, random(10))
	v := s.one(key)
	s.fails(s.disposer.DeleteVersion(s.ctx, key, ""), objects.ErrVersion)
	s.one(key)
	for range 3 {
		s.ok(s.disposer.DeleteVersion(s.ctx, key, v.ID))
		s.absent(key)
		s.remains(key, objects.Remains{}) // not even a marker
	}
	for _, twin := range twins(key) {
		s.holds(twin, data)
	}
}

// oldName: an id that came too late must not remove what came since.
func (s *disposal) oldName() {
	key, data := s.key(), random(10)
	s.put(key, random(10))
	old := s.one(key)
	s.ok(s.disposer.DeleteVersion(s.ctx, key, old.ID))
	s.put(key, data)
	s.ok(s.disposer.DeleteVersion(s.ctx, key, old.ID))
	s.holds(key, data)
	if s.one(key).ID == old.ID {
		s.Error("two versions have one name")
	}
}

func (s *disposal) held(key objects.Key, id string, want bool) {
	s.Helper()
	got, err := s.holder.Held(s.ctx, key, id)
	s.ok(err)
	if got != want {
		s.Fatalf("held = %v, want %v", got, want)
	}
}

func (s *disposal) holdKeeps() {
	key, other, data := s.key(), s.key(), random(10)
	s.put(key, data)
	s.put(other, data)
	v, free := s.one(key), s.one(other)
	s.held(key, v.ID, false)
	for range 2 {
		s.ok(s.holder.Hold(s.ctx, key, v.ID, true))
		s.held(key, v.ID, true)
		s.fails(s.disposer.DeleteVersion(s.ctx, key, v.ID), objects.ErrHeld)
		s.holds(key, data)
	}
	s.held(other, free.ID, false)
	s.ok(s.disposer.DeleteVersion(s.ctx, other, free.ID))
	for range 2 {
		s.ok(s.holder.Hold(s.ctx, key, v.ID, false))
		s.held(key, v.ID, false)
	}
	s.ok(s.disposer.DeleteVersion(s.ctx, key, v.ID))
	s.remains(key, objects.Remains{})
}

func (s *disposal) holdOfNothing() {
	key := s.key()
	s.put(key, random(10))
	v := s.one(key)
	s.ok(s.disposer.DeleteVersion(s.ctx, key, v.ID))
	s.fails(s.holder.Hold(s.ctx, key, v.ID, true), objects.ErrNotFound)
	_, err := s.holder.Held(s.ctx, key, v.ID)
	s.fails(err, objects.ErrNotFound)
	s.remains(key, objects.Remains{})
}

func (s *disposal) holdKeepsFromDelete() {
	key, data := s.key(), random(10)
	s.put(key, data)
	v := s.one(key)
	s.ok(s.holder.Hold(s.ctx, key, v.ID, true))
	if s.store.Delete(s.ctx, key) == nil {
		s.Error("a held object was deleted")
	}
	s.holds(key, data)
	s.ok(s.holder.Hold(s.ctx, key, v.ID, false))
}

// lateComplete: an upload that was open when its object was disposed of.
func (s *disposal) lateComplete() {
	key, data := s.key(), random(10)
	s.put(key, data)
	ref, parts := s.upload(key, data)
	_, err := s.disposer.AbortAll(s.ctx, key)
	s.ok(err)
	s.ok(s.disposer.DeleteVersion(s.ctx, key, s.one(key).ID))
	s.fails(s.complete(key, ref, parts), objects.ErrNoUpload)
	s.remains(key, objects.Remains{})
}

func (s *disposal) allVersions() {
	want := map[objects.Key]bool{}
	for _, key := range append(twins(s.key()), s.key()) {
		s.put(key, random(3))
		want[key] = true
	}
	s.ok(s.holder.AllVersions(s.ctx, func(key objects.Key, v objects.Version) error {
		if want[key] && (v.Bytes != 3 || v.ID == "") {
			s.Errorf("%s has version %+v", key, v)
		}
		delete(want, key)
		return nil
	}))
	if len(want) > 0 {
		s.Errorf("not listed: %v", want)
	}
}

func (s *disposal) notAKey() {
	for _, key := range []objects.Key{"", "..", "a/../b", "a.b", "a,b"} {
		_, err := s.disposer.Versions(s.ctx, key)
		s.fails(err, objects.ErrKey)
		_, err = s.disposer.AbortAll(s.ctx, key)
		s.fails(err, objects.ErrKey)
		s.fails(s.disposer.DeleteVersion(s.ctx, key, "x"), objects.ErrKey)
		_, err = s.disposer.Remains(s.ctx, key)
		s.fails(err, objects.ErrKey)
		s.fails(s.holder.Hold(s.ctx, key, "x", true), objects.ErrKey)
		_, err = s.holder.Held(s.ctx, key, "x")
		s.fails(err, objects.ErrKey)
	}
}

func (s *disposal) cancelled() {
	key, data := s.key(), random(10)
	s.put(key, data)
	v := s.one(key)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, remains := s.disposer.Remains(ctx, key)
	for _, err := range []error{s.disposer.DeleteVersion(ctx, key, v.ID), s.holder.Hold(ctx, key, v.ID, true), remains} {
		if !errors.Is(err, context.Canceled) {
			s.Errorf("error = %v, want %v", err, context.Canceled)
		}
	}
	s.held(key, v.ID, false)
	s.holds(key, data)
}
