package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// A demonstration can be told that days have passed, so that a newcomer sees in an hour what
// takes a service weeks. It is a mark in the folder and not a flag: everything that opens the
// folder goes by it, and nothing falls behind what is in the log already.
//
// What an attacker gains by it: nothing that setting the machine's clock would not give, and
// the sweeper refuses that jump as it refuses the other. A folder that is no demonstration
// refuses the mark.

type laterCmd struct {
	Data string `required:"" placeholder:"DIR" help:"The demonstration's folder."`
	Days int    `required:"" placeholder:"N" help:"How many more days have passed."`
}

// Help is what --help shows below the flags.
func (laterCmd) Help() string {
	return `Example: attuned later --data data --days 8

Only for a demonstration, and while its server is stopped: from then on it goes by a clock that is so many days ahead.
Nobody's device needs to know. It cannot be taken back, because the log goes on from there.`
}

// mostLater keeps a demonstration within the certificates of its people.
const mostLater = 300

// Run adds the days to those that have passed before.
func (c *laterCmd) Run(p *printer) (err error) {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	if !f.demo() {
		return problem("not_demo", "In a service days pass by themselves.", "%s is no demonstration.", f)
	}
	release, err := f.alone()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	days, err := f.days()
	if err != nil {
		return err
	}
	if c.Days < 1 || days+c.Days > mostLater {
		return problem("usage", fmt.Sprintf("From 1 to %d.", mostLater-days), "%d days cannot pass here.", c.Days).status(exitUsage)
	}
	days += c.Days
	if err := replaceFile(f.daysLater(), []byte(strconv.Itoa(days)+"\n"), 0o600); err != nil {
		return err
	}
	return p.print(map[string]int{"days_ahead": days}, "The demonstration is %d days ahead of this machine's clock.", days)
}

func (f folder) daysLater() string { return f.path("DEMO.days") }

// days is how far a demonstration is ahead; 0 for a service.
func (f folder) days() (int, error) {
	b, err := os.ReadFile(f.daysLater())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	days, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || days < 0 || days > mostLater || !f.demo() {
		return 0, problem("not_demo", "See who put it there, and take it away.", "%s is not for this folder.", f.daysLater())
	}
	return days, nil
}

// clock is what the folder goes by; nil for the machine's.
func (f folder) clock() (func() time.Time, error) {
	days, err := f.days()
	if err != nil || days == 0 {
		return nil, err
	}
	return func() time.Time { return time.Now().Add(time.Duration(days) * 24 * time.Hour) }, nil
}

// now is the time by the folder's clock.
func (f folder) now() (time.Time, error) {
	clock, err := f.clock()
	if err != nil || clock == nil {
		return time.Now(), err
	}
	return clock(), nil
}
