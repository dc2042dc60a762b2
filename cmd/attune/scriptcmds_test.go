package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/client-sdk/film/filmtest"
)

// commandsOfScripts are what the stories need beside the binaries.
var commandsOfScripts = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"ready":     ready,
	"keep":      keep,
	"film":      makeFilm,
	"cleaned":   cleaned,
	"same":      same,
	"watching":  watching,
	"shut":      shut,
	"fetch":     fetch,
	"openlink":  openLink,
	"asksstop":  asksStop,
	"nomarker":  noMarker,
	"nowhere":   nowhere,
	"attached":  attached,
	"flip":      flip,
	"flipfile":  flipFile,
	"cut":       cut,
	"overlay":   overlay,
	"doubled":   doubled,
	"outdated":  outdated,
	"post":      post,
	"concat":    concat,
	"midway":    midway,
	"partway":   partway,
	"hanging":   hanging,
	"slain":     slain,
	"exits":     exits,
	"save":      save,
	"stray":     stray,
	"gateway":   gateway,
	"ends":      ends,
	"until":     until,
	"remembers": remembers,
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
	v, err := memberOf([]byte(ts.ReadFile("stdout")), args[1])
	ts.Check(err)
	ts.Setenv(args[0], v)
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

// until PATTERN PROGRAM ARGS… runs a program again and again until what it prints matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: until PATTERN PROGRAM ARGS…")
	}
	want := regexp.MustCompile("(?m)" + args[0])
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		_ = ts.Exec(args[1], args[2:]...) // it may fail until then
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%v never printed %s", args[1:], args[0])
		}
	}
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
