package objectstest

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/attune-vf/attune/storage/objects"
)

// Memory is an object store in memory that keeps every version, as a bucket with versioning
// does, for tests of what happens to versions and for thousands of cases. The suites hold it
// to what the stores of the product promise. [Memory.Overwrite] and [Memory.Hide] do what
// nobody should and a bucket allows.
type Memory struct {
	mu sync.Mutex
	// mu guards the fields below.
	last     int
	versions map[objects.Key][]*kept // the newest first
	uploads  map[objects.Ref]*upload
}

type kept struct {
	id           string
	data         []byte
	marker, held bool
}

type upload struct {
	key       objects.Key
	parts     map[int64][]byte
	completed []objects.Part
}

// NewMemory is an empty store.
func NewMemory() *Memory {
	return &Memory{versions: map[objects.Key][]*kept{}, uploads: map[objects.Ref]*upload{}}
}

func (m *Memory) enter(ctx context.Context, key objects.Key) (leave func(), err error) {
	if err := key.Check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	return m.mu.Unlock, nil
}

func (m *Memory) next() string { m.last++; return "v" + strconv.Itoa(m.last) }

// Overwrite puts a newer version over an object.
func (m *Memory) Overwrite(key objects.Key, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.versions[key] = slices.Insert(m.versions[key], 0, &kept{id: m.next(), data: data})
}

// Hide puts a marker over an object, as a delete without a version does.
func (m *Memory) Hide(key objects.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.versions[key] = slices.Insert(m.versions[key], 0, &kept{id: m.next(), marker: true})
}

// newest is the object as readers see it.
func (m *Memory) newest(key objects.Key) []byte {
	if all := m.versions[key]; len(all) > 0 && !all[0].marker {
		return all[0].data
	}
	return nil
}

// PartBytes implements [objects.Store].
func (m *Memory) PartBytes() int64 { return objects.PartBytes }

// Begin implements [objects.Store].
func (m *Memory) Begin(ctx context.Context, key objects.Key) (objects.Ref, error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return "", err
	}
	defer leave()
	ref := objects.Ref(m.next())
	m.uploads[ref] = &upload{key: key, parts: map[int64][]byte{}}
	return ref, nil
}

func (m *Memory) upload(key objects.Key, ref objects.Ref) (*upload, error) {
	u := m.uploads[ref]
	if u == nil || u.key != key || u.completed != nil {
		return nil, objects.ErrNoUpload
	}
	return u, nil
}

func sum(p []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)))
}

// WritePart implements [objects.Store].
func (m *Memory) WritePart(ctx context.Context, key objects.Key, ref objects.Ref, offset int64, p []byte) (string, error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return "", err
	}
	defer leave()
	if offset < 0 || offset%objects.PartBytes != 0 || len(p) == 0 || len(p) > objects.PartBytes {
		return "", objects.ErrParts
	}
	u, err := m.upload(key, ref)
	if err != nil {
		return "", err
	}
	u.parts[offset] = bytes.Clone(p)
	return sum(p), nil
}

// ReadPart implements [objects.Store].
func (m *Memory) ReadPart(ctx context.Context, key objects.Key, ref objects.Ref, offset int64, p []byte) error {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return err
	}
	defer leave()
	u, err := m.upload(key, ref)
	if err != nil {
		return err
	}
	if len(u.parts[offset]) < len(p) {
		return objects.ErrParts
	}
	copy(p, u.parts[offset])
	return nil
}

// Complete implements [objects.Store].
func (m *Memory) Complete(ctx context.Context, key objects.Key, ref objects.Ref, parts []objects.Part, size int64) error {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return err
	}
	defer leave()
	if err := objects.CheckParts(parts, size, objects.PartBytes); err != nil {
		return err
	}
	u := m.uploads[ref]
	if u == nil || u.key != key {
		return objects.ErrNoUpload
	}
	if u.completed != nil {
		if m.newest(key) == nil {
			return objects.ErrNoUpload
		}
		if !slices.Equal(u.completed, parts) {
			return objects.ErrExists
		}
		return nil
	}
	var whole []byte
	for _, p := range parts {
		b := u.parts[p.Offset]
		if int64(len(b)) != p.Bytes || sum(b) != p.ETag {
			return objects.ErrParts
		}
		whole = append(whole, b...)
	}
	if have := m.newest(key); have != nil && !bytes.Equal(have, whole) {
		return objects.ErrExists
	} else if have == nil {
		m.versions[key] = slices.Insert(m.versions[key], 0, &kept{id: m.next(), data: whole})
	}
	u.completed = slices.Clone(parts)
	return nil
}

// Abort implements [objects.Store].
func (m *Memory) Abort(ctx context.Context, key objects.Key, ref objects.Ref) error {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return err
	}
	defer leave()
	if u := m.uploads[ref]; u != nil && u.key == key && u.completed == nil {
		delete(m.uploads, ref)
	}
	return nil
}

// Stat implements [objects.Store].
func (m *Memory) Stat(ctx context.Context, key objects.Key) (objects.Info, error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return objects.Info{}, err
	}
	defer leave()
	b := m.newest(key)
	if b == nil {
		return objects.Info{}, objects.ErrNotFound
	}
	return objects.Info{Bytes: int64(len(b))}, nil
}

// ReadRange implements [objects.Store].
func (m *Memory) ReadRange(ctx context.Context, key objects.Key, offset, length int64) (io.ReadCloser, error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return nil, err
	}
	defer leave()
	b := m.newest(key)
	if b == nil {
		return nil, objects.ErrNotFound
	}
	if size := int64(len(b)); offset < 0 || length <= 0 || offset > size || length > size-offset {
		return nil, objects.ErrRange
	}
	return io.NopCloser(bytes.NewReader(b[offset : offset+length])), nil
}

// Delete implements [objects.Store].
func (m *Memory) Delete(ctx context.Context, key objects.Key) error {
	if _, err := m.AbortAll(ctx, key); err != nil {
		return err
	}
	all, err := m.Versions(ctx, key)
	for _, v := range all {
		if err == nil {
			err = m.DeleteVersion(ctx, key, v.ID)
		}
	}
	return err
}

// Versions implements [objects.Disposer] and [objects.Holder].
func (m *Memory) Versions(ctx context.Context, key objects.Key) (out []objects.Version, err error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return nil, err
	}
	defer leave()
	for _, v := range m.versions[key] {
		out = append(out, objects.Version{ID: v.id, Bytes: int64(len(v.data)), Marker: v.marker})
	}
	return out, nil
}

// AllVersions implements [objects.Holder].
func (m *Memory) AllVersions(ctx context.Context, fn func(objects.Key, objects.Version) error) error {
	m.mu.Lock()
	keys := []objects.Key{}
	for key := range m.versions {
		keys = append(keys, key)
	}
	m.mu.Unlock()
	slices.SortFunc(keys, func(a, b objects.Key) int { return strings.Compare(string(a), string(b)) })
	for _, key := range keys {
		all, err := m.Versions(ctx, key)
		for _, v := range all {
			if err == nil {
				err = fn(key, v)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// AbortAll implements [objects.Disposer].
func (m *Memory) AbortAll(ctx context.Context, key objects.Key) (n int, err error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return 0, err
	}
	defer leave()
	for ref, u := range m.uploads {
		if u.key == key && u.completed == nil {
			delete(m.uploads, ref)
			n++
		}
	}
	return n, nil
}

// DeleteVersion implements [objects.Disposer].
func (m *Memory) DeleteVersion(ctx context.Context, key objects.Key, id string) error {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return err
	}
	defer leave()
	if id == "" {
		return objects.ErrVersion
	}
	i := slices.IndexFunc(m.versions[key], func(v *kept) bool { return v.id == id })
	if i < 0 {
		return nil
	}
	if m.versions[key][i].held {
		return objects.ErrHeld
	}
	if m.versions[key] = slices.Delete(m.versions[key], i, i+1); len(m.versions[key]) == 0 {
		delete(m.versions, key)
	}
	return nil
}

// Remains implements [objects.Disposer].
func (m *Memory) Remains(ctx context.Context, key objects.Key) (r objects.Remains, err error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return r, err
	}
	defer leave()
	for _, u := range m.uploads {
		if u.key == key && u.completed == nil {
			r.Uploads++
		}
	}
	r.Versions = len(m.versions[key])
	return r, nil
}

func (m *Memory) find(key objects.Key, id string) (*kept, error) {
	for _, v := range m.versions[key] {
		if v.id == id && !v.marker {
			return v, nil
		}
	}
	return nil, objects.ErrNotFound
}

// Hold implements [objects.Holder].
func (m *Memory) Hold(ctx context.Context, key objects.Key, id string, on bool) error {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return err
	}
	defer leave()
	v, err := m.find(key, id)
	if err == nil {
		v.held = on
	}
	return err
}

// Held implements [objects.Holder].
func (m *Memory) Held(ctx context.Context, key objects.Key, id string) (bool, error) {
	leave, err := m.enter(ctx, key)
	if err != nil {
		return false, err
	}
	defer leave()
	v, err := m.find(key, id)
	return err == nil && v.held, err
}
