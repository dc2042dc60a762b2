package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
)

// player is a program that plays an address and ends when it is closed. What
// only hands the address on, as xdg-open does, would end before anything played.
type player struct {
	name string
	args []string
}

// playerFor is the named program, else the first that is found; nil for none.
func playerFor(command string) *player {
	if words := strings.Fields(command); len(words) > 0 {
		return &player{words[0], words[1:]}
	}
	for _, known := range []player{
		{"mpv", []string{"--really-quiet"}},
		{"vlc", []string{"--quiet", "--play-and-exit"}},
		{"ffplay", []string{"-loglevel", "error", "-autoexit"}},
	} {
		if _, err := exec.LookPath(known.name); err == nil {
			return &known
		}
	}
	return nil
}

func (p *player) run(ctx context.Context, url string) error {
	cmd := exec.CommandContext(ctx, p.name, append(p.args, url)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr // standard output holds results only
	return cmd.Run()
}
