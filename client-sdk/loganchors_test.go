package attune_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/storage/accesslog"
)

// TestVerifyAgainstAnchors: what was put away or e-mailed is compared with the live log and
// with an export; a log that was cut off, one that was rewritten and what nobody certified
// are told apart. All but the last are signed by the service's own key.
func TestVerifyAgainstAnchors(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	sound, err := a.ig.Log.Verify(context.Background(), nil)
	must(t, err)
	origin, _, _ := strings.Cut(sound.Checkpoint, "\n")
	sign := func(origin string, size int64, root accesslog.Hash) string {
		by, err := accesslog.NewSigner(origin, a.logKey)
		must(t, err)
		note, err := accesslog.Sign(accesslog.Checkpoint{Origin: origin, Size: size, Root: root}, by)
		must(t, err)
		return note
	}
	dir, x := a.export(attune.LogFilter{})
	for name, c := range map[string]struct {
		note         string
		live, export string // what the fault says; "" for none
	}{
		"Sound":     {sound.Checkpoint, "", ""},
		"FromMail":  {"\r\n" + strings.ReplaceAll(sound.Checkpoint, "\n", "\r\n") + "\r\n", "", ""},
		"Rewritten": {sign(origin, x.Size-1, accesslog.Hash{9}), "rewritten", "rewritten"},
		"CutOff":    {sign(origin, 1_000_000, accesslog.Hash{9}), "cut off", ""}, // an export may be older
		"Foreign":   {sign(origin+"x", 3, accesslog.Hash{9}), "no restoration names", "no restoration names"},
		"Unsigned":  {strings.Replace(sound.Checkpoint, "\n", "\n1", 1), "no key", "no key"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			must(t, os.WriteFile(filepath.Join(folder, "saved.txt"), []byte(c.note), 0o600))
			log := a.ig.Log.Against(os.DirFS(folder))
			says := func(what string, ok bool, anchors int, faults []string, want string) {
				t.Helper()
				if want == "" {
					if !ok || what == "live" && anchors != 1 {
						t.Errorf("%s: %d anchors, %q", what, anchors, faults)
					}
				} else if ok || len(faults) != 1 || !strings.Contains(faults[0], want) {
					t.Errorf("%s: %q, want one fault that says %q", what, faults, want)
				}
			}
			live, err := log.Verify(context.Background(), nil)
			must(t, err)
			says("live", live.OK, live.Anchors, live.Faults, c.live)
			kept, err := log.VerifyExport(os.DirFS(dir), nil)
			must(t, err)
			says("export", kept.OK, kept.Anchors, kept.Faults, c.export)
		})
	}
	if _, err := a.ig.Log.Against(os.DirFS(t.TempDir())).Verify(context.Background(), nil); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("a folder without anchors: %v", err)
	}
}
