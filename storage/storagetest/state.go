package storagetest

import (
	"context"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// FamilyState is a family as it is stored.
func (w *World) FamilyState(id policies.FamilyID) *policies.Family {
	w.t.Helper()
	ctx := context.Background()
	db, err := rows.OpenCopy(ctx, w.Config.Database)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	var f *policies.Family
	if err := db.Read(ctx, func(v *rows.View) (err error) {
		f, err = v.Family(id)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	if f == nil {
		w.t.Fatalf("there is no family %s", id.Short())
	}
	return f
}
