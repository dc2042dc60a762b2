package seal

import (
	"bytes"
	"strings"
	"testing"
)

func TestPlaintextIsNotSealed(t *testing.T) {
	ts := bytes.Repeat(append([]byte{tsSync}, make([]byte, 187)...), 4)
	avchd := bytes.Repeat(append([]byte{1, 2, 3, 4, tsSync}, make([]byte, 187)...), 4)
	for name, first := range map[string]string{
		"MP4":        "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2",
		"QuickTime":  "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ....",
		"OldMOV":     "\x00\x00\x00\x08wide\x00\x10\x00\x00mdat........",
		"WebM":       "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04",
		"AVI":        "RIFF\x24\x00\x00\x00AVI LIST........",
		"MPEG-TS":    string(ts),
		"AVCHD":      string(avchd),
		"JPEG":       "\xff\xd8\xff\xe1\x00\x18Exif\x00\x00II*\x00\x08\x00",
		"PNG":        "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"AgeHeader":  "age-encryption.org/v1\n-> X25519 ",
		"Armoured":   "-----BEGIN AGE ENCRYPTED FILE-----\n",
		"Text":       strings.Repeat("Notes of a visit. ", 10),
		"Zeros":      string(make([]byte, 512)),
		"TooShort":   "\x8f\x01",
		"NoBytes":    "",
		"MPEG-PS":    "\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01\x00\x00\x03\xf8\x00\x00\x01",
		"AnnexBH264": "\x00\x00\x00\x01\x67\x42\xc0\x1e\xd9\x00\xa0\x47\xfe\xc8\x00\x00",
	} {
		if LooksSealed([]byte(first)) {
			t.Errorf("%s passes for sealed", name)
		}
	}
}

func TestSealedLooksSealed(t *testing.T) {
	s, payload := sealed(t, make([]byte, 3000)) // the plainest plaintext
	_ = s
	if !LooksSealed(payload[:1024]) || !LooksSealed(payload[:16]) {
		t.Error("a sealed payload is refused")
	}
	for range 20_000 {
		if n := newPayloadNonce(); !LooksSealed(n[:]) || n[0] == tsSync {
			t.Fatalf("nonce %x begins like a film", n)
		}
	}
}
