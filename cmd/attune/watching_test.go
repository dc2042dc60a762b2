package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// players is what a script has playing.
type players struct {
	end  []func()
	hung hung
}

// playing is where a script keeps its players.
const playing = "playing"

// watching attune … starts a player's address and keeps it in $FILM; it is
// stopped by shut, or when the script ends.
func watching(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command(filepath.Join(builtDir, args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "ATTUNE_PASSPHRASE_FILE="+ts.Getenv("ATTUNE_PASSPHRASE_FILE"))
	cmd.Dir = ts.MkAbs(".")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	end := sync.OnceFunc(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	p := ts.Value(playing).(*players)
	p.end = append(p.end, end)
	ts.Defer(end)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		ts.Fatalf("%v: %s", err, said.String())
	}
	ts.Setenv("FILM", strings.TrimSpace(line))
}

// shut closes every player: until then its device is in use.
func shut(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 0, "shut")
	for _, end := range ts.Value(playing).(*players).end {
		end()
	}
}

// fetch URL FILE reads an address as a player does: a HEAD, then ranges. With a
// third argument that name stands in the request's Host.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: fetch URL FILE [HOST]")
	}
	body, err := fetchRanges(args[0], args[2:])
	if neg {
		if err == nil {
			ts.Fatalf("%s was answered", args[0])
		}
		return
	}
	ts.Check(err)
	write(ts, args[1], body)
}

func fetchRanges(url string, host []string) (body []byte, err error) {
	client := http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	ask := func(method, bytes string) (*http.Response, error) {
		r, err := http.NewRequest(method, url, nil)
		if err != nil {
			return nil, err
		}
		if len(host) > 0 {
			r.Host = host[0]
		}
		if bytes != "" {
			r.Header.Set("Range", bytes)
		}
		reply, err := client.Do(r)
		if err == nil && reply.StatusCode/100 != 2 {
			reply.Body.Close()
			err = fmt.Errorf("HTTP %s", reply.Status)
		}
		return reply, err
	}
	head, err := ask(http.MethodHead, "")
	if err != nil {
		return nil, err
	}
	head.Body.Close()
	const step = 3_000_000 // crosses the borders of chunks and of pulls
	for at := int64(0); at < head.ContentLength; at += step {
		reply, err := ask(http.MethodGet, fmt.Sprintf("bytes=%d-%d", at, at+step-1))
		if err != nil {
			return nil, err
		}
		part, err := io.ReadAll(reply.Body)
		reply.Body.Close()
		if err != nil {
			return nil, err
		}
		body = append(body, part...)
	}
	return body, nil
}
