package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// sealRows measures what a practitioner waits for after a visit: attune clip add,
// all of it, against what somebody careful would do with stock tools. Ours
// unlocks the device, asks the gate, looks for places to blank, hashes source and
// payload, seals, syncs to disk, reads the end back, signs and queues; the peer
// seals and hashes the result, and does not sync.
func sealRows(ctx context.Context, w *workshop) ([]Row, error) {
	size := int64(512 << 20)
	if w.quick {
		size = 64 << 20
	}
	visit := filepath.Join(w.root, "client-sdk", "film", "testdata", "visit.mp4") // says where it was filmed
	s, err := w.newService(ctx, visit)
	if err != nil {
		return nil, err
	}
	if err := s.stop(); err != nil { // sealing needs no network: nothing else runs
		return nil, err
	}
	short, err := w.film(ctx, 10)
	if err != nil {
		return nil, err
	}
	film, err := w.large(short, size)
	if err != nil {
		return nil, err
	}
	placed, err := w.large(visit, size)
	if err != nil {
		return nil, err
	}
	peer, err := w.stockAge(ctx)
	if err != nil {
		return nil, err
	}
	var ours, theirs, blanked, idle []used
	err = inTurn(ctx, w.runs,
		func() error {
			locked, err := measure(s.command(ctx, s.sam(), "clip", "list", demoFamily))
			if err != nil {
				return err
			}
			plain, err := s.seal(ctx, film, false)
			if err != nil {
				return err
			}
			place, err := s.seal(ctx, placed, true)
			ours, blanked, idle = append(ours, plain), append(blanked, place), append(idle, locked)
			return err
		},
		func() error {
			u, err := peer.seal(ctx, film)
			theirs = append(theirs, u)
			return err
		})
	if err != nil {
		return nil, err
	}
	how := fmt.Sprintf("%d MiB, page cache warm; attune clip add with unlocking (%.2f s), two hashes and fsync, against age then sha256sum, neither synced",
		size>>20, median(each(idle, wall)))
	return []Row{
		compare("seal a film: time", "s", each(ours, wall), each(theirs, wall), faster).atLeast(2).under(how),
		compare("seal a film: CPU", "CPU s", each(ours, cpu), each(theirs, cpu), costs).under(how),
		compare("seal a film: memory", "MiB", each(ours, rss), each(theirs, rss), costs).under(how + "; most resident memory"),
		compare("seal a film with its place: time", "s", each(blanked, wall), each(theirs, wall), faster).atLeast(2).
			under(how + "; the place is blanked on the way"),
		alone("unlock a device and list its clips", "s", each(idle, wall)).under("part of each command; the passphrase is made slow on purpose"),
	}, nil
}

// seal adds a film on a copy of the practitioner's device. That places were
// blanked, or not, is checked: it is more work.
func (s *service) seal(ctx context.Context, film string, blanks bool) (used, error) {
	home, err := s.copyHome()
	if err != nil {
		return used{}, err
	}
	defer os.RemoveAll(home)
	cmd := s.command(ctx, home, "clip", "add", demoFamily, film, "--kind", "film",
		"--people", "Mum", "--people", "Robin", "--session", "1", "--keep-source")
	var printed bytes.Buffer
	cmd.Stdout = &printed
	u, err := measure(cmd)
	if err != nil {
		return u, err
	}
	var added struct{ Changed []string }
	if err := json.Unmarshal(printed.Bytes(), &added); err != nil {
		return u, err
	}
	if (len(added.Changed) > 0) != blanks {
		return u, fmt.Errorf("%s: blanked %q", film, added.Changed)
	}
	return u, nil
}

func wall(u used) float64 { return u.wall }
func cpu(u used) float64  { return u.cpu }
func rss(u used) float64  { return u.maxRSS }

func each(all []used, what func(used) float64) []float64 {
	out := make([]float64, len(all))
	for i, u := range all {
		out[i] = what(u)
	}
	return out
}

// stock is the age command of the module that the product pins, and a recipient
// of the product's kind.
type stock struct {
	age, recipient, sealed string
}

func (w *workshop) stockAge(ctx context.Context) (stock, error) {
	age, err := w.build(ctx, "filippo.io/age/cmd/age")
	if err != nil {
		return stock{}, err
	}
	keygen, err := w.build(ctx, "filippo.io/age/cmd/age-keygen")
	if err != nil {
		return stock{}, err
	}
	key := filepath.Join(w.temp, "peer.key")
	if out, err := exec.CommandContext(ctx, keygen, "-pq", "-o", key).CombinedOutput(); err != nil {
		return stock{}, fmt.Errorf("age-keygen: %w: %s", err, out)
	}
	recipient := filepath.Join(w.temp, "peer.recipient")
	if out, err := exec.CommandContext(ctx, keygen, "-y", "-o", recipient, key).CombinedOutput(); err != nil {
		return stock{}, fmt.Errorf("age-keygen: %w: %s", err, out)
	}
	return stock{age, recipient, filepath.Join(w.temp, "peer.age")}, nil
}

func (s stock) seal(ctx context.Context, film string) (used, error) {
	sealing, err := measure(exec.CommandContext(ctx, s.age, "-R", s.recipient, "-o", s.sealed, film))
	if err != nil {
		return used{}, err
	}
	hashing, err := measure(exec.CommandContext(ctx, "sha256sum", s.sealed))
	return sealing.then(hashing), errors.Join(err, os.Remove(s.sealed))
}
