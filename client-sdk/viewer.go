package attune

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Viewers says who outside a family's team may watch: for which purpose, until
// when. The family agrees to each on a form; a practitioner puts them on the list;
// for somebody of another organisation the head of service countersigns.
type Viewers struct{ d *desk }

// ViewerEntry is one entry of a family's viewer list, and how far it has come.
type ViewerEntry struct {
	policies.Listing
	Family    policies.FamilyID     `json:"family"`
	Reference string                `json:"reference"`
	Name      string                `json:"name"`
	Me        bool                  `json:"me"`
	Outside   bool                  `json:"outside"`  // works for another organisation
	Standing  string                `json:"standing"` // of the person, as in [Member]: only somebody confirmed watches
	State     policies.ListingState `json:"state"`
	SignedBy  string                `json:"signed_by"` // the head of service who countersigned; "" while nobody has
	Clips     []policies.ClipID     `json:"clips"`     // that they may watch now, with a key
	Waiting   []policies.ClipID     `json:"waiting"`   // that they may watch, and a device of the team has still to write a key for
}

// AddedViewer is an entry that was queued.
type AddedViewer struct {
	ID      policies.StatementID `json:"id"`
	Until   time.Time            `json:"until"`
	Outside bool                 `json:"outside"` // it waits for the head of service's countersign
}

// Add puts somebody on a family's viewer list for one purpose, until a time; the
// zero time takes the service's figure. The server asks again whether a form names
// them.
func (v *Viewers) Add(family policies.FamilyID, staff policies.StaffID, purpose policies.Purpose, until time.Time) (AddedViewer, error) {
	pack, err := v.d.figures()
	if err != nil {
		return AddedViewer{}, err
	}
	now := v.d.now()
	longest := now.Add(pack.ViewingDays.Days())
	if until.IsZero() {
		until = longest
	}
	if !until.After(now) || until.After(longest.AddDate(0, 0, 1)) { // a date means its last instant
		return AddedViewer{}, problem(CodeInput, "Give an earlier date; it is renewed by a new entry.",
			"Somebody is on the list for 1 to %d days here.", pack.ViewingDays.Value)
	}
	org, f, err := v.d.provisional(family)
	if err != nil {
		return AddedViewer{}, err
	}
	if err := v.mayBeListed(org, f, staff, purpose); err != nil {
		return AddedViewer{}, err
	}
	s, err := v.d.outbox.file(draft{policies.RecordID(family), "viewer.add", policies.ViewerAdd{Staff: staff, Purpose: purpose, Until: policies.At(until)}, nil})
	return AddedViewer{s.ID, until, org.Staff[staff].Outside}, err
}

// mayBeListed gives the reasons that this device can know.
func (v *Viewers) mayBeListed(org *policies.Org, f *policies.Family, staff policies.StaffID, purpose policies.Purpose) error {
	p, now := org.Staff[staff], policies.At(v.d.now())
	switch {
	case p == nil:
		return problem(CodeUnknown, "List the staff; sync, and try again.", "Nobody has the number %s.", staff.Short())
	case !slices.Contains(policies.Purposes(), purpose):
		return problem(CodeInput, "Take one of those that consent sign --help lists.", "There is no purpose %q.", purpose)
	case p.Role == policies.IGOfficer:
		return problem(CodeInput, "Name somebody else.", "An IG officer never watches film.")
	case f.OnTeam(staff):
		return problem(CodeInput, "Nothing to do.", "The family's own team watches without being on the list.")
	case !p.HasPowers() || !p.Active(now):
		return problem(CodeInput, "Ask a registrar to confirm their six words, then sync.", "Only somebody whose certificate is confirmed and in force can be put on the list.")
	case purpose == policies.Supervision && !org.MaySupervise(staff, f.Programme, now):
		return denied("VIEWER-SUPERVISES", "Name a supervisor for it; if the record is out of date, ask a registrar: attune staff train.",
			"This person is recorded as something other than a supervisor of the programme.")
	case !f.Named(staff, purpose, now):
		return denied("VIEWER-NAMED", "Ask the family, and record a new form that names this person for it.",
			"No consent form in force names this person for that purpose.")
	}
	return nil
}

// Remove ends what somebody may watch of a family, for whatever purpose. It reaches
// the server before anything else.
func (v *Viewers) Remove(family policies.FamilyID, staff policies.StaffID) error {
	_, err := v.d.outbox.file(draft{policies.RecordID(family), "viewer.remove", policies.ViewerRemove{Staff: staff}, nil})
	return err
}

// Countersign records a head of service's agreement to an entry of the list whose
// viewer works for another organisation.
func (v *Viewers) Countersign(family policies.FamilyID, entry policies.StatementID) error {
	org, f, err := v.d.provisional(family)
	if err != nil {
		return err
	}
	l := f.Viewers[entry]
	if l == nil {
		return problem(CodeUnknown, "Sync, and look at the viewer list.", "There is no entry %s on this family's viewer list.", entry.Short())
	}
	if state := f.ListingState(org, *l, policies.At(v.d.now())); state != policies.ListingWaits {
		return problem(CodeInput, "Look at the viewer list.", "This entry does not wait for a countersign: it is %s.", state)
	}
	_, err = v.d.outbox.file(draft{policies.RecordID(family), "countersign", policies.Countersign{Of: entry}, nil})
	return err
}

// List is the viewer list of a family, those that ended or were removed too.
func (v *Viewers) List(family policies.FamilyID) ([]ViewerEntry, error) {
	f, err := v.d.mirror.provisional(family)
	if err != nil {
		return nil, err
	}
	return v.entries(f)
}

// Waiting lists the entries on which somebody has still to act, of all families on
// this device: a head of service who countersigns, or a device of the team that
// writes keys. To a viewer only their own are shown.
func (v *Viewers) Waiting() ([]ViewerEntry, error) {
	all, err := v.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out := []ViewerEntry{}
	for _, f := range all {
		list, err := v.entries(f)
		if err != nil {
			return nil, err
		}
		watches := (&Families{v.d}).watches(f)
		for _, e := range list {
			if e.Standing == Confirmed && (e.State == policies.ListingWaits || len(e.Waiting) > 0) && (e.Me || !watches) {
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b ViewerEntry) int {
		return cmp.Or(cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Name, b.Name), compareIDs(a.ID, b.ID))
	})
	return out, nil
}

func (v *Viewers) entries(f *policies.Family) ([]ViewerEntry, error) {
	out := []ViewerEntry{}
	if len(f.Viewers) == 0 {
		return out, nil
	}
	org, err := v.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	there, err := v.d.shelf.headers(f.ID)
	if err != nil {
		return nil, err
	}
	now := policies.At(v.d.now())
	for _, l := range f.Listings() {
		e := ViewerEntry{
			Listing: l, Family: f.ID, Reference: f.Reference, Me: l.Staff == v.d.me.Staff,
			State: f.ListingState(org, l, now), Clips: []policies.ClipID{}, Waiting: []policies.ClipID{},
		}
		m, err := (&Staff{v.d}).member(org, l.Staff)
		if err != nil {
			return nil, err
		}
		e.Name, e.Outside, e.Standing = m.Name, m.Outside, m.State
		if e.SignedBy, err = v.signer(org, l.Signed); err != nil {
			return nil, err
		}
		v.keys(org, f, &e, there)
		out = append(out, e)
	}
	return out, nil
}

// keys tells what an entry allows, and how much of it has a key. Only the team and
// the viewer receive keys: to a desk every pair would look as if it waited.
func (v *Viewers) keys(org *policies.Org, f *policies.Family, e *ViewerEntry, there map[string]bool) {
	if e.State != policies.ListingOpen || e.Standing != Confirmed || !(e.Me || f.OnTeam(v.d.me.Staff)) {
		return
	}
	name := policies.HeaderFor(org.Staff[e.Staff].Recipient)
	for _, clip := range sortedBy(f.Clips, nil) {
		switch {
		case !f.MayView(org, e.Staff, clip, e.Purpose, policies.At(v.d.now())):
		case there[clip.String()+" "+name]:
			e.Clips = append(e.Clips, clip)
		default:
			e.Waiting = append(e.Waiting, clip)
		}
	}
}

// signer is the name of who made a countersign, "" for none.
func (v *Viewers) signer(org *policies.Org, id policies.StatementID) (string, error) {
	if id.IsZero() {
		return "", nil
	}
	s, err := v.d.shelf.statement(id)
	if err != nil {
		return "", err
	}
	by, ok := org.Signer(s.Signer)
	if !ok {
		return "", errors.New("a countersign whose signer nobody knows")
	}
	m, err := (&Staff{v.d}).member(org, by.Staff)
	if m.Name == "" {
		return "a head of service", err
	}
	return m.Name, err
}

// provisional is organisation and family as they will be once the server has taken
// what is queued here.
func (d *desk) provisional(id policies.FamilyID) (*policies.Org, *policies.Family, error) {
	f, err := d.mirror.provisional(id)
	if err != nil {
		return nil, nil, err
	}
	org, err := d.mirror.provisionalOrg()
	return org, f, err
}

// allowedFor lists the purposes for which somebody outside the team may watch a clip.
func allowedFor(org *policies.Org, f *policies.Family, who policies.StaffID, clip policies.ClipID, now policies.Micros) []policies.Purpose {
	out := []policies.Purpose{}
	for _, p := range policies.Purposes() {
		if f.MayView(org, who, clip, p, now) {
			out = append(out, p)
		}
	}
	return out
}
