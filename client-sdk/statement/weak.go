package statement

import "github.com/attune-vf/attune/policies"

// The y coordinates, little-endian, of the eight points of small order. The two
// signs of x share a line.
//
// Source: RFC 7748, section 6; Cremers and Jackson, "Prime, Order Please!", 2019.
const (
	orderFour  = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	orderOne   = "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	orderTwo   = "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
	orderEight = "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"
	eightToo   = "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"
)

// weak reports public keys that Go's Ed25519 takes and a strict verifier (noble
// with zip215: false) does not. Under a key of small order one signature fits
// many statements, so that "who signed" would mean nothing; with a second
// spelling of a point, two languages would disagree about the same bytes.
func weak(key policies.PublicKey) bool {
	y := key
	y[31] &= 0x7f // the sign of x
	switch string(y[:]) {
	case orderOne, orderTwo, orderFour, orderEight, eightToo:
		return true
	}
	return atLeastP(y)
}

// atLeastP reports whether y is 2^255 - 19 or more, a number that has a shorter
// spelling.
func atLeastP(y policies.PublicKey) bool {
	if y[31] != 0x7f || y[0] < 0xed {
		return false
	}
	for _, b := range y[1:31] {
		if b != 0xff {
			return false
		}
	}
	return true
}
