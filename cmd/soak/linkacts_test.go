package soak

import (
	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

func makeLink(w *world, d *device) error {
	f, state := w.familyOf(d)
	if f == nil || len(state.Clips) == 0 {
		return errNothing
	}
	var clips []policies.ClipID
	for id := range state.Clips {
		clips = append(clips, id)
	}
	sortBy(clips, policies.ClipID.String)
	_, err := d.client.Links.Create(one(w, clips), f.mum, attune.LinkTerms{Days: 7, Opens: 3})
	return err
}
