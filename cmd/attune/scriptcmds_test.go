package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/client-sdk/film/filmtest"
)

// commandsOfScripts are what the stories need beside the binaries.
var commandsOfScripts = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"ready":    ready,
	"keep":     keep,
	"film":     makeFilm,
	"cleaned":  cleaned,
	"same":     same,
	"watching": watching,
	"fetch":    fetch,
	"openlink": openLink,
	"nomarker": noMarker,
	"flip":     flip,
	"flipfile": flipFile,
	"cut":      cut,
	"overlay":  overlay,
	"doubled":  doubled,
	"outdated": outdated,
	"post":     post,
	"concat":   concat,
	"midway":   midway,
	"exits":    exits,
	"save":     save,
	"stray":    stray,
}

func want(ts *testscript.TestScript, args []string, n int, use string) {
	if len(args) != n {
		ts.Fatalf("usage: %s", use)
	}
}

func read(ts *testscript.TestScript, name string) []byte {
	b, err := os.ReadFile(ts.MkAbs(name))
	ts.Check(err)
	return b
}

func write(ts *testscript.TestScript, name string, body []byte) {
	ts.Check(os.WriteFile(ts.MkAbs(name), body, 0o600))
}

// ready URL waits until the server can take a write.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "ready URL")
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		reply, err := client.Get(args[0] + "/readyz")
		if err == nil {
			reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the server is not ready: %v", err)
		}
	}
}

// keep NAME MEMBER keeps a member of the JSON just printed; a number steps into a
// list: clips.0.id
func keep(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "keep NAME MEMBER")
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for step := range strings.SplitSeq(args[1], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				ts.Fatalf("no %s in a list of %d", step, len(x))
			}
			v = x[i]
		}
	}
	if v == nil {
		ts.Fatalf("no %s in %s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// film FROM TO MARKER MEGABYTES makes a large film that plays like FROM, with a
// marker in bytes that no player reads and no cleaning touches.
func makeFilm(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 4, "film FROM TO MARKER MEGABYTES")
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	pad := n << 20
	large, err := filmtest.Enlarge(read(ts, args[0]), int64(pad))
	ts.Check(err)
	copy(large[bytes.LastIndex(large, []byte("free"))+pad/2:], args[2])
	if !bytes.Contains(large, []byte(args[2])) {
		ts.Fatalf("the marker is not in the film")
	}
	write(ts, args[1], large)
}

// cleaned FROM TO writes the film as it is sealed: places blanked.
func cleaned(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "cleaned FROM TO")
	raw := read(ts, args[0])
	clean, _, err := film.Clean(bytes.NewReader(raw), int64(len(raw)))
	ts.Check(err)
	body, err := io.ReadAll(clean)
	ts.Check(err)
	write(ts, args[1], body)
}

// same A B compares files; ! same wants them to differ.
func same(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 2, "same A B")
	if bytes.Equal(read(ts, args[0]), read(ts, args[1])) == neg {
		ts.Fatalf("%s and %s: same = %v", args[0], args[1], !neg)
	}
}

// watching attune … starts a player's address and keeps it in $FILM; it is
// stopped when the script ends.
func watching(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command(filepath.Join(builtDir, args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "ATTUNE_PASSPHRASE_FILE="+ts.Getenv("ATTUNE_PASSPHRASE_FILE"))
	cmd.Dir = ts.MkAbs(".")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		ts.Fatalf("%v: %s", err, said.String())
	}
	ts.Setenv("FILM", strings.TrimSpace(line))
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

// nomarker MARKER DIR… looks for the marker in every file: as it is, in base64
// (both alphabets, at each of three offsets), in hexadecimal and in UTF-16. ! nomarker wants it found.
func noMarker(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: nomarker MARKER DIR…")
	}
	forms := spellings(args[0])
	files, found := 0, ""
	for _, dir := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			files++
			body, err := os.ReadFile(path)
			for name, form := range forms {
				if bytes.Contains(body, form) {
					found = path + " holds the marker in " + name
				}
			}
			return err
		}))
	}
	switch {
	case files == 0:
		ts.Fatalf("there is nothing to look at")
	case neg && found == "":
		ts.Fatalf("nothing of %d files holds it", files)
	case !neg && found != "":
		ts.Fatalf("%s", found)
	}
}

func spellings(marker string) map[string][]byte {
	forms := map[string][]byte{"clear": []byte(marker), "hexadecimal": fmt.Appendf(nil, "%x", marker)}
	var wide []byte
	for _, c := range []byte(marker) {
		wide = append(wide, c, 0)
	}
	forms["UTF-16"] = wide
	for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for shift := range 3 {
			// Whole groups of the marker alone: what stands before and after it does
			// not change them.
			inner := marker[(3-shift)%3:]
			inner = inner[:len(inner)/3*3]
			forms[fmt.Sprintf("%s at offset %d", name, shift)] = []byte(enc.EncodeToString([]byte(inner)))
		}
	}
	return forms
}

// flip DB ROW changes one byte of a row of the access log.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "flip DB ROW")
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	var leaf []byte
	ts.Check(db.QueryRow(`SELECT leaf FROM events WHERE n = $1`, args[1]).Scan(&leaf))
	// A letter of the nonce: the row stays well-formed, and only the tree can tell.
	at := bytes.Index(leaf, []byte(`"nonce":"`)) + len(`"nonce":"`)
	leaf[at] = map[bool]byte{true: 'B', false: 'A'}[leaf[at] == 'A']
	_, err = db.Exec(`UPDATE events SET leaf = $2 WHERE n = $1`, args[1], leaf)
	ts.Check(err)
}

// flipfile FILE OFFSET changes one bit.
func flipFile(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "flipfile FILE OFFSET")
	name := oneFile(ts, args[0])
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	body, err := os.ReadFile(name)
	ts.Check(err)
	body[at] ^= 1
	ts.Check(os.Chmod(name, 0o600))
	ts.Check(os.WriteFile(name, body, 0o600))
}

// cut FILE BYTES takes bytes off its end.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "cut FILE BYTES")
	name := oneFile(ts, args[0])
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	info, err := os.Stat(name)
	ts.Check(err)
	ts.Check(os.Chmod(name, 0o600))
	ts.Check(os.Truncate(name, info.Size()-int64(n)))
}

// exits STATUS PROGRAM ARGS… runs a program that must end with this status.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var ended *exec.ExitError
	status := 0
	if errors.As(err, &ended) {
		status = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(status) != args[0] {
		ts.Fatalf("status %d, want %s", status, args[0])
	}
}

// concat FROM… TO writes files one after the other.
func concat(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: concat FROM… TO")
	}
	var all []byte
	for _, name := range args[:len(args)-1] {
		all = append(all, read(ts, name)...)
	}
	write(ts, args[len(args)-1], all)
}

// save TEXT FILE writes a text to a file.
func save(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "save TEXT FILE")
	write(ts, args[1], []byte(args[0]))
}

// oneFile is the file itself, or the only one that the pattern names.
func oneFile(ts *testscript.TestScript, pattern string) string {
	found, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%s names %d files, want 1", pattern, len(found))
	}
	return found[0]
}
