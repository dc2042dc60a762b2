package attune

import (
	"os"
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// Clips adds film, plays it, and keeps copies where that is allowed.
type Clips struct{ d *desk }

// ClipView is a clip as this device knows it.
type ClipView struct {
	policies.Clip
	Family policies.FamilyID `json:"family"`
	Title  string            `json:"title"` // "" without the key
	Mine   bool              `json:"mine"`
	State  string            `json:"state"` // waiting, uploading, stored, stopped, awaiting_decision, to_be_destroyed, destroyed
	Why    string            `json:"why"`   // of stopped
	Local  bool              `json:"local"` // the sealed payload is still on this device
	Key    bool              `json:"key"`   // this device holds a key to it

	// Viewing is for what somebody outside the team may watch it now.
	Viewing []policies.Purpose `json:"viewing"`
}

// The states of a ClipView's payload.
const (
	ClipWaiting   = "waiting"           // for its statement to be accepted
	ClipUploading = "uploading"         // on its way
	ClipStored    = "stored"            // whole and durable at the service
	ClipStopped   = "stopped"           // refused; see Why
	ClipAwaits    = "awaiting_decision" // of the head of service: it met a stop on its way
	ClipOrdered   = "to_be_destroyed"   // as the head of service decided, or because its time is over
	ClipPurged    = "destroyed"         // and it was
)

// titlePlace binds a sealed title to its place: it opens nowhere else.
var titlePlace = []byte("attune/title")

// List is the clips of a family in order, of all families for the zero id.
func (c *Clips) List(family policies.FamilyID) ([]ClipView, error) {
	fs := &Families{c.d}
	if !family.IsZero() {
		v, err := fs.Show(family)
		return v.Clips, err
	}
	all, err := fs.List()
	if err != nil {
		return nil, err
	}
	var out []ClipView
	for _, f := range all {
		out = append(out, f.Clips...)
	}
	return out, nil
}

// Find is the clip that a number, or the beginning of one, means.
func (c *Clips) Find(text string) (policies.ClipID, error) {
	all, err := c.d.mirror.allProvisional()
	if err != nil {
		return policies.ClipID{}, err
	}
	var ids []policies.ClipID
	for _, f := range all {
		for id := range f.Clips {
			ids = append(ids, id)
		}
	}
	return pick("clip", text, ids)
}

// Show is one clip.
func (c *Clips) Show(id policies.ClipID) (ClipView, error) {
	f, err := c.d.clipFamily(id)
	if err != nil {
		return ClipView{}, err
	}
	all, err := c.List(f.ID)
	if err != nil {
		return ClipView{}, err
	}
	for _, v := range all {
		if v.ID == id {
			return v, nil
		}
	}
	return ClipView{}, noClip(id)
}

// Manifest is what was signed about a clip: the body of its clip.add.
func (c *Clips) Manifest(id policies.ClipID) (policies.ClipAdd, error) {
	s, err := c.d.shelf.statement(policies.StatementID(id))
	if err != nil {
		return policies.ClipAdd{}, err
	}
	body, ok := s.Body.(*policies.ClipAdd)
	if !ok {
		return policies.ClipAdd{}, noClip(id)
	}
	return *body, nil
}

// clipFamily is the family that a clip belongs to, provisional.
func (d *desk) clipFamily(id policies.ClipID) (*policies.Family, error) {
	all, err := d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.Clips[id] != nil {
			return f, nil
		}
	}
	return nil, noClip(id)
}

func noClip(id policies.ClipID) error {
	return problem(CodeUnknown, "Sync, and look at the list of clips.", "There is no clip %s on this device.", id.Short())
}

func clipViews(d *desk, f *policies.Family, order map[string]int, keys ring) (out []ClipView, err error) {
	there, err := d.shelf.headers(f.ID)
	if err != nil {
		return nil, err
	}
	org := d.mirror.Org()
	for _, id := range sortedBy(f.Clips, order) {
		v := ClipView{Clip: *f.Clips[id], Family: f.ID, State: ClipUploading}
		v.Mine = v.By == d.me.Staff
		for _, key := range keys {
			v.Key = v.Key || there[id.String()+" "+headerName(key.Recipient())]
		}
		v.Title = d.shelf.title(f, id, keys)
		if v.Viewing = []policies.Purpose{}; org != nil && !f.OnTeam(d.me.Staff) {
			v.Viewing = allowedFor(org, f, d.me.Staff, id, policies.At(d.now()))
		}
		info, err := os.Stat(d.payload(id))
		v.Local = err == nil && info.Size() == v.Payload.Bytes
		if err := d.uploadState(f, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (d *desk) uploadState(f *policies.Family, v *ClipView) error {
	switch {
	case v.Disposed != nil:
		v.State = ClipPurged
		return nil
	case f.Going(v.ID):
		v.State = ClipOrdered
		return nil
	}
	if !v.Stored.IsZero() {
		v.State = ClipStored
		return nil
	}
	u, ok, err := uploadOf(d.store.db, v.ID)
	switch {
	case err != nil:
		return err
	case ok && u.state == uploadStored:
		v.State = ClipStored
	case len(v.Purged) > 0:
		v.State = ClipPurged
	case d.accepted(v.ID) != nil && f.Arrival(d.mirror.Org(), v.ID) == policies.ArrivalAwaits:
		v.State = ClipAwaits
	case d.accepted(v.ID) != nil && f.Arrival(d.mirror.Org(), v.ID) == policies.ArrivalDestroy:
		v.State = ClipOrdered
	case ok && u.state == uploadStopped:
		v.State, v.Why = ClipStopped, u.why
	default:
		if known, here := d.mirror.Family(f.ID); !here || known.Clips[v.ID] == nil {
			v.State = ClipWaiting
		}
	}
	return nil
}

func headerName(to seal.Recipient) string {
	return "header/" + policies.Digest(to.Fingerprint()).String()
}

// payload is where a clip's sealed payload lies on this device, if it does.
func (d *desk) payload(id policies.ClipID) string { return d.clipPath(id.String() + payloadSuffix) }

const payloadSuffix = ".payload"

// clean removes sealed films that nothing here names: a crash left them, or what
// named them was put away. What is being sealed has no such name yet.
func (d *desk) clean() {
	entries, err := os.ReadDir(d.clipPath(""))
	if err != nil {
		return // nothing can be left over in a folder that is not there
	}
	for _, e := range entries {
		name, isPayload := strings.CutSuffix(e.Name(), payloadSuffix)
		id, err := policies.ParseID[policies.Clip](name)
		if !isPayload || err != nil {
			continue
		}
		if _, known, err := uploadOf(d.store.db, id); known || err != nil {
			continue
		}
		_ = os.Remove(d.clipPath(e.Name())) // tried again at the next start
	}
}
