package main

import "time"

// pace tells people how far something is, not more often than they can read.
type pace struct {
	p    *printer
	what string
	last time.Time
}

const paceEvery = 2 * time.Second

func newPace(p *printer, what string) *pace { return &pace{p, what, time.Now()} }

func (x *pace) at(done int) {
	if time.Since(x.last) < paceEvery {
		return
	}
	x.last = time.Now()
	x.p.note("%d %s", done, x.what)
}
