package seal

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	agetest "c2sp.org/CCTV/age"
	"filippo.io/age"
)

// TestCCTV runs age's public test vectors through our own two halves. Armoured
// and passphrase files are left out: this package makes and reads neither.
func TestCCTV(t *testing.T) {
	files, err := fs.ReadDir(agetest.Vectors, ".")
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]int{}
	for _, f := range files {
		raw, err := fs.ReadFile(agetest.Vectors, f.Name())
		if err != nil {
			t.Fatal(err)
		}
		v, err := parseCCTV(raw)
		if err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		if v.armored || v.passphrase {
			continue
		}
		ran[v.expect]++
		t.Run(f.Name(), v.run)
	}
	for _, kind := range []string{"success", "no match", "HMAC failure", "header failure", "payload failure"} {
		if ran[kind] == 0 {
			t.Errorf("no vector of kind %q ran: %v", kind, ran)
		}
	}
	t.Logf("vectors run: %v", ran)
}

type cctv struct {
	expect              string
	payload             [32]byte // SHA-256 of the plaintext
	fileKey             []byte
	ids                 []age.Identity
	armored, passphrase bool
	file                []byte
}

func (v cctv) run(t *testing.T) {
	header, payload, err := split(v.file)
	if err == nil && len(payload) < nonceBytes {
		// age counts the nonce to the header; here it belongs to the payload.
		err = ErrHeader
	}
	var key FileKey
	if err == nil {
		key, err = openHeader(header, v.ids...)
	}
	switch {
	case errors.Is(err, ErrNotForYou):
		v.want(t, "no match", err)
		return
	case errors.Is(err, ErrHeaderMAC):
		v.want(t, "HMAC failure", err)
		return
	case err != nil:
		v.want(t, "header failure", err)
		return
	}
	if v.fileKey != nil && !bytes.Equal(key[:], v.fileKey) {
		t.Errorf("file key = %x, want %x", key[:], v.fileKey)
	}
	plain, err := openWhole(key, payload)
	if err != nil {
		if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrDamaged) {
			t.Errorf("payload error without a kind: %v", err)
		}
		v.want(t, "payload failure", err)
		return
	}
	v.want(t, "success", nil)
	if sha256.Sum256(plain) != v.payload {
		t.Error("plaintext differs")
	}
}

func (v cctv) want(t *testing.T, got string, err error) {
	t.Helper()
	if v.expect != got {
		t.Errorf("%s (%v), want %s", got, err, v.expect)
	}
}

func parseCCTV(raw []byte) (v cctv, err error) {
	head, file, ok := bytes.Cut(raw, []byte("\n\n"))
	if !ok {
		return v, errors.New("no blank line")
	}
	v.file = file
	for line := range strings.SplitSeq(string(head), "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "expect":
			v.expect = value
		case "payload":
			var sum []byte
			sum, err = hex.DecodeString(value)
			copy(v.payload[:], sum)
		case "file key":
			v.fileKey, err = hex.DecodeString(value)
		case "identity":
			var id age.Identity
			if id, err = age.ParseX25519Identity(value); err != nil {
				id, err = age.ParseHybridIdentity(value)
			}
			v.ids = append(v.ids, id)
		case "passphrase":
			v.passphrase = true
		case "armored":
			v.armored = true
		case "compressed":
			var z io.ReadCloser
			if z, err = zlib.NewReader(bytes.NewReader(file)); err == nil {
				v.file, err = io.ReadAll(z)
			}
		case "comment":
		default:
			err = fmt.Errorf("unknown line %q", name)
		}
		if err != nil {
			return v, err
		}
	}
	return v, nil
}
