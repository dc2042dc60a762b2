package seal

import "bytes"

const tsSync = 0x47 // first byte of each 188-byte MPEG-TS packet

// LooksSealed reports whether a payload may begin with these bytes: they are
// not media, not text, and not an age header, which must never be stored in
// front of its payload. It is a net against accidents, such as a client that
// forgot to seal, and no proof: whoever wants to upload plaintext can disguise
// it, and [OpenPayload] is what tells.
//
// first should hold the first 1 KiB, or all of a shorter payload; 16 bytes is
// the least that can be judged.
func LooksSealed(first []byte) bool {
	return len(first) >= nonceBytes && !LooksLikeMedia(first) &&
		!bytes.HasPrefix(first, []byte("age-encryption.org/")) && !bytes.HasPrefix(first, []byte("-----BEGIN ")) &&
		!plainText(first) && !oneByte(first)
}

// LooksLikeMedia reports whether bytes begin like film, sound or a picture.
func LooksLikeMedia(first []byte) bool {
	for _, m := range []struct {
		at    int
		magic string
	}{
		{4, "ftyp"}, {4, "moov"}, {4, "mdat"}, {4, "wide"}, {4, "free"}, {4, "skip"}, {4, "pnot"}, {4, "styp"}, {4, "moof"}, // MP4, MOV, HEIC
		{0, "\x1a\x45\xdf\xa3"},                          // WebM, Matroska
		{0, "RIFF"},                                      // AVI, WAV, WebP
		{0, "\x00\x00\x01\xba"}, {0, "\x00\x00\x01\xb3"}, // MPEG program stream, MPEG-1/2 video
		{0, "\x00\x00\x00\x01\x67"}, {0, "\x00\x00\x00\x01\x40\x01"}, // bare H.264, HEVC
		{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"}, // ASF, WMV
		{0, "FLV\x01"}, {0, "OggS"}, {0, "fLaC"}, {0, "ID3\x03"}, {0, "ID3\x04"},
		{0, "\xff\xd8\xff"}, {0, "\x89PNG\r\n\x1a\n"}, {0, "GIF87a"}, {0, "GIF89a"},
	} {
		if len(first) >= m.at && bytes.HasPrefix(first[m.at:], []byte(m.magic)) {
			return true
		}
	}
	return transportStream(first)
}

// transportStream wants four sync bytes in a row, or all that the bytes at hand
// can show: fewer than three are too likely by chance in ciphertext.
func transportStream(first []byte) bool {
	for _, packet := range []int{188, 192} { // 192: AVCHD cameras put a timestamp in front
		start, n := packet-188, 0
		for at := start; at < len(first) && n < 4; at += packet {
			if first[at] != tsSync {
				n = -1
				break
			}
			n++
		}
		if n >= 3 {
			return true
		}
	}
	return false
}

// plainText: 64 bytes of printable ASCII happen by chance once in 10^27.
func plainText(first []byte) bool {
	head := first[:min(len(first), 64)]
	for _, c := range head {
		if (c < 0x20 || c > 0x7e) && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return len(head) == 64
}

func oneByte(first []byte) bool {
	return bytes.Count(first, first[:1]) == len(first) // a hole in a file, a broken camera
}
