package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/client-sdk/film/filmtest"
)

// bulk is what the film is enlarged by: more than Chromium reads ahead of a film
// of a few seconds, so that playing without fetching all of it means something.
const bulk = 96 << 20

// check walks the journey in a temporary folder and checks each outcome. What is
// left of it is removed when all was well, and kept to look at when not.
func check(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp("", "attune-demo-")
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.data, s.pace = filepath.Join(dir, "data"), newPace()
	video := filepath.Join(dir, "visit.mp4")
	if err := large(s.video, video); err != nil {
		return err
	}
	stage, err := open(ctx, s, fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("%w (left in %s)", err, dir)
	}
	err = outcomes(ctx, stage, s, video)
	stage.close()
	if err != nil {
		return fmt.Errorf("%w (left in %s)", err, dir)
	}
	fmt.Println("demo: every outcome as it should be")
	return os.RemoveAll(dir)
}

// large copies the film, enlarged; one that is large already is taken as it is.
func large(from, to string) error {
	clip, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read the film: %w", err)
	}
	if len(clip) < bulk {
		if clip, err = filmtest.Enlarge(clip, bulk); err != nil {
			return err
		}
	}
	return os.WriteFile(to, clip, 0o600)
}

// freePort asks the kernel for a port. Somebody else could take it before the
// server does; then the server says so, and the demonstration is run again.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// outcomes walks, then looks at what came of it from every side.
func outcomes(ctx context.Context, st *stage, s settings, video string) error {
	l, err := st.walk(ctx, video)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		title string
		do    func() error
	}{
		{"The colleague's copy is the film, byte for byte", func() error { return st.sameFilm(ctx, l.Clip, video) }},
		{"The log names every step, and its rules", func() error { return st.logged(ctx) }},
		{"The carer's phone plays it", func() error { return browse(ctx, s, l, "plays", "--no-kill") }},
		{"The log is whole, read from the database file", func() error {
			return st.run(ctx, nil, "attuned", "log", "verify", "--data", st.data, "--json")
		}},
		{"A changed film is not played", func() error { return st.damaged(ctx, s, l) }},
		{"The store and the log are sound", func() error { return st.sound(ctx) }},
		{"A link lives: looked at by a scanner, guessed at, given a new PIN, reloaded, used up", func() error { return st.lived(ctx, s, l.Clip) }},
		{"A supervisor of another employer watches until they are taken off the list", func() error { return st.supervised(ctx, l.Clip) }},
		{"Permission revoked, a father's objection, a withdrawal by telephone: nothing is shown", func() error { return st.ended(ctx, s, l) }},
		{"A revoked link shows nothing", func() error { return st.revoked(ctx, s, l) }},
		{"The carer asks us to stop, and everything does", func() error { return st.stopped(ctx, s) }},
	} {
		fmt.Fprintln(os.Stderr, "?", step.title)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	return nil
}

func (st *stage) sameFilm(ctx context.Context, clip, video string) error {
	copied := st.secret("copy.mp4")
	if err := st.as(ctx, "alex", nil, "watch", clip, "--save-copy", copied, "--reason", "demonstration"); err != nil {
		return err
	}
	want, err := cleaned(video)
	if err != nil {
		return err
	}
	got, err := os.ReadFile(copied)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%d bytes differ from the %d of the film", len(got), len(want))
	}
	return errors.Join(err, os.Remove(copied))
}

// cleaned is the film as it is sealed: of the same length, with the places that
// say where it was filmed blanked.
func cleaned(video string) ([]byte, error) {
	raw, err := os.ReadFile(video)
	if err != nil {
		return nil, err
	}
	clean, _, err := film.Clean(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(clean)
}

// logged asks the IG officer's desk for each act of the walk.
func (st *stage) logged(ctx context.Context) error {
	found, err := st.events(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, e := range found {
		seen[e.Action] = true
	}
	var missing []string
	for _, act := range []string{
		"family.open", "person.add", "team.add", "approval.request", "approval.grant", "consent.sign", "session.log",
		"clip.add", "clip.stored", "clip.copy", "link.create",
	} {
		if !seen[act] {
			missing = append(missing, act)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no event of %s among %d", strings.Join(missing, ", "), len(found))
	}
	return nil
}

// event is one event of the family, as the log has it.
type event struct {
	Action  string   `json:"act"`
	Outcome string   `json:"out"`
	Rules   []string `json:"rule"`
}

// events is what the IG officer finds about the family.
func (st *stage) events(ctx context.Context) ([]event, error) {
	var found struct {
		Events []struct {
			Event event `json:"event"`
		} `json:"events"`
	}
	if err := st.as(ctx, "iris", &found, "log", "search", "--family", family); err != nil {
		return nil, err
	}
	list := make([]event, len(found.Events))
	for i, e := range found.Events {
		list[i] = e.Event
	}
	return list, nil
}

// browse opens the link in Chromium as a carer would; what the script printed is
// shown only when something was wrong. The film is too short to have anything left
// to fetch once the browser stopped the page's worker; npm run test:browser shows
// that with a longer one.
func browse(ctx context.Context, s settings, l *link, expect string, more ...string) error {
	if err := s.pace.wait(ctx, openings(expect, more)); err != nil {
		return err
	}
	args := append([]string{s.drive, "--url", l.URL, "--pin", l.PIN, "--expect", expect}, more...)
	if s.shots != "" {
		shots := filepath.Join(s.shots, expect)
		if err := os.MkdirAll(shots, 0o755); err != nil {
			return err
		}
		args = append(args, "--shots", shots)
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	out, err := cmd.CombinedOutput()
	var summary struct{ Failures []string }
	if err != nil {
		if json.Unmarshal(out, &summary) == nil && len(summary.Failures) > 0 {
			return errors.New(strings.Join(summary.Failures, "; "))
		}
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// damaged flips one byte of the stored film, has the page refuse it, and mends it.
func (st *stage) damaged(ctx context.Context, s settings, l *link) error {
	mend, err := st.damage(ctx, l.Clip)
	if err != nil {
		return err
	}
	return errors.Join(browse(ctx, s, l, "damaged", "--wrong-pin", "none"), mend())
}

func largestFile(dir string) (path string, err error) {
	var most int64 = -1
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > most {
			path, most = p, info.Size()
		}
		return err
	})
	return path, err
}

// damagedByte lies in the first chunk of a sealed film.
const damagedByte = 1000

// flip changes a bit of the first chunk: a second call mends it.
func flip(path string) error {
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], damagedByte); err != nil {
		return err
	}
	b[0] ^= 1
	_, err = f.WriteAt(b[:], damagedByte)
	return err
}

func (st *stage) revoked(ctx context.Context, s settings, l *link) error {
	if err := st.acts(ctx, "sam", []string{"link", "revoke", l.ID}); err != nil {
		return err
	}
	return browse(ctx, s, l, "ended", "--wrong-pin", "none")
}
