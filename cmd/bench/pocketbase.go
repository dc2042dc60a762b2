package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/cmd/bench/fleet"
)

// pocketbase is the peer of sync as a process: peers/pocketbase says what it is.
type pocketbase struct {
	cmd    *exec.Cmd
	client *http.Client
	seq    int // of the newest record

	Base     string   `json:"base"`
	Token    string   `json:"token"`
	Families []string `json:"families"`
}

// newPocketBase fills a peer with the records of these families, in their order.
func (w *workshop) newPocketBase(ctx context.Context, dir string, of [][]*fleet.Family) (*pocketbase, error) {
	program := filepath.Join(w.bin, "pocketbase")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./peers/pocketbase")
	build.Dir = filepath.Join(w.root, "cmd", "bench")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the peer: %w\n%s", err, out)
	}
	type record struct {
		Family      int    `json:"family"`
		Statement   string `json:"statement"`
		Attachments string `json:"attachments"`
	}
	var seed struct {
		Families []int    `json:"families"`
		Records  []record `json:"records"`
	}
	for by, list := range of {
		for _, f := range list {
			for _, s := range f.Statements() {
				beside, err := besides(s)
				if err != nil {
					return nil, err
				}
				seed.Records = append(seed.Records, record{len(seed.Families), s.Statement, beside})
			}
			seed.Families = append(seed.Families, by)
		}
	}
	text, err := json.Marshal(seed)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(dir+".seed", text, 0o600); err != nil {
		return nil, err
	}
	p := &pocketbase{client: newClient(), seq: len(seed.Records)}
	// Not ended by a context, which kills.
	p.cmd = exec.Command(program, dir, dir+".seed")
	return p, p.start()
}

func (p *pocketbase) start() error {
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var said bytes.Buffer
	p.cmd.Stderr = &said
	if err := p.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the peer did not start: %w: %s", p.cmd.Wait(), &said)
	}
	return json.Unmarshal(line, p)
}

// again restarts the peer on its folder: what it used while it was filled is gone.
func (p *pocketbase) again() error {
	if err := p.stop(); err != nil {
		return err
	}
	p.cmd = exec.Command(p.cmd.Path, p.cmd.Args[1:]...)
	return p.start()
}

func (p *pocketbase) stop() error {
	p.client.CloseIdleConnections()
	if p.cmd.ProcessState != nil { // it did not even start
		return nil
	}
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	return errors.Join(err, p.cmd.Wait())
}

// besides is what lies beside a statement, as text: the peer keeps the same bytes.
func besides(s wire.Sealed) (string, error) {
	b, err := wire.Encode(s.Attachments)
	return string(b), err
}

// pull lists the first count records in pages of 1,000, PocketBase's most, by keyset
// and without counting them: the fastest way it has.
func (p *pocketbase) pull(ctx context.Context, count int) (size int, err error) {
	for after := 0; after < count; after += 1000 {
		page, err := p.ask(ctx, http.MethodGet, fmt.Sprintf(
			"/api/collections/records/records?perPage=1000&skipTotal=1&sort=seq&filter=seq%%3E%d", after), nil)
		if err != nil {
			return size, err
		}
		if got := bytes.Count(page, []byte(`"statement":"`)); got != min(1000, count-after) {
			return size, fmt.Errorf("PocketBase lists %d records after %d of %d", got, after, count)
		}
		size += len(page)
	}
	return size, nil
}

// batch is the body that brings statements to the peer, all at once.
func (p *pocketbase) batch(all []wire.Sealed, family []int) ([]byte, error) {
	type request struct {
		Method string `json:"method"`
		URL    string `json:"url"`
		Body   any    `json:"body"`
	}
	var out struct {
		Requests []request `json:"requests"`
	}
	for i, s := range all {
		body, err := p.record(s, family[i])
		if err != nil {
			return nil, err
		}
		out.Requests = append(out.Requests, request{http.MethodPost, recordsPath, body})
	}
	return json.Marshal(out)
}

const recordsPath = "/api/collections/records/records"

func (p *pocketbase) record(s wire.Sealed, family int) (map[string]any, error) {
	beside, err := besides(s)
	p.seq++
	return map[string]any{"family": p.Families[family], "seq": p.seq, "statement": s.Statement, "attachments": beside}, err
}

func (p *pocketbase) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", p.Token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	reply, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("PocketBase: %s %s: %s: %.300s", method, path, reply.Status, said)
	}
	return said, err
}

// newClient asks for bodies as they are, on connections that stay.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConns: 256, MaxIdleConnsPerHost: 256}}
}
