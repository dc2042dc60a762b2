package main

import (
	"context"
	"slices"
	"time"
)

// pace keeps the demonstration below what the service takes from one address: ten
// openings at once, and ten a minute. A carer never comes near it; eleven visits of
// one phone in two minutes do.
type pace struct {
	left float64
	at   time.Time
}

const openingsAMinute = 10

func newPace() *pace { return &pace{left: openingsAMinute, at: time.Now()} }

// wait waits until the service takes n openings more.
func (p *pace) wait(ctx context.Context, n int) error {
	p.refill()
	if short := float64(n) - p.left; short > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(short / openingsAMinute * float64(time.Minute))):
		}
		p.refill()
	}
	p.left -= float64(n)
	return nil
}

func (p *pace) refill() {
	now := time.Now()
	p.left = min(openingsAMinute, p.left+now.Sub(p.at).Minutes()*openingsAMinute)
	p.at = now
}

// openings is how often a visit presses "Open".
func openings(expect string, more []string) int {
	switch n, said := map[string]int{"inert": 0, "paused": 6, "reload": 3}[expect]; {
	case said:
		return n
	case expect == "plays" && !slices.Contains(more, "--wrong-pin"):
		return 2
	}
	return 1
}
