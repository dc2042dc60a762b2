package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/storagetest"
)

// holder is the world's store, as who holds sees it.
func holder(w *storagetest.World) *objects.Dir { return w.Config.Objects.(*objects.Dir) }

func storeHolds(t *testing.T, w *storagetest.World, clip policies.ClipID) bool {
	t.Helper()
	key := objects.Key("clips/" + clip.String())
	all, err := holder(w).Versions(context.Background(), key)
	if err != nil || len(all) != 1 {
		t.Fatalf("versions = %+v, %v", all, err)
	}
	held, err := holder(w).Held(context.Background(), key, all[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func mirror(t *testing.T, w *storagetest.World, want storage.Mirrored) {
	t.Helper()
	got, err := w.MirrorHolds(context.Background(), holder(w), nil)
	if err != nil || got != want {
		t.Errorf("mirrored %+v, %v; want %+v", got, err, want)
	}
}

func place(w *storagetest.World, f *storagetest.Family, clips ...policies.ClipID) policies.StatementID {
	return w.Officer.Does(f.Record, "hold.place", &policies.HoldPlace{Clips: clips, Kind: "court"})
}

// TestHoldsAreMirrored: what is held by the record the store refuses to delete, also film
// that comes later; a release goes the same way, and what is not held stays free.
func TestHoldsAreMirrored(t *testing.T) {
	w := open(t)
	f, other := w.Open("NF-2041"), w.Open("NF-2042")
	first, free := f.Store(100, true), other.Store(100, true)
	mirror(t, w, storage.Mirrored{})
	hold := place(w, f)
	mirror(t, w, storage.Mirrored{Placed: 1})
	mirror(t, w, storage.Mirrored{}) // told already
	second := f.Store(100, true)     // joins with its own commit
	if compared, err := w.CompareHolds(context.Background(), holder(w), false); err != nil || compared.Waiting != 1 {
		t.Errorf("before the store was told of the second: %+v, %v", compared, err)
	}
	mirror(t, w, storage.Mirrored{Placed: 1})
	for _, c := range []storagetest.Clip{first, second} {
		if !storeHolds(t, w, c.ID) {
			t.Errorf("the store does not hold %s", c.ID.Short())
		}
		if err := w.Config.Objects.Delete(context.Background(), objects.Key("clips/"+c.ID.String())); !errors.Is(err, objects.ErrHeld) {
			t.Errorf("delete of held film: %v", err)
		}
	}
	if storeHolds(t, w, free.ID) {
		t.Error("another family's film is held")
	}
	w.Head.Does(f.Record, "hold.release", &policies.HoldRelease{Hold: hold})
	mirror(t, w, storage.Mirrored{Released: 2})
	if storeHolds(t, w, first.ID) || storeHolds(t, w, second.ID) {
		t.Error("held after the release")
	}
}

// TestHoldLapsesInTheStore: nothing is written when a provisional hold lapses, and the next
// round sees it all the same.
func TestHoldLapsesInTheStore(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(100, true)
	w.Ana.Does(f.Record, "hold.provisional", &policies.HoldProvisional{Clips: []policies.ClipID{c.ID}, Reason: "police_may_ask"})
	mirror(t, w, storage.Mirrored{Placed: 1})
	w.Clock.Forward(14 * 24 * time.Hour)
	mirror(t, w, storage.Mirrored{Released: 1})
	if storeHolds(t, w, c.ID) {
		t.Error("held after it lapsed")
	}
}

// TestServiceHoldIsMirrored: a hold on the whole service is in no family's record, and every
// family's film is held all the same, also what comes later; its release frees all.
func TestServiceHoldIsMirrored(t *testing.T) {
	w := open(t)
	f, other := w.Open("NF-2041"), w.Open("NF-2042")
	first, second := f.Store(100, true), other.Store(100, true)
	mirror(t, w, storage.Mirrored{})
	hold := w.Officer.Does(policies.RecordID(w.Org), "service.hold", &policies.ServiceHoldPlace{Kind: "inquiry"})
	mirror(t, w, storage.Mirrored{Placed: 2})
	third := other.Store(100, true)
	mirror(t, w, storage.Mirrored{Placed: 1})
	w.Head.Does(policies.RecordID(w.Org), "service.release", &policies.ServiceRelease{Hold: hold})
	mirror(t, w, storage.Mirrored{Released: 3})
	for _, c := range []storagetest.Clip{first, second, third} {
		if storeHolds(t, w, c.ID) {
			t.Errorf("%s is held after the release", c.ID.Short())
		}
	}
}

// TestHoldsCompared: each way in which the two can differ is found and named, and what the
// record holds is told again.
func TestHoldsCompared(t *testing.T) {
	w := open(t)
	ctx, f := context.Background(), w.Open("NF-2041")
	held, free := f.Store(100, true), f.Store(100, true)
	hold := place(w, f, held.ID)
	mirror(t, w, storage.Mirrored{Placed: 1})
	at := func(c storagetest.Clip) (objects.Key, string) {
		key := objects.Key("clips/" + c.ID.String())
		all, err := holder(w).Versions(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		return key, all[0].ID
	}
	set := func(c storagetest.Clip, on bool) {
		t.Helper()
		key, id := at(c)
		if err := holder(w).Hold(ctx, key, id, on); err != nil {
			t.Fatal(err)
		}
	}
	compared := func(all bool, want ...storage.HoldDifference) {
		t.Helper()
		got, err := w.CompareHolds(ctx, holder(w), all)
		if err != nil || len(got.Differences) != len(want) {
			t.Fatalf("found %+v, %v; want %+v", got, err, want)
		}
		for i, d := range got.Differences {
			if d != want[i] {
				t.Errorf("found %v, want %v", d, want[i])
			}
		}
	}
	compared(true)
	_, version := at(held)
	set(held, false) // somebody took it away
	compared(false, storage.HoldDifference{Clip: held.ID, Version: version, Held: true})
	mirror(t, w, storage.Mirrored{Placed: 1})
	compared(true)

	_, version = at(free)
	set(free, true) // somebody placed one by hand: found by a look at everything, and left
	compared(false)
	compared(true, storage.HoldDifference{Clip: free.ID, Version: version})
	mirror(t, w, storage.Mirrored{})
	if !storeHolds(t, w, free.ID) {
		t.Error("a hold that the record does not know of was taken away")
	}
	set(free, false)

	w.Head.Does(f.Record, "hold.release", &policies.HoldRelease{Hold: hold})
	mirror(t, w, storage.Mirrored{Released: 1})
	_, version = at(held)
	set(held, true)
	compared(false, storage.HoldDifference{Clip: held.ID, Version: version})
	set(held, false)
	compared(true)
}

var errStore = errors.New("the store does not answer")

// refusing fails with one clip, or with every call once it is cut.
type refusing struct {
	objects.Holder
	key objects.Key
}

func (r refusing) Hold(ctx context.Context, key objects.Key, id string, on bool) error {
	if key == r.key {
		return errStore
	}
	return r.Holder.Hold(ctx, key, id, on)
}

// TestHoldRefusedByTheStore: one clip that the store refuses keeps no other unheld, and is
// tried again; with the record's own hold nothing of it is swept meanwhile.
func TestHoldRefusedByTheStore(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	bad, good := f.Store(100, true), f.Store(100, true)
	place(w, f)
	h := refusing{holder(w), objects.Key("clips/" + bad.ID.String())}
	got, err := w.MirrorHolds(context.Background(), h, nil)
	if want := (storage.Mirrored{Placed: 1, Failed: 1}); err != nil || got != want {
		t.Errorf("mirrored %+v, %v; want %+v", got, err, want)
	}
	if !storeHolds(t, w, good.ID) {
		t.Error("one refusal kept another clip unheld")
	}
	if _, err := w.MirrorHolds(context.Background(), h, nil); !errors.Is(err, errStore) {
		t.Errorf("with nothing but refusals: %v", err)
	}
	mirror(t, w, storage.Mirrored{Placed: 1})
}

// racing changes the record while the store is being told.
type racing struct {
	objects.Holder
	during func()
}

func (r racing) Hold(ctx context.Context, key objects.Key, id string, on bool) error {
	if r.during != nil {
		r.during()
	}
	return r.Holder.Hold(ctx, key, id, on)
}

// TestHoldPlacedWhileOneIsReleased: the store is told off and the record says on: what was
// told late does not stand.
func TestHoldPlacedWhileOneIsReleased(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(100, true)
	hold := place(w, f)
	mirror(t, w, storage.Mirrored{Placed: 1})
	w.Clock.Forward(24 * time.Hour)
	w.Head.Does(f.Record, "hold.release", &policies.HoldRelease{Hold: hold})
	once := false
	h := racing{holder(w), func() {
		if !once {
			once = true
			w.Clock.Forward(24 * time.Hour)
			place(w, f)
		}
	}}
	if _, err := w.MirrorHolds(context.Background(), h, nil); err != nil {
		t.Fatal(err)
	}
	if !storeHolds(t, w, c.ID) {
		mirror(t, w, storage.Mirrored{Placed: 1})
	}
	if !storeHolds(t, w, c.ID) {
		t.Error("a hold that was placed while another fell is not in the store")
	}
}
