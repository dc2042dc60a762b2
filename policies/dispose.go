package policies

import "slices"

// ClipDispose is the body of clip.dispose, by the server: nothing is left of the film of a
// clip. It is the certificate of destruction: what went, why, on whose word, and what was
// looked at to be sure. It is also the order for devices to let go of what they have.
//
// What it cannot say is in Backup: until that day a backup may hold the bytes, or the keys;
// and a device that was not in contact may hold a key. Devices say so themselves:
// [DevicePurged].
type ClipDispose struct {
	Clip       ClipID         `json:"clip"`
	Order      StatementID    `json:"order"` // clip.destroy
	Class      ClassName      `json:"class"`
	Ground     DisposalGround `json:"ground"`
	Authority  []StatementID  `json:"authority"`
	Due        Micros         `json:"due"`
	Pack       Digest         `json:"pack"`
	Payload    Digest         `json:"payload"`  // SHA-256 of the sealed film, as clip.add has it
	Versions   []Version      `json:"versions"` // that were deleted; none where the film had not arrived
	Uploads    int            `json:"uploads"`  // unfinished ones that were ended
	Keys       int            `json:"keys"`     // headers, titles and link keys that were deleted
	VerifiedAt Micros         `json:"verified_at"`
	KeysAt     Micros         `json:"keys_at"` // when the keys went: with this statement
	Backup     string         `json:"backup"`  // the last day on which a backup may hold it
}

// Version is one stored version of an object that was deleted.
type Version struct {
	ID     string `json:"id"` // as the object store names it
	Bytes  int64  `json:"bytes"`
	SHA256 Digest `json:"sha256"` // of the payload that it was stored as; zero where only the store knew it
}

// Bounds of a certificate.
const (
	MaxVersions     = 100
	maxVersionName  = 256
	maxUploadsEnded = 10_000
)

// Check implements [Body].
func (b ClipDispose) Check() error {
	var c checks
	named(&c, "the clip", b.Clip)
	named(&c, "the order", b.Order)
	word(&c, "class", b.Class, ClassNames())
	word(&c, "ground", b.Ground, DisposalGrounds())
	distinct(&c, "the authority", b.Authority, 1, MaxAuthority)
	c.instant("since when it was due", b.Due)
	named(&c, "the pack", b.Pack)
	named(&c, "the payload's digest", b.Payload)
	c.that(len(b.Versions) <= MaxVersions, "%d versions, %d at most", len(b.Versions), MaxVersions)
	for i, v := range b.Versions {
		c.line("the name of a version", v.ID, maxVersionName)
		c.that(v.Bytes >= 0 && v.Bytes <= MaxPayloadBytes, "no version is %d bytes long", v.Bytes)
		c.that(!slices.ContainsFunc(b.Versions[:i], func(o Version) bool { return o.ID == v.ID }), "version %q is listed twice", v.ID)
	}
	c.that(b.Uploads >= 0 && b.Uploads <= maxUploadsEnded, "%d uploads were ended", b.Uploads)
	c.that(b.Keys >= 0 && b.Keys <= maxUploadsEnded, "%d keys were deleted", b.Keys)
	c.instant("when it was verified", b.VerifiedAt)
	c.instant("when the keys went", b.KeysAt)
	c.that(b.VerifiedAt <= b.KeysAt, "the keys went before the film was verified to be gone")
	c.day("the last day of a backup", b.Backup)
	return c.err
}

// Disposed is a clip.dispose as the record keeps it: a stub of what was there.
type Disposed struct {
	ID     StatementID    `json:"id"`
	Ground DisposalGround `json:"ground"`
	At     Micros         `json:"at"` // of acceptance
	Backup string         `json:"backup"`
}

func disposeClip(f *Family, _ *Org, a act[ClipDispose]) (Changes, error) {
	b, c := a.Said, f.Clips[a.Said.Clip]
	switch {
	case c == nil:
		return Changes{}, missing("the clip", b.Clip)
	case c.Destroying.IsZero():
		return Changes{}, missing("the order to destroy it", b.Order)
	case c.Destroying != b.Order:
		return Changes{}, notPossible("the clip was destroyed by another order")
	case c.Payload.SHA256 != b.Payload:
		return Changes{}, notPossible("what was destroyed is not what the clip's manifest names")
	case c.Disposed != nil:
		return Changes{}, notPossible("this clip has its certificate already")
	}
	c.Disposed = &Disposed{ID: a.ID, Ground: b.Ground, At: a.Now, Backup: b.Backup}
	return Changes{Clips: []ClipID{c.ID}}, nil
}
