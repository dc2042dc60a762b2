package certificate_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/attune-vf/attune/client-sdk/certificate"
	"github.com/attune-vf/attune/policies"
)

// printed types what VERIFY.txt tells people to type, in a folder with one certificate.
func printed(t *testing.T, body []byte) (said string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, b := range map[string][]byte{"VERIFY.txt": []byte(certificate.HowToVerify()), "destroyed-CLIP.json": body} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var script []string
	for line := range strings.Lines(certificate.HowToVerify()) {
		if strings.HasPrefix(line, "  sed ") || strings.HasPrefix(line, "  python3 ") {
			script = append(script, line)
		}
	}
	if len(script) != 2 {
		t.Fatalf("VERIFY.txt has %d commands", len(script))
	}
	cmd := exec.Command("bash", "-euc", strings.Join(script, ""))
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestVerifiedByToolsNotOurs: openssl and Python agree with [certificate.File.Verify] about
// what holds, and say what does not. Of several servers each may have signed.
func TestVerifiedByToolsNotOurs(t *testing.T) {
	w := made(t)
	b, err := w.file.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if said, err := printed(t, b); err != nil || !strings.Contains(said, "GOOD: clip "+w.file.Body.Clip.String()+" of service "+w.file.Organisation.String()) || !strings.Contains(said, "until 2026-12-28") {
		t.Fatalf("%v: %s", err, said)
	}
	other := made(t)
	for name, c := range map[string]struct {
		spoil func(f *certificate.File)
		want  string
	}{
		"AnotherGroundToRead":   {func(f *certificate.File) { f.Body.Ground = policies.ByWithdrawal }, "what there is to read"},
		"AnotherFamily":         {func(f *certificate.File) { f.Family = policies.FamilyID(digest("x")) }, "what there is to read"},
		"AnotherName":           {func(f *certificate.File) { f.Certificate = policies.StatementID(digest("x")) }, "another one's name"},
		"AnotherServicesRoot":   {func(f *certificate.File) { f.Chain = other.file.Chain }, "another organisation's"},
		"AnotherServicesServer": {func(f *certificate.File) { f.Chain = []string{f.Chain[0], other.file.Chain[1]} }, "is not signed by"},
		"NoServer":              {func(f *certificate.File) { f.Chain = f.Chain[:1] }, "the root did not certify"},
		"AnotherRow":            {func(f *certificate.File) { f.Proof.Leaf = "{}" }, "not in the signed log"},
		"NoPath":                {func(f *certificate.File) { f.Proof.Path = nil }, "not in the signed log"},
		"AnotherServicesLog":    {func(f *certificate.File) { f.Proof = other.file.Proof }, "checkpoint is not signed"},
		"CheckpointChanged": {func(f *certificate.File) {
			f.Proof.Checkpoint = strings.Replace(f.Proof.Checkpoint, "\n2\n", "\n3\n", 1)
		}, "checkpoint is not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			f := w.file
			c.spoil(&f)
			b, err := f.JSON()
			if err != nil {
				t.Fatal(err)
			}
			if said, err := printed(t, b); err == nil || !strings.Contains(said, "WRONG: ") || !strings.Contains(said, c.want) {
				t.Errorf("%v: %s, want WRONG and %q", err, said, c.want)
			}
		})
	}
}

// TestEachByteCounts: a file of which one byte was changed is refused, but for what devices
// said and when it was asked, which is theirs to say.
func TestEachByteCounts(t *testing.T) {
	b, err := made(t).file.JSON()
	if err != nil {
		t.Fatal(err)
	}
	from, to := bytes.Index(b, []byte(`"devices"`)), bytes.Index(b, []byte(`"proof"`))
	for i := 0; i < len(b); i += 3 {
		if from < i && i < to {
			continue
		}
		spoilt := bytes.Clone(b)
		spoilt[i] ^= 1
		f, err := certificate.Parse(spoilt)
		if err == nil {
			_, err = f.Verify()
		}
		if !errors.Is(err, certificate.ErrFile) && !errors.Is(err, certificate.ErrUnproven) {
			t.Fatalf("byte %d, %q: %v", i, spoilt[max(0, i-20):i+20], err)
		}
	}
}
