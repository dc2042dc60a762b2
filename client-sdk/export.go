package attune

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// ExportClip says how a clip leaves Attune.
type ExportClip struct {
	Recipient string           // age1pq1…: the header is written for this key; for the family's key when ""
	WithKey   bool             // also write the family's secret key; without Recipient only
	Purpose   policies.Purpose // the family's own copy when ""
	Reason    string           // kept by the log
}

// Export writes a clip to a new folder so that stock age opens it without
// Attune: header, payload, manifest.json (clip.add's body), statement.jws (the
// signed statement) and README.txt. `cat header payload | age -d -i KEY` gives
// the film. Like SaveCopy it is a reasoned act that the log keeps. What does not
// come to its end leaves no folder behind.
func (c *Clips) Export(ctx context.Context, clip policies.ClipID, dir string, how ExportClip) error {
	e := &exporting{c.d, clip, how}
	header, family, err := e.header()
	if err != nil {
		return err
	}
	src, err := e.payload(ctx)
	if err != nil {
		return err
	}
	defer src.Close()
	defer context.AfterFunc(ctx, func() { src.Close() })() // as in SaveCopyFor
	raw, err := c.d.shelf.raw(policies.StatementID(clip))
	if err != nil {
		return err
	}
	s, err := trusted(raw, c.d)
	if err != nil {
		return err
	}
	manifest, err := json.Marshal(s.Body, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return problem(CodeInput, "Choose a folder that does not exist yet, inside one that does.", "The folder cannot be made.").because(err)
	}
	files := []struct{ name, body string }{
		{"header", string(header)}, {"manifest.json", string(manifest) + "\n"}, {"statement.jws", raw}, {"README.txt", exportReadme(how)},
	}
	if how.WithKey {
		files = append(files, struct{ name, body string }{"family.key", family.String() + "\n"})
	}
	err = e.write(dir, src)
	for _, f := range files {
		if err == nil {
			err = writeNew(filepath.Join(dir, f.name), strings.NewReader(f.body))
		}
	}
	if err != nil {
		return errors.Join(interrupted(ctx, err), os.RemoveAll(dir)) // made a moment ago, and by us
	}
	return nil
}

// exporting is one clip on its way out.
type exporting struct {
	d    *desk
	clip policies.ClipID
	how  ExportClip
}

func (e *exporting) header() ([]byte, seal.Identity, error) {
	var none seal.Identity
	if e.how.WithKey && e.how.Recipient != "" {
		return nil, none, problem(CodeInput, "Name a recipient, or ask for the key.", "A copy for somebody else does not carry the family's key.")
	}
	f, err := e.d.clipFamily(e.clip)
	if err != nil {
		return nil, none, err
	}
	family, err := e.d.keys.family(f.ID)
	if err != nil {
		return nil, none, err
	}
	key, err := e.d.shelf.fileKey(f, e.clip, family)
	if err != nil {
		return nil, none, err
	}
	own := family[0] // the key in force, or the last that is here
	to := own.Recipient()
	if e.how.Recipient != "" {
		if to, err = seal.ParseRecipient(e.how.Recipient); err != nil {
			return nil, none, problem(CodeInput, "Give the age1pq1… line of the person who shall open it.", "This is not a key that can be sealed to.").because(err)
		}
	}
	header, err := seal.NewHeader(key, to)
	return header, own, err
}

func (e *exporting) payload(ctx context.Context) (payloadReader, error) {
	if e.how.Reason == "" {
		e.how.Reason = "export"
	}
	if e.how.Purpose == "" {
		e.how.Purpose = policies.FamilyCopy
	}
	f, err := e.d.clipFamily(e.clip)
	if err != nil {
		return nil, err
	}
	src, _, err := (&viewing{e.d, wire.ViewRequest{Purpose: e.how.Purpose, Copy: true, Reason: e.how.Reason}}).bytes(ctx, f, f.Clips[e.clip])
	return src, err
}

// write copies the sealed bytes and compares them with the statement.
func (e *exporting) write(dir string, src io.ReaderAt) error {
	f, err := e.d.clipFamily(e.clip)
	if err != nil {
		return err
	}
	want := f.Clips[e.clip].Payload
	show := e.d.cfg.progress("Exporting " + e.clip.Short())
	defer show.Done()
	show.Total(want.Bytes)
	path := filepath.Join(dir, "payload")
	if err := writeNew(path, counted{io.NewSectionReader(src, 0, want.Bytes), show}); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum, err := fileDigest(file)
	if err == nil && sum != want.SHA256 {
		err = e.notIts(src, want.SHA256, sum)
	}
	return err
}

// notIts: the bytes are not those that the clip's statement names.
func (e *exporting) notIts(src io.ReaderAt, want, got policies.Digest) error {
	const message = "The film of clip %s is not what its statement names."
	if sent, ok := src.(*ranges); !ok || sent.here != nil {
		return problem(CodeSealed, "Tell your administrator and your IG officer.", message, e.clip.Short())
	}
	err, _ := e.d.convict(lied(CodeFilm, exhibit{ID: e.clip.String(), Expected: "SHA-256 " + want.String(), Got: "SHA-256 " + got.String()}, nil, message, e.clip.Short()))
	return err
}

func exportReadme(how ExportClip) string {
	key := "KEY"
	whose := "KEY is the family's key. Any two custodians can recover it from the family's record."
	switch {
	case how.WithKey:
		key, whose = "family.key", "family.key opens every clip of this family: keep it apart, and delete it after use."
	case how.Recipient != "":
		whose = "KEY is the secret half of the key that this copy was made for:\n  " + how.Recipient
	}
	return "This folder holds one clip of the Attune service, sealed.\n\n" +
		"To open it, with age 1.3 or later (https://age-encryption.org):\n\n" +
		"  cat header payload | age -d -i " + key + " > clip.mp4\n\n" + whose + "\n\n" +
		"manifest.json says what the clip is, and the SHA-256 of payload and of the\n" +
		"original recording. statement.jws is the same, signed by the device that\n" +
		"made it.\n"
}
