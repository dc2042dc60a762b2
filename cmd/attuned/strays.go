package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/attune-vf/attune/storage/objects"
)

// reclaimable is how long film without a clip may be a device's to claim: a service that
// was put back forgot that it had it, and backups are that old at most.
const reclaimable = 35 * 24 * time.Hour

// lister is a store of payloads that can say what it holds.
type lister interface {
	Each(ctx context.Context, fn func(objects.Key, objects.Info, time.Time) error) error
}

// checkStrays lists film that belongs to no stored clip. It removes none, and nothing else
// does: within those days a device may state its clip again, and the film is then adopted;
// later a person decides.
func checkStrays(ctx context.Context, f folder, store *opened, now time.Time) finding {
	const what = "film without a clip"
	from, ok := store.objects.(lister)
	if !ok {
		return finding{What: what, OK: true, Note: "the S3 server is not asked what else it holds"}
	}
	clips, err := storedClips(ctx, f)
	if err != nil {
		return made(what, err)
	}
	known := map[objects.Key]bool{}
	for _, c := range clips {
		known[objects.Key("clips/"+c.ID.String())] = true
	}
	var young, old []string
	err = from.Each(ctx, func(k objects.Key, _ objects.Info, at time.Time) error {
		switch {
		case known[k]:
		case now.Sub(at) < reclaimable:
			young = append(young, string(k))
		default:
			old = append(old, string(k))
		}
		return nil
	})
	if err != nil || len(young)+len(old) == 0 {
		return made(what, err)
	}
	return finding{What: what, OK: true, Note: fmt.Sprintf("%d of the last 35 days, which a device may still claim; %d older: %s",
		len(young), len(old), strings.Join(append(old, young...), ", "))}
}
