package attune

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// maxAbout bounds the small files of an export, which came from a stranger.
const maxAbout = 64 << 10

// LogExportReport is the outcome of verifying an export. Faults are sentences that
// name the row; a fault is a result, not an error.
type LogExportReport struct {
	OK          bool                 `json:"ok"`
	Rows        int64                `json:"rows"`
	Part        bool                 `json:"part"`                 // some events only: that none was left out is not proved
	Size        int64                `json:"size"`                 // events in the log
	From        int64                `json:"from"`                 // the first that was not pruned
	Log         string               `json:"log"`                  // its name
	Key         string               `json:"key"`                  // that signed it
	Certificate policies.StatementID `json:"certificate,omitzero"` // server.certify that names the key, as this device knows it
	Replaced    bool                 `json:"replaced"`             // another key has taken its place since
	Known       bool                 `json:"known"`                // the key is one that the caller named or this device trusts
	Names       bool                 `json:"names"`                // the folder of names is there, and agrees
	Seen        int                  `json:"seen"`                 // checkpoints that this device remembers, and that the export goes on from
	Anchors     int                  `json:"anchors"`              // of those that were given, found true
	Faults      []string             `json:"faults"`
}

// VerifyLogExport verifies the files of an export without a network and without a
// device. Key is the log's key as log.vkey has it; "" takes the one in the files,
// which proves only that they belong together.
//
// Files that cannot be judged, or a checkpoint that this key did not sign for this
// log, are an [*Error].
func VerifyLogExport(files fs.FS, key string, progress Progress) (LogExportReport, error) {
	v := &exportCheck{files: plainFiles{files}, progress: orSilent(progress)}
	err := v.run(key)
	v.report.Faults = append([]string{}, v.report.Faults...)
	v.report.OK = err == nil && len(v.report.Faults) == 0
	return v.report, err
}

// VerifyExport is [VerifyLogExport] with the key that the organisation's root
// certified and the log that this device has always talked to; it also holds the
// export against every checkpoint that this device remembers. An export from before
// the server's key was replaced is signed by the key before it, and holds no row from
// after.
func (l *Log) VerifyExport(files fs.FS, progress Progress) (LogExportReport, error) {
	before, err := recall(l.d.store.db)
	if err != nil {
		return LogExportReport{}, err
	}
	keys, err := l.d.logKeys(before.Origin)
	if err != nil {
		return LogExportReport{}, err
	}
	by := signedBy(files, keys)
	r, err := VerifyLogExport(files, by.verifier.VKey(), progress)
	r.Certificate, r.Replaced = by.certificate, !by.replaced.IsZero()
	if err != nil {
		return r, err
	}
	if r.Replaced {
		ended, err := l.d.endedAt(by)
		if err != nil {
			return r, err
		}
		if r.Size > ended {
			r.Faults, r.OK = append(r.Faults, fmt.Sprintf("row %d: the key that signed was replaced here, and could sign nothing more", ended)), false
		}
	}
	if r.Part || !r.OK {
		return r, nil
	}
	marks, err := l.d.remembered()
	if err != nil {
		return r, err
	}
	anchors, err := l.anchored(r.Log)
	if err != nil {
		return r, err
	}
	for _, f := range anchors.faults {
		r.Faults, r.OK = append(r.Faults, f), false
	}
	tiles := accesslog.ExportedTiles(files, r.Size)
	for _, m := range sorted(append(marks, anchors.marks...)) {
		if m.Size > r.Size {
			continue // newer than the export
		}
		tree, err := accesslog.Load(tiles, m.Size)
		if err != nil {
			return r, err
		}
		switch {
		case tree.Root() != m.Root:
			r.Faults, r.OK = append(r.Faults, m.contradicted()), false
		case m.anchor:
			r.Anchors++
			continue
		}
		r.Seen++
	}
	return r, nil
}

// signedBy is the key that signed an export's checkpoint; the one in force for whatever
// none of them signed.
func signedBy(files fs.FS, keys []logKey) logKey {
	signed, err := (&exportCheck{files: plainFiles{files}}).small(accesslog.CheckpointFile)
	for _, k := range keys {
		if err != nil {
			break
		}
		if _, err := accesslog.OpenCheckpoint(signed, k.verifier); err == nil {
			return k
		}
	}
	return keys[0]
}

func orSilent(p Progress) Progress {
	if p == nil {
		return silent{}
	}
	return p
}

// exportCheck is one run over an export.
type exportCheck struct {
	files    fs.FS
	progress Progress
	about    LogExported
	report   LogExportReport
}

func (v *exportCheck) fault(format string, args ...any) {
	if len(v.report.Faults) < maxFaults {
		v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
	}
}

func unreadable(name string, err error) *Error {
	return problem(CodeInput, "Check that it is the folder of an export, with all of its files.", "%s cannot be read.", name).because(err)
}

func (v *exportCheck) run(key string) error {
	defer v.progress.Done()
	raw, err := v.small(exportFile)
	if err != nil {
		return err
	}
	if err := wire.Decode(strings.NewReader(raw), maxAbout, &v.about); err != nil {
		return unreadable(exportFile, err)
	}
	shown, err := v.small(vkeyFile)
	if err != nil {
		return err
	}
	shown = strings.TrimSuffix(shown, "\n")
	if v.report.Known = key != ""; !v.report.Known {
		key = shown
	}
	verifier, err := accesslog.ParseVerifier(strings.TrimSpace(key))
	if err != nil {
		return unreadable("the log's key", err)
	}
	v.report.Key, v.report.Log, v.report.Part = verifier.VKey(), verifier.Name(), v.about.Part
	if err := v.rows(verifier); err != nil {
		return err
	}
	if shown != verifier.VKey() || v.about.Key != verifier.VKey() || v.about.Log != verifier.Name() {
		v.fault("log.vkey or export.json names another key than the one that signed")
	}
	if err := v.pem(verifier); err != nil {
		return err
	}
	if len(v.report.Faults) > 0 {
		return nil // which names belong to rows that are wrong cannot be said
	}
	return v.named()
}

// rows checks events, tiles and proofs against the signature.
func (v *exportCheck) rows(by *accesslog.Verifier) error {
	verify := accesslog.VerifyWhole
	if v.about.Part {
		verify = accesslog.VerifyPart
	}
	v.progress.Total(v.about.Rows)
	done := int64(0)
	c, r, err := verify(v.files, by, accesslog.Options{From: v.about.From, Progress: func(rows int64) { v.progress.Add(rows - done); done = rows }})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return unreadable("The export", err)
	case errors.Is(err, accesslog.ErrCheckpoint):
		return untrusted("The checkpoint is not one that this key signed for this log.", err)
	case err != nil:
		return unreadable("The export", err)
	}
	for _, f := range r.Faults {
		v.fault("%s", f)
	}
	v.report.Rows, v.report.Size, v.report.From = r.Rows, c.Size, v.about.From
	if v.about.Part && v.about.From != 0 {
		v.fault("export.json says of some rows that those before row %d were pruned", v.about.From)
	}
	if v.about.Rows != r.Rows || v.about.Size != c.Size {
		v.fault("row %d: the last here; export.json says %d rows of a log of %d, and here are %d of %d", max(0, r.Rows-1), v.about.Rows, v.about.Size, r.Rows, c.Size)
	}
	return nil
}

// pem compares the key that openssl reads with the one that other verifiers do.
func (v *exportCheck) pem(by *accesslog.Verifier) error {
	signed, err := v.small(accesslog.CheckpointFile)
	if err != nil {
		return err
	}
	shown, err := v.small(pemFile)
	if err != nil {
		return err
	}
	pub, err := by.PublicKey()
	if err != nil {
		return unreadable("the log's key", err)
	}
	if _, _, want, err := accesslog.OpenSSL(signed, pub); err != nil || shown != string(want) {
		v.fault("log.pem is not the key that signed")
	}
	return nil
}

// small reads a short file.
func (v *exportCheck) small(name string) (string, error) {
	f, err := v.files.Open(name)
	if err != nil {
		return "", unreadable(name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAbout+1))
	if err == nil && len(b) > maxAbout {
		err = fmt.Errorf("more than %d bytes", maxAbout)
	}
	if err != nil {
		return "", unreadable(name, err)
	}
	return string(b), nil
}

// committed reports whether a detail is the one that the leaf commits to. One that
// was deleted, or never was, agrees with every leaf.
func committed(e accesslog.Event, salt policies.Bytes16, detail string) bool {
	return detail == "" || sha256.Sum256(append(salt[:], detail...)) == e.Commitment
}
