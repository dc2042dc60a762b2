package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed visit.mjs
var visitScript []byte

// visits are two of one person's: the first with that browser, and a later one.
type visits struct{ cold, warm visited }

// visited is what one visit took; times in milliseconds since its beginning.
type visited struct {
	Name     string             `json:"name"`
	Marks    map[string]float64 `json:"marks"`
	Requests []asked            `json:"requests"`

	frame, sought int64 // bytes that came down by then
}

// asked is one request, as the browser tells of it; -1 where it has no time.
type asked struct {
	At        float64 `json:"at"` // ms since the beginning of the visit
	Method    string  `json:"method"`
	Path      string  `json:"path"`
	Range     string  `json:"range,omitempty"`
	FirstByte float64 `json:"firstByte"` // ms since the request
	End       float64 `json:"end"`
}

func (v visited) between(a, b string) float64 { return v.Marks[b] - v.Marks[a] }
func (v visited) fromWatch() float64          { return v.between("press watch-button", "frame") }
func (v visited) seeking() float64            { return v.between("seek", "sought") }
func (v visited) fromPIN() float64            { return v.between("press open", "shown ready") }
func (v visited) toPIN() float64              { return v.Marks["shown start"] }
func (v visited) frameMB() float64            { return float64(v.frame) / 1e6 }
func (v visited) soughtMB() float64           { return float64(v.sought) / 1e6 }

// waiting is what passed before the first picture while nobody had anything to do.
func (v visited) waiting() float64 {
	if _, asksPIN := v.Marks["press open"]; asksPIN {
		return v.toPIN() + v.fromPIN() + v.fromWatch()
	}
	return v.Marks["parsed"] + v.fromWatch()
}

// patience is for one browser: a visit takes some seconds.
const patience = 3 * time.Minute

// visit starts a browser of its own and goes to the address twice.
func (w *workshop) visit(ctx context.Context, s *site, address, pin string) (v visits, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	script := filepath.Join(w.temp, "visit.mjs")
	if err := os.WriteFile(script, visitScript, 0o644); err != nil {
		return v, err
	}
	args := []string{script, "--package", filepath.Join(w.root, "client-sdk", "web", "package.json"), "--url", address}
	if pin != "" {
		args = append(args, "--pin", pin)
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return v, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return v, err
	}
	if err := cmd.Start(); err != nil {
		return v, err
	}
	followed := v.follow(out, in, s)
	io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		return v, fmt.Errorf("visit: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return v, followed
}

// follow reads what the browser's script tells, and counts bytes as it does.
func (v *visits) follow(out io.Reader, in io.Writer, s *site) error {
	_, before := s.link.Passed()
	var now visited
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20) // a visit has a line of all its requests
	for lines.Scan() {
		var told struct {
			Event string `json:"event"`
			visited
		}
		if err := json.Unmarshal(lines.Bytes(), &told); err != nil {
			return fmt.Errorf("visit said %q: %w", lines.Text(), err)
		}
		_, down := s.link.Passed()
		switch told.Event {
		case "frame":
			now.frame = down - before
		case "sought":
			now.sought = down - before
		case "visit":
			told.frame, told.sought = now.frame, now.sought
			if told.Name == "cold" {
				v.cold = told.visited
			} else {
				v.warm = told.visited
			}
			s.link.Drop() // the phone is put away
			if _, err := io.WriteString(in, "\n"); err != nil {
				return err
			}
			_, before = s.link.Passed()
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	for _, one := range []visited{v.cold, v.warm} {
		if one.Marks["frame"] == 0 || one.Marks["sought"] == 0 {
			return errors.New("a visit had no picture")
		}
	}
	return nil
}
