package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/attune-vf/attune/cmd/bench/fleet"
)

// timed is what a server process used while something was asked of it.
func timed(pid int, do func() error) (used, error) {
	before, err := cpuSoFar(pid)
	if err != nil {
		return used{}, err
	}
	begun := time.Now()
	if err := do(); err != nil {
		return used{}, err
	}
	u := used{wall: time.Since(begun).Seconds()}
	after, err := cpuSoFar(pid)
	u.cpu = after - before
	return u, err
}

// pulled is what a pull brought.
type pulled struct {
	statements int
	bytes      int // of bodies, as they travelled
	cursor     string
}

// pullOurs pulls from a cursor, "" for all, page by page, in an encoding. The client
// reads of a page what it needs to ask for the next one, and counts.
func pullOurs(ctx context.Context, s *fleet.Service, who *fleet.Person, cursor, encoding string) (pulled, error) {
	got := pulled{cursor: cursor}
	for {
		raw, page, err := pullPage(ctx, s, who, got.cursor, encoding)
		if err != nil {
			return got, err
		}
		got.bytes += raw
		if len(page) == 0 {
			return got, nil // nothing new
		}
		got.statements += bytes.Count(page, []byte(`"kind":"statement"`))
		next, more, err := afterItems(page)
		if err != nil {
			return got, err
		}
		if got.cursor = next; !more {
			return got, nil
		}
	}
}

// afterItems reads the cursor and whether there is more: they come after the items,
// which no statement can look like, being base64url.
func afterItems(page []byte) (cursor string, more bool, err error) {
	at := bytes.LastIndex(page, []byte(`"cursor":"`))
	if at < 0 {
		return "", false, fmt.Errorf("no cursor in %.200s", page)
	}
	rest := page[at+len(`"cursor":"`):]
	end := bytes.IndexByte(rest, '"')
	return string(rest[:end]), bytes.Contains(rest[end:], []byte(`"more":true`)), nil
}

func pullPage(ctx context.Context, s *fleet.Service, who *fleet.Person, cursor, encoding string) (raw int, page []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Base()+"/v1/sync/pull?limit=1000&cursor="+cursor, nil)
	if err != nil {
		return 0, nil, err
	}
	token, err := who.Token()
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	reply, err := plainClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer reply.Body.Close()
	page, err = io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode >= 300 {
		err = fmt.Errorf("pull: %s: %.300s", reply.Status, page)
	}
	if err != nil {
		return 0, nil, err
	}
	raw = len(page)
	switch got := reply.Header.Get("Content-Encoding"); got {
	case "gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(page)); err == nil {
			page, err = io.ReadAll(z)
		}
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(nil); err == nil {
			page, err = z.DecodeAll(page, nil)
			z.Close()
		}
	case "":
	default:
		err = fmt.Errorf("pull: encoded as %q", got)
	}
	return raw, page, err
}

// plainClient is the one that all pulls of ours share.
var plainClient = newClient()

// pullRows is a first sync of all that one practitioner may see.
func (b *syncBench) pullRows(ctx context.Context) ([]Row, error) {
	first, err := pullOurs(ctx, b.ours, b.pat, "", "")
	if err != nil {
		return nil, err
	}
	if first.statements < b.peer.seq {
		return nil, fmt.Errorf("pulled %d statements of %d", first.statements, b.peer.seq)
	}
	size, err := b.peer.pull(ctx, b.peer.seq)
	if err != nil {
		return nil, err
	}
	how := fmt.Sprintf("%d statements of %d families and the organisation's, %.1f MB in pages of 1,000, each ruled and logged durably; PocketBase v0.39.0: %d records of the same bytes, %.1f MB in pages of 1,000 by keyset, viewer rule",
		first.statements, practitioners*familiesOfEach, float64(first.bytes)/1e6, b.peer.seq, float64(size)/1e6)
	nothing := func() error { return nil }
	warm, err := b.pulls(ctx, first.statements, nothing, nothing)
	if err != nil {
		return nil, err
	}
	cold, err := b.pulls(ctx, first.statements, func() error { return errors.Join(b.ours.Stop(), b.ours.Start(ctx)) }, b.peer.again)
	if err != nil {
		return nil, err
	}
	rows := warm.rows("warm", how+"; both have answered the same before")
	rows[0], rows[1] = rows[0].atLeast(4), rows[1].atLeast(5)
	rows = append(rows, compare("pull 10,000, warm: CPU, against bare rows", "CPU s", each(warm.ours, cpu), each(warm.control, cpu), costs).
		under("control: echo and SQLite write the same rows through, pages of 1,000; nobody known, nothing ruled or logged"))
	return append(rows, cold.rows("cold", how+"; the first pull after a start of both, the files in the system's cache")...), nil
}

// pulls is the same first sync again and again, of ours, of the peer and of the control.
type pulls struct{ ours, peer, control []used }

func (p pulls) rows(state, how string) []Row {
	return []Row{
		compare("pull 10,000, "+state+": time", "s", each(p.ours, wall), each(p.peer, wall), faster).under(how),
		compare("pull 10,000, "+state+": CPU", "CPU s", each(p.ours, cpu), each(p.peer, cpu), faster).under(how),
	}
}

// pulls measures pulls of so many statements, each after what is done before it to who
// answers.
func (b *syncBench) pulls(ctx context.Context, statements int, ours, peer func() error) (p pulls, err error) {
	err = inTurn(ctx, b.w.runs,
		func() error {
			if err := ours(); err != nil {
				return err
			}
			u, err := timed(b.ours.PID(), func() error {
				got, err := pullOurs(ctx, b.ours, b.pat, "", "")
				if err == nil && got.statements != statements {
					err = fmt.Errorf("pulled %d statements, and %d before", got.statements, statements)
				}
				return err
			})
			p.ours = append(p.ours, u)
			return err
		},
		func() error {
			if err := peer(); err != nil {
				return err
			}
			u, err := timed(b.peer.cmd.Process.Pid, func() error {
				_, err := b.peer.pull(ctx, b.peer.seq)
				return err
			})
			p.peer = append(p.peer, u)
			if err != nil {
				return err
			}
			u, err = timed(b.bare.cmd.Process.Pid, func() error { return b.bare.pull(ctx) })
			p.control = append(p.control, u)
			return err
		})
	return p, err
}

// bytesRows is what a first sync brings over the network.
func (b *syncBench) bytesRows(ctx context.Context) ([]Row, error) {
	var rows []Row
	var plain float64
	for _, encoding := range []string{"", "gzip", "zstd"} {
		var got pulled
		u, err := timed(b.ours.PID(), func() (err error) {
			got, err = pullOurs(ctx, b.ours, b.pat, "", encoding)
			return err
		})
		if err != nil {
			return nil, err
		}
		mb := float64(got.bytes) / 1e6
		name, how := "as it is", "bodies of all pages"
		if encoding == "" {
			plain = mb
		} else {
			name = encoding
			how += fmt.Sprintf("; %.2f CPU s of the server, once", u.cpu)
			if mb == plain {
				how += "; the server does not compress"
			}
		}
		rows = append(rows, alone("first sync of 10,000: bytes, "+name, "MB", []float64{mb}).under(how))
	}
	return rows, nil
}

// residentMiB is what a process holds in memory now.
func residentMiB(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb float64
			_, err := fmt.Sscanf(strings.TrimSpace(rest), "%f kB", &kb)
			return kb / 1024, err
		}
	}
	return 0, errors.New("no VmRSS")
}

// idleRows is memory after a start on 10,000 statements, before anything is asked.
func (b *syncBench) idleRows(ctx context.Context) ([]Row, error) {
	var ours, peer []float64
	for range min(b.w.runs, 3) {
		if err := errors.Join(b.ours.Stop(), b.ours.Start(ctx), b.peer.again()); err != nil {
			return nil, err
		}
		time.Sleep(time.Second) // what a start leaves to be collected or written
		o, err := residentMiB(b.ours.PID())
		if err != nil {
			return nil, err
		}
		p, err := residentMiB(b.peer.cmd.Process.Pid)
		if err != nil {
			return nil, err
		}
		ours, peer = append(ours, o), append(peer, p)
	}
	return []Row{compare("memory, idle on 10,000", "MiB", ours, peer, costs).under("resident a second after the start")}, nil
}
