package accesslog

import "bytes"

// scan reads the index of a leaf that is plainly canonical: ASCII without
// escapes, members as Encode writes them. It accepts nothing that [Decode]
// refuses (a fuzz test holds it to that), and leaves to Decode whatever it does
// not recognise. Verifying a million leaves takes a quarter of the time so.
func scan(leaf []byte) (index int64, ok bool) {
	s := scanner{rest: leaf, ok: len(leaf) <= MaxLeafBytes}
	s.literal(`{"v":1,"n":`)
	index = s.integer()
	s.literal(`,"t":`)
	s.integer()
	s.literal(`,"act":"`)
	s.require(len(s.text()) > 0)
	s.literal(`,"out":"`)
	s.outcome()
	s.literal(`,"sub":"`)
	s.bytes(16)
	s.literal(`,"fam":"`)
	s.bytes(16)
	s.literal(`,"obj":"`)
	s.bytes(16)
	s.literal(`,"rule":[`)
	s.rules()
	s.literal(`,"bun":"`)
	s.bytes(32)
	if bytes.HasPrefix(s.rest, []byte(`,"acc"`)) {
		s.acceptance()
	}
	s.literal(`,"rng":"`)
	s.text()
	s.literal(`,"req":"`)
	s.text()
	s.literal(`,"nonce":"`)
	s.require(s.bytes(16))
	s.literal(`,"c":"`)
	s.bytes(32)
	s.literal(`}`)
	return index, s.ok && len(s.rest) == 0
}

// scanner takes a leaf from the front. Once not ok it stays so.
type scanner struct {
	rest []byte
	ok   bool
}

func (s *scanner) require(ok bool) { s.ok = s.ok && ok }

func (s *scanner) literal(want string) {
	if !s.ok || len(s.rest) < len(want) || string(s.rest[:len(want)]) != want {
		s.ok = false
		return
	}
	s.rest = s.rest[len(want):]
}

// integer takes 0 to 2^53-1 without leading zeros.
func (s *scanner) integer() (n int64) {
	i := 0
	for ; i < len(s.rest) && i < 17 && '0' <= s.rest[i] && s.rest[i] <= '9'; i++ {
		n = n*10 + int64(s.rest[i]-'0')
	}
	s.require(i > 0 && n <= maxInteger && (s.rest[0] != '0' || i == 1))
	s.rest = s.rest[i:]
	return n
}

// text takes a string up to its closing quote.
func (s *scanner) text() []byte {
	for i, c := range s.rest {
		if c == '"' {
			t := s.rest[:i]
			s.rest = s.rest[i+1:]
			return t
		}
		if c < ' ' || c > '~' || c == '\\' {
			break
		}
	}
	s.ok = false
	return nil
}

func (s *scanner) outcome() {
	switch string(s.text()) {
	case Allowed, Denied, Done, Refused, Deferred:
	default:
		s.ok = false
	}
}

// bytes takes the text form of n bytes, or nothing, and reports which.
func (s *scanner) bytes(n int) (present bool) {
	var b [32]byte
	t := s.text()
	s.require(parse(b[:n], t) == nil)
	return len(t) > 0
}

// rules takes the list from after its bracket.
func (s *scanner) rules() {
	var last []byte
	for s.ok && len(s.rest) > 0 && s.rest[0] != ']' {
		if last != nil {
			s.literal(`,`)
		}
		s.literal(`"`)
		rule := s.text()
		s.require(bytes.Compare(rule, last) > 0)
		last = rule
	}
	s.literal(`]`)
}

func (s *scanner) acceptance() {
	s.literal(`,"acc":{"stm":"`)
	s.require(s.bytes(32))
	s.literal(`,"cls":`)
	s.require(s.integer() <= 255)
	s.literal(`,"pos":`)
	s.require(s.integer() >= 1)
	s.literal(`,"head":"`)
	s.require(s.bytes(32))
	s.literal(`,"org":"`)
	s.bytes(32)
	s.literal(`}`)
}
