package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

type lockCmd struct{}

// Help is what --help shows below the flags.
func (lockCmd) Help() string {
	return `Example: attune lock

Locks a device that attune sync --watch keeps in step, from another window: when you leave your desk, and film is
still on its way. Film that the service has taken the clip of goes on being sent, and so does a "stop"; for anything
else, even to read who is in a family, your passphrase is asked for: attune unlock. Without attune sync --watch there is nothing to
lock: your keys are open only while a command runs.`
}

func (c *lockCmd) Run(g *global) error {
	dir, err := g.controlled()
	if err != nil {
		return err
	}
	told, err := tell(dir, order{Do: "lock"})
	if errors.Is(err, errNobody) {
		return g.print(map[string]any{"locked": false}, "Nothing is open here: your keys are open only while a command runs.")
	}
	var own *failure
	if errors.As(err, &own) {
		return err
	}
	if told.Later {
		return g.print(map[string]any{"locked": false, "later": true}, "Another command is at work on this device: it is locked as soon as that has ended, before any other.")
	}
	for range 200 { // it begins anew, as a program that never had the keys
		if told.Locked {
			return g.print(map[string]any{"locked": true}, "Locked. Film goes on being sent; for anything else: attune unlock")
		}
		time.Sleep(50 * time.Millisecond)
		told, _ = tell(dir, order{Do: "state"})
	}
	return problem("internal", "End it with Ctrl-C in its window.", "attune sync --watch does not answer.")
}

type unlockCmd struct{}

// Help is what --help shows below the flags.
func (unlockCmd) Help() string {
	return `Example: attune unlock

Unlocks what attune lock locked.`
}

func (c *unlockCmd) Run(g *global) error {
	dir, err := g.controlled()
	if err != nil {
		return err
	}
	if a, err := tell(dir, order{Do: "state"}); err != nil || !a.Locked {
		return g.print(map[string]any{"locked": false}, "Nothing is locked here.")
	}
	pass, err := g.passphrase(false)
	if err != nil {
		return err
	}
	defer clear(pass)
	if _, err := tell(dir, order{Do: "unlock", Passphrase: pass}); err != nil {
		return err
	}
	return g.print(map[string]any{"locked": false}, "Unlocked.")
}

// controlled is the folder at which a running attune sync --watch listens: of the service
// that was named, or of any.
func (g *global) controlled() (string, error) {
	all, err := g.services()
	if err != nil {
		return "", err
	}
	if g.Service != "" || len(all) == 0 {
		return g.dir()
	}
	for _, s := range all {
		if _, err := tell(s.Dir, order{Do: "state"}); err == nil {
			return s.Dir, nil
		}
	}
	return all[0].Dir, nil
}

// lockedStatus is what a locked device tells.
type lockedStatus struct {
	Locked  bool                  `json:"locked"`
	Uploads []attune.QueuedUpload `json:"uploads"`
}

func (s lockedStatus) text() string {
	lines := []string{"Locked: film is sent, and nothing else. For anything else: attune unlock"}
	for _, u := range s.Uploads {
		lines = append(lines, "Film on its way: "+uploadText(u))
	}
	return strings.Join(lines, "\n")
}

// statusFor is the status of what is followed, for another window. asOf is the time at
// which it is so, "" for now.
func (g *global) statusFor(all seats, asJSON bool, asOf string) answer {
	var out, said bytes.Buffer
	told := *g
	told.out, told.err, told.JSON = &out, &said, asJSON
	var failed error
	for _, s := range all {
		if s.Name != "" {
			told.heading(s.Service)
		}
		var err error
		if s.locked != nil {
			var l lockedStatus
			if l.Uploads, err = s.locked.Queue(); err == nil {
				l.Locked, l.Uploads = true, list(l.Uploads)
				err = told.print(of(s.Service, l), "%s", l.text())
			}
		} else {
			var d deviceStatus
			if d, err = statusOf(s.open); err == nil {
				d.AsOf = asOf
				err = told.print(of(s.Service, d), "%s", d.text())
			}
		}
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return answer{Error: asFailure(failed)}
	}
	return answer{Locked: all.isLocked(), Text: out.String()}
}

// statusAside is what another window is told while a command has the home: what was so
// when it began, and nothing once the device is to be locked.
func (g *global) statusAside(all seats) (status, hidden func(asJSON bool) answer) {
	now := time.Now().Format(time.RFC3339)
	text, object := g.statusFor(all, false, now), g.statusFor(all, true, now)
	status = func(asJSON bool) answer {
		if asJSON {
			return object
		}
		return text
	}
	hidden = func(asJSON bool) answer {
		var out bytes.Buffer
		told := *g
		told.out, told.JSON = &out, asJSON
		for _, s := range all {
			if s.Name != "" {
				told.heading(s.Service)
			}
			if err := told.print(of(s.Service, lockedStatus{Locked: true, Uploads: []attune.QueuedUpload{}}),
				"Locked as soon as another command has ended that is at work on this device."); err != nil {
				return answer{Locked: true, Error: asFailure(err)}
			}
		}
		return answer{Locked: true, Text: out.String()}
	}
	return status, hidden
}

// printed prints what another window told.
func (g *global) printed(a answer) error {
	_, err := io.WriteString(g.out, a.Text)
	return err
}
