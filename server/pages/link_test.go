package pages

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

var b64 = base64.RawURLEncoding

// testLink is one share link of the test service, made as a practitioner's
// device makes it.
type testLink struct {
	name           string
	token          string
	secret         []byte // L
	pin            string
	link, clip     []byte
	sealed         []byte
	payload        []byte // as stored
	bytes          int    // as told
	media, codec   string
	duration       float64
	opens          int // openings agreed; 0 for any number
	auth, verifier []byte
}

// newLink seals film (plaintext) for a fresh link.
func newLink(name string, film []byte, duration float64) *testLink {
	l := &testLink{
		name: name, token: b64.EncodeToString(random(16)), secret: random(32), pin: "204816",
		link: random(32), clip: random(32),
		media: "video/mp4", codec: "avc1.42C01E, mp4a.40.2", duration: duration,
	}
	var key []byte
	l.payload, key = sealFilm(film)
	l.bytes = len(l.payload)
	l.auth = l.derive("attune/link/auth/v1")
	mac := hmac.New(sha256.New, l.derive("attune/link/pin/v1"))
	mac.Write([]byte(l.pin))
	l.verifier = mac.Sum(nil)
	l.wrap(key)
	return l
}

// wrap seals a payload key for the link.
func (l *testLink) wrap(key []byte) {
	plain := must(json.Marshal(map[string]any{
		"key": b64.EncodeToString(key), "title": "Building a tower together", "shown": []string{"Robin", "Mum"},
	}))
	box := must(chacha20poly1305.NewX(l.derive("attune/link/wrap/v1")))
	nonce := random(chacha20poly1305.NonceSizeX)
	l.sealed = append(nonce, box.Seal(nil, nonce, plain, append(bytes.Clone(l.link), l.clip...))...)
}

func (l *testLink) derive(label string) []byte {
	return must(hkdf.Key(sha256.New, l.secret, nil, label, 32))
}

// path is the link as it stands in a message, without the origin.
func (l *testLink) path() string {
	sum := sha256.Sum256(l.secret)
	return fmt.Sprintf("/s/%s#1%s%s", l.token, b64.EncodeToString(l.secret), b64.EncodeToString(sum[:3]))
}

// opened is the answer to a good opening.
func (l *testLink) opened(session string) map[string]any {
	until := time.Now().Add(21 * 24 * time.Hour).UTC().Format(time.RFC3339)
	return map[string]any{
		"session": session, "link": b64.EncodeToString(l.link), "clip": b64.EncodeToString(l.clip),
		"sealed": b64.EncodeToString(l.sealed), "bytes": l.bytes, "nonce": b64.EncodeToString(l.payload[:16]),
		"media": l.media, "codec": l.codec, "duration": l.duration, "until": until, "demo": true,
		"viewers": []map[string]string{
			{"role": "carer", "until": ""},
			{"role": "team", "until": ""},
			{"role": "supervision", "until": until},
		},
	}
}

// sealFilm encrypts with the age library itself, so that the page's chunk
// arithmetic is judged by age and not by a copy of it. It returns the payload
// and its STREAM key.
func sealFilm(film []byte) (payload, key []byte) {
	id := must(age.GenerateX25519Identity())
	var file bytes.Buffer
	w := must(age.Encrypt(&file, id.Recipient()))
	must(w.Write(film))
	check(w.Close())
	r := bytes.NewReader(file.Bytes())
	header := must(age.ExtractHeader(r))
	payload = file.Bytes()[len(header):]
	fileKey := must(age.DecryptHeader(header, id))
	return payload, must(hkdf.Key(sha256.New, fileKey, payload[:16], "payload", 32))
}

func random(n int) []byte {
	b := make([]byte, n)
	must(io.ReadFull(rand.Reader, b))
	return b
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
