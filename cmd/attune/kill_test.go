package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/client-sdk/film/filmtest"
	"github.com/attune-vf/attune/policies"
)

// TestKilled kills the server and the devices, at any moment of sealing, queueing,
// pushing, uploading, finishing, pulling and starting, and runs on. What anybody was
// told is true, nothing is there twice, nothing lies about in clear, and every film
// plays as it was filmed.
func TestKilled(t *testing.T) {
	t.Parallel()
	k := &killing{service: newService(t), chance: dice(t), films: map[string]*filmed{}, told: map[string]bool{},
		usual: map[string]time.Duration{}, killed: map[string]int{}}
	for round := range rounds(20) {
		k.round(round)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	k.settle()
}

// killing is the state of the loop: what was done, and what anybody was told.
type killing struct {
	*service
	chance *rand.Rand
	films  map[string]*filmed // by the id of their clip
	notes  int                // sessions logged
	told   map[string]bool    // statements that a sync said were accepted

	usual  map[string]time.Duration // how long a command takes
	killed map[string]int           // how often one was, or the server beside it
}

type filmed struct {
	path  string
	clean policies.Digest // of the film as it is sealed
}

// marked stands every 32 bytes in the part of a film that its player skips: any
// piece of it that lies about in clear is found.
const marked = "TUMBLEWEED-9F2C41"

func (k *killing) round(n int) {
	if n%5 == 4 {
		k.copy(n)
	}
	f := k.film(n)
	k.add(f)
	if k.chance.IntN(3) == 0 {
		k.note(n)
	}
	k.interrupt("sam", "sync")
	if k.chance.IntN(2) == 0 {
		k.interrupt("alex", "sync")
	}
	k.sync("sam")
}

// copy has Alex save a copy in clear of some film. Killed, it leaves the whole copy
// or nothing, once the device has started again.
func (k *killing) copy(n int) {
	k.sync("alex")
	id := slices.Sorted(maps.Keys(k.films))[k.chance.IntN(len(k.films))]
	dst := k.path(fmt.Sprintf("copy-%d.mp4", n))
	k.interrupt("alex", "watch", id, "--save-copy", dst, "--reason", "to compare")
	k.do("alex", "status")
	if b, err := os.ReadFile(dst); err == nil && policies.DigestOf(b) != k.films[id].clean {
		k.t.Errorf("a copy of %d bytes is not the film", len(b))
	}
	if pieces, err := filepath.Glob(dst + ".*"); err != nil || len(pieces) > 0 {
		k.t.Errorf("left of a copy in clear: %v, %v", pieces, err)
	}
}

// film makes a recording of its own, at most three pieces of an upload long.
func (k *killing) film(n int) *filmed {
	raw, err := os.ReadFile("../../client-sdk/film/testdata/visit.mp4")
	k.must(err)
	pad := 1<<19 + k.chance.IntN(17<<20)
	raw, err = filmtest.Enlarge(raw, int64(pad))
	k.must(err)
	at := bytes.LastIndex(raw, []byte("free")) + 64
	for i := at; i+32 < at+pad-64; i += 32 {
		copy(raw[i:], fmt.Sprintf("%s-%06d-%08d", marked, n, i)[:32])
	}
	f := &filmed{path: k.path(fmt.Sprintf("visit-%d.mp4", n))}
	k.must(os.WriteFile(f.path, raw, 0o600))
	clean, _, err := film.Clean(bytes.NewReader(raw), int64(len(raw)))
	k.must(err)
	var whole bytes.Buffer
	_, err = whole.ReadFrom(clean)
	k.must(err)
	f.clean = policies.DigestOf(whole.Bytes())
	return f
}

// interrupt runs a command, and kills it, the server or both before its end, unless
// it is done before. The server is there again when it returns.
func (k *killing) interrupt(who string, args ...string) told {
	k.t.Helper()
	c, like := k.command(who, args...), who+" "+args[0]
	usual := k.usual[like]
	if usual == 0 {
		usual = 150 * time.Millisecond
	}
	// The first third of a command is unlocking its keys: mostly beyond that.
	after := time.Duration(k.chance.Int64N(int64(usual)))
	if k.chance.IntN(4) > 0 {
		after = usual/3 + after*3/4
	}
	victim, down := k.chance.IntN(5), false
	r := k.ended(c, after, func() {
		k.killed[like]++
		if victim < 3 {
			_ = c.Process.Kill() // it may have ended in this moment
		}
		if victim > 1 {
			k.kill()
			down = true
		}
	})
	if down {
		for range k.chance.IntN(3) { // killed again while it starts
			k.start()
			time.Sleep(time.Duration(k.chance.Int64N(int64(60 * time.Millisecond))))
			k.kill()
			k.killed["start"]++
		}
		k.serve()
	}
	if r.status == 0 && r.took < after {
		k.usual[like] = (usual + r.took) / 2
	} else if r.status == 0 {
		k.usual[like] = usual * 5 / 4
	}
	if r.status > 0 && (!down || r.Code != "offline") {
		k.t.Errorf("%s: attune %v: %s %s", who, args, r.Code, r.Message)
	}
	k.heard(r)
	return r
}

// heard keeps what a sync said was accepted.
func (k *killing) heard(r told) {
	var report attune.Report
	if len(r.out) == 0 || json.Unmarshal(r.out, &report) != nil {
		return
	}
	for _, o := range report.Accepted {
		k.told[o.ID.String()] = true
	}
	for _, o := range report.Refused {
		k.t.Errorf("refused %s: %s %s", o.Kind, o.Code, o.Message)
	}
}

func (k *killing) sync(who string) {
	k.t.Helper()
	r := k.try(who, "sync")
	if r.status != 0 {
		k.t.Errorf("%s: sync after a kill: %s %s %s", who, r.Code, r.Message, r.out)
	}
	k.heard(r)
}

// add seals a recording and has it removed. Whatever was killed, the recording is
// there or its clip is, and what was said to be done is done.
func (k *killing) add(f *filmed) {
	args := []string{"clip", "add", "NF-1", f.path, "--kind", "film", "--remove-source"}
	r := k.interrupt("sam", args...)
	fresh := k.fresh()
	_, err := os.Stat(f.path)
	switch {
	case len(fresh) > 1:
		k.t.Fatalf("%d clips of one recording", len(fresh))
	case r.status == 0 && (len(fresh) != 1 || err == nil):
		k.t.Fatalf("told that the film was sealed and removed: %d clips, %v", len(fresh), err)
	case len(fresh) == 0 && err != nil:
		k.t.Fatalf("the recording is gone, and no clip was made of it: %v", err)
	case len(fresh) == 0:
		k.do("sam", args...)
		fresh = k.fresh()
	case err == nil: // sealed, and killed before the recording was removed
		k.do("sam", "clip", "source", fresh[0], "--remove")
	}
	if _, err := os.Stat(f.path); err == nil || len(fresh) != 1 {
		k.t.Fatalf("%d clips, and the recording: %v", len(fresh), err)
	}
	k.films[fresh[0]] = f
}

// fresh are the clips that Sam's device lists and the loop does not know yet.
func (k *killing) fresh() (out []string) {
	for _, c := range k.clips("sam") {
		if k.films[c.ID.String()] == nil {
			out = append(out, c.ID.String())
		}
	}
	return out
}

func (k *killing) clips(who string) []attune.ClipView {
	var list struct{ Clips []attune.ClipView }
	k.must(json.Unmarshal(k.do(who, "clip", "list", "NF-1"), &list))
	return list.Clips
}

// note logs a visit.
func (k *killing) note(n int) {
	before := k.sessions()
	r := k.interrupt("sam", "session", "log", "NF-1", "--number", fmt.Sprint(100+n), "--still-happy", "--note", marked)
	switch got := k.sessions() - before; {
	case got > 1 || r.status == 0 && got != 1:
		k.t.Fatalf("status %d, and %d visits were logged", r.status, got)
	default:
		k.notes += got
	}
}

func (k *killing) sessions() int {
	var list struct{ Sessions []policies.Session }
	k.must(json.Unmarshal(k.do("sam", "session", "list", "NF-1"), &list))
	return len(list.Sessions)
}

// settle brings everybody up to date and looks at all that there is.
func (k *killing) settle() {
	t := k.t
	for _, who := range []string{"sam", "helen", "alex", "iris"} {
		k.sync(who)
	}
	t.Logf("killed: %v; %d films, %d notes", k.killed, len(k.films), k.notes)
	for _, who := range []string{"sam", "alex"} {
		list := k.clips(who)
		if len(list) != len(k.films) {
			t.Errorf("%s has %d clips, want %d", who, len(list), len(k.films))
		}
		for _, c := range list {
			if c.State != attune.ClipStored || k.films[c.ID.String()] == nil {
				t.Errorf("%s: clip %s is %s %s", who, c.ID.Short(), c.State, c.Why)
			}
		}
	}
	k.tidy()
	k.whole()
	k.plays()
	k.do("iris", "log", "verify")
	k.stop()
	k.attuned("log", "verify", "--data", k.path("server"))
	k.kept()
	k.sealed("sam", "alex", "helen", "iris", "server")
}

// plays has Alex, who never had the films, save a copy of some of them.
func (k *killing) plays() {
	tried := 0
	for id, f := range k.films {
		if tried++; tried > 5 {
			break
		}
		copied := filepath.Join(k.t.TempDir(), "copy.mp4")
		k.do("alex", "watch", id, "--save-copy", copied, "--reason", "to compare")
		b, err := os.ReadFile(copied)
		k.must(err)
		if policies.DigestOf(b) != f.clean {
			k.t.Errorf("clip %s is another film than was recorded", id)
		}
	}
}

// tidy looks for what a kill left on a device, after its next start.
func (k *killing) tidy() {
	known := map[string]bool{}
	for id := range k.films {
		known[id+".payload"] = true
	}
	for _, who := range []string{"sam", "alex", "helen", "iris"} {
		k.do(who, "status")
		k.must(filepath.WalkDir(k.path(who), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			inClips := filepath.Base(filepath.Dir(path)) == "clips"
			if strings.Contains(d.Name(), "tmp") || inClips != known[d.Name()] {
				k.t.Errorf("%s is left over", path)
			}
			return nil
		}))
	}
}

// whole holds what a device keeps against what it says.
func (k *killing) whole() {
	for _, c := range k.clips("sam") {
		b, err := os.ReadFile(k.path("sam", "clips", c.ID.String()+".payload"))
		if err != nil || policies.DigestOf(b) != c.Payload.SHA256 {
			k.t.Errorf("the sealed film of %s is not whole: %v", c.ID.Short(), err)
		}
		o, err := os.ReadFile(k.path("server", "objects", "objects", "clips,"+c.ID.String()))
		if err != nil || !bytes.Equal(o, b) {
			k.t.Errorf("the server's object of %s is not the sealed film: %v", c.ID.Short(), err)
		}
	}
}

// kept looks into the server's folder: all that was told is there, and once.
func (k *killing) kept() {
	t := k.t
	count := k.database().count
	for id := range k.told {
		if count(`SELECT COUNT(*) FROM statements WHERE id = $1`, id) != 1 {
			t.Errorf("statement %s was accepted, and is not there", id)
		}
	}
	for kind, want := range map[string]int{"clip.add": len(k.films), "clip.stored": len(k.films), "clip.annotate": len(k.films), "session.log": k.notes + 1} {
		made, logged := count(`SELECT COUNT(*) FROM statements WHERE kind = $1`, kind), count(`SELECT COUNT(*) FROM events WHERE action = $1 AND outcome = 'done'`, kind)
		if made != want || logged != want {
			t.Errorf("%d %s in %d events, want %d", made, kind, logged, want)
		}
	}
	if n := count(`SELECT COUNT(*) FROM events WHERE outcome IN ('refused', 'denied')`); n != 0 {
		t.Errorf("%d refusals; an interruption is nobody's fault", n)
	}
	if n := count(`SELECT COUNT(*) FROM (SELECT signer FROM numbers GROUP BY signer HAVING COUNT(*) <> MAX(n))`); n != 0 {
		t.Errorf("%d devices have lost a number", n)
	}
	if n := count(`SELECT COUNT(*) FROM uploads WHERE state <> 'stored' AND state <> 'ended'`); n != 0 {
		t.Errorf("%d uploads are still open", n)
	}
	objects, err := os.ReadDir(k.path("server", "objects", "objects"))
	k.must(err)
	if len(objects) != len(k.films) {
		t.Errorf("%d objects, want %d", len(objects), len(k.films))
	}
	staged, err := os.ReadDir(k.path("server", "objects", "staging"))
	k.must(err)
	for _, e := range staged {
		if info, err := e.Info(); err != nil || info.Size() > 0 {
			t.Errorf("staging holds %s, %v", e.Name(), err)
		}
	}
}

// sealed looks for a clear byte of any film or note in every file.
func (k *killing) sealed(folders ...string) {
	if !k.holds("form.txt", "Consent to filming") {
		k.t.Error("the search finds nothing, wherever it looks")
	}
	for _, folder := range folders {
		k.holds(folder, marked)
	}
}

func (k *killing) holds(folder, text string) (found bool) {
	k.must(filepath.WalkDir(k.path(folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			found = true
			if text == marked {
				k.t.Errorf("film or note in clear in %s", path)
			}
		}
		return err
	}))
	return found
}

// TestKilledWhileJoining: whenever a device dies, the same invitation brings it in,
// as one person with one device, and nothing is left of the attempts.
func TestKilledWhileJoining(t *testing.T) {
	t.Parallel()
	s, chance := newService(t), dice(t)
	n := (rounds(20) + 3) / 4
	usual := 120 * time.Millisecond
	killed := 0
	for i := range n {
		who := fmt.Sprintf("sam%d", i)
		invitation := member(t, s.do("helen", "invite", "--role", "practitioner", "--name", who), "invitation")
		s.do("helen", "sync")
		for {
			c := s.command(who, "join", invitation)
			r := s.ended(c, usual/4+time.Duration(chance.Int64N(int64(usual))), func() {
				killed++
				if chance.IntN(3) > 0 {
					_ = c.Process.Kill() // it may have ended in this moment
					return
				}
				s.kill()
				s.serve()
			})
			if r.status == 0 || r.Code == "home" { // joined before it was killed
				break
			}
			if r.status > 0 && r.Code != "offline" {
				t.Fatalf("join again: %s %s", r.Code, r.Message)
			}
			usual += usual / 8 // so that it comes to an end
		}
		words := strings.Split(member(t, s.do(who, "status"), "words"), " ")
		s.do("helen", "sync")
		s.do("helen", "confirm", who, "--words", strings.Trim(strings.Join(words, " "), "[]"))
		s.do("helen", "sync")
		s.do(who, "sync")
		s.must(filepath.WalkDir(s.path(who), func(path string, d fs.DirEntry, err error) error {
			if strings.Contains(d.Name(), "tmp") || d.Name() == "join.json" {
				t.Errorf("%s is left over", path)
			}
			return err
		}))
	}
	t.Logf("%d joined, in spite of %d kills", n, killed)
	s.stop()
	db := s.database()
	for _, kind := range []string{"staff.certify", "device.certify"} {
		if got := db.count(`SELECT COUNT(*) FROM statements WHERE kind = $1`, kind); got != n+4 {
			t.Errorf("%d %s, want %d", got, kind, n+4)
		}
	}
	if got := db.count(`SELECT COUNT(*) FROM events WHERE outcome = 'refused'`); got != 0 {
		t.Errorf("%d refusals", got)
	}
}
