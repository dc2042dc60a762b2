package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// checkClips looks for the object of each clip that the service says it stores,
// and compares lengths. It asks rows and objects themselves, and not storage,
// because it checks what storage promises.
func checkClips(ctx context.Context, f folder, store *opened) finding {
	clips, err := storedClips(ctx, f)
	what := fmt.Sprintf("objects of %d stored clips", len(clips))
	if err != nil {
		return made(what, err)
	}
	var wrong []string
	for _, c := range clips {
		info, err := store.objects.Stat(ctx, objects.Key("clips/"+c.ID.String()))
		switch {
		case errors.Is(err, objects.ErrNotFound):
			wrong = append(wrong, c.ID.String()+" is missing")
		case err != nil:
			return made(what, err)
		case info.Bytes != c.Bytes:
			wrong = append(wrong, fmt.Sprintf("%s has %d bytes, not %d", c.ID, info.Bytes, c.Bytes))
		}
	}
	if len(wrong) > 0 {
		return finding{What: what, Why: strings.Join(wrong, "; ")}
	}
	return made(what, nil)
}

func storedClips(ctx context.Context, f folder) (out []rows.Clip, err error) {
	db, err := rows.Open(ctx, f.database())
	if err != nil {
		return nil, err
	}
	err = db.Read(ctx, func(v *rows.View) error {
		ids, err := v.StoredClips()
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, _, err := v.Clip(policies.ClipID(id))
			if err != nil {
				return err
			}
			out = append(out, c)
		}
		return nil
	})
	return out, errors.Join(err, db.Close())
}
