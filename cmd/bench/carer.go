package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/attune-vf/attune/cmd/bench/throttle"
)

// phone is the link of DESIGN §13.
var phone = throttle.Config{BitsPerSecond: 8_000_000, RTT: 60 * time.Millisecond}

const linkText = "8 Mbit/s + 60 ms RTT, HTTP/1.1 without TLS, headless Chromium"

// carerRows measures what a carer waits for against a page that has nothing to
// keep secret, through a link of the same kind, in turn.
func carerRows(ctx context.Context, w *workshop) (rows []Row, err error) {
	seconds := 240
	if w.quick {
		seconds = 60
	}
	film, err := w.film(ctx, seconds)
	if err != nil {
		return nil, err
	}
	service, err := w.newService(ctx, film)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	ours, err := behind(service.address())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ours.close()) }()
	plain, err := plainSite(film)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, plain.close()) }()
	links, err := service.share(ctx, 1, 100)
	if err != nil {
		return nil, err
	}
	address, err := through(links[0].URL, ours.address)
	if err != nil {
		return nil, err
	}
	var attune, peer []visits
	err = inTurn(ctx, w.runs,
		func() error {
			v, err := w.visit(ctx, ours, address, links[0].PIN)
			attune = append(attune, v)
			return err
		},
		func() error {
			v, err := w.visit(ctx, plain, "http://"+plain.address+"/", "")
			peer = append(peer, v)
			return err
		})
	if err != nil {
		return nil, err
	}
	return carerTable(attune, peer, fmt.Sprintf("%d s of 720p H.264, 2 Mbit/s; %s; film never cached", seconds, linkText)), nil
}

// through is the address of a link by way of another host.
func through(link, host string) (string, error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", fmt.Errorf("read a link: %w", err)
	}
	_, fragment, _ := strings.Cut(link, "#")
	return "http://" + host + u.Path + "#" + fragment, nil
}

func carerTable(ours, peer []visits, how string) []Row {
	row := func(what, unit string, of func(visits) float64, peers func(visits) float64, how string) Row {
		return compare("carer: "+what, unit, every(ours, of), every(peer, peers), costs).under(how)
	}
	cold := func(of func(visited) float64) func(visits) float64 {
		return func(v visits) float64 { return of(v.cold) }
	}
	warm := func(of func(visited) float64) func(visits) float64 {
		return func(v visits) float64 { return of(v.warm) }
	}
	press := how + "; from the press on Watch to the first picture; both wait a second before each press, as fast people do"
	waits := how + "; all waiting from the address to the first picture, without the time of fingers: page, PIN, Watch; the peer: page, Watch"
	rows := []Row{
		row("first frame cold", "ms", cold(visited.fromWatch), cold(visited.fromWatch), press).atMost(1.3),
		row("first frame warm", "ms", warm(visited.fromWatch), warm(visited.fromWatch), press+"; assets cached, worker installed but stopped").atMost(1.1),
		row("seek to 80 %", "ms", seeks, seeks, how+"; two seconds into the film; mean of the cold and the warm visit").atMost(1.35),
		row("bytes to the first frame", "MB", cold(visited.frameMB), cold(visited.frameMB), how+"; cold, all that came down the link").atMost(1.5),
		row("bytes to the sought frame", "MB", cold(visited.soughtMB), cold(visited.soughtMB), how+"; cold, all that came down the link").atMost(1.5),
		row("all waiting, cold", "ms", cold(visited.waiting), cold(visited.waiting), waits),
		row("all waiting, warm", "ms", warm(visited.waiting), warm(visited.waiting), waits),
		alone("carer: from the PIN to the page, cold", "ms", every(ours, cold(visited.fromPIN))).under(how),
		alone("carer: from the PIN to the page, warm", "ms", every(ours, warm(visited.fromPIN))).under(how),
		alone("carer: from the address to the PIN, cold", "ms", every(ours, cold(visited.toPIN))).under(how),
	}
	rows[0].Detail = map[string]any{"ours": ours[0].cold.Requests, "peer": peer[0].cold.Requests}
	rows[1].Detail = map[string]any{"ours": ours[0].warm.Requests, "peer": peer[0].warm.Requests}
	return rows
}

func every(all []visits, of func(visits) float64) []float64 {
	out := make([]float64, len(all))
	for i, v := range all {
		out[i] = of(v)
	}
	return out
}

func seeks(v visits) float64 { return (v.cold.seeking() + v.warm.seeking()) / 2 }
