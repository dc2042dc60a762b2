package attune

import (
	"database/sql"
	"fmt"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

// figured is the pack that was read last, by its digest.
type figured struct {
	mu sync.Mutex
	// mu guards the fields below.
	of   policies.Digest
	pack policies.Pack
}

// figures is the pack that the service adopted: the file that came beside the
// adoption, held against the digest that was signed. Other figures could let this
// device film for longer than the IG lead signed, so nothing stands in for it.
func (d *desk) figures() (policies.Pack, error) {
	org, err := d.mirror.verifiedOrg()
	if err != nil {
		return policies.Pack{}, err
	}
	d.figured.mu.Lock()
	defer d.figured.mu.Unlock()
	if d.figured.of == org.Policy.SHA256 && !d.figured.of.IsZero() {
		return d.figured.pack, nil
	}
	text, err := d.packFile(org)
	if err != nil {
		return policies.Pack{}, err
	}
	before, err := d.packsBefore(org)
	if err != nil {
		return policies.Pack{}, err
	}
	pack, err := packs.Parse(text)
	if err != nil {
		return pack, problem(CodeUnknown, "Update the app; until then nothing is filmed, watched or shared on this device.",
			"The service works by figures that this version cannot read.").because(err)
	}
	pack.Before = before
	d.figured.of, d.figured.pack = org.Policy.SHA256, pack
	return pack, nil
}

// packsBefore are the packs that were adopted before, as far as they are here and this
// version can read them. What one that is missing binds has no date, and is kept.
func (d *desk) packsBefore(org *policies.Org) (map[policies.Digest]policies.Pack, error) {
	out := map[policies.Digest]policies.Pack{}
	for _, a := range org.Adoptions {
		if a.SHA256 == org.Policy.SHA256 {
			continue
		}
		text, err := d.store.attachment(d.store.db, a.ID.String(), policies.PackFile)
		if err != nil {
			return nil, err
		}
		if text == nil || policies.DigestOf(text) != a.SHA256 {
			continue
		}
		if pack, err := packs.Parse(text); err == nil {
			out[a.SHA256] = pack
		}
	}
	return out, nil
}

// packFile is the file that the service adopted, byte for byte.
func (d *desk) packFile(org *policies.Org) ([]byte, error) {
	text, err := d.store.attachment(d.store.db, org.Policy.Adopted.String(), policies.PackFile)
	if err != nil {
		return nil, err
	}
	if text == nil || policies.DigestOf(text) != org.Policy.SHA256 {
		return nil, problem(CodeUnknown, "Sync; until then nothing is filmed, watched or shared on this device. If it stays so, tell your administrator.",
			"The figures that the service adopted are not on this device.")
	}
	return text, nil
}

// withFigures refuses a page after which the figures in force are not here. A server
// that left them out would leave every device without them for good: so the page is
// asked for again until it is whole.
func (s *store) withFigures(tx *sql.Tx, org *policies.Org) error {
	if org == nil || org.Policy.Adopted.IsZero() {
		return nil
	}
	text, err := s.attachment(tx, org.Policy.Adopted.String(), policies.PackFile)
	if err == nil && (text == nil || policies.DigestOf(text) != org.Policy.SHA256) {
		err = untrusted("The server left out the figures that the head of service signed.",
			fmt.Errorf("no %q beside statement %s", policies.PackFile, org.Policy.Adopted.Short()))
	}
	return err
}

// verifiedOrg is the mirror's organisation, or the reason why there is none.
func (m *Mirror) verifiedOrg() (*policies.Org, error) {
	if o := m.Org(); o != nil {
		return o, nil
	}
	return nil, problem(CodeUnknown, "Sync once while connected.", "This device has not yet received its organisation's record.")
}
