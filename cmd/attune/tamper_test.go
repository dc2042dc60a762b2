package main

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

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

// nowhere FILE DIR… wants no file of the folders to hold a piece of the file: its first bytes,
// some of its middle, or its last. ! nowhere wants each of them found.
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: nowhere FILE DIR…")
	}
	body, found := read(ts, args[0]), 0
	n := min(48, len(body)/3)
	pieces := [][]byte{body[:n], body[len(body)/2:][:n], body[len(body)-n:]}
	if n < 24 {
		ts.Fatalf("%s is too short to be told from others", args[0])
	}
	for _, piece := range pieces {
		for _, dir := range args[1:] {
			ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(path string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() {
					return err
				}
				b, err := os.ReadFile(path)
				if bytes.Contains(b, piece) {
					found++
					if !neg {
						ts.Fatalf("%s holds a piece of %s", path, args[0])
					}
				}
				return err
			}))
		}
	}
	if neg && found < len(pieces) {
		ts.Fatalf("%d of %d pieces of %s were found", found, len(pieces), args[0])
	}
}

// attached DB CLIP FILE writes the largest of what is attached to a clip in the server's
// database, which is its header; ! attached wants nothing to be attached.
func attached(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 3, "attached DB CLIP FILE")
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0])+"?mode=ro")
	ts.Check(err)
	defer db.Close()
	var body []byte
	switch err := db.QueryRow(`SELECT body FROM attachments WHERE statement = $1 ORDER BY LENGTH(body) DESC LIMIT 1`, args[1]).Scan(&body); {
	case neg && errors.Is(err, sql.ErrNoRows):
	case neg:
		ts.Fatalf("something is attached to %s: %v", args[1], err)
	default:
		ts.Check(err)
		write(ts, args[2], body)
	}
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
	_, err = db.Exec(`DROP TRIGGER events_unchanged`) // it keeps people from mistakes, and nobody who means it
	ts.Check(err)
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
