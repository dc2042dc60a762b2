package policies

import "slices"

// A certificate of destruction is not the last word while a device may still open the film.
// No server can look inside a device: what there is are lists of who was given a key, and
// what devices say.

// CouldOpen are the devices that were given, or could have been given, a key of a clip, or
// hold its film sealed: those that said that they let go of it, and those that did not.
// Both are sorted. It errs towards more, as [Family.ExposedTo] does: a device which never
// fetched the clip is listed until it says that it has nothing.
func (f *Family) CouldOpen(o *Org, id ClipID) (said, silent []DeviceID) {
	c := f.Clips[id]
	if c == nil {
		return nil, nil
	}
	const always = Micros(1<<53 - 1) // on a list at any time
	exposed := map[StaffID]bool{}
	for device, d := range o.Devices {
		p := o.Staff[d.Staff]
		if p == nil || d.Waiting || !p.HasPowers() {
			continue // nobody wrapped anything to it
		}
		could, known := exposed[d.Staff]
		if !known {
			could = slices.Contains(f.ExposedTo(d.Staff, always).Clips, id)
			exposed[d.Staff] = could
		}
		_, purged := slices.BinarySearchFunc(c.Purged, device, compareID)
		switch {
		case purged, could && (!d.Purged.IsZero() || f.Gone[device] > c.Accepted && !f.OnTeam(d.Staff)):
			said = append(said, device)
		case could:
			silent = append(silent, device)
		}
	}
	slices.SortFunc(said, compareID)
	slices.SortFunc(silent, compareID)
	return said, silent
}
