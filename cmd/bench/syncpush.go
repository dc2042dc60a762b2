package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/cmd/bench/fleet"
)

// pushRows is a thousand statements of one practitioner who was away for a while.
func (b *syncBench) pushRows(ctx context.Context) ([]Row, error) {
	const count = 1000
	var ours, peer, control []used
	var size int
	err := inTurn(ctx, b.w.runs,
		func() error {
			at := len(ours) % practitioners
			all, _, err := b.work(at, count)
			if err != nil {
				return err
			}
			bodies, err := fleet.Bodies(all)
			if err != nil {
				return err
			}
			u, err := timed(b.ours.PID(), func() error {
				for _, body := range bodies {
					if err := b.ours.PushBody(ctx, b.team[at], body); err != nil {
						return err
					}
				}
				return nil
			})
			ours = append(ours, u)
			return err
		},
		func() error {
			all, family, err := b.peerWork(len(peer)%practitioners, count)
			if err != nil {
				return err
			}
			body, err := b.peer.batch(all, family)
			if err != nil {
				return err
			}
			size = len(body)
			u, err := timed(b.peer.cmd.Process.Pid, func() error {
				_, err := b.peer.ask(ctx, http.MethodPost, "/api/batch", body)
				return err
			})
			peer = append(peer, u)
			if err != nil {
				return err
			}
			u, err = timed(b.bare.cmd.Process.Pid, func() error { return b.bare.push(ctx, all) })
			control = append(control, u)
			return err
		})
	if err != nil {
		return nil, err
	}
	how := fmt.Sprintf("1,000 statements of 10 families with 200 and more each, %.1f MB, in pushes of 200: verified, ruled, logged, synchronous=FULL; PocketBase v0.39.0: one batch of 1,000 under the viewer rule, synchronous=NORMAL, limit raised",
		float64(size)/1e6)
	return []Row{
		compare("push 1,000: time", "s", each(ours, wall), each(peer, wall), faster).atLeast(1.3).under(how),
		compare("push 1,000: CPU", "CPU s", each(ours, cpu), each(peer, cpu), faster).under(how),
		compare("push 1,000: time, against bare inserts", "s", each(ours, wall), each(control, wall), costs).
			under("control: echo and SQLite, the same bytes in 5 transactions, synchronous=FULL; nothing checked, ruled or logged"),
	}, nil
}

// peerWork is work that is never pushed to us: what the peer gets is new to it, and
// of the same shape.
func (b *syncBench) peerWork(practitioner, count int) ([]wire.Sealed, []int, error) {
	var all []wire.Sealed
	var family []int
	of := b.of[practitioner]
	for i, f := range of {
		s := f.Statements()
		for j := range count / len(of) {
			all, family = append(all, s[len(s)-1-j%statementsOfEach]), append(family, practitioner*familiesOfEach+i)
		}
	}
	return all, family, nil
}

func (b *bare) push(ctx context.Context, all []wire.Sealed) error {
	for len(all) > 0 {
		n := min(len(all), wire.MaxPushStatements)
		var body strings.Builder
		for _, s := range all[:n] {
			beside, err := besides(s)
			if err != nil {
				return err
			}
			body.WriteString(s.Statement + beside + "\n")
		}
		if _, err := b.ask(ctx, http.MethodPost, "/rows", strings.NewReader(body.String())); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// singleRows is one durable statement at a time.
func (b *syncBench) singleRows(ctx context.Context) ([]Row, error) {
	if err := b.alone(ctx); err != nil {
		return nil, err
	}
	var rows []Row
	for _, clients := range []int{1, manyClients} {
		perClient := 200 / min(clients, 5) // a record takes 500 visits
		if b.w.quick {
			perClient = 20
		}
		var ours, peer []float64
		err := inTurn(ctx, b.w.runs,
			func() error {
				rate, err := b.ourSingles(ctx, len(ours), clients, perClient)
				ours = append(ours, rate)
				return err
			},
			func() error {
				rate, err := b.peerSingles(ctx, clients, perClient)
				peer = append(peer, rate)
				return err
			})
		if err != nil {
			return nil, err
		}
		rows = append(rows, compare(fmt.Sprintf("one durable statement, clients %d", clients), "/s", ours, peer, beats).
			under("session.log with a note: verified, ruled, logged, synchronous=FULL; PocketBase v0.39.0: one record created, viewer rule, synchronous=NORMAL"))
	}
	return rows, nil
}

// ourSingles is statements a second; the practitioners take turns run by run, because
// the server bounds how often one device asks.
func (b *syncBench) ourSingles(ctx context.Context, run, clients, perClient int) (float64, error) {
	bodies := make([][][]byte, clients)
	who := make([]*fleet.Person, clients)
	for c := range clients {
		f := b.single[(run+c)%len(b.single)]
		who[c] = f.By
		said, err := f.Visits(perClient)
		if err != nil {
			return 0, err
		}
		for _, s := range said {
			one, err := fleet.Bodies([]wire.Sealed{s})
			if err != nil {
				return 0, err
			}
			bodies[c] = append(bodies[c], one[0])
		}
	}
	return rate(clients, perClient, func(c, i int) error { return b.ours.PushBody(ctx, who[c], bodies[c][i]) })
}

func (b *syncBench) peerSingles(ctx context.Context, clients, perClient int) (float64, error) {
	bodies := make([][][]byte, clients)
	for c := range clients {
		all := b.single[c].Statements()
		for range perClient {
			r, err := b.peer.record(all[len(all)-1], c)
			if err != nil {
				return 0, err
			}
			body, err := json.Marshal(r)
			if err != nil {
				return 0, err
			}
			bodies[c] = append(bodies[c], body)
		}
	}
	return rate(clients, perClient, func(c, i int) error {
		_, err := b.peer.ask(ctx, http.MethodPost, recordsPath, bodies[c][i])
		return err
	})
}

// rate does something as often as is said, by clients at once, and returns how often a
// second it was done.
func rate(clients, perClient int, do func(client, i int) error) (float64, error) {
	var all sync.WaitGroup
	failed := make([]error, clients)
	begun := time.Now()
	for c := range clients {
		all.Go(func() {
			for i := range perClient {
				if failed[c] = do(c, i); failed[c] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(begun).Seconds()
	for _, err := range failed {
		if err != nil {
			return 0, err
		}
	}
	return float64(clients*perClient) / took, nil
}
