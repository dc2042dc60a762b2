package attune

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/attune-vf/attune/policies"
)

// AddClip is film to be sealed.
type AddClip struct {
	Family        policies.FamilyID
	File          string // the recording; it is only read
	Kind          policies.ClipKind
	Chosen        bool // "better than usual", or as the pack calls it
	Title         string
	Session       policies.SessionID  // the last one logged when zero
	People        []policies.PersonID // everyone in it
	CapturedFrom  time.Time           // when it was filmed; the time of adding when not given
	CapturedUntil time.Time
	Remove        bool // the practitioner wants the recording removed from the camera; see ConfirmSource
}

// Added is a clip that is sealed, synced to disk, signed and queued.
type Added struct {
	Clip         policies.ClipID `json:"clip"`
	SourceSHA256 policies.Digest `json:"source_sha256"`
	Changed      []string        `json:"changed"`  // places that were blanked before sealing
	Warnings     []string        `json:"warnings"` // plain sentences
}

// Add seals a recording and queues its clip.add.
//
// The order is what makes a crash harmless: gate, look, seal to a temporary
// file, sync, read back, then name, statement, title, header and upload in one
// transaction. Until that commits there is no clip, and the next start removes
// the pieces; the recording itself is never written to. Only [Clips.ConfirmSource]
// may remove it, later.
//
// Errors: [*GateError] with every reason; [*Error] with [CodeNotVideo], or with
// [CodeDisk] when the sealed copy finds no room.
func (c *Clips) Add(ctx context.Context, in AddClip) (Added, error) {
	gate, err := c.Gate(in.Family, in.People)
	if err != nil {
		return Added{}, err
	}
	if !gate.Open {
		return Added{}, gateError(gate)
	}
	src, err := openRecording(&in)
	if err != nil {
		return Added{}, err
	}
	defer src.Close()
	work, err := inspect(src)
	if err != nil {
		return Added{}, err
	}
	if err := work.fits(in.Kind); err != nil {
		return Added{}, err
	}
	w := &sealing{d: c.d, in: in, gate: gate, recording: work}
	if err := w.manifest(); err != nil {
		return Added{}, err
	}
	tmp, err := os.CreateTemp(c.d.clipPath(""), "seal-*.tmp") // 0600
	if err != nil {
		return Added{}, roomless(fmt.Errorf("seal clip: %w", err))
	}
	defer os.Remove(tmp.Name()) // absent once named
	defer tmp.Close()
	if err := w.seal(ctx, tmp, src); err != nil {
		return Added{}, roomless(err)
	}
	if err := tmp.Close(); err != nil { // Windows renames no file that is open
		return Added{}, fmt.Errorf("seal clip: %w", err)
	}
	return w.queue(tmp.Name())
}

// openRecording opens the file itself, not a link to it: what is removed later
// must be the film and not its other name. Only a file is opened: to open a pipe
// would wait for ever.
func openRecording(in *AddClip) (*os.File, error) {
	bad := func(err error) error {
		return problem(CodeInput, "Check the name of the file.", "The recording cannot be read.").because(err)
	}
	path, err := filepath.EvalSymlinks(in.File)
	if err != nil {
		return nil, bad(err)
	}
	if info, err := os.Stat(path); err != nil {
		return nil, bad(err)
	} else if !info.Mode().IsRegular() {
		return nil, problem(CodeNotVideo, "Choose the film that the camera made.", "%s is a folder or a device, not a file.", filepath.Base(in.File))
	}
	src, err := os.Open(path)
	if err != nil {
		return nil, bad(err)
	}
	in.File = path
	return src, nil
}

// Gate asks whether these people may be filmed now. The answer is the mirror's,
// so that only what the server has accepted can open it; what is queued here,
// such as a withdrawal, can shut it.
func (c *Clips) Gate(family policies.FamilyID, people []policies.PersonID) (policies.Gate, error) {
	org, err := c.d.mirror.verifiedOrg()
	if err != nil {
		return policies.Gate{}, err
	}
	pack, err := c.d.figures()
	if err != nil {
		return policies.Gate{}, err
	}
	a, err := c.d.lease.look()
	if err != nil {
		return policies.Gate{}, err
	}
	provisional, err := c.d.mirror.provisional(family)
	if err != nil {
		return policies.Gate{}, err
	}
	soon, err := c.d.mirror.provisionalOrg()
	if err != nil {
		return policies.Gate{}, err
	}
	known, ok := c.d.mirror.Family(family)
	if !ok {
		return policies.Gate{Reasons: []policies.Reason{{Rule: "UPLOAD-APPROVAL", Text: "The service does not know this family yet. Sync, and ask for approval to film."}}}, nil
	}
	if g, err := c.d.shelf.proven(policies.RecordID(family)); err != nil || !g.Open {
		return g, err
	}
	if g, err := c.d.clockRight(); err != nil || !g.Open {
		return g, err
	}
	if a.behind {
		return setBack(), nil
	}
	now, last := policies.At(c.d.now()), policies.Micros(0)
	if a.known {
		last = policies.At(c.d.now().Add(-a.away))
	}
	gate := policies.FilmingGate(org, known, c.d.me.Staff, people, now, last, pack)
	here := policies.FilmingGate(soon, provisional, c.d.me.Staff, people, now, last, pack)
	if gate.Open && !here.Open {
		return here, nil
	}
	return unsent(gate, here), nil
}

// unsent says of each reason that is put right here already that only sending is
// missing. Whoever has just entered the signed form must not be told to look for one.
func unsent(gate, here policies.Gate) policies.Gate {
	for i, r := range gate.Reasons {
		if !slices.ContainsFunc(here.Reasons, func(h policies.Reason) bool { return h.Rule == r.Rule }) {
			gate.Reasons[i].Text = r.Text + " What you recorded here puts that right once the service has it: sync first."
		}
	}
	return gate
}

// clockRight shuts the gate on a device whose clock was ahead of the service's at
// their last contact. The service takes no film from the future, now or later, and by
// then the recording may have been removed. One that is behind harms nothing here.
func (d *desk) clockRight() (policies.Gate, error) {
	text, err := setting(d.store.db, settingAhead)
	if err != nil || text == "" {
		return policies.Gate{Open: true}, err
	}
	ahead, err := strconv.ParseInt(text, 10, 64)
	if err == nil && policies.Micros(ahead) > policies.Micros(policies.Skew.Microseconds()) {
		return policies.Gate{Reasons: []policies.Reason{{Rule: policies.ContactRule,
			Text: "This device's clock was ahead of the service's at their last contact. Set the clock, connect once, then film."}}}, nil
	}
	return policies.Gate{Open: true}, err
}

func gateError(g policies.Gate) error {
	e := &GateError{}
	for _, r := range g.Reasons {
		e.Reasons = append(e.Reasons, r.Text)
		e.Rules = append(e.Rules, r.Rule)
	}
	return e
}
